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
#include "bench/load/load_report.h"
#include "bench/load/needed_limits.h"
#include "bench/load/replay.h"
#include "bench/load/room_load.h"
#include "bench/load/type_load.h"
#include "bench/traces.h"
#include "storage/maintenance/sha256.h"

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
  const std::string sha256 = storage::Sha256Hex(report->text.ToString());
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

// Prints a report, and writes it into `json_file` if it is named.
int Tell(const LoadShape& shape, const absl::StatusOr<LoadReport>& report,
         const std::string& json_file) {
  if (!report.ok()) {
    return Complain(absl::Status(report.status().code(), absl::StrCat(report.status().message(),
                                                                      " (seed ", shape.seed, ")")));
  }
  std::cout << ReportText(shape, *report) << std::flush;
  if (json_file.empty()) return 0;
  std::ofstream file(json_file);
  file << ReportJson(shape, *report) << "\n";
  if (!file.flush()) {
    return Complain(absl::UnavailableError(absl::StrCat("cannot write ", json_file)));
  }
  return 0;
}

void PrintNeededLimits(const LoadShape& shape) {
  LoadSize load{.documents = static_cast<int64_t>(shape.documents),
                .clients_per_document = static_cast<int64_t>(shape.clients)};
  if (shape.rate.has_value()) load.operations_per_second = *shape.rate;
  PrintNeededLimits(load);
}

int Type(const TypeOptions& options, const std::string& json_file) {
  const LoadShape shape{
      .documents = options.documents,
      .clients = options.clients,
      .writers = options.clients,
      .rate = options.rate,
      .protocol =
          absl::StrCat(options.encoding == proto::Encoding::kJson ? "json" : "protobuf", ", ",
                       options.type == ot::DocumentType::kRichText ? "rich text" : "plain text"),
      .seed = options.seed};
  PrintNeededLimits(shape);
  return Tell(shape, RunTypeLoad(options), json_file);
}

int Room(const RoomOptions& options, const std::string& protocol, const std::string& json_file) {
  if (options.writers > options.clients) {
    return Complain(absl::InvalidArgumentError(
        absl::StrCat(options.writers, " writers of ", options.clients, " clients")));
  }
  const LoadShape shape{.documents = options.documents,
                        .clients = options.clients,
                        .writers = options.writers,
                        .rate = options.rate,
                        .protocol = protocol,
                        .seed = options.seed};
  if (options.protocol == RoomProtocol::kCoedit) PrintNeededLimits(shape);
  return Tell(shape, RunRoomLoad(options), json_file);
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

  CLI::App* type_command = app.add_subcommand(
      "type", "documents full of typing clients for a time; prints rates, latencies and costs");
  CLI::App* room_command = app.add_subcommand(
      "room", "a simpler load, letters only, for coedit and for servers of other makers");
  TypeOptions type;
  RoomOptions room;
  size_t documents = 1;
  size_t clients = 1;
  double seconds = 10;
  double warm_up_seconds = 1;
  double rate = 0;
  int64_t pid = 0;
  std::string json_file;
  for (CLI::App* command : {type_command, room_command}) {
    command->add_option("--documents", documents, "documents")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    command->add_option("--clients", clients, "clients per document")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    command->add_option("--seconds", seconds, "measured")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--warm-up", warm_up_seconds, "seconds of typing before that")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command
        ->add_option("--rate", rate,
                     "edits per second of each client, open loop; without it closed loop: the "
                     "next edit follows the acknowledgement")
        ->check(CLI::Range(0.001, 100000.0));
    command->add_option("--pid", pid, "the server's process, for its CPU time and memory");
    command->add_option("--json", json_file, "write the figures into this file too");
    command
        ->add_option("--deadline", deadline_seconds,
                     "seconds for connecting, settling and checking together")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
  }
  common(type_command);
  std::string document_type = "rich-text";
  type_command->add_option("--document-type", document_type, "rich-text or plain-text")
      ->check(CLI::IsMember({"rich-text", "plain-text"}))
      ->capture_default_str();
  std::string protocol = "coedit";
  const std::map<std::string, RoomProtocol> protocols{{"coedit", RoomProtocol::kCoedit},
                                                      {"sharedb", RoomProtocol::kShareDb},
                                                      {"y-websocket", RoomProtocol::kYWebsocket},
                                                      {"hocuspocus", RoomProtocol::kHocuspocus},
                                                      {"socket.io", RoomProtocol::kSocketIo}};
  room_command->add_option("--url", url, "the server, on a loopback address")
      ->capture_default_str();
  room_command->add_option("--seed", seed, "of all that is drawn by lot")->capture_default_str();
  room_command->add_option("--protocol", protocol, "what the server speaks")
      ->check(CLI::IsMember(protocols))
      ->capture_default_str();
  size_t writers = 0;
  CLI::Option* writers_option =
      room_command->add_option("--writers", writers, "clients of each document who type (all)")
          ->check(CLI::Range(1, 1000000));

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
  const auto fill = [&](auto* options) {
    options->endpoint = *endpoint;
    options->documents = documents;
    options->clients = clients;
    options->time = absl::Seconds(seconds);
    options->warm_up = absl::Seconds(warm_up_seconds);
    if (rate > 0) options->rate = rate;
    if (pid > 0) options->server_pid = pid;
    options->deadline = absl::Seconds(deadline_seconds);
    options->seed = seed;
  };
  if (room_command->parsed()) {
    fill(&room);
    room.protocol = protocols.at(protocol);
    room.writers = writers_option->count() > 0 ? writers : clients;
    return Room(room, protocol, json_file);
  }
  fill(&type);
  type.encoding = encoding;
  type.type =
      document_type == "rich-text" ? ot::DocumentType::kRichText : ot::DocumentType::kPlainText;
  return Type(type, json_file);
}

}  // namespace
}  // namespace coedit::bench

int main(int argc, char** argv) { return coedit::bench::Main(argc, argv); }
