#include "tests/sim/world.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/check.h"

namespace coedit::sim {

using ot::testing::Rng;
using storage::PowerCut;

namespace {

// What dice are for.
enum DiceKind : uint64_t {
  kDiceOfServer = 1,
  kDiceOfClient,
  kDiceOfConnection,
  kDiceOfStore,
  kDiceOfThreads
};

constexpr absl::Duration kPatience = absl::Minutes(5);

// A database without documents, made once: making one takes longer than a small world.
const storage::SimulatedDisk::Image& EmptyDatabase() {
  static const auto* const image = [] {
    storage::SimulatedDisk disk;
    COEDIT_CHECK(WriteAnew(Plan(), disk, {}, "").ok());
    return new storage::SimulatedDisk::Image(disk.image());
  }();
  return *image;
}

}  // namespace

std::string World::Random::Hex(int bytes) {
  std::string hex;
  while (static_cast<int>(hex.size()) < 2 * bytes) {
    absl::StrAppend(&hex, absl::Hex(rng_.Next(), absl::kZeroPad16));
  }
  hex.resize(2 * bytes);
  return hex;
}

Rng World::Dice(uint64_t kind, uint64_t number) const {
  return Rng(Rng(plan_.seed + (kind << 56) + (number << 32)).Next());
}

World::World(Plan plan)
    : plan_(std::move(plan)),
      random_(Dice(kDiceOfServer, 0)),
      disk_(plan_.fresh_disk != 0 ? storage::SimulatedDisk::Image() : EmptyDatabase()) {
  // The salts of SQLite's log, too, follow from the seed.
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(plan_.seed % 1'000'000) + 1,
                       static_cast<sqlite3*>(nullptr));
  for (int64_t i = 0; i < plan_.clients; ++i) {
    Rng rng = Dice(kDiceOfClient, i);
    std::vector<std::string> documents;
    const int64_t count = std::min(std::max<int64_t>(plan_.documents_each, 1), plan_.documents);
    for (int64_t k = 0; k < count; ++k) {
      documents.push_back(DocumentName((i + k) % plan_.documents));
    }
    std::string client_id = random_.Hex(16);
    const bool twin = plan_.twins != 0 && (i == 0 || i == plan_.clients - 1);
    if (twin && i > 0) client_id = clients_[0]->client_id();
    const proto::Encoding encoding =
        rng.Chance(50) ? proto::Encoding::kJson : proto::Encoding::kProtobuf;
    SimClient::Outside outside;
    outside.connect = [this, i](proto::Encoding wanted, Connection::ClientEnd end) {
      return Connect(i, wanted, std::move(end));
    };
    outside.failed_appends = [this](absl::Duration ago) {
      return failed_appends_ + (life_ != nullptr ? life_->store->failed_appends(ago) : 0);
    };
    // Below these an operation may wait for history while its client comes back, be too much, or be
    // too old.
    const server::Limits defaults;
    outside.leave_finishes = plan_.limits.history_in_memory >= defaults.history_in_memory &&
                             plan_.limits.mailbox_operations >= defaults.mailbox_operations &&
                             plan_.limits.catch_up_revisions >= defaults.catch_up_revisions;
    clients_.push_back(std::make_unique<SimClient>(&timeline_, &plan_.faults, rng.Fork(), client_id,
                                                   encoding, plan_.rich != 0, std::move(documents),
                                                   std::move(outside)));
    if (twin) clients_.back()->HasTwin();
  }
}

std::string World::DocumentName(int64_t index) const {
  std::string name = absl::StrCat("doc-", index);
  // Each world spreads its documents otherwise.
  if (plan_.shards > 1) {
    absl::StrAppend(&name, "-", Dice(kDiceOfThreads, uint64_t{1} << 16 | index).Below(1000));
  }
  return name;
}

World::~World() {
  if (life_ != nullptr) KillServer(PowerCut::kKeepAll, 0);
}

void World::Fail(std::string what) {
  if (failure_.empty()) failure_ = std::move(what);
}

// ---- the server ----

void World::StartServer() {
  if (life_ != nullptr) return;
  ++starts_;
  auto life = std::make_unique<Life>(&timeline_, Dice(kDiceOfThreads, starts_));
  life->store = std::make_unique<SimStore>(&plan_, &disk_, &life->executor,
                                           Dice(kDiceOfStore, starts_), [this] { OnDiskOff(); });
  if (const absl::Status opened = life->store->Open(); !opened.ok()) {
    // Whoever watches the process starts it again.
    timeline_.Tell("server   does not start: ", std::string(opened.message()));
    life->store.reset();
    if (disk_.is_off()) {
      disk_.Cut(static_cast<PowerCut>(armed_cut_->how), armed_cut_->seed);
      disk_.Start();
    }
    if (absl::IsDataLoss(opened)) Fail(absl::StrCat("start: ", std::string(opened.message())));
    return StartServerSoon(500);
  }
  StartShards(life.get());
  if (timeline_.trace != nullptr) {
    for (const storage::DocumentInfo& info : life->store->Heads()) {
      timeline_.Tell("server   starts with ", info.id, " at ", info.head.revision);
    }
  }
  life_ = life.get();
  lives_.push_back(std::move(life));
}

void World::StartShards(Life* life) {
  std::vector<const server::Environment*> environments;
  for (int64_t shard = 0; shard < plan_.shards; ++shard) {
    SimExecutor* executor = &life->executor;
    if (plan_.shards > 1) {
      life->executors.push_back(std::make_unique<SimExecutor>(&timeline_, &life->threads, shard));
      executor = life->executors.back().get();
    }
    life->environments.push_back(
        std::make_unique<server::Environment>(server::Environment{.limits = plan_.limits,
                                                                  .server_name = "coedit/simulated",
                                                                  .store = life->store.get(),
                                                                  .executor = executor,
                                                                  .clock = executor,
                                                                  .random = &random_}));
    environments.push_back(life->environments.back().get());
  }
  life->shards = std::make_unique<server::Shards>(environments);
  if (plan_.shards == 1) return;
  life->store->LookAtAsking([life](const std::string& document) {
    COEDIT_CHECK(life->threads.running() == life->shards->ShardOf(document));
  });
}

void World::Life::Kill() {
  executor.Kill();
  for (const auto& each : executors) each->Kill();
}

void World::StartServerSoon(int64_t ms) {
  timeline_.Schedule(absl::Milliseconds(std::max<int64_t>(ms, 1)), [this] { StartServer(); });
}

void World::KillServer(PowerCut cut, uint64_t seed) {
  timeline_.Tell("server   dies");
  life_->Kill();
  for (const std::weak_ptr<Connection>& weak : life_->connections) {
    if (const std::shared_ptr<Connection> connection = weak.lock()) connection->ServerDied();
  }
  if (!life_->store->failure().empty()) Fail(life_->store->failure());
  batches_ += life_->store->batches();
  failed_appends_ += life_->store->failed_appends(absl::ZeroDuration());
  // The handles close after the power is gone: they can do no more.
  disk_.Cut(cut, seed);
  life_->store.reset();
  disk_.Start();
  life_ = nullptr;
}

// In the midst of a change. What stands in the store's task ends first; it reaches nobody.
void World::OnDiskOff() {
  life_->Kill();
  timeline_.Schedule(absl::ZeroDuration(), [this, life = life_] {
    if (life_ != life) return;
    KillServer(static_cast<PowerCut>(armed_cut_->how), armed_cut_->seed);
    StartServerSoon(armed_cut_->ms);
  });
}

void World::CutPower(const Event& event) {
  if (life_ == nullptr) return;
  if (event.count > 0) {
    armed_cut_ = event;
    disk_.faults().cut_after = event.count;
    return;
  }
  KillServer(static_cast<PowerCut>(event.how), event.seed);
  StartServerSoon(event.ms);
}

void World::Restore(const Event& event) {
  if (!backup_.has_value()) return;
  if (life_ != nullptr) {
    KillServer(PowerCut::kKeepAll, 0);
    StartServerSoon(event.ms);
  }
  disk_.faults().Clear();
  disk_.Start(*backup_);
  const absl::StatusOr<ColdDocuments> copy = ReadCold(plan_, disk_);
  if (!copy.ok()) return Fail(absl::StrCat("the backup is damaged: ", copy.status().ToString()));
  if (event.how == kRestoreNewEpoch) {
    disk_.Start(EmptyDatabase());
    const absl::Status written =
        WriteAnew(plan_, disk_, *copy, absl::StrCat("-restored-", restores_.size() + 1));
    if (!written.ok()) return Fail(written.ToString());
  }
  restores_.push_back(backup_at_);
}

std::shared_ptr<Connection> World::Connect(int64_t client, proto::Encoding encoding,
                                           Connection::ClientEnd end) {
  if (life_ == nullptr) return nullptr;
  const Rng rng = Dice(kDiceOfConnection, (static_cast<uint64_t>(client) << 16) + ++connections_);
  auto connection = std::make_shared<Connection>(&timeline_, &plan_.faults, rng, encoding,
                                                 restores_.size(), std::move(end));
  connection->Accept(life_->shards.get(), plan_.shards > 1 ? &life_->threads : nullptr);
  life_->connections.push_back(connection);
  return connection;
}

// ---- events ----

void World::Do(const Event& event) {
  if (healing_) return;
  timeline_.Tell("event    ", FormatEvent(event));
  storage::DiskFaults& faults = disk_.faults();
  switch (event.kind) {
    case EventKind::kKill:
      if (life_ == nullptr) return;
      KillServer(PowerCut::kKeepAll, 0);
      return StartServerSoon(event.ms);
    case EventKind::kPowerCut:
      return CutPower(event);
    case EventKind::kStall:
      if (life_ != nullptr) life_->store->Stall(absl::Milliseconds(event.ms));
      return;
    case EventKind::kFsyncFails:
      faults.failed_sync = static_cast<storage::FailedSync>(event.how);
      (event.document == 0 ? faults.failing_log_syncs : faults.failing_database_syncs) =
          event.count;
      return;
    case EventKind::kIoFails:
      faults.fail_after = event.count;
      return;
    case EventKind::kDiskFull:
      faults.database_full = faults.log_full = true;
      return timeline_.Schedule(absl::Milliseconds(event.ms), [this] {
        disk_.faults().database_full = disk_.faults().log_full = false;
      });
    case EventKind::kClockJump:
      timeline_.wall_offset_ms += event.ms;
      return;
    case EventKind::kBackup:
      backup_ = disk_.image();
      backup_at_ = timeline_.now();
      return;
    case EventKind::kRestore:
      return Restore(event);
    default:
      break;
  }
  for (int64_t i = 0; i < plan_.clients; ++i) {
    if (event.client == i || event.client == -1) Do(event, clients_[i].get());
  }
}

void World::Do(const Event& event, SimClient* client) {
  const absl::Duration duration = absl::Milliseconds(event.ms);
  switch (event.kind) {
    case EventKind::kType:
      return client->Type(event.document, event.seed);
    case EventKind::kBranch:
      return client->Branch(event.document, event.count, event.seed);
    case EventKind::kCaret:
      return client->ShowCaret(event.seed);
    case EventKind::kSpoil:
      return client->SpoilNext(event.document);
    case EventKind::kLeave:
      return client->Leave(duration);
    case EventKind::kCut:
      return client->CutConnection(static_cast<CutHow>(event.how));
    case EventKind::kOffline:
      return client->StayOffline(duration);
    case EventKind::kLate:
      return client->BeLate(duration);
    case EventKind::kSlow:
      return client->Slow(duration);
    case EventKind::kPersist:
      return client->Persist();
    case EventKind::kClientCrash:
      return client->Crash();
    case EventKind::kForget:
      return client->Forget();
    default:
      COEDIT_CHECK(false);
  }
}

void World::LookAt(absl::Duration at, std::function<void()> look) {
  timeline_.Schedule(at, [look = std::move(look)] { look(); });
}

// ---- the run ----

bool World::Quiet() const {
  if (life_ == nullptr) return false;
  for (const auto& client : clients_) {
    if (!client->Settled()) return false;
  }
  std::map<std::string, ot::Revision> heads;
  for (const storage::DocumentInfo& info : life_->store->Heads()) {
    heads[info.id] = info.head.revision;
  }
  for (const auto& client : clients_) {
    for (const auto& replica : client->replicas()) {
      if (client->stopped()) continue;
      const auto head = heads.find(replica->document);
      if (head == heads.end() || head->second != replica->state->revision()) return false;
    }
  }
  return true;
}

std::string World::Unsettled() const {
  std::string who;
  for (const auto& client : clients_) {
    for (const auto& replica : client->replicas()) {
      absl::StrAppend(&who, "\n  ", client->client_id().substr(0, 4), " ", replica->document,
                      replica->channel ? " live" : " closed",
                      replica->state ? absl::StrCat(" at ", replica->state->revision(),
                                                    replica->state->synchronised() ? " synchronised"
                                                                                   : " pending")
                                     : " never opened",
                      replica->echo ? " echo" : "");
    }
  }
  return who;
}

void World::Heal() {
  healing_ = true;
  plan_.faults.spike = 0;
  disk_.faults().Clear();
  for (const auto& client : clients_) client->Behave();
  if (life_ == nullptr) StartServerSoon(1);
}

std::string World::Run() {
  StartServer();
  for (const auto& client : clients_) client->Start();
  for (const Event& event : plan_.events) {
    timeline_.Schedule(event.at, [this, &event] { Do(event); });
  }
  const absl::Duration duration = absl::Milliseconds(plan_.duration_ms);
  timeline_.RunUntil(duration, [this] { return !failure_.empty(); });
  Heal();
  // Within a bound all must have arrived everywhere (L8).
  int64_t steps = 0;
  timeline_.RunUntil(duration + kPatience,
                     [&] { return !failure_.empty() || (++steps % 8 == 0 && Quiet()); });
  const bool quiet = Quiet();
  const std::string unsettled = quiet ? "" : Unsettled();
  if (life_ != nullptr) KillServer(PowerCut::kLoseAll, 0);
  if (!failure_.empty()) return failure_;
  for (const auto& client : clients_) {
    if (!client->failure().empty()) return client->failure();
  }
  if (!quiet) return absl::StrCat("not all settled within five minutes of healing:", unsettled);
  const absl::StatusOr<ColdDocuments> documents = ReadCold(plan_, disk_);
  if (!documents.ok()) return documents.status().ToString();
  for (const auto& [id, document] : *documents) {
    commits_ += static_cast<int64_t>(document.log.size());
  }
  return JudgeDocuments(*documents, clients_, restores_);
}

int64_t World::crossings() const {
  int64_t crossings = 0;
  for (const auto& life : lives_) crossings += life->threads.crossings();
  return crossings;
}

int64_t World::moves() const {
  int64_t moves = 0;
  for (const auto& life : lives_) moves += life->threads.moves();
  return moves;
}

int64_t World::edits() const {
  int64_t edits = 0;
  for (const auto& client : clients_) edits += client->happened().edits;
  return edits;
}

}  // namespace coedit::sim
