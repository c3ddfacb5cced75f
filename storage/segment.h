// Segment: the commits of one document and one group commit, packed into the bytes of one row.
// docs/storage.md shows the format byte by byte.
#ifndef COEDIT_STORAGE_SEGMENT_H_
#define COEDIT_STORAGE_SEGMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ot/document.h"
#include "storage/store.h"

namespace coedit::storage {

struct Segment {
  Head before;                      // before the first commit
  std::vector<ot::Commit> commits;  // not empty

  Head after() const { return {commits.back().revision, commits.back().digest}; }
};

// `commits` are not empty and follow `before` without a gap, in revision and in digest (the caller
// has checked). The digests themselves are not stored: they follow from `before`.
std::string EncodeSegment(const Head& before, absl::Span<const ot::Commit> commits);

// The segment of all commits of `segments`, which follow each other: what EncodeSegment would have
// made of them, without taking the deltas apart. Each is as EncodeSegment made it.
std::string JoinSegments(absl::Span<const absl::string_view> segments);

// Reads what EncodeSegment wrote. kDataLoss says what is wrong.
absl::StatusOr<Segment> ParseSegment(absl::string_view bytes);

// What a segment begins with. Nothing else is looked at, nor is the checksum.
struct SegmentStart {
  Head before;
  uint64_t commits = 0;
};
absl::StatusOr<SegmentStart> ParseSegmentStart(absl::string_view bytes);

// Who made each of its commits and when; the deltas are passed over.
absl::StatusOr<std::vector<TimelinePoint>> ParseSegmentPoints(absl::string_view bytes);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_SEGMENT_H_
