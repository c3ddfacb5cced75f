// History: the log of one document read from its beginning, each commit checked and applied. It is
// how the text of every revision is proved: snapshots play no part after the first.
#ifndef COEDIT_STORAGE_MAINTENANCE_HISTORY_H_
#define COEDIT_STORAGE_MAINTENANCE_HISTORY_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ot/document.h"
#include "ot/text.h"
#include "storage/maintenance/database_view.h"

namespace coedit::storage {

// True if `delta` may stand in the log of a plain-text document: neither formats nor embeds.
bool IsPlain(const ot::Delta& delta);

class History {
 public:
  // Both outlive the object; `details` says where the log ends. kDataLoss if the first snapshot is
  // missing or damaged.
  static absl::StatusOr<History> Begin(DatabaseView* database, const DocumentDetails* details);

  bool AtEnd() const { return head_.revision == details_->row.head.revision; }
  // The next commit, already applied; valid until the next call. kDataLoss if it cannot be read, if
  // it does not continue the chain of digests, does not fit the text or is not one for this type,
  // or if it is the last and not the head of the document. Not AtEnd().
  absl::StatusOr<const ot::Commit*> Next();

  const Head& head() const { return head_; }
  const ot::Text& text() const { return text_; }

 private:
  History(DatabaseView* database, const DocumentDetails* details, ot::Text initial)
      : database_(database), details_(details), text_(std::move(initial)) {}

  DatabaseView* database_;
  const DocumentDetails* details_;
  ot::Text text_;
  Head head_;
  std::vector<ot::Commit> window_;  // a stretch of the log
  size_t next_ = 0;                 // in window_
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_HISTORY_H_
