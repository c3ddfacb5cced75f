// BatchWriter: one batch of requests, one transaction, one fsync. It decides what each request is
// answered, also when something fails, and brings the database back after a failure.
//
//   a request does not fit      it alone is refused; the others are written without it
//   disk full                   the batch is kUnavailable with disk_full; tried again after a while
//   any other failure           the batch is kUnavailable if it failed before COMMIT, else
//   kUnknown;
//                               both connections are closed and opened again, before anything is
//                               answered, written or read
//
// A failed fsync is never tried again on the same handle: the kernel may have marked the pages
// clean that it could not write, and would call the second try a success. Opening again lets SQLite
// recover from the log; the checkpoint that follows writes everything anew. Nothing is read before
// that, because a commit whose fsync failed is invisible to the old handles, but may come back with
// the recovery: whoever read "not committed" in between would write it twice.
//
// Belongs to the writer thread.
#ifndef COEDIT_STORAGE_BATCH_WRITER_H_
#define COEDIT_STORAGE_BATCH_WRITER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "storage/head_mark.h"
#include "storage/sqlite_store_options.h"
#include "storage/sqlite_writer.h"
#include "storage/write.h"

namespace coedit::storage {

// The connection for reading, shared by the two threads: the writer closes it when it has to.
class SharedReader;

class BatchWriter {
 public:
  // `options` and `reader` outlive the object.
  BatchWriter(std::string path, const SqliteStoreOptions& options, SharedReader* reader);
  ~BatchWriter();

  using SteadyClock = std::chrono::steady_clock;

  // Opens both connections, and recovers from the log what a former process left in it.
  absl::Status Open();

  // From here on each transaction is told to `mark`, which outlives the object.
  void UseMark(HeadMark* mark) { mark_ = mark; }

  // Sets the result of every write; those that were written are durable when it returns.
  void Run(std::vector<Write>* batch);

  // Between batches, after the answers are out.
  void CheckpointIfDue();
  // Likewise: a transaction of its own. Not tried while nothing can be written.
  absl::Status Replace(const PackedHistory& packed);

  // When Recover() is to be called, if the connections are closed after a failure.
  std::optional<SteadyClock::time_point> recover_at() const;
  void Recover();

  // The counts of what this object does; the rest is zero.
  const SqliteStoreStatistics& statistics() const { return statistics_; }

 private:
  // Why nothing is written now.
  struct Failure {
    absl::Status status;
    bool closed;  // the connections are: open them first
    SteadyClock::time_point retry_at;
  };

  void CountFailure(const absl::Status& status);
  // No batch is tried before the retry interval is over.
  void Pause(const absl::Status& status, bool closed);
  // What a failure of a transaction or checkpoint leads to: a pause if the disk is full, else
  // recovery at once.
  void Fail(const absl::Status& status);
  // One transaction over the writes that are not decided. Appends of one document share a row,
  // unless they are to be written one by one. Returns false if one of the writes was refused for
  // itself: the others are to be tried without it, one by one, so that it is known which it is.
  bool TryOnce(bool one_by_one, std::vector<Write>* batch, std::vector<bool>* decided);
  // Tells the mark of a batch that is durable.
  void Mark(const std::vector<Write>& batch);

  const std::string path_;
  const SqliteStoreOptions& options_;
  SharedReader* const reader_;
  HeadMark* mark_ = nullptr;
  std::unique_ptr<SqliteWriter> writer_;  // nullptr while it could not be opened
  std::optional<Failure> failure_;
  int64_t wal_bytes_at_checkpoint_ = 0;
  SqliteStoreStatistics statistics_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_BATCH_WRITER_H_
