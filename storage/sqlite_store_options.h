// Settings and figures of a SqliteStore.
#ifndef COEDIT_STORAGE_SQLITE_STORE_OPTIONS_H_
#define COEDIT_STORAGE_SQLITE_STORE_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "storage/pack_rule.h"
#include "storage/snapshot_rule.h"

namespace coedit::storage {

struct SqliteStoreOptions {
  // An idle store commits at once. After a commit the next starts no earlier than this after the
  // start of the previous one, unless this much waits: requests that come close together share one
  // fsync, and nobody waits longer for that than a fast disk takes anyway. After a commit of few
  // requests less: below some 1,400 a second few share a commit, above that they soon wait the
  // whole interval.
  absl::Duration commit_interval = absl::Milliseconds(2);
  absl::Duration commit_interval_per_request = absl::Microseconds(700);
  int64_t batch_operations = 256;
  int64_t batch_bytes = int64_t{1} << 20;

  // Appends and creations that wait take at most this; more is answered kUnavailable.
  int64_t waiting_bytes_max = int64_t{64} << 20;

  // The write-ahead log is copied into the database when it has grown this much since.
  int64_t checkpoint_wal_bytes = int64_t{16} << 20;
  // From here on reads of ours wait for the checkpoint, so that they cannot keep the log growing.
  int64_t truncate_wal_bytes = int64_t{48} << 20;

  // After a failed write nothing is written for this long; appends are kUnavailable.
  absl::Duration retry_interval = absl::Seconds(1);

  // Appends wait for being written into the rows of their documents while they take at most this;
  // with 0 they do not wait. Whoever opens a document reads what waits.
  int64_t recent_bytes_max = int64_t{128} << 10;

  SnapshotRule snapshot_rule;

  // Old commits are packed in the background (history_packer.h); a document that had no snapshot
  // for this long is settled.
  bool pack_history = true;
  PackRule pack_rule;
  absl::Duration settle_after = absl::Minutes(1);

  // SQLite's name of the file system layer; empty means the default. Tests put faults there.
  std::string vfs;
  // What BatchWriter takes for the time. The simulator has its own.
  std::function<std::chrono::steady_clock::time_point()> steady_now =
      std::chrono::steady_clock::now;
};

// Counts since the store was opened.
struct SqliteStoreStatistics {
  int64_t transactions = 0;    // committed; each is one fsync of the log
  int64_t appends = 0;         // committed
  int64_t operations = 0;      // commits in them
  int64_t recent_appends = 0;  // rows; appends of one document and transaction share one
  int64_t segments = 0;        // rows; so do those that have waited together
  int64_t segment_bytes = 0;
  int64_t conflicts = 0;
  int64_t snapshots = 0;
  int64_t checkpoints = 0;
  int64_t blocks = 0;             // written; each takes the place of segments or smaller blocks
  int64_t packed_commits = 0;     // in them: a commit counts each time it is packed
  int64_t rungs = 0;              // snapshots that stay
  int64_t pack_failures = 0;      // steps that failed, and changed nothing
  int64_t failures = 0;           // transactions and checkpoints that failed
  int64_t reopenings = 0;         // after a failure
  int64_t damaged_snapshots = 0;  // passed over for an older one
  int64_t wal_bytes = 0;          // now
  int64_t waiting_bytes = 0;      // now
  std::string last_error;         // of a transaction, a checkpoint or an opening
  std::string last_pack_error;
  std::string last_damage;  // of a snapshot that was passed over
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_SQLITE_STORE_OPTIONS_H_
