#include "server/io/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/api/api.h"
#include "server/environment.h"
#include "server/io/asio_executor.h"
#include "server/io/asio_types.h"
#include "server/io/compute_threads.h"
#include "server/io/connection_slots.h"
#include "server/io/http_gate.h"
#include "server/io/listener.h"
#include "server/io/log.h"
#include "server/io/services.h"
#include "server/io/static_files.h"
#include "server/io/store_probe.h"
#include "server/io/system_clock.h"
#include "server/io/system_random.h"
#include "server/io/worker.h"
#include "server/shards.h"

namespace coedit::server {
namespace {

// Descriptors that connections may not take: the store, logs, files. Of a small limit a quarter.
constexpr int64_t kReservedDescriptors = 512;

// How long clients are told to stay away, spread so that they do not return all at once.
constexpr absl::Duration kComeBackMin = absl::Milliseconds(500);
constexpr absl::Duration kComeBackSpread = absl::Seconds(4);

// Raises the process's limit as far as it may; answers how many descriptors connections may take.
int64_t DescriptorsForConnections() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kReservedDescriptors;
  if (limit.rlim_cur != limit.rlim_max) {
    const rlimit raised = {limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  const auto descriptors = static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, rlim_t{1} << 30));
  return descriptors - std::min(kReservedDescriptors, descriptors / 4);
}

int64_t ConnectionsMax(const Limits& limits) {
  const int64_t possible = DescriptorsForConnections();
  if (limits.connections == 0) return possible;
  if (limits.connections > possible) {
    LogInfo(absl::StrCat("this process may have ", possible, " connections open, not ",
                         limits.connections));
  }
  return std::min(limits.connections, possible);
}

}  // namespace

std::string ServerName() { return absl::StrCat("coedit/", COEDIT_VERSION); }

// In the order in which one needs the other. The worker's queue goes before what its tasks refer
// to, and the store and the compute threads before that, because they still post.
struct Server::Parts {
  Parts(const ServerOptions& options, std::unique_ptr<storage::Store> store_in)
      : slots({.connections = ConnectionsMax(options.limits),
               .connections_per_address = options.limits.connections_per_address,
               .trusted_proxies = options.trusted_proxies}),
        listen(options.listen),
        store_owner(std::move(store_in)),
        executor(&worker.context()),
        environment{.limits = options.limits,
                    .server_name = ServerName(),
                    .store = store_owner.get(),
                    .executor = &executor,
                    .clock = &clock,
                    .random = &random},
        shards({&environment}),
        compute(&executor, options.limits.api_computations),
        api(&environment, &shards, &compute),
        store_probe(store_owner.get(), &executor) {
    services = {.environment = &environment,
                .shards = &shards,
                .api = &api,
                .worker = &worker,
                .slots = &slots,
                .gate = &gate,
                .files = &files,
                .store_probe = &store_probe};
    worker.set_on_sweep([this] { OnSweep(); });
  }

  ~Parts() {
    listener.reset();
    compute.Stop();
    store_owner.reset();
    worker.Clear();
  }

  void OnSweep() {
    if (!stopping) {
      store_probe.OnTick(Worker::Now());
      return;
    }
    if (documents_flushed && worker.connections() == 0) {
      LogInfo("stopped: everything accepted is stored");
      worker.Stop();
    } else if (Worker::Now() >= drain_deadline) {
      LogWarning(documents_flushed ? "stopped: some connections did not close in time"
                                   : "stopped: the store did not finish in time");
      worker.Stop();
    }
  }

  void OnStop() {
    if (stopping) return;
    stopping = true;
    drain_deadline = Worker::Now() + absl::Seconds(environment.limits.drain_seconds);
    LogInfo(absl::StrCat("stopping: ", worker.connections(), " connections, ",
                         shards.open_documents(), " documents"));
    listener->Stop();
    const auto count = static_cast<int64_t>(std::max<size_t>(worker.connections(), 1));
    int64_t index = 0;
    worker.ForEach([&](Connection& connection) {
      connection.OnGoAway(kComeBackMin + kComeBackSpread * index++ / count);
    });
    shards.Shutdown(&executor, [this] {
      documents_flushed = true;
      worker.ForEach([](Connection& connection) { connection.OnEnd(); });
      OnSweep();
    });
  }

  ConnectionSlots slots;
  Endpoint listen;
  HttpGate gate;
  StaticFiles files;
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<storage::Store> store_owner;
  Worker worker;
  AsioExecutor executor;
  Environment environment;
  Shards shards;
  ComputeThreads compute;
  api::Api api;
  StoreProbe store_probe;
  Services services;
  std::unique_ptr<Listener> listener;
  bool stopping = false;
  bool documents_flushed = false;
  absl::Duration drain_deadline = absl::InfiniteDuration();
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      std::unique_ptr<storage::Store> store) {
  HttpGate::Options gate_options = {.listen = options.listen.address,
                                    .machine = {},
                                    .allow_hosts = options.allow_hosts,
                                    .allow_origins = options.allow_origins};
  if (options.listen.address.is_any()) gate_options.machine = MachineAddresses();
  absl::StatusOr<HttpGate> gate = HttpGate::Make(gate_options);
  if (!gate.ok()) return gate.status();
  StaticFiles files;
  if (!options.web_root.empty()) {
    absl::StatusOr<StaticFiles> loaded = StaticFiles::Load(options.web_root);
    if (!loaded.ok()) return loaded.status();
    files = *std::move(loaded);
    LogInfo(absl::StrCat("the web root has ", files.file_count(), " files, ",
                         files.total_bytes() >> 10, " KiB with their compressed forms"));
  }
  auto parts = std::make_unique<Parts>(options, std::move(store));
  parts->gate = *std::move(gate);
  parts->files = std::move(files);
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Bind(&parts->services, options.listen);
  if (!listener.ok()) return listener.status();
  parts->listener = *std::move(listener);
  parts->listen.port = parts->listener->port();
  parts->listener->Start();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

std::string Server::url() const { return absl::StrCat("http://", parts_->listen.ToString()); }
uint16_t Server::port() const { return parts_->listen.port; }

void Server::Run() {
  parts_->store_probe.OnTick(Worker::Now());
  parts_->worker.Run();
}

void Server::Stop() {
  net::post(parts_->worker.context(), [parts = parts_.get()] { parts->OnStop(); });
}

}  // namespace coedit::server
