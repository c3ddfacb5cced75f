#include "storage/batch_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ot/mutation.h"
#include "storage/failpoint.h"
#include "storage/overloaded.h"
#include "storage/rewrite_log.h"
#include "storage/shared_reader.h"

namespace coedit::storage {
namespace {

// For readers of other processes that are in the way of recovery.
constexpr absl::Duration kOpenWait = absl::Seconds(5);

bool IsRefused(const Write& write) {
  return std::visit([](const auto& request) { return request.refused; }, write);
}

bool IsDeletion(const Write& write) {
  const auto* change = std::get_if<ChangeWrite>(&write);
  return change != nullptr && change->result.ok() &&
         std::holds_alternative<Deletion>(change->change.what);
}

// True if a change is answered with this status, and changed nothing.
bool IsAnswerToChange(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsOutOfRange(status) ||
         absl::IsFailedPrecondition(status);
}

// Answers a write that was not done because of `status`.
void Answer(const absl::Status& status, AppendOutcome outcome, Write* write) {
  std::visit(Overloaded{
                 [&](AppendWrite& append) {
                   append.result = {.outcome = outcome,
                                    .text = std::string(status.message()),
                                    .disk_full = outcome == AppendOutcome::kUnavailable &&
                                                 absl::IsResourceExhausted(status)};
                 },
                 [&](CreateWrite& create) {
                   // A creation whose fate is unknown shows as kAlreadyExists when tried again.
                   create.result = absl::IsAlreadyExists(status) || absl::IsDataLoss(status)
                                       ? status
                                       : absl::UnavailableError(status.message());
                 },
                 [&](ChangeWrite& change) {
                   if (outcome == AppendOutcome::kUnknown) {
                     change.result = absl::UnknownError(status.message());
                   } else if (absl::IsResourceExhausted(status) || absl::IsDataLoss(status)) {
                     change.result = status;
                   } else {
                     change.result = absl::UnavailableError(status.message());
                   }
                 },
             },
             *write);
}

}  // namespace

BatchWriter::BatchWriter(std::string path, const SqliteStoreOptions& options, SharedReader* reader)
    : path_(std::move(path)), options_(options), reader_(reader) {}

BatchWriter::~BatchWriter() {
  // What has failed is not touched again; what is healthy closes last, and leaves no log behind.
  if (failure_ && failure_->closed && writer_ != nullptr) writer_->Abandon();
  // What fails stays where it is, for the next process.
  if (!failure_ && writer_ != nullptr) (void)writer_->FlushAll();
  reader_->Replace([](std::unique_ptr<SqliteReader>* reader) { reader->reset(); });
}

absl::Status BatchWriter::Open() {
  return reader_->Replace([&](std::unique_ptr<SqliteReader>* reader) {
    // All handles go first: while one is open SQLite does not look at the log again.
    reader->reset();
    if (writer_ != nullptr) writer_->Abandon();
    writer_.reset();
    if (!Mutated(Mutation::kLogNotRewritten)) {
      if (absl::Status done = RewriteLog(path_, options_.vfs); !done.ok()) return done;
    }
    absl::StatusOr<std::unique_ptr<SqliteWriter>> writer_opened =
        SqliteWriter::Open(path_, options_.vfs, options_.snapshot_rule, options_.recent_bytes_max);
    if (!writer_opened.ok()) return writer_opened.status();
    writer_ = *std::move(writer_opened);
    // Writes anew what a former handle may have failed to make durable.
    const absl::Status rewritten =
        writer_->RunCheckpoint(SqliteWriter::Checkpoint::kTruncate, kOpenWait);
    if (!rewritten.ok()) return rewritten;
    absl::StatusOr<std::unique_ptr<SqliteReader>> reader_opened =
        SqliteReader::Open(path_, options_.vfs);
    if (!reader_opened.ok()) return reader_opened.status();
    *reader = *std::move(reader_opened);
    return absl::OkStatus();
  });
}

void BatchWriter::CountFailure(const absl::Status& status) {
  ++statistics_.failures;
  statistics_.last_error = std::string(status.message());
}

void BatchWriter::Pause(const absl::Status& status, bool closed) {
  failure_ = Failure{status, closed,
                     options_.steady_now() + absl::ToChronoNanoseconds(options_.retry_interval)};
}

void BatchWriter::Fail(const absl::Status& status) {
  CountFailure(status);
  // A full disk leaves the connection sound: the log holds no end of the transaction. After
  // anything else only what a new handle reads from the disk can be believed.
  if (absl::IsResourceExhausted(status)) return Pause(status, /*closed=*/false);
  if (Mutated(Mutation::kRetryAfterFailedFsync)) return;
  Recover();
}

void BatchWriter::Recover() {
  ++statistics_.reopenings;
  wal_bytes_at_checkpoint_ = 0;
  const absl::Status opened = Open();
  if (opened.ok()) {
    failure_.reset();
  } else {
    CountFailure(opened);
    Pause(opened, /*closed=*/true);
  }
}

std::optional<BatchWriter::SteadyClock::time_point> BatchWriter::recover_at() const {
  if (!failure_ || !failure_->closed) return std::nullopt;
  return failure_->retry_at;
}

void BatchWriter::Run(std::vector<Write>* batch) {
  std::vector<bool> decided(batch->size(), false);
  const absl::Status queue_full = absl::UnavailableError("too many writes wait");
  for (size_t i = 0; i < batch->size(); ++i) {
    if (!IsRefused((*batch)[i])) continue;
    Answer(queue_full, AppendOutcome::kUnavailable, &(*batch)[i]);
    decided[i] = true;
  }
  if (failure_ && (failure_->closed || options_.steady_now() < failure_->retry_at)) {
    for (size_t i = 0; i < batch->size(); ++i) {
      if (!decided[i]) Answer(failure_->status, AppendOutcome::kUnavailable, &(*batch)[i]);
    }
    return;
  }
  failure_.reset();
  bool one_by_one = false;
  while (!TryOnce(one_by_one, batch, &decided)) one_by_one = true;
}

bool BatchWriter::TryOnce(bool one_by_one, std::vector<Write>* batch, std::vector<bool>* decided) {
  const auto answer_rest = [&](const absl::Status& status, AppendOutcome outcome) {
    for (size_t i = 0; i < batch->size(); ++i) {
      if (!(*decided)[i]) Answer(status, outcome, &(*batch)[i]);
    }
    Fail(status);
    return true;
  };
  // Concerns one request, or one document.
  const auto is_refusal = [](const absl::Status& status) {
    return absl::IsAlreadyExists(status) || absl::IsDataLoss(status);
  };

  absl::StatusOr<sqlite::Transaction> transaction = writer_->Begin();
  if (!transaction.ok()) return answer_rest(transaction.status(), AppendOutcome::kUnavailable);
  SqliteStoreStatistics counts = statistics_;
  bool wrote = false;
  for (size_t i = 0; i < batch->size(); ++i) {
    if ((*decided)[i]) continue;
    absl::Status done = std::visit(
        Overloaded{
            [&](AppendWrite& write) {
              const absl::StatusOr<SqliteWriter::Appended> appended =
                  writer_->Append(write.append, &write.result);
              if (!appended.ok()) return appended.status();
              if (*appended == SqliteWriter::Appended::kConflict) {
                ++counts.conflicts;
                return absl::OkStatus();
              }
              write.result = {.outcome = AppendOutcome::kCommitted, .text = {}};
              wrote = true;
              write.wrote_snapshot = *appended == SqliteWriter::Appended::kCommitsAndSnapshot;
              counts.snapshots += write.wrote_snapshot;
              ++counts.appends;
              counts.operations += write.append.commit_count;
              return absl::OkStatus();
            },
            [&](CreateWrite& write) {
              write.result = writer_->Create(write.create);
              wrote = wrote || write.result.ok();
              return write.result;
            },
            [&](ChangeWrite& write) {
              write.result = writer_->Change(write.change);
              if (IsAnswerToChange(write.result.status())) return absl::OkStatus();
              wrote = wrote || write.result.ok();
              return write.result.status();
            },
        },
        (*batch)[i]);
    if (done.ok() && one_by_one) done = writer_->Flush();
    if (done.ok()) continue;
    if (!is_refusal(done)) return answer_rest(done, AppendOutcome::kUnavailable);
    // Half of it may stand in the transaction, and it may concern what was staged before.
    if (!one_by_one) return false;
    const bool conflict = absl::IsAlreadyExists(done);
    Answer(done, conflict ? AppendOutcome::kConflict : AppendOutcome::kUnavailable, &(*batch)[i]);
    (*decided)[i] = true;
    if (conflict) {
      ++statistics_.conflicts;
    } else {
      CountFailure(done);
    }
    return false;
  }

  if (wrote) {
    if (const absl::Status flushed = writer_->Flush(); !flushed.ok()) {
      if (is_refusal(flushed)) return false;
      return answer_rest(flushed, AppendOutcome::kUnavailable);
    }
    counts.segments += writer_->rows_written().segments;
    counts.segment_bytes += writer_->rows_written().segment_bytes;
    counts.recent_appends += writer_->rows_written().recent_appends;
    // A mark must not outlive the document it speaks of: it would be taken for a witness of loss.
    if (mark_ != nullptr && std::any_of(batch->begin(), batch->end(), IsDeletion)) mark_->Clear();
    PassFailpoint(Failpoint::kBeforeCommit);
    if (const absl::Status committed = writer_->Commit(&*transaction); !committed.ok()) {
      return answer_rest(committed, absl::IsResourceExhausted(committed)
                                        ? AppendOutcome::kUnavailable
                                        : AppendOutcome::kUnknown);
    }
    PassFailpoint(Failpoint::kAfterCommit);
    ++counts.transactions;
    Mark(*batch);
  }
  counts.wal_bytes = writer_->wal_bytes();
  statistics_ = std::move(counts);
  return true;
}

void BatchWriter::Mark(const std::vector<Write>& batch) {
  if (mark_ == nullptr) return;
  const auto is_deleted = [&](const std::string& document) {
    return std::any_of(batch.begin(), batch.end(), [&](const Write& write) {
      return IsDeletion(write) && DocumentOf(write) == document;
    });
  };
  // One document is enough: if this transaction is lost, all of it is, and all after it.
  for (const Write& write : batch) {
    const auto* append = std::get_if<AppendWrite>(&write);
    if (append == nullptr || append->result.outcome != AppendOutcome::kCommitted) continue;
    if (is_deleted(append->append.document)) continue;
    return mark_->Write(append->append.document, append->append.after);
  }
}

absl::Status BatchWriter::Replace(const PackedHistory& packed) {
  if (failure_) return failure_->status;
  absl::StatusOr<sqlite::Transaction> transaction = writer_->Begin();
  absl::Status done = transaction.status();
  if (done.ok()) {
    done = writer_->Replace(packed);
    if (absl::IsNotFound(done) || absl::IsFailedPrecondition(done) || absl::IsDataLoss(done)) {
      return done;  // concerns this document alone
    }
    if (done.ok()) {
      done = writer_->Commit(&*transaction);
    } else {
      transaction->Rollback();
    }
  }
  if (!done.ok()) {
    Fail(done);
    return done;
  }
  ++statistics_.transactions;
  if (!packed.block.empty()) {
    ++statistics_.blocks;
    statistics_.packed_commits += static_cast<int64_t>(packed.last - packed.first) + 1;
  }
  statistics_.rungs += !packed.rung.empty();
  statistics_.wal_bytes = writer_->wal_bytes();
  return absl::OkStatus();
}

void BatchWriter::CheckpointIfDue() {
  if (failure_) return;
  const int64_t wal_bytes = writer_->wal_bytes();
  // After a complete checkpoint SQLite begins the log anew with the next commit. A log that could
  // not be emptied, for a reader of another process or a full disk, is tried again when it has
  // grown.
  if (wal_bytes < wal_bytes_at_checkpoint_) wal_bytes_at_checkpoint_ = 0;
  if (wal_bytes < wal_bytes_at_checkpoint_ + options_.checkpoint_wal_bytes) return;
  PassFailpoint(Failpoint::kBeforeCheckpoint);
  const absl::Status done =
      wal_bytes < options_.truncate_wal_bytes
          ? writer_->RunCheckpoint(SqliteWriter::Checkpoint::kPassive, absl::ZeroDuration())
          : reader_->With([&](SqliteReader*) {
              return writer_->RunCheckpoint(SqliteWriter::Checkpoint::kTruncate,
                                            absl::ZeroDuration());
            });
  PassFailpoint(Failpoint::kAfterCheckpoint);
  wal_bytes_at_checkpoint_ = statistics_.wal_bytes = writer_->wal_bytes();
  if (done.ok()) {
    ++statistics_.checkpoints;
  } else if (absl::IsResourceExhausted(done) || absl::IsAborted(done)) {
    CountFailure(done);
  } else {
    Fail(done);
  }
}

}  // namespace coedit::storage
