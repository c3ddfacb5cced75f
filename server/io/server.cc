#include "server/io/server.h"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/api/api.h"
#include "server/environment.h"
#include "server/io/asio_executor.h"
#include "server/io/asio_types.h"
#include "server/io/compute_threads.h"
#include "server/io/connection_slots.h"
#include "server/io/door.h"
#include "server/io/http_gate.h"
#include "server/io/listener.h"
#include "server/io/log.h"
#include "server/io/resident_memory.h"
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

// What runs on a thread of its own for a share of the documents.
struct ShardThread {
  Worker worker;
  Environment environment;
  std::thread thread;
};

// In the order in which one needs the other. The queues go before what their tasks refer to, and
// the store and the compute threads before that, because they still post.
struct Server::Parts {
  Parts(const ServerOptions& options, std::unique_ptr<storage::Store> store_in)
      : slots({.connections = ConnectionsMax(options.limits),
               .connections_per_address = options.limits.connections_per_address,
               .trusted_proxies = options.trusted_proxies}),
        listen(options.listen),
        store_owner(std::move(store_in)),
        executor(&door.context()),
        environment(MakeEnvironment(options.limits, &executor)),
        shard_threads(MakeShardThreads(options)),
        shards(EnvironmentsOf(shard_threads)),
        compute(&executor, options.limits.api_computations),
        api(&environment, &shards, &compute),
        store_probe(store_owner.get(), &executor) {
    services = {.environment = &environment,
                .shards = &shards,
                .workers = {},
                .door = &door,
                .api = &api,
                .slots = &slots,
                .gate = &gate,
                .files = &files,
                .store_probe = &store_probe};
    door.set_on_sweep([this] { OnSweep(); });
    for (const auto& shard : shard_threads) {
      services.workers.push_back(&shard->worker);
      shard->worker.set_on_empty([this] { executor.Post([this] { OnSweep(); }); });
    }
  }

  ~Parts() {
    listener.reset();
    compute.Stop();
    store_owner.reset();
    door.Clear();
    for (const auto& shard : shard_threads) shard->worker.Clear();
  }

  Environment MakeEnvironment(const Limits& limits, Executor* runs_on) {
    return {.limits = limits,
            .server_name = ServerName(),
            .store = store_owner.get(),
            .executor = runs_on,
            .clock = &clock,
            .random = &random};
  }

  std::vector<std::unique_ptr<ShardThread>> MakeShardThreads(const ServerOptions& options) {
    std::vector<std::unique_ptr<ShardThread>> made;
    for (int64_t count = 0; count < options.threads; ++count) {
      made.push_back(std::make_unique<ShardThread>());
      made.back()->environment = MakeEnvironment(options.limits, &made.back()->worker.loop());
    }
    return made;
  }

  static std::vector<const Environment*> EnvironmentsOf(
      const std::vector<std::unique_ptr<ShardThread>>& shard_threads) {
    std::vector<const Environment*> environments;
    for (const auto& shard : shard_threads) environments.push_back(&shard->environment);
    return environments;
  }

  size_t Connections() {
    size_t count = door.connections().size();
    for (const Worker* worker : services.workers) count += worker->connection_count();
    return count;
  }

  void OnSweep() {
    if (!stopping) {
      store_probe.OnTick(EventLoop::Now());
      free_memory.OnTick(EventLoop::Now());
      return;
    }
    if (documents_flushed && Connections() == 0) {
      LogInfo("stopped: everything accepted is stored");
      door.Stop();
    } else if (EventLoop::Now() >= drain_deadline) {
      LogWarning(documents_flushed ? "stopped: some connections did not close in time"
                                   : "stopped: the store did not finish in time");
      door.Stop();
    }
  }

  void OnStop() {
    if (stopping) return;
    stopping = true;
    drain_deadline = EventLoop::Now() + absl::Seconds(environment.limits.drain_seconds);
    LogInfo(absl::StrCat("stopping: ", Connections(), " connections, ", shards.open_documents(),
                         " documents"));
    listener->Stop();
    door.connections().ForEach([](Connection& connection) { connection.OnGoAway(kComeBackMin); });
    for (Worker* worker : services.workers) {
      worker->loop().Post([worker] { worker->GoAway(kComeBackMin, kComeBackSpread); });
    }
    shards.Shutdown(&executor, [this] {
      documents_flushed = true;
      door.connections().ForEach([](Connection& connection) { connection.OnEnd(); });
      for (Worker* worker : services.workers) {
        worker->loop().Post([worker] { worker->End(); });
      }
      OnSweep();
    });
  }

  void Run() {
    for (const auto& shard : shard_threads) {
      shard->thread = std::thread([&worker = shard->worker] { worker.Run(); });
      pthread_setname_np(shard->thread.native_handle(), "documents");
    }
    store_probe.OnTick(EventLoop::Now());
    door.Run();
    for (const auto& shard : shard_threads) shard->worker.loop().Stop();
    for (const auto& shard : shard_threads) shard->thread.join();
  }

  ConnectionSlots slots;
  Endpoint listen;
  HttpGate gate;
  StaticFiles files;
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<storage::Store> store_owner;
  Door door;
  AsioExecutor executor;    // of the door
  Environment environment;  // likewise
  std::vector<std::unique_ptr<ShardThread>> shard_threads;
  Shards shards;
  ComputeThreads compute;
  api::Api api;
  StoreProbe store_probe;
  FreeMemory free_memory;
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

void Server::Run() { parts_->Run(); }

void Server::Stop() {
  net::post(parts_->door.context(), [parts = parts_.get()] { parts->OnStop(); });
}

}  // namespace coedit::server
