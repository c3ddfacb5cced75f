// History outline: who made each commit of one row of the log, and when, without what it did. Of a
// history block only the columns that say so are walked, so a quarter of a million commits cost
// about a millisecond.
#ifndef COEDIT_STORAGE_HISTORY_OUTLINE_H_
#define COEDIT_STORAGE_HISTORY_OUTLINE_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "storage/history_block.h"
#include "storage/store.h"
#include "storage/time_track.h"

namespace coedit::storage {

class HistoryOutline {
 public:
  // Of a row's body (history_block.h, segment.h). kDataLoss says what is wrong.
  static absl::StatusOr<HistoryOutline> OfBlock(absl::string_view bytes);
  static absl::StatusOr<HistoryOutline> OfSegment(absl::string_view bytes);

  // Of the commits in the row.
  ot::Revision first() const;
  ot::Revision last() const;

  // The greatest of these revisions up to `last_wanted` that was made at or before `time_ms`.
  std::optional<ot::Revision> LastNotAfter(int64_t time_ms, ot::Revision last_wanted) const;

  // Appends what there is to tell of `revisions`, which rise and are first() to last().
  absl::Status AppendPoints(absl::Span<const ot::Revision> revisions,
                            std::vector<TimelinePoint>* points) const;

 private:
  struct Block {
    HistoryBlock block;  // without its text
    TimeTrack times;
  };
  using Points = std::vector<TimelinePoint>;  // of every commit, not empty

  explicit HistoryOutline(std::variant<Block, Points> row) : row_(std::move(row)) {}

  std::variant<Block, Points> row_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_HISTORY_OUTLINE_H_
