// The log of a document as it stands in rows: history blocks first, then segments. Parsing them,
// following the chain of digests across them, and carrying a text over them.
#ifndef COEDIT_STORAGE_LOG_ROWS_H_
#define COEDIT_STORAGE_LOG_ROWS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/rows.h"
#include "storage/store.h"

namespace coedit::storage {

struct LogRow {
  bool is_block;  // or a segment
  std::string body;
};

// kDataLoss that names the document.
absl::Status DamagedDocument(absl::string_view document, absl::string_view what);

// The commits first..last out of `rows`. kDataLoss if a row is damaged, or if the rows do not make
// one chain from `before` (the head that `first` follows, if it is known) to the head of
// `document`.
absl::StatusOr<std::vector<ot::Commit>> ParseCommits(const DocumentRow& document,
                                                     const std::vector<LogRow>& rows,
                                                     ot::Revision first, ot::Revision last,
                                                     const std::optional<Head>& before);

// Carries `snapshot` to `revision`, over blocks run by run. kDataLoss likewise.
absl::Status CarrySnapshot(const DocumentRow& document, const std::vector<LogRow>& rows,
                           ot::Revision revision, Snapshot* snapshot);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_LOG_ROWS_H_
