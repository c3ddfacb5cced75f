// Export: one document with its whole history, as text (export_format.h).
#ifndef COEDIT_STORAGE_MAINTENANCE_EXPORT_H_
#define COEDIT_STORAGE_MAINTENANCE_EXPORT_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/maintenance/export_format.h"
#include "storage/maintenance/progress.h"

namespace coedit::storage {

// Gives `write` the lines, up to the head there is at the start. `path` is a data directory, of a
// running server too, or a database file. Every commit is checked on the way: kDataLoss if the
// document is damaged, and then what was written is not the whole. kNotFound if there is no such
// document. A status of `write` ends it.
absl::StatusOr<ExportEnd> Export(const std::string& path, absl::string_view document,
                                 absl::FunctionRef<absl::Status(absl::string_view)> write,
                                 Progress* progress);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_EXPORT_H_
