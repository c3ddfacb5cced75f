// A whole coedit in one thread and virtual time: a server (Session, Hub, DocumentActor, Document,
// and the storage logic with SQLite on a simulated disk), clients, and everything that goes wrong
// between them, as a plan has it. Then all heals, and what was promised is checked.
#ifndef COEDIT_TESTS_SIM_WORLD_H_
#define COEDIT_TESTS_SIM_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "server/environment.h"
#include "server/shards.h"
#include "tests/ot/generators.h"
#include "tests/sim/judge.h"
#include "tests/sim/plan.h"
#include "tests/sim/sim_client.h"
#include "tests/sim/sim_executor.h"
#include "tests/sim/sim_store.h"
#include "tests/sim/sim_threads.h"
#include "tests/storage/simulated_disk.h"

namespace coedit::sim {

class World {
 public:
  explicit World(Plan plan);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  // Runs the plan, heals everything, waits until all is quiet, takes the power away once more and
  // checks. Empty if all promises were kept, else what was broken.
  std::string Run();

  // Tells what happens while it runs.
  void Trace(std::ostream* out) { timeline_.trace = out; }

  // What happened.
  int64_t edits() const;
  int64_t commits() const { return commits_; }
  int64_t tasks() const { return timeline_.tasks_run(); }
  int64_t batches() const { return batches_; }
  int64_t starts() const { return starts_; }
  int64_t crossings() const;  // posts from one shard to another
  int64_t moves() const;      // connections that moved to another shard
  const Happened& happened(int64_t client) const { return clients_[client]->happened(); }

  // Calls it before each event that begins after `at`; for scripted worlds that look in between.
  void LookAt(absl::Duration at, std::function<void()> look);
  // Client `i` as it is.
  const SimClient& client(int64_t i) const { return *clients_[i]; }

 private:
  // One life of the server process.
  struct Life {
    Life(Timeline* timeline, ot::testing::Rng rng) : executor(timeline), threads(rng) {}
    SimExecutor executor;             // of the store
    std::unique_ptr<SimStore> store;  // gone when the process is dead
    SimThreads threads;
    std::vector<std::unique_ptr<SimExecutor>> executors;  // of the shards, if they are several
    std::vector<std::unique_ptr<server::Environment>> environments;
    std::unique_ptr<server::Shards> shards;
    std::vector<std::weak_ptr<Connection>> connections;

    void Kill();
  };

  class Random final : public server::RandomSource {
   public:
    explicit Random(ot::testing::Rng rng) : rng_(rng) {}
    std::string Hex(int bytes) override;

   private:
    ot::testing::Rng rng_;
  };

  ot::testing::Rng Dice(uint64_t kind, uint64_t number) const;
  std::string DocumentName(int64_t index) const;
  void StartServer();
  void StartShards(Life* life);
  void StartServerSoon(int64_t ms);
  // The disk loses what `cut` says, and is on again.
  void KillServer(storage::PowerCut cut, uint64_t seed);
  void OnDiskOff();
  void CutPower(const Event& event);
  void Restore(const Event& event);
  void Do(const Event& event);
  void Do(const Event& event, SimClient* client);
  void Heal();
  std::shared_ptr<Connection> Connect(int64_t client, proto::Encoding encoding,
                                      Connection::ClientEnd end);
  bool Quiet() const;
  std::string Unsettled() const;
  void Fail(std::string what);

  Plan plan_;
  Timeline timeline_;
  Random random_;
  storage::SimulatedDisk disk_;
  bool healing_ = false;
  Life* life_ = nullptr;                      // nullptr: down
  std::vector<std::unique_ptr<Life>> lives_;  // the dead are kept: tasks may still name them
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::optional<Event> armed_cut_;  // happens in the midst of a change of the disk
  std::optional<storage::SimulatedDisk::Image> backup_;
  absl::Duration backup_at_;
  std::vector<absl::Duration> restores_;  // when the copies were made
  uint64_t connections_ = 0;
  int64_t starts_ = 0;
  int64_t batches_ = 0;
  int64_t failed_appends_ = 0;  // of former lives; their clients are connected no more
  int64_t commits_ = 0;
  std::string failure_;
};

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_WORLD_H_
