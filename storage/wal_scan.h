// Reads the file of SQLite's write-ahead log, to see whether recovery from it loses something.
//
// The log is a row of frames, each a page; the last frame of a transaction says so. Each frame has
// a checksum over itself and all before it. SQLite recovers up to the last whole transaction before
// the first frame that does not fit: mostly the end, where a transaction was being written. But a
// transaction is only begun when the one before it is synced, so a frame that was written after the
// end of a transaction proves that one durable. If it stands behind the frame that does not fit,
// the log is damaged, and what was durable is lost.
#ifndef COEDIT_STORAGE_WAL_SCAN_H_
#define COEDIT_STORAGE_WAL_SCAN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace coedit::storage {

struct WalScan {
  int64_t bytes = 0;             // of the file; 0 if there is none
  int64_t recovered_frames = 0;  // up to the last whole transaction before the first bad frame
  // Whole transactions after the first bad frame that were durable for certain.
  int64_t lost_transactions = 0;
};

// kUnavailable if the file cannot be read.
absl::StatusOr<WalScan> ScanWal(const std::string& path);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_WAL_SCAN_H_
