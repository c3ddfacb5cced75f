// RowPerOperation: what everybody does first, as a yardstick: one SQLite row for each operation,
// write-ahead log, synchronous=FULL.
#ifndef COEDIT_BENCH_STORAGE_ROW_PER_OPERATION_H_
#define COEDIT_BENCH_STORAGE_ROW_PER_OPERATION_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ot/document.h"
#include "storage/sqlite.h"

namespace coedit::bench {

class RowPerOperation {
 public:
  static absl::StatusOr<RowPerOperation> Open(const std::string& path);

  // All in one transaction.
  absl::Status Append(int64_t document, absl::Span<const ot::Commit> commits);
  // Bytes of the file, everything in it.
  absl::StatusOr<int64_t> FileBytes();

 private:
  RowPerOperation(storage::sqlite::Connection connection, storage::sqlite::Statement insert)
      : connection_(std::move(connection)), insert_(std::move(insert)) {}

  storage::sqlite::Connection connection_;
  storage::sqlite::Statement insert_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_STORAGE_ROW_PER_OPERATION_H_
