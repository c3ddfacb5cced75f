#include "bench/load/needed_limits.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/limits.h"

namespace coedit::bench {

LoadSize SizeOf(const LoadOptions& options) {
  const auto documents = static_cast<int64_t>(options.documents);
  const auto active =
      static_cast<int64_t>(options.documents * options.clients + options.slow_readers);
  const auto open =
      options.connections.empty() ? active : static_cast<int64_t>(options.connections.back());
  const int64_t idle = open - active;
  const auto idle_documents = std::min(static_cast<int64_t>(options.idle_documents), idle);
  // All visitors of a moment may have chosen one document.
  const auto visitors = static_cast<int64_t>(
      options.join_rate.value_or(0) * (absl::ToDoubleSeconds(options.stay) + 1) + 1);
  LoadSize size;
  size.documents = documents + idle_documents;
  size.members_per_document =
      static_cast<int64_t>(options.clients) +
      (static_cast<int64_t>(options.slow_readers) + documents - 1) / documents + 1 +
      (options.join_rate.has_value() ? visitors : 0);
  size.connections = open + documents + (options.join_rate.has_value() ? visitors : 0);
  size.connections_at_once = options.storm_jitter.has_value() ? open : 1;
  if (options.rate.has_value()) {
    size.operations_per_second = *options.rate;
    const double steps = static_cast<double>(std::max<size_t>(options.connections.size(), 1));
    const double seconds = steps * absl::ToDoubleSeconds(options.warm_up + options.time);
    size.units_per_document = static_cast<int64_t>(
        1 + static_cast<double>(options.writers * options.letters) * *options.rate * seconds);
  }
  if (options.writers == 0) size.operations_per_second = 0;
  size.presence_per_second = options.presence_rate.value_or(0);
  return size;
}

std::vector<std::string> NeededLimits(const LoadSize& load) {
  // Only the defaults are read, so nothing of the server has to be linked.
  const server::Limits defaults;
  std::vector<std::string> needed;
  if (load.operations_per_second > static_cast<double>(defaults.submits_per_second)) {
    needed.push_back("submits_per_second=0");
  }
  if (load.presence_per_second > static_cast<double>(defaults.presence_per_second)) {
    needed.push_back("presence_per_second=0");
  }
  const auto exceeds = [&needed](const char* name, int64_t wanted, int64_t allowed) {
    if (wanted > allowed) needed.push_back(absl::StrCat(name, "=", wanted));
  };
  exceeds("members_per_document", load.members_per_document, defaults.members_per_document);
  exceeds("documents_open", load.documents, defaults.documents_open);
  exceeds("document_units", load.units_per_document, defaults.document_units);
  exceeds("connections", load.connections, defaults.connections);
  exceeds("connections_before_hello", load.connections_at_once, defaults.connections_before_hello);
  return needed;
}

std::string ServeCommand(const Endpoint& endpoint, absl::Span<const std::string> limits) {
  std::string command = absl::StrCat("coedit serve --data DIR --listen ", endpoint.host);
  for (const std::string& limit : limits) absl::StrAppend(&command, " --limit ", limit);
  return command;
}

}  // namespace coedit::bench
