// Compact: gives back to the file system what a database no longer needs.
#ifndef COEDIT_STORAGE_MAINTENANCE_COMPACT_H_
#define COEDIT_STORAGE_MAINTENANCE_COMPACT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "storage/maintenance/progress.h"

namespace coedit::storage {

struct CompactResult {
  int64_t bytes_before = 0;  // with the log
  int64_t bytes_after = 0;
};

// Packs all histories as far as it goes, then writes the database of `directory` anew, without
// gaps, and lets the new file take the place of the old one in one step; killed before, the
// directory holds what it held. Needs as much free space as the database takes. No server may run
// (kFailedPrecondition). A damaged database is left as it is (kDataLoss).
absl::StatusOr<CompactResult> Compact(const std::string& directory, Progress* progress);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_COMPACT_H_
