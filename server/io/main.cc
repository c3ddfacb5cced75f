// The command line of coedit: what it may be told, and how it ends.
//
// Exit codes of `serve`: 0 after a clean stop, 1 if the server could not start, 2 for a wrong
// command line. The other commands stand in commands/.
#include <pthread.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/io/commands/command_line.h"
#include "server/io/commands/console.h"
#include "server/io/ip_address.h"
#include "server/io/log.h"
#include "server/io/resident_memory.h"
#include "server/io/server.h"
#include "server/io/system_random.h"
#include "server/limits.h"
#include "storage/sqlite_store.h"

namespace coedit::server {
namespace {

struct ServeOptions {
  std::string data;
  std::string listen = "127.0.0.1:8080";
  std::string log_level = "info";
  std::vector<std::string> limits;
  std::vector<std::string> trusted_proxies;
  ServerOptions options;
};

int Fail(int exit_code, absl::string_view sentence) {
  std::fprintf(stderr, "coedit: %s\n", std::string(sentence).c_str());
  return exit_code;
}

void PrintLimits() {
  const Limits defaults;
  std::printf(
      "Set one with `coedit serve --limit name=value`; 0 means none where the least is 0.\n\n");
  for (const LimitInfo& limit : AllLimits()) {
    std::printf("%-26s %10lld %-10s least %-6lld %s\n", limit.name,
                static_cast<long long>(defaults.*limit.field), limit.unit,
                static_cast<long long>(limit.minimum), limit.reason);
  }
}

// One thread waits for the signals that end the process, the others never see them: the second
// signal works even if the event loop is stuck.
void BlockSignals(sigset_t* signals) {
  sigemptyset(signals);
  sigaddset(signals, SIGTERM);
  sigaddset(signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  // A limit on the size of files is a full disk to the store, and no reason to die.
  signal(SIGXFSZ, SIG_IGN);
}

void WaitForSignals(sigset_t signals, Server* server, std::promise<void> told) {
  int number = 0;
  sigwait(&signals, &number);
  server->Stop();
  told.set_value();  // the server may go from here on
  sigwait(&signals, &number);
  std::_Exit(128 + number);
}

int Serve(ServeOptions line) {
  if (const absl::Status level = SetLogLevel(line.log_level); !level.ok()) {
    return Fail(kExitUsage, level.message());
  }
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(line.listen);
  if (!endpoint.ok()) {
    return Fail(kExitUsage, absl::StrCat("--listen: ", endpoint.status().message()));
  }
  line.options.listen = *endpoint;
  for (const std::string& limit : line.limits) {
    if (const absl::Status set = SetLimit(limit, &line.options.limits); !set.ok()) {
      return Fail(kExitUsage, absl::StrCat("--limit: ", set.message()));
    }
  }
  for (const std::string& text : line.trusted_proxies) {
    const absl::StatusOr<IpAddress> proxy = IpAddress::Parse(text);
    if (!proxy.ok()) {
      return Fail(kExitUsage, absl::StrCat("--trusted-proxy: ", proxy.status().message()));
    }
    line.options.trusted_proxies.push_back(*proxy);
  }

  LimitArenas(line.options.threads);
  sigset_t signals;
  BlockSignals(&signals);
  const Limits& limits = line.options.limits;
  absl::StatusOr<std::unique_ptr<storage::SqliteStore>> store =
      storage::SqliteStore::Open(line.data, {.checkpoint_wal_bytes = limits.log_bytes,
                                             .truncate_wal_bytes = 3 * limits.log_bytes,
                                             .recent_bytes_max = limits.recent_bytes});
  if (!store.ok()) return Fail(kExitFailed, store.status().message());
  if (!(*store)->lost_before().empty()) {
    LogError(absl::StrCat("commits that were acknowledged are lost: ", (*store)->lost_before()));
  }
  absl::StatusOr<std::unique_ptr<Server>> started = Server::Start(line.options, *std::move(store));
  if (!started.ok()) {
    return Fail(absl::IsInvalidArgument(started.status()) ? kExitUsage : kExitFailed,
                started.status().message());
  }
  const std::unique_ptr<Server> server = *std::move(started);
  std::promise<void> told;
  const std::future<void> stopped = told.get_future();
  std::thread(WaitForSignals, signals, server.get(), std::move(told)).detach();
  DropStartPages();
  std::printf("listening on %s\n", server->url().c_str());
  std::fflush(stdout);
  server->Run();
  stopped.wait();
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("coedit: collaborative document editing, self-hosted", "coedit");
  app.set_version_flag("--version", ServerName());

  ServeOptions line;
  CLI::App* serve = app.add_subcommand("serve", "Serves documents until SIGTERM or SIGINT");
  serve->add_option("--data", line.data, "Directory of the documents; made if it is missing")
      ->required();
  serve->add_option("--listen", line.listen, "ADDRESS:PORT; port 0 takes any free one")
      ->capture_default_str();
  serve->add_option("--web-root", line.options.web_root,
                    "Directory of the built demo; without it there is no page");
  serve
      ->add_option("--threads", line.options.threads,
                   "Threads that serve documents, each its share of them")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  const auto add_list = [serve](const char* name, std::vector<std::string>* values,
                                const char* text) {
    serve->add_option(name, *values, text)->type_size(1)->allow_extra_args(false);
  };
  add_list("--limit", &line.limits, "name=value, may be repeated; `coedit limits` lists them");
  add_list("--allow-origin", &line.options.allow_origins,
           "An origin whose pages may connect, https://docs.example.org; may be repeated");
  add_list("--allow-host", &line.options.allow_hosts,
           "A host name this server is reached by; may be repeated");
  add_list("--trusted-proxy", &line.trusted_proxies,
           "Address of a proxy whose X-Forwarded-For is believed; may be repeated");
  serve->add_option("--log-level", line.log_level, "debug, info, warning, error or off")
      ->capture_default_str();
  CLI::App* limits = app.add_subcommand("limits", "Lists every limit with its unit and reason");
  SystemRandom random;
  const CommandLine commands(&app, &random);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    return Fail(kExitUsage, absl::StrCat(error.what(), " (`coedit --help` shows what there is)"));
  }
  if (const auto run = commands.Given()) return run();
  if (!serve->parsed() && !limits->parsed()) {
    return Fail(kExitUsage, "a subcommand is missing, as serve (`coedit --help` lists them)");
  }
  if (limits->parsed()) {
    PrintLimits();
    return 0;
  }
  return Serve(std::move(line));
}

}  // namespace
}  // namespace coedit::server

int main(int argc, char** argv) { return coedit::server::Main(argc, argv); }
