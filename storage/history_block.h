// History block: a long row of old commits of one document as compressed columns.
//
// Commits that go on where the one before ended are gathered in runs: typing, taking back
// (backspace) and deleting ahead. What a run needs, how many commits, where, how long, whose,
// stands in columns of small numbers, all inserted text in one more; everything that is no plain
// insert or delete at one place (formats, embeds, several components) in a column of canonical
// deltas. docs/storage.md has the format.
//
// A block gives back the commits that were put in, digests included, except that times are kept
// coarsely (time_track.h). It also carries a text over its commits run by run, which is what makes
// old revisions cheap.
#ifndef COEDIT_STORAGE_HISTORY_BLOCK_H_
#define COEDIT_STORAGE_HISTORY_BLOCK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ot/document.h"
#include "ot/text.h"
#include "storage/compression.h"
#include "storage/store.h"
#include "storage/time_track.h"

namespace coedit::storage {

// No block holds more: bounds what reading one takes.
inline constexpr int64_t kBlockCommitsMax = 96 * 1024;
inline constexpr int64_t kBlockRawBytesMax = int64_t{64} << 20;

// `commits` are not empty, at most kBlockCommitsMax, and follow `before` without a gap, in revision
// and in digest (the caller has checked). `times` are theirs. kResourceExhausted if they take more
// than kBlockRawBytesMax.
absl::StatusOr<std::string> EncodeHistoryBlock(const Head& before,
                                               absl::Span<const ot::Commit> commits,
                                               const TimeTrack& times, Effort effort);

// The columns of numbers, in the order they are stored.
enum HistoryColumn : int {
  kRunColumn,
  kAuthorColumn,
  kPositionColumn,
  kLengthColumn,
  kSequenceColumn,
  kTimeCountColumn,
  kTimeStepColumn,
  kDeltaColumn,
  kHistoryColumnCount,
};

class HistoryBlock {
 public:
  // Reads what EncodeHistoryBlock wrote. kDataLoss says what is wrong. What is checked here is what
  // the checksum covers and the shape of the columns; the rest when they are walked.
  static absl::StatusOr<HistoryBlock> Parse(absl::string_view bytes);

  const Head& before() const { return before_; }
  const Head& after() const { return after_; }
  int64_t commit_count() const { return commit_count_; }
  // What carrying a text over the block costs, in bytes that could be read meanwhile.
  int64_t weight_bytes() const;

  absl::StatusOr<TimeTrack> Times() const;

  // Appends the commits first..last, both in the block. kDataLoss if a column is damaged or digests
  // do not end where they must.
  absl::Status ReadCommits(ot::Revision first, ot::Revision last,
                           std::vector<ot::Commit>* commits) const;

  // Carries `text` from revision `from` to `to` (before() <= from < to <= after()), run by run.
  // kDataLoss if the block does not fit the text; that is half changed then.
  absl::Status Apply(ot::Revision from, ot::Revision to, ot::Text* text) const;
  // The digest at a revision from before() to after().
  absl::StatusOr<ot::Digest> DigestAt(ot::Revision revision) const;

 private:
  friend class HistoryRuns;
  friend class HistoryOutline;

  HistoryBlock() = default;

  // Parse, but for the text; what holds it is left in `text`, with its size.
  static absl::StatusOr<HistoryBlock> ParseNumbers(absl::string_view bytes, absl::string_view* text,
                                                   uint64_t* text_bytes);

  absl::string_view column(HistoryColumn column) const;
  // The last head below `revision` whose digest is stored.
  Head MarkBelow(ot::Revision revision) const;
  // False if another digest is stored for that revision.
  bool FitsMarks(const Head& head) const;

  Head before_;
  Head after_;
  int64_t commit_count_ = 0;
  uint64_t time_unit_ms_ = 0;
  std::vector<ot::Digest> marks_;  // after every kMarkEvery commits
  std::string numbers_;            // all columns of numbers
  size_t column_ends_[kHistoryColumnCount] = {};
  std::string text_;
  bool is_ascii_ = false;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_HISTORY_BLOCK_H_
