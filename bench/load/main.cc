// coedit-load: drives a running server over real sockets. bench/README.md shows how.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "bench/load/connection.h"
#include "bench/load/endpoint.h"
#include "bench/load/needed_limits.h"
#include "bench/load/replay.h"
#include "bench/load/sha256.h"
#include "bench/load/type_load.h"
#include "bench/traces.h"

namespace coedit::bench {
namespace {

int Complain(const absl::Status& status) {
  std::cerr << "coedit-load: " << status.message() << "\n";
  return 1;
}

// A connection takes a descriptor, and the usual soft limit is 1,024.
void RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void PrintNeededLimits(const LoadSize& load) {
  const std::vector<std::string> needed = NeededLimits(load);
  if (needed.empty()) return;
  std::cout << "this load goes beyond the server's defaults; start the server with --limit "
            << absl::StrJoin(needed, " --limit ") << std::endl;
}

struct ReplayArguments {
  std::string file;
  bool free = false;
  std::string expected;
  ReplayOptions options;
};

int Replay(ReplayArguments arguments) {
  const absl::StatusOr<Trace> trace = ReadTrace(arguments.file);
  if (!trace.ok()) return Complain(trace.status());
  ReplayOptions& options = arguments.options;
  if (options.document.empty()) {
    options.document = absl::StrCat("replay-", trace->name, "-", RandomClientId().substr(0, 8));
  }
  PrintNeededLimits({.documents = 1, .clients_per_document = static_cast<int64_t>(trace->agents)});
  std::cout << absl::StreamFormat("%s: %d transactions of %d authors into document '%s'\n",
                                  trace->name, trace->transactions.size(), trace->agents,
                                  options.document)
            << std::flush;
  const absl::StatusOr<ReplayReport> report =
      arguments.free ? ReplayFree(*trace, options) : ReplayRecorded(*trace, options);
  if (!report.ok()) return Complain(report.status());

  std::cout << absl::StreamFormat(
      "%d operations committed in %.1f s, %.0f operations/s; ack ms p50 %.3f p90 %.3f p99 %.3f max "
      "%.3f\n",
      report->operations, report->seconds,
      static_cast<double>(report->operations) / report->seconds,
      static_cast<double>(report->ack_ns.Percentile(0.5)) * 1e-6,
      static_cast<double>(report->ack_ns.Percentile(0.9)) * 1e-6,
      static_cast<double>(report->ack_ns.Percentile(0.99)) * 1e-6,
      static_cast<double>(report->ack_ns.max()) * 1e-6);
  if (!arguments.free) {
    std::cout << absl::StreamFormat(
        "%d of them were carried by the server over %.2f commits on average; of %d transactions "
        "nothing was left to submit\n",
        report->carried,
        report->carried == 0 ? 0
                             : static_cast<double>(report->commits_carried_over) /
                                   static_cast<double>(report->carried),
        report->passed_over);
  }
  const std::string sha256 = Sha256Hex(report->text.ToString());
  std::cout << absl::StreamFormat(
      "converged: %d clients and a cold reader hold revision %d, %d units, sha256 %s\n",
      report->clients, report->revision, report->text.length(), sha256);

  std::string expected = arguments.expected;
  // Whoever types freely ends on a text of its own.
  if (expected.empty() && !arguments.free) expected = ExpectedSha256(trace->name);
  if (expected.empty()) return 0;
  if (sha256 != expected) {
    return Complain(absl::DataLossError(absl::StrCat("the expected sha256 is ", expected)));
  }
  std::cout << "the text is the expected one" << std::endl;
  return 0;
}

struct TypeArguments {
  TypeOptions options;
  std::string json_file;
};

int Type(const TypeArguments& arguments) {
  const TypeOptions& options = arguments.options;
  LoadSize load{.documents = static_cast<int64_t>(options.documents),
                .clients_per_document = static_cast<int64_t>(options.clients)};
  if (options.rate.has_value()) load.operations_per_second = *options.rate;
  PrintNeededLimits(load);
  const absl::StatusOr<TypeReport> report = RunTypeLoad(options);
  if (!report.ok()) {
    return Complain(
        absl::Status(report.status().code(),
                     absl::StrCat(report.status().message(), " (seed ", options.seed, ")")));
  }
  std::cout << ReportText(options, *report) << std::flush;
  if (arguments.json_file.empty()) return 0;
  std::ofstream file(arguments.json_file);
  file << ReportJson(options, *report) << "\n";
  if (!file.flush()) {
    return Complain(absl::UnavailableError(absl::StrCat("cannot write ", arguments.json_file)));
  }
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app{"Drives a running coedit server on this machine over real sockets."};
  app.require_subcommand(1);

  std::string url = "ws://127.0.0.1:8080/v1/ws";
  proto::Encoding encoding = proto::Encoding::kProtobuf;
  double deadline_seconds = 120;
  uint64_t seed = 1;
  const std::map<std::string, proto::Encoding> encodings{{"protobuf", proto::Encoding::kProtobuf},
                                                         {"json", proto::Encoding::kJson}};
  const auto common = [&](CLI::App* command) {
    command->add_option("--url", url, "the server, on a loopback address")->capture_default_str();
    command->add_option("--encoding", encoding, "protobuf or json")
        ->transform(CLI::Transformer(encodings))
        ->default_str("protobuf");
    command->add_option("--seed", seed, "of all that is drawn by lot")->capture_default_str();
  };

  ReplayArguments replay;
  CLI::App* replay_command = app.add_subcommand(
      "replay", "plays a recorded session, one client per author, and checks the text");
  common(replay_command);
  std::string mode = "recorded";
  replay_command->add_option("FILE", replay.file, "an optrace session, gzip or plain")->required();
  replay_command->add_option("--document", replay.options.document, "a new one (default: random)");
  replay_command
      ->add_option("--mode", mode,
                   "recorded: the same operations in the same order; free: each author types its "
                   "part as fast as acknowledgements come")
      ->check(CLI::IsMember({"recorded", "free"}))
      ->capture_default_str();
  replay_command->add_option("--expect", replay.expected,
                             "sha256 of the final text (default: what is known of the session)");
  replay_command->add_option("--deadline", deadline_seconds, "seconds for the whole run")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();

  TypeArguments type;
  CLI::App* type_command = app.add_subcommand(
      "type", "documents full of typing clients for a time; prints rates, latencies and costs");
  common(type_command);
  double seconds = 10;
  double warm_up_seconds = 1;
  double rate = 0;
  int64_t pid = 0;
  std::string document_type = "rich-text";
  type_command->add_option("--documents", type.options.documents, "documents")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  type_command->add_option("--clients", type.options.clients, "clients per document")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  type_command->add_option("--seconds", seconds, "measured")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  type_command->add_option("--warm-up", warm_up_seconds, "seconds of typing before that")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  CLI::Option* rate_option =
      type_command
          ->add_option("--rate", rate,
                       "edits per second of each client, open loop; without it closed loop: the "
                       "next edit follows the acknowledgement")
          ->check(CLI::Range(0.001, 100000.0));
  type_command->add_option("--document-type", document_type, "rich-text or plain-text")
      ->check(CLI::IsMember({"rich-text", "plain-text"}))
      ->capture_default_str();
  CLI::Option* pid_option =
      type_command->add_option("--pid", pid, "the server's process, for its CPU time and memory");
  type_command->add_option("--json", type.json_file, "write the figures into this file too");
  type_command
      ->add_option("--deadline", deadline_seconds,
                   "seconds for connecting, settling and checking together")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();

  CLI11_PARSE(app, argc, argv);

  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(url);
  if (!endpoint.ok()) return Complain(endpoint.status());
  RaiseDescriptorLimit();
  if (replay_command->parsed()) {
    replay.free = mode == "free";
    replay.options.endpoint = *endpoint;
    replay.options.encoding = encoding;
    replay.options.deadline = absl::Seconds(deadline_seconds);
    replay.options.seed = seed;
    return Replay(std::move(replay));
  }
  type.options.endpoint = *endpoint;
  type.options.encoding = encoding;
  type.options.type =
      document_type == "rich-text" ? ot::DocumentType::kRichText : ot::DocumentType::kPlainText;
  type.options.time = absl::Seconds(seconds);
  type.options.warm_up = absl::Seconds(warm_up_seconds);
  if (rate_option->count() > 0) type.options.rate = rate;
  if (pid_option->count() > 0) type.options.server_pid = pid;
  type.options.deadline = absl::Seconds(deadline_seconds);
  type.options.seed = seed;
  return Type(type);
}

}  // namespace
}  // namespace coedit::bench

int main(int argc, char** argv) { return coedit::bench::Main(argc, argv); }
