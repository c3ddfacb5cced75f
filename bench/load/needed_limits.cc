#include "bench/load/needed_limits.h"

#include "absl/strings/str_cat.h"
#include "server/limits.h"

namespace coedit::bench {

std::vector<std::string> NeededLimits(const LoadSize& load) {
  // Only the defaults are read, so nothing of the server has to be linked.
  const server::Limits defaults;
  std::vector<std::string> needed;
  if (load.operations_per_second > static_cast<double>(defaults.submits_per_second)) {
    needed.push_back("submits_per_second=0");
  }
  // The cold reader comes to everybody who is there.
  if (load.clients_per_document + 1 > defaults.members_per_document) {
    needed.push_back(absl::StrCat("members_per_document=", load.clients_per_document + 1));
  }
  if (load.documents > defaults.documents_open) {
    needed.push_back(absl::StrCat("documents_open=", load.documents));
  }
  const int64_t connections = load.documents * (load.clients_per_document + 1);
  if (connections > defaults.connections) {
    needed.push_back(absl::StrCat("connections=", connections));
  }
  return needed;
}

}  // namespace coedit::bench
