// coedit-load: drives a running server over real sockets. bench/README.md shows how.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "bench/load/connection.h"
#include "bench/load/endpoint.h"
#include "bench/load/load.h"
#include "bench/load/load_report.h"
#include "bench/load/needed_limits.h"
#include "bench/load/replay.h"
#include "bench/traces.h"
#include "proto/document_types.h"
#include "storage/maintenance/sha256.h"

namespace coedit::bench {
namespace {

const std::map<std::string, proto::Encoding>& Encodings() {
  static const auto* const encodings = new std::map<std::string, proto::Encoding>{
      {"protobuf", proto::Encoding::kProtobuf}, {"json", proto::Encoding::kJson}};
  return *encodings;
}

int Complain(const absl::Status& status) {
  std::cerr << "coedit-load: " << status.message() << "\n";
  return 1;
}

// A connection takes a descriptor, and the usual soft limit is 1,024: raises it as far as it goes.
// kFailedPrecondition if `needed` are more than that.
absl::Status RaiseDescriptorLimit(size_t needed) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::OkStatus();
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (needed <= limit.rlim_max) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("this load needs ", needed,
                                                    " descriptors, and `ulimit -Hn` allows ",
                                                    limit.rlim_max, "; the server needs as many"));
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
  const std::vector<std::string> limits =
      NeededLimits({.members_per_document = static_cast<int64_t>(trace->agents) + 1});
  std::cout << "server: " << ServeCommand(options.endpoint, limits) << "\n";
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

// Runs a load, prints its report, and writes it into `json_file` if it is named.
int RunAndTell(const LoadOptions& options, bool only_server, const std::string& json_file) {
  if (absl::Status fits = CheckOptions(options); !fits.ok()) return Complain(fits);
  const size_t descriptors = DescriptorsNeeded(options);
  if (absl::Status enough = RaiseDescriptorLimit(descriptors); !enough.ok())
    return Complain(enough);
  if (options.protocol == Protocol::kCoedit) {
    std::cout << "server: " << ServeCommand(options.endpoint, NeededLimits(SizeOf(options))) << "\n"
              << std::flush;
  }
  if (only_server) return 0;
  const absl::StatusOr<LoadReport> report = RunLoad(options);
  if (!report.ok()) {
    return Complain(
        absl::Status(report.status().code(),
                     absl::StrCat(report.status().message(), " (seed ", options.seed, ")")));
  }
  std::cout << ReportText(options, *report) << std::flush;
  if (json_file.empty()) return 0;
  std::ofstream file(json_file);
  file << ReportJson(options, *report) << "\n";
  if (!file.flush()) {
    return Complain(absl::UnavailableError(absl::StrCat("cannot write ", json_file)));
  }
  return 0;
}

// "1000,5000".
absl::StatusOr<std::vector<size_t>> ParseNumbers(absl::string_view text) {
  std::vector<size_t> numbers;
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    size_t number = 0;
    if (!absl::SimpleAtoi(part, &number)) {
      return absl::InvalidArgumentError(absl::StrCat("'", part, "' is no number of connections"));
    }
    numbers.push_back(number);
  }
  return numbers;
}

// The options of all commands but replay; each command has its own defaults.
class LoadCommand {
 public:
  LoadCommand(CLI::App* app, const std::string& name, const std::string& description)
      : command_(app->add_subcommand(name, description)) {}

  LoadOptions& options() { return options_; }

  void AddOptions() {
    Add("--url", url_, "the server, on a loopback address");
    Add("--documents", options_.documents, "documents")->check(CLI::Range(1, 1000000));
    Add("--clients", options_.clients, "clients per document")->check(CLI::Range(1, 1000000));
    writers_ = command_->add_option("--writers", options_.writers,
                                    "clients of each document who type (default: all)");
    Add("--warm-up", warm_up_, "seconds of typing before the measured time")
        ->check(CLI::NonNegativeNumber);
    Add("--seconds", seconds_, "measured")->check(CLI::PositiveNumber);
    CLI::Option* rate = command_->add_option(
        "--rate", rate_,
        "edits per second of each writer, open loop; without it closed loop: the next edit follows "
        "the acknowledgement");
    rate->check(CLI::Range(0.001, 100000.0));
    if (rate_ > 0) rate->capture_default_str();
    command_->add_option("--presence", presence_rate_, "presence per second of each client")
        ->check(CLI::Range(0.001, 1000.0));
    command_->add_option("--joins", join_rate_, "visitors per second, over all documents")
        ->check(CLI::Range(0.001, 100000.0));
    Add("--stay", stay_, "seconds a visitor stays")->check(CLI::PositiveNumber);
    Add("--slow-readers", options_.slow_readers,
        "more clients, over all documents, who stop reading")
        ->check(CLI::Range(0, 20000));
    storm_ = command_->add_option(
        "--storm", storm_jitter_,
        "in the middle of the measured time cut all connections; each comes back within so many "
        "seconds, all at once for 0");
    storm_->check(CLI::NonNegativeNumber);
    command_
        ->add_option("--connections", connections_,
                     "measure at each of these numbers of connections, such as 1000,5000: all "
                     "but the clients above are idle")
        ->capture_default_str();
    Add("--idle-documents", options_.idle_documents,
        "documents the idle connections are in; 0: they say hello and open none (coedit)")
        ->check(CLI::Range(0, 1000000));
    command_->add_option("--pid", pid_, "the server's process, for its CPU time and memory");
    command_->add_option("--json", json_file_, "write the figures into this file too");
    command_->add_flag("--show-server", only_server_,
                       "say how the server has to be started for this load, and end");
    Add("--deadline", deadline_, "seconds for connecting, settling and comparing together")
        ->check(CLI::PositiveNumber);
    Add("--seed", options_.seed, "of all that is drawn by lot");
    command_->add_option("--encoding", options_.encoding, "coedit: protobuf or json")
        ->transform(CLI::Transformer(Encodings()))
        ->default_str("protobuf");
    Add("--document-type", document_type_, "coedit: rich-text or plain-text")
        ->check(CLI::IsMember({"rich-text", "plain-text"}));
    if (options_.keeps_text) return;
    Add("--protocol", protocol_, "what the server speaks")->check(CLI::IsMember(Protocols()));
    Add("--letters", options_.letters, "of an edit")->check(CLI::Range(1, 100000));
  }

  bool parsed() const { return command_->parsed(); }
  void set_rate(double rate) { rate_ = rate; }
  void set_connections(const std::string& connections) { connections_ = connections; }

  int Run() {
    const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(url_);
    if (!endpoint.ok()) return Complain(endpoint.status());
    options_.endpoint = *endpoint;
    options_.protocol = Protocols().at(protocol_);
    options_.type = *proto::ParseDocumentType(document_type_);
    if (writers_->count() == 0) options_.writers = options_.clients;
    options_.warm_up = absl::Seconds(warm_up_);
    options_.time = absl::Seconds(seconds_);
    options_.stay = absl::Seconds(stay_);
    options_.deadline = absl::Seconds(deadline_);
    if (rate_ > 0) options_.rate = rate_;
    if (presence_rate_ > 0) options_.presence_rate = presence_rate_;
    if (join_rate_ > 0) options_.join_rate = join_rate_;
    if (storm_->count() > 0) options_.storm_jitter = absl::Seconds(storm_jitter_);
    const absl::StatusOr<std::vector<size_t>> connections = ParseNumbers(connections_);
    if (!connections.ok()) return Complain(connections.status());
    options_.connections = *connections;
    if (pid_ > 0) options_.server_pid = pid_;
    options_.label = protocol_;
    if (options_.protocol == Protocol::kCoedit) {
      absl::StrAppend(&options_.label,
                      options_.encoding == proto::Encoding::kJson ? " json, " : " protobuf, ",
                      options_.keeps_text ? "whole editors, " : "letters, ", document_type_);
    }
    return RunAndTell(options_, only_server_, json_file_);
  }

 private:
  template <typename Value>
  CLI::Option* Add(const std::string& name, Value& value, const std::string& description) {
    return command_->add_option(name, value, description)->capture_default_str();
  }

  static const std::map<std::string, Protocol>& Protocols() {
    static const auto* const protocols =
        new std::map<std::string, Protocol>{{"coedit", Protocol::kCoedit},
                                            {"sharedb", Protocol::kShareDb},
                                            {"y-websocket", Protocol::kYWebsocket},
                                            {"hocuspocus", Protocol::kHocuspocus},
                                            {"socket.io", Protocol::kSocketIo}};
    return *protocols;
  }

  CLI::App* const command_;
  LoadOptions options_;
  std::string url_ = "ws://127.0.0.1:8080/v1/ws";
  CLI::Option* writers_ = nullptr;
  CLI::Option* storm_ = nullptr;
  double warm_up_ = 1;
  double seconds_ = 10;
  double rate_ = 0;
  double presence_rate_ = 0;
  double join_rate_ = 0;
  double stay_ = 2;
  double storm_jitter_ = 0;
  double deadline_ = 120;
  std::string connections_;
  bool only_server_ = false;
  int64_t pid_ = 0;
  std::string json_file_;
  std::string document_type_ = "rich-text";
  std::string protocol_ = "coedit";
};

int Main(int argc, char** argv) {
  CLI::App app{"Drives a running server on this machine over real sockets."};
  app.require_subcommand(1);

  CLI::App* replay_command = app.add_subcommand(
      "replay", "plays a recorded session, one client per author, and checks the text");
  ReplayArguments replay;
  std::string url = "ws://127.0.0.1:8080/v1/ws";
  double deadline_seconds = 120;
  replay_command->add_option("--url", url, "the server, on a loopback address")
      ->capture_default_str();
  replay_command->add_option("--encoding", replay.options.encoding, "protobuf or json")
      ->transform(CLI::Transformer(Encodings()))
      ->default_str("protobuf");
  replay_command->add_option("--seed", replay.options.seed, "of all that is drawn by lot")
      ->capture_default_str();
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

  LoadCommand type(&app, "type",
                   "documents full of typing clients with whole editors, which compare texts");
  type.options().keeps_text = true;
  LoadCommand room(&app, "room",
                   "the same with clients that only count letters: light enough to saturate any "
                   "server, for coedit and for servers of other makers");
  LoadCommand connections(&app, "connections",
                          "memory and latency beside ever more idle connections: room with other "
                          "defaults");
  connections.options().documents = 100;
  connections.options().clients = 2;
  connections.set_rate(5);
  connections.set_connections("1000,5000,10000,19000");
  for (LoadCommand* command : {&type, &room, &connections}) command->AddOptions();

  CLI11_PARSE(app, argc, argv);

  for (LoadCommand* command : {&type, &room, &connections}) {
    if (command->parsed()) return command->Run();
  }
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(url);
  if (!endpoint.ok()) return Complain(endpoint.status());
  replay.free = mode == "free";
  replay.options.endpoint = *endpoint;
  replay.options.deadline = absl::Seconds(deadline_seconds);
  return Replay(std::move(replay));
}

}  // namespace
}  // namespace coedit::bench

int main(int argc, char** argv) { return coedit::bench::Main(argc, argv); }
