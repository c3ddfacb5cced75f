// FaultVfs: SQLite's file system layer with faults that a test switches on. It passes everything on
// to the system's own layer.
#ifndef COEDIT_TESTS_STORAGE_FAULT_VFS_H_
#define COEDIT_TESTS_STORAGE_FAULT_VFS_H_

#include <atomic>
#include <cstdint>

namespace coedit::storage {

inline constexpr char kFaultVfsName[] = "coedit-fault";

struct Faults {
  // Files cannot grow: SQLITE_FULL.
  std::atomic<bool> database_full{false};
  std::atomic<bool> log_full{false};
  // No file can be opened.
  std::atomic<bool> open_fails{false};
  // Of the calls that write, sync or truncate, the one after this many fails, once: SQLITE_IOERR.
  // Negative: none.
  std::atomic<int64_t> fail_after{-1};
  // This many syncs of the log fail; with `unsynced_lost`, what the log grew by since the last good
  // sync is gone, as when the machine had lost its power.
  std::atomic<int64_t> failing_log_syncs{0};
  std::atomic<bool> unsynced_lost{false};
  // Counts, of the log and the database.
  std::atomic<int64_t> syncs{0};

  void Clear() {
    database_full = log_full = open_fails = unsynced_lost = false;
    fail_after = -1;
    failing_log_syncs = syncs = 0;
  }
};

// Registers the layer with SQLite the first time. For the whole process.
Faults& TheFaults();

}  // namespace coedit::storage

#endif  // COEDIT_TESTS_STORAGE_FAULT_VFS_H_
