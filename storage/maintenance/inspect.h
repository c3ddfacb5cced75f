// Inspect: what a database holds, in numbers.
#ifndef COEDIT_STORAGE_MAINTENANCE_INSPECT_H_
#define COEDIT_STORAGE_MAINTENANCE_INSPECT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/maintenance/database_view.h"
#include "storage/maintenance/progress.h"

namespace coedit::storage {

struct FileFigures {
  std::string path;
  int64_t bytes = 0;
  int64_t log_bytes = 0;   // of the write-ahead log beside it
  int64_t free_bytes = 0;  // within the file, for what comes
  int64_t schema_version = 0;
};
struct DocumentFigures {
  DocumentDetails details;
  StoredSizes sizes;
};
struct DamagedEntry {
  std::string id;
  std::string text;
};
struct Inspection {
  FileFigures file;
  std::vector<DocumentFigures> documents;  // by id
  std::vector<DamagedEntry> damaged;       // rows that cannot be read
};

// `path` is a data directory, of a running server too, or a database file; one `document`, or all.
// kNotFound if there is no such document.
absl::StatusOr<Inspection> Inspect(const std::string& path,
                                   const std::optional<std::string>& document, Progress* progress);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_INSPECT_H_
