// A store that takes simulated time, fails now and then, and forgets what was not durable when the
// server dies. The disk below it is a MemoryStore's documents and outlives the server.
#ifndef COEDIT_TESTS_SIM_SIM_STORE_H_
#define COEDIT_TESTS_SIM_SIM_STORE_H_

#include <string>
#include <utility>
#include <vector>

#include "storage/memory_store.h"
#include "tests/ot/generators.h"
#include "tests/sim/faults.h"
#include "tests/sim/sim_executor.h"

namespace coedit::sim {

class SimStore final : public storage::Store {
 public:
  // `disk` survives this object. `executor` is of one life: what it drops was lost in the crash.
  SimStore(storage::MemoryStore* disk, server::Executor* executor, const Faults* faults,
           ot::testing::Rng rng)
      : disk_(disk), executor_(executor), faults_(faults), rng_(rng) {}

  void Load(std::string document, Callback<absl::StatusOr<storage::StoredDocument>> done) override {
    Later([this, document = std::move(document), done = std::move(done)]() mutable {
      disk_->Load(std::move(document), Answer(std::move(done)));
    });
  }
  void Create(std::string document, ot::DocumentType type, ot::Text initial, std::string epoch,
              int64_t now_ms, Callback<absl::StatusOr<storage::StoredDocument>> done) override {
    Later([this, document = std::move(document), type, initial = std::move(initial),
           epoch = std::move(epoch), now_ms, done = std::move(done)]() mutable {
      disk_->Create(std::move(document), type, std::move(initial), std::move(epoch), now_ms,
                    Answer(std::move(done)));
    });
  }
  void Append(storage::AppendRequest request, Callback<storage::AppendResult> done) override {
    Later([this, request = std::move(request), done = std::move(done)]() mutable {
      if (rng_.Chance(faults_->append_refused)) {
        return Answer(std::move(done))({.outcome = storage::AppendOutcome::kUnavailable,
                                        .text = "simulated: nothing written",
                                        .disk_full = rng_.Chance(50)});
      }
      if (rng_.Chance(faults_->append_fails)) {
        if (rng_.Chance(50)) disk_->Append(std::move(request), [](storage::AppendResult) {});
        return Answer(std::move(done))(
            {.outcome = storage::AppendOutcome::kUnknown, .text = "simulated: outcome unknown"});
      }
      disk_->Append(std::move(request), Answer(std::move(done)));
    });
  }
  void ReadCommits(std::string document, ot::Revision first, ot::Revision last,
                   Callback<absl::StatusOr<std::vector<ot::Commit>>> done) override {
    Later([this, document = std::move(document), first, last, done = std::move(done)]() mutable {
      disk_->ReadCommits(std::move(document), first, last, Answer(std::move(done)));
    });
  }
  void List(std::string prefix, std::string after, int64_t limit,
            Callback<absl::StatusOr<std::vector<storage::DocumentInfo>>> done) override {
    disk_->List(std::move(prefix), std::move(after), limit, std::move(done));
  }

 private:
  absl::Duration Delay() {
    return absl::Microseconds(rng_.Between(1, absl::ToInt64Microseconds(faults_->store_delay_max)));
  }
  // One thing after another, as a writer thread does.
  void Later(server::Task task) {
    const absl::Duration earliest = clock()->Steady() + Delay();
    busy_until_ = std::max(busy_until_ + absl::Nanoseconds(1), earliest);
    executor_->PostAfter(busy_until_ - clock()->Steady(), std::move(task));
  }
  // The answer is on its way while the server may die.
  template <typename T>
  Callback<T> Answer(Callback<T> done) {
    return [this, done = std::move(done)](T result) mutable {
      executor_->PostAfter(Delay(), [done = std::move(done), result = std::move(result)]() mutable {
        std::move(done)(std::move(result));
      });
    };
  }
  const server::Clock* clock() const { return static_cast<SimExecutor*>(executor_); }

  storage::MemoryStore* disk_;
  server::Executor* executor_;
  const Faults* faults_;
  ot::testing::Rng rng_;
  absl::Duration busy_until_;
};

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_SIM_STORE_H_
