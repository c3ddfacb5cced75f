// Copies a database as it is at one moment, also while a server writes to it.
#ifndef COEDIT_STORAGE_MAINTENANCE_COPY_DATABASE_H_
#define COEDIT_STORAGE_MAINTENANCE_COPY_DATABASE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "storage/maintenance/progress.h"

namespace coedit::storage {

struct CopyFigures {
  int64_t bytes = 0;          // of the copy
  int64_t log_bytes_max = 0;  // how large the log of the source was seen
};

// From the database file `from` into the empty file `to`, page by page; `to` is one file without a
// log afterwards, not synced. While it copies, the server's checkpoints cannot empty its log, which
// grows by what is written meanwhile: beyond `log_bytes_max` the copy is given up (kAborted).
// kFailedPrecondition if `from` is no database of ours.
absl::StatusOr<CopyFigures> CopyDatabase(const std::string& from, const std::string& to,
                                         int64_t log_bytes_max, Progress* progress);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_COPY_DATABASE_H_
