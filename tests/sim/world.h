// A whole coedit in one thread and virtual time, from one seed: a server (Session, Hub,
// DocumentActor, Document on a simulated store), clients, and everything that goes wrong between
// them. Check() says whether the promises were kept.
#ifndef COEDIT_TESTS_SIM_WORLD_H_
#define COEDIT_TESTS_SIM_WORLD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/environment.h"
#include "server/hub.h"
#include "storage/memory_store.h"
#include "tests/ot/generators.h"
#include "tests/sim/faults.h"
#include "tests/sim/sim_client.h"
#include "tests/sim/sim_executor.h"
#include "tests/sim/sim_store.h"

namespace coedit::sim {

struct Plan {
  uint64_t seed = 0;
  int clients = 3;
  int documents = 1;  // each client opens one or all of them
  bool rich = true;
  absl::Duration duration = absl::Seconds(60);
  absl::Duration type_every = absl::Milliseconds(400);  // mean, each client
  server::Limits limits;
  Faults faults;
};

// A plan with everything drawn from the seed.
Plan RandomPlan(uint64_t seed);

class World {
 public:
  explicit World(const Plan& plan);
  ~World();

  // Runs the plan, heals everything, waits until all is quiet, checks. Empty if all promises were
  // kept, else what was broken.
  std::string Run();

  int64_t edits() const;
  int64_t commits() const;
  int64_t tasks() const { return timeline_.tasks_run(); }

 private:
  // One life of the server process.
  struct Life {
    explicit Life(Timeline* timeline) : executor(timeline) {}
    SimExecutor executor;
    std::unique_ptr<SimStore> store;
    server::Environment environment;
    std::unique_ptr<server::Hub> hub;
    std::vector<std::weak_ptr<Connection>> connections;
  };

  class Random final : public server::RandomSource {
   public:
    explicit Random(ot::testing::Rng rng) : rng_(rng) {}
    std::string Hex(int bytes) override;

   private:
    ot::testing::Rng rng_;
  };

  void StartServer();
  void KillServer();
  std::shared_ptr<Connection> Connect(proto::Encoding encoding, Connection::ClientEnd end);
  void Every(absl::Duration mean, std::function<void()> what);
  bool Quiet() const;
  std::string Check() const;
  std::string CheckDocument(const std::string& id,
                            const storage::MemoryStore::Document& stored) const;

  Plan plan_;
  ot::testing::Rng rng_;
  Timeline timeline_;
  Random random_;
  storage::MemoryStore disk_;
  bool healing_ = false;
  Life* life_ = nullptr;                      // nullptr: down
  std::vector<std::unique_ptr<Life>> lives_;  // the dead are kept: tasks may still name them
  std::vector<std::unique_ptr<SimClient>> clients_;
};

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_WORLD_H_
