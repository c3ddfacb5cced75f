#include "tests/sim/world.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/apply.h"
#include "server/document_types.h"

namespace coedit::sim {

using ot::testing::Rng;

Plan RandomPlan(uint64_t seed) {
  Rng rng(seed);
  Plan plan;
  plan.seed = seed;
  plan.clients = static_cast<int>(rng.Between(2, 6));
  plan.documents = static_cast<int>(rng.Between(1, 2));
  plan.rich = rng.Chance(70);
  plan.duration = absl::Seconds(rng.Between(10, 60));
  plan.type_every = absl::Milliseconds(rng.Between(30, 1500));
  plan.faults.delay_max = absl::Milliseconds(rng.Between(1, 400));
  plan.faults.store_delay_max = absl::Milliseconds(rng.Between(1, 100));
  if (rng.Chance(70)) plan.faults.cut_every = absl::Milliseconds(rng.Between(500, 20000));
  if (rng.Chance(60)) plan.faults.restart_every = absl::Milliseconds(rng.Between(2000, 30000));
  plan.faults.half_open = static_cast<int>(rng.Between(0, 60));
  if (rng.Chance(30)) plan.faults.append_fails = static_cast<int>(rng.Between(0, 10));
  if (rng.Chance(30)) plan.faults.append_refused = static_cast<int>(rng.Between(0, 10));
  if (rng.Chance(40)) plan.faults.bad_submit = static_cast<int>(rng.Between(0, 10));
  plan.faults.never_composed = rng.Chance(50) ? static_cast<int>(rng.Between(0, 100)) : 0;
  if (rng.Chance(40)) plan.faults.resend_frozen = static_cast<int>(rng.Between(0, 100));
  if (rng.Chance(30)) plan.faults.abandon_open = static_cast<int>(rng.Between(0, 50));
  // Small bounds, so that their consequences happen.
  if (rng.Chance(50)) plan.limits.history_in_memory = rng.Between(1, 64);
  if (rng.Chance(30)) plan.limits.document_idle_seconds = rng.Between(0, 5);
  if (rng.Chance(20)) plan.limits.catch_up_revisions = rng.Between(20, 200);
  if (rng.Chance(50)) plan.limits.catch_up_single_commits = rng.Between(0, 8);
  if (rng.Chance(20)) plan.limits.part_bytes = 1024;
  if (rng.Chance(20)) plan.limits.outbound_bytes = 4096;
  if (rng.Chance(20)) plan.limits.submits_per_second = rng.Between(1, 10);
  if (rng.Chance(20)) plan.limits.submits_burst = rng.Between(1, 5);
  return plan;
}

std::string World::Random::Hex(int bytes) {
  std::string hex;
  while (static_cast<int>(hex.size()) < 2 * bytes) {
    absl::StrAppend(&hex, absl::Hex(rng_.Next(), absl::kZeroPad16));
  }
  hex.resize(2 * bytes);
  return hex;
}

World::World(const Plan& plan) : plan_(plan), rng_(plan.seed), random_(rng_.Fork()) {
  std::vector<std::string> documents;
  for (int i = 0; i < plan_.documents; ++i) documents.push_back(absl::StrCat("doc-", i));
  for (int i = 0; i < plan_.clients; ++i) {
    std::vector<std::string> mine = documents;
    if (rng_.Chance(50)) mine = {documents[rng_.Below(plan_.documents)]};
    clients_.push_back(std::make_unique<SimClient>(
        &timeline_, &plan_.faults, rng_.Fork(), random_.Hex(16),
        rng_.Chance(50) ? proto::Encoding::kJson : proto::Encoding::kProtobuf, plan_.rich,
        std::move(mine), [this](proto::Encoding encoding, Connection::ClientEnd end) {
          return Connect(encoding, std::move(end));
        }));
  }
}

World::~World() = default;

void World::StartServer() {
  lives_.push_back(std::make_unique<Life>(&timeline_));
  life_ = lives_.back().get();
  life_->store = std::make_unique<SimStore>(&disk_, &life_->executor, &plan_.faults, rng_.Fork());
  life_->environment = {.limits = plan_.limits,
                        .server_name = "coedit/simulated",
                        .store = life_->store.get(),
                        .executor = &life_->executor,
                        .clock = &life_->executor,
                        .random = &random_};
  life_->hub = std::make_unique<server::Hub>(&life_->environment);
}

void World::KillServer() {
  life_->executor.Kill();
  for (const std::weak_ptr<Connection>& weak : life_->connections) {
    if (const std::shared_ptr<Connection> connection = weak.lock()) connection->ServerDied();
  }
  life_ = nullptr;
}

std::shared_ptr<Connection> World::Connect(proto::Encoding encoding, Connection::ClientEnd end) {
  if (life_ == nullptr) return nullptr;
  auto connection = std::make_shared<Connection>(&timeline_, &plan_.faults, rng_.Fork(), encoding,
                                                 std::move(end));
  connection->Accept(&life_->environment, life_->hub.get());
  life_->connections.push_back(connection);
  return connection;
}

void World::Every(absl::Duration mean, std::function<void()> what) {
  if (mean == absl::InfiniteDuration()) return;
  const int64_t most = 2 * absl::ToInt64Microseconds(mean);
  timeline_.Schedule(absl::Microseconds(rng_.Between(1, most)), [this, mean, what] {
    if (healing_) return;
    what();
    Every(mean, what);
  });
}

bool World::Quiet() const {
  for (const auto& client : clients_) {
    if (!client->Settled()) return false;
    for (const auto& replica : client->replicas()) {
      const auto stored = disk_.documents().find(replica->document);
      if (stored == disk_.documents().end() ||
          stored->second.head.revision != replica->state->revision()) {
        return false;
      }
    }
  }
  return true;
}

std::string World::Run() {
  StartServer();
  for (const auto& client : clients_) {
    client->Start();
    Every(plan_.type_every, [&client] { client->Type(); });
    Every(plan_.type_every * 2, [&client] { client->ShowCaret(); });
  }
  Every(plan_.faults.cut_every, [this] {
    clients_[rng_.Below(plan_.clients)]->CutConnection(rng_.Chance(plan_.faults.half_open));
  });
  Every(plan_.faults.restart_every, [this] {
    if (life_ == nullptr) return;
    KillServer();
    timeline_.Schedule(absl::Milliseconds(rng_.Between(1, 3000)), [this] { StartServer(); });
  });
  timeline_.RunUntil(plan_.duration);

  // Everything works again; within a bound all must have arrived everywhere (L8).
  healing_ = true;
  plan_.faults.append_fails = plan_.faults.append_refused = 0;
  for (const auto& client : clients_) client->Behave();
  const absl::Duration patience = plan_.duration + absl::Minutes(5);
  timeline_.RunUntil(patience, [this] { return Quiet(); });
  return Check();
}

std::string World::Check() const {
  for (const auto& client : clients_) {
    if (!client->failure().empty()) return client->failure();
  }
  if (!Quiet()) {
    std::string who;
    for (const auto& client : clients_) {
      for (const auto& replica : client->replicas()) {
        absl::StrAppend(
            &who, "\n  ", client->client_id().substr(0, 4), " ", replica->document,
            replica->channel ? " live" : " closed",
            replica->state
                ? absl::StrCat(" at ", replica->state->revision(),
                               replica->state->synchronised() ? " synchronised" : " pending")
                : " never opened");
      }
    }
    return absl::StrCat("not all clients settled within five minutes of healing:", who);
  }
  for (const auto& [id, stored] : disk_.documents()) {
    std::string broken = CheckDocument(id, stored);
    if (!broken.empty()) return absl::StrCat("document ", id, ": ", broken);
  }
  return "";
}

std::string World::CheckDocument(const std::string& id,
                                 const storage::MemoryStore::Document& stored) const {
  // L4, L6: the log alone gives the text.
  ot::Text text = server::InitialText(stored.type);
  ot::Digest digest = 0;
  std::map<std::pair<ot::AuthorNumber, ot::Sequence>, ot::Revision> places;
  for (size_t i = 0; i < stored.log.size(); ++i) {
    const ot::Commit& commit = stored.log[i];
    if (commit.revision != i + 1) return absl::StrCat("revision ", commit.revision, " at ", i);
    if (!ot::Validate(commit.delta, text).ok()) {
      return absl::StrCat("commit ", commit.revision, " does not fit");
    }
    ot::Apply(commit.delta, &text);
    digest = ot::ExtendDigest(digest, commit.author, commit.sequence, commit.delta);
    if (commit.digest != digest) return absl::StrCat("chain broken at ", commit.revision);
    // L2: nothing twice.
    if (!places.emplace(std::make_pair(commit.author, commit.sequence), commit.revision).second) {
      return absl::StrCat("author ", commit.author, " sequence ", commit.sequence,
                          " is in the log twice");
    }
  }
  std::map<std::string, ot::AuthorNumber> numbers;
  for (const auto& [number, author] : stored.authors) numbers[author.client_id] = number;
  for (const auto& client : clients_) {
    for (const auto& replica : client->replicas()) {
      if (replica->document != id) continue;
      // L5: the same text everywhere.
      if (replica->state->view() != text) {
        return absl::StrCat("client ", client->client_id(), " ends on another text:\n  log    ",
                            text.ToDelta().DebugString(), "\n  client ",
                            replica->state->view().ToDelta().DebugString());
      }
      if (replica->recovery_copies > 0) return "a recovery copy without another history";
      // L1: what was acknowledged is there, where it was said to be.
      for (const auto& [sequence, revision] : replica->acked) {
        const auto number = numbers.find(client->client_id());
        const auto place =
            number == numbers.end() ? places.end() : places.find({number->second, sequence});
        if (place == places.end()) {
          return absl::StrCat("client ", client->client_id(), " was acknowledged sequence ",
                              sequence, ", which is gone");
        }
        if (place->second != revision) {
          return absl::StrCat("sequence ", sequence, " was acknowledged as revision ", revision,
                              " and stands at ", place->second);
        }
      }
    }
  }
  return "";
}

int64_t World::edits() const {
  int64_t edits = 0;
  for (const auto& client : clients_) edits += client->edits();
  return edits;
}

int64_t World::commits() const {
  int64_t commits = 0;
  for (const auto& [id, stored] : disk_.documents()) {
    commits += static_cast<int64_t>(stored.log.size());
  }
  return commits;
}

}  // namespace coedit::sim
