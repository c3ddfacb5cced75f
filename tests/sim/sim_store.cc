#include "tests/sim/sim_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace coedit::sim {

storage::SqliteStoreOptions StoreOptions(const Plan& plan, const storage::SimulatedDisk& disk) {
  storage::SqliteStoreOptions options;
  options.checkpoint_wal_bytes = plan.checkpoint_bytes;
  options.truncate_wal_bytes = 2 * plan.checkpoint_bytes;
  options.snapshot_rule.tail_weight_bytes_min = plan.snapshot_bytes;
  options.vfs = disk.vfs();
  return options;
}

SimStore::SimStore(const Plan* plan, storage::SimulatedDisk* disk, SimExecutor* executor,
                   ot::testing::Rng rng, std::function<void()> on_disk_off)
    : plan_(plan),
      disk_(disk),
      executor_(executor),
      rng_(rng),
      on_disk_off_(std::move(on_disk_off)),
      options_([&] {
        storage::SqliteStoreOptions options = StoreOptions(*plan, *disk);
        options.steady_now = [timeline = executor->timeline()] { return timeline->steady_now(); };
        return options;
      }()),
      batch_writer_(kDatabase, options_, &reader_) {}

absl::Status SimStore::Open() { return batch_writer_.Open(); }

void SimStore::Fail(std::string what) {
  if (failure_.empty()) failure_ = absl::StrCat("store: ", what);
}

absl::Duration SimStore::Delay() {
  return absl::Microseconds(rng_.Between(1, 1000 * plan_->faults.store_delay_ms_max));
}

void SimStore::Answer(server::Task task) {
  answered_until_ = std::max(answered_until_ + absl::Nanoseconds(1), executor_->Steady() + Delay());
  executor_->PostAfter(answered_until_ - executor_->Steady(), std::move(task));
}

std::vector<storage::DocumentInfo> SimStore::Heads() {
  return reader_.With([](storage::SqliteReader* reader) {
    if (reader == nullptr) return std::vector<storage::DocumentInfo>();
    return reader->List({.limit = 1000}).value_or(storage::DocumentPage()).documents;
  });
}

// ---- requests ----

template <typename T, typename Use>
void SimStore::EnterRead(Callback<absl::StatusOr<T>> done, Use use) {
  Enter(Read([this, done = std::move(done),
              use = std::move(use)](storage::SqliteReader* reader) mutable {
    absl::StatusOr<T> result = absl::UnavailableError("the database is closed after an I/O error");
    if (reader != nullptr) result = use(reader);
    if (absl::IsDataLoss(result.status())) Fail(std::string(result.status().message()));
    Answer([done = std::move(done), result = std::move(result)]() mutable {
      std::move(done)(std::move(result));
    });
  }));
}

void SimStore::Load(std::string document, Callback<absl::StatusOr<storage::StoredDocument>> done) {
  if (look_) look_(document);
  EnterRead(std::move(done), [this, id = std::move(document)](storage::SqliteReader* reader) {
    cut_off_.erase(id);
    return reader->Load(id);
  });
}

void SimStore::ReadCommits(std::string document, ot::Revision first, ot::Revision last,
                           Callback<absl::StatusOr<std::vector<ot::Commit>>> done) {
  if (look_) look_(document);
  EnterRead(std::move(done),
            [id = std::move(document), first, last](storage::SqliteReader* reader) {
              return reader->ReadCommits(id, first, last);
            });
}

void SimStore::ReadRevision(std::string document, ot::Revision revision,
                            Callback<absl::StatusOr<storage::Snapshot>> done) {
  EnterRead(std::move(done), [id = std::move(document), revision](storage::SqliteReader* reader) {
    return reader->ReadRevision(id, revision);
  });
}

void SimStore::List(storage::DocumentQuery query,
                    Callback<absl::StatusOr<storage::DocumentPage>> done) {
  EnterRead(std::move(done), [query = std::move(query)](storage::SqliteReader* reader) {
    return reader->List(query);
  });
}

void SimStore::Info(std::string document, Callback<absl::StatusOr<storage::DocumentInfo>> done) {
  EnterRead(std::move(done),
            [id = std::move(document)](storage::SqliteReader* reader) { return reader->Info(id); });
}

void SimStore::Authors(std::string document,
                       Callback<absl::StatusOr<std::vector<storage::Author>>> done) {
  EnterRead(std::move(done), [id = std::move(document)](storage::SqliteReader* reader) {
    return reader->Authors(id);
  });
}

void SimStore::FindRevision(std::string document, int64_t at_ms,
                            Callback<absl::StatusOr<ot::Revision>> done) {
  EnterRead(std::move(done), [id = std::move(document), at_ms](storage::SqliteReader* reader) {
    return reader->FindRevision(id, at_ms);
  });
}

void SimStore::ReadTimeline(std::string document, int64_t points,
                            Callback<absl::StatusOr<storage::Timeline>> done) {
  EnterRead(std::move(done), [id = std::move(document), points](storage::SqliteReader* reader) {
    return reader->ReadTimeline(id, points);
  });
}

void SimStore::ListVersions(std::string document,
                            Callback<absl::StatusOr<std::vector<storage::Version>>> done) {
  EnterRead(std::move(done), [id = std::move(document)](storage::SqliteReader* reader) {
    return reader->ListVersions(id);
  });
}

void SimStore::SetTitle(std::string document, std::optional<std::string> title,
                        Callback<absl::Status> done) {
  Enter(storage::Write(
      storage::MakeTitleWrite(std::move(document), std::move(title), std::move(done))));
}

void SimStore::AddVersion(std::string document, storage::Version version,
                          Callback<absl::StatusOr<storage::Version>> done) {
  Enter(storage::Write(
      storage::MakeVersionWrite(std::move(document), std::move(version), std::move(done))));
}

void SimStore::DeleteVersion(std::string document, storage::VersionNumber number,
                             Callback<absl::Status> done) {
  Enter(storage::Write(
      storage::MakeVersionDeletionWrite(std::move(document), number, std::move(done))));
}

void SimStore::Delete(std::string document, Callback<absl::Status> done) {
  Enter(storage::Write(storage::MakeDeletionWrite(std::move(document), std::move(done))));
}

void SimStore::Create(std::string document, ot::DocumentType type, ot::Text initial,
                      std::string epoch, int64_t now_ms,
                      Callback<absl::StatusOr<storage::StoredDocument>> done) {
  Enter(storage::Write(storage::MakeCreateWrite(std::move(document), type, std::move(initial),
                                                std::move(epoch), now_ms, std::move(done))));
}

void SimStore::Append(storage::AppendRequest request, Callback<storage::AppendResult> done) {
  if (look_) look_(request.document);
  Enter(storage::Write(storage::MakeAppendWrite(std::move(request), std::move(done))));
}

// ---- the queue ----

void SimStore::Enter(Request request) {
  queue_.push_back(std::move(request));
  WorkSoon();
}

void SimStore::WorkSoon() {
  if (working_ || queue_.empty()) return;
  working_ = true;
  const absl::Duration now = executor_->Steady();
  executor_->PostAfter(std::max(Delay(), stalled_until_ - now), [this] { Work(); });
}

// As the writer thread does when it has slept long enough.
void SimStore::RecoverIfDue() {
  const auto recover_at = batch_writer_.recover_at();
  if (!recover_at) return;
  if (options_.steady_now() >= *recover_at) batch_writer_.Recover();
  executor_->timeline()->Tell("store    recovered: ", !batch_writer_.recover_at().has_value());
}

// It wakes up for that without being asked for anything.
void SimStore::RecoverSoon() {
  const auto recover_at = batch_writer_.recover_at();
  if (!recover_at || recovering_) return;
  recovering_ = true;
  const auto wait = *recover_at - options_.steady_now();
  executor_->PostAfter(std::max(absl::FromChrono(wait), absl::ZeroDuration()), [this] {
    recovering_ = false;
    RecoverIfDue();
    if (disk_->is_off()) return on_disk_off_();
    RecoverSoon();
  });
}

void SimStore::Work() {
  RecoverIfDue();
  if (auto* read = std::get_if<Read>(&queue_.front())) {
    Read use = std::move(*read);
    queue_.pop_front();
    reader_.With([&](storage::SqliteReader* reader) {
      std::move(use)(reader);
      if (reader == nullptr) return;
      for (const std::string& damage : reader->TakeDamage()) Fail(damage);
    });
  } else {
    RunBatch();
  }
  working_ = false;
  if (disk_->is_off()) return on_disk_off_();
  WorkSoon();
  RecoverSoon();
}

void SimStore::RunBatch() {
  std::vector<storage::Write> batch;
  const int64_t most = rng_.Between(1, 8);
  while (!queue_.empty() && static_cast<int64_t>(batch.size()) < most) {
    auto* write = std::get_if<storage::Write>(&queue_.front());
    if (write == nullptr) break;
    batch.push_back(std::move(*write));
    queue_.pop_front();
  }
  batch_writer_.Run(&batch);
  ++batches_;
  for (storage::Write& write : batch) {
    bool failed = false;
    if (const auto* append = std::get_if<storage::AppendWrite>(&write)) {
      executor_->timeline()->Tell(
          "store    ", append->append.document, " to revision ", append->append.after.revision,
          ": outcome ", static_cast<int>(append->result.outcome), " ", append->result.text);
      failed = append->result.outcome != storage::AppendOutcome::kCommitted;
      // One server, and one actor for each document: nobody else can have moved the head. Without
      // having failed before, an append finds what it expects.
      if (append->result.outcome == storage::AppendOutcome::kConflict &&
          !cut_off_.contains(append->append.document)) {
        Fail(append->result.text);
      }
      if (failed) cut_off_.insert(append->append.document);
    }
    Answer([this, failed, write = std::move(write)]() mutable {
      if (failed) failed_appends_.push_back(executor_->Steady());
      storage::CallBack(std::move(write));
    });
  }
  batch_writer_.CheckpointIfDue();
}

}  // namespace coedit::sim
