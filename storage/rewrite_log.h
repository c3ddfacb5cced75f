// RewriteLog: makes the write-ahead log on the disk what readers see of it.
//
// After an fsync has failed the kernel may call pages clean that never reached the disk: readers
// see them, no later fsync writes them, and a power cut takes them away. A checkpoint from such a
// log leaves the database ahead of the log on the disk; if the power goes before the emptied log is
// durable, SQLite recovers the older log over the newer database. So before a log is believed, each
// of its bytes is written again and synced.
#ifndef COEDIT_STORAGE_REWRITE_LOG_H_
#define COEDIT_STORAGE_REWRITE_LOG_H_

#include <string>

#include "absl/status/status.h"

namespace coedit::storage {

// Of the database at `database_path`, which nobody has open; `vfs` is SQLite's name of the file
// system layer, empty the default. Nothing to do if there is no log. kUnavailable if it fails.
absl::Status RewriteLog(const std::string& database_path, const std::string& vfs);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_REWRITE_LOG_H_
