#include <string>

#include "ot/canonical.h"
#include "ot/check.h"
#include "storage/bytes.h"
#include "storage/recent_append.h"
#include "storage/segment.h"
#include "storage/snapshot_codec.h"
#include "tests/fuzz/fuzz_targets.h"
#include "tests/ot/model.h"

namespace coedit::fuzz {
namespace {

std::string WithChecksum(absl::string_view bytes) {
  std::string whole(bytes);
  storage::AppendChecksum(&whole);
  return whole;
}

}  // namespace

// An error, or a delta in normal form that has exactly these bytes.
void CanonicalDelta(absl::string_view bytes) {
  const absl::StatusOr<ot::Delta> delta = ot::ParseCanonical(bytes);
  if (!delta.ok()) {
    COEDIT_CHECK(absl::IsDataLoss(delta.status()));
    return;
  }
  COEDIT_CHECK(ot::testing::IsNormal(*delta));
  std::string again;
  ot::AppendCanonical(*delta, &again);
  COEDIT_CHECK(again == bytes);
}

void StoredSegment(absl::string_view bytes) {
  (void)storage::ParseSegment(bytes);
  const std::string whole = WithChecksum(bytes);
  const absl::StatusOr<storage::Segment> segment = storage::ParseSegment(whole);
  const auto points = storage::ParseSegmentPoints(whole);
  COEDIT_CHECK(points.ok() || absl::IsDataLoss(points.status()));
  if (!segment.ok()) {
    COEDIT_CHECK(absl::IsDataLoss(segment.status()));
    return;
  }
  COEDIT_CHECK(storage::EncodeSegment(segment->before, segment->commits) == whole);
  COEDIT_CHECK(points.ok() && points->size() == segment->commits.size());
  for (size_t i = 0; i < points->size(); ++i) {
    const ot::Commit& commit = segment->commits[i];
    const storage::TimelinePoint& point = (*points)[i];
    COEDIT_CHECK(point.revision == commit.revision && point.time_ms == commit.time_ms &&
                 point.author == commit.author);
  }
}

// The bytes are what comes before the segment, whose checksum nobody would guess.
void StoredRecentAppend(absl::string_view bytes) {
  constexpr storage::RecentAppendKey kKey = {1, 1};
  (void)storage::ParseRecentAppend(kKey, bytes);
  const storage::Head before = {1, 2};
  const ot::Commit commit = {
      .revision = 2, .author = 1, .delta = ot::DeltaBuilder().Insert("a").Build()};
  const std::string segment = storage::EncodeSegment(before, {commit});
  std::string whole(bytes);
  storage::AppendSized(segment, &whole);
  storage::AppendChecksum(&whole);
  const absl::StatusOr<storage::RecentAppend> append = storage::ParseRecentAppend(kKey, whole);
  if (!append.ok()) {
    COEDIT_CHECK(absl::IsDataLoss(append.status()));
    return;
  }
  // The bytes may begin a segment of their own, of which this one is a part.
  if (append->segment == segment) COEDIT_CHECK(append->before == before);
  COEDIT_CHECK(storage::EncodeRecentAppend(kKey, *append) == whole);
}

void StoredSnapshot(absl::string_view bytes) {
  (void)storage::ParseSnapshot(bytes);
  const std::string whole = WithChecksum(bytes);
  const absl::StatusOr<storage::Snapshot> snapshot = storage::ParseSnapshot(whole);
  if (!snapshot.ok()) {
    COEDIT_CHECK(absl::IsDataLoss(snapshot.status()));
    return;
  }
  COEDIT_CHECK(storage::EncodeSnapshot(snapshot->head, snapshot->text) == whole);
}

}  // namespace coedit::fuzz
