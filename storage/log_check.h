// LogCheck: does what SQLite is about to recover hold all that was durable? To be asked before a
// database is opened by whoever empties its log, for then the evidence is gone.
#ifndef COEDIT_STORAGE_LOG_CHECK_H_
#define COEDIT_STORAGE_LOG_CHECK_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/data_directory.h"

namespace coedit::storage {

// A sentence that says what is lost, for people; nullopt if nothing is known to be. Two witnesses
// are heard: the log itself (wal_scan.h) and the mark (head_mark.h). `vfs` as for the connections.
// kUnavailable if the log cannot be read.
absl::StatusOr<std::optional<std::string>> FindLostCommits(const DataDirectory& directory,
                                                           const std::string& vfs);

// Copies the log, durably, to a new name beside it, which is returned; empty if there is no log.
absl::StatusOr<std::string> KeepLog(const DataDirectory& directory);

// For whoever cannot report it and go on: kDataLoss with the sentence.
absl::Status RefuseLostCommits(const DataDirectory& directory);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_LOG_CHECK_H_
