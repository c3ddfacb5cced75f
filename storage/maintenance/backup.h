// Backup and restore of a whole data directory.
#ifndef COEDIT_STORAGE_MAINTENANCE_BACKUP_H_
#define COEDIT_STORAGE_MAINTENANCE_BACKUP_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "storage/maintenance/copy_database.h"
#include "storage/maintenance/progress.h"
#include "storage/maintenance/verify.h"

namespace coedit::storage {

struct BackupOptions {
  bool verify = true;
  // See CopyDatabase.
  int64_t log_bytes_max = int64_t{1} << 30;
};
struct BackupResult {
  CopyFigures copy;
  std::optional<VerifyReport> report;  // of the copy, if it was asked for
};

// Makes `target` a copy of the database in `directory`, with a server running on it or not. One
// file, durable, under its name only once it is whole; kAlreadyExists if the name is taken. A copy
// that is not sound is kept all the same: then the source is not either, and one should know both.
absl::StatusOr<BackupResult> Backup(const std::string& directory, const std::string& target,
                                    const BackupOptions& options, Progress* progress);

struct RestoreOptions {
  bool verify = true;    // refuse a backup that is not sound (kDataLoss)
  bool replace = false;  // what the directory holds is moved aside
  std::function<std::string()> new_epoch;
  std::string aside_suffix;  // of what is moved aside, as "replaced-20261120T134618Z"
};
struct RestoreResult {
  int64_t documents = 0;
  std::string aside;  // path of the database that was there; empty if there was none
};

// Puts the database of `backup` into `directory`, which is made if it is missing. Each document
// gets a new epoch, so that clients that know commits the backup does not have see that it is
// another history, keep their work and begin anew. Until the last step, one rename, the directory
// is as it was. kFailedPrecondition if a server runs on it, kAlreadyExists if it holds a database
// and `replace` is not set.
absl::StatusOr<RestoreResult> Restore(const std::string& backup, const std::string& directory,
                                      const RestoreOptions& options, Progress* progress);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_BACKUP_H_
