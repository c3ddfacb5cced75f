// SimStore: the logic of SqliteStore (BatchWriter, SqliteWriter, SqliteReader, SQLite itself) on a
// simulated disk, in virtual time and on the simulator's one thread. It belongs to one life of the
// server; the disk outlives it.
//
// One queue for all: what stands first is done next, writes that follow each other as one batch. A
// batch is durable at one moment and answered at a later one; the server may die in between, and
// between any two changes of the disk.
#ifndef COEDIT_TESTS_SIM_SIM_STORE_H_
#define COEDIT_TESTS_SIM_SIM_STORE_H_

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "storage/batch_writer.h"
#include "storage/shared_reader.h"
#include "storage/store.h"
#include "tests/ot/generators.h"
#include "tests/sim/plan.h"
#include "tests/sim/sim_executor.h"
#include "tests/storage/simulated_disk.h"

namespace coedit::sim {

// The database's name on the disk.
inline constexpr char kDatabase[] = "coedit.db";

storage::SqliteStoreOptions StoreOptions(const Plan& plan, const storage::SimulatedDisk& disk);

class SimStore final : public storage::Store {
 public:
  // `on_disk_off` is called (in a task) once the disk has lost its power in the midst of a call.
  SimStore(const Plan* plan, storage::SimulatedDisk* disk, SimExecutor* executor,
           ot::testing::Rng rng, std::function<void()> on_disk_off);

  // As when the server starts.
  absl::Status Open();
  // `look` is called with each document whose actor asks, as it asks.
  void LookAtAsking(std::function<void(const std::string& document)> look) {
    look_ = std::move(look);
  }
  // The disk answers nothing for a while.
  void Stall(absl::Duration duration) { stalled_until_ = executor_->Steady() + duration; }
  // Heads of all documents as they are durable; nothing while the database cannot be read.
  std::vector<storage::DocumentInfo> Heads();

  int64_t batches() const { return batches_; }
  // Appends that were not committed, as far as whoever asked was told: until this long ago.
  int64_t failed_appends(absl::Duration ago) const {
    return std::count_if(failed_appends_.begin(), failed_appends_.end(),
                         [&](absl::Duration at) { return at <= executor_->Steady() - ago; });
  }
  // What must never happen, and did; empty if nothing.
  const std::string& failure() const { return failure_; }

  void Load(std::string document, Callback<absl::StatusOr<storage::StoredDocument>> done) override;
  void Create(std::string document, ot::DocumentType type, ot::Text initial, std::string epoch,
              int64_t now_ms, Callback<absl::StatusOr<storage::StoredDocument>> done) override;
  void Append(storage::AppendRequest request, Callback<storage::AppendResult> done) override;
  void ReadCommits(std::string document, ot::Revision first, ot::Revision last,
                   Callback<absl::StatusOr<std::vector<ot::Commit>>> done) override;
  void ReadRevision(std::string document, ot::Revision revision,
                    Callback<absl::StatusOr<storage::Snapshot>> done) override;
  void List(storage::DocumentQuery query,
            Callback<absl::StatusOr<storage::DocumentPage>> done) override;
  void Info(std::string document, Callback<absl::StatusOr<storage::DocumentInfo>> done) override;
  void Authors(std::string document,
               Callback<absl::StatusOr<std::vector<storage::Author>>> done) override;
  void FindRevision(std::string document, int64_t at_ms,
                    Callback<absl::StatusOr<ot::Revision>> done) override;
  void ReadTimeline(std::string document, int64_t points,
                    Callback<absl::StatusOr<storage::Timeline>> done) override;
  void ListVersions(std::string document,
                    Callback<absl::StatusOr<std::vector<storage::Version>>> done) override;
  void SetTitle(std::string document, std::optional<std::string> title,
                Callback<absl::Status> done) override;
  void AddVersion(std::string document, storage::Version version,
                  Callback<absl::StatusOr<storage::Version>> done) override;
  void DeleteVersion(std::string document, storage::VersionNumber number,
                     Callback<absl::Status> done) override;
  void Delete(std::string document, Callback<absl::Status> done) override;

 private:
  // Reads, and answers in a later task.
  using Read = absl::AnyInvocable<void(storage::SqliteReader*) &&>;
  using Request = std::variant<storage::Write, Read>;

  void Enter(Request request);
  void WorkSoon();
  void Work();
  void RecoverIfDue();
  void RecoverSoon();
  void RunBatch();
  absl::Duration Delay();
  // In a later task, and never before what was answered earlier.
  void Answer(server::Task task);
  // Queues what is answered with what `use(SqliteReader*)` returns.
  template <typename T, typename Use>
  void EnterRead(Callback<absl::StatusOr<T>> done, Use use);
  void Fail(std::string what);

  const Plan* plan_;
  storage::SimulatedDisk* disk_;
  SimExecutor* executor_;
  ot::testing::Rng rng_;
  std::function<void()> on_disk_off_;
  std::function<void(const std::string&)> look_;
  const storage::SqliteStoreOptions options_;
  storage::SharedReader reader_;
  storage::BatchWriter batch_writer_;

  std::deque<Request> queue_;
  bool working_ = false;
  bool recovering_ = false;  // is going to
  absl::Duration stalled_until_;
  absl::Duration answered_until_;
  int64_t batches_ = 0;
  std::vector<absl::Duration> failed_appends_;  // when
  // Documents of which an append failed, and that were not loaded since: those that follow it
  // conflict.
  absl::flat_hash_set<std::string> cut_off_;
  std::string failure_;
};

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_SIM_STORE_H_
