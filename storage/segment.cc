#include "storage/segment.h"

#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ot/canonical.h"
#include "ot/check.h"
#include "storage/bytes.h"

namespace coedit::storage {
namespace {

constexpr char kFormat = 1;
// Author, sequence, time and size of the delta take a byte each, at least.
constexpr uint64_t kCommitBytesMin = 4;
constexpr ot::Revision kRevisionMax = std::numeric_limits<int64_t>::max();

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("segment: ", what));
}

// Takes a segment apart, commit by commit, up to the bytes of the deltas.
class SegmentReader {
 public:
  static absl::StatusOr<SegmentReader> Begin(absl::string_view bytes) {
    const absl::StatusOr<absl::string_view> body = StripChecksum(bytes, "segment");
    if (!body.ok()) return body.status();
    return BeginUnchecked(*body);
  }

  // `body` is what stands before the checksum.
  static absl::StatusOr<SegmentReader> BeginUnchecked(absl::string_view body) {
    if (body.empty() || body.front() != kFormat) return Damaged("unknown format");
    body.remove_prefix(1);
    uint64_t first;
    uint64_t count;
    ot::Digest digest;
    if (!ot::ConsumeVarint(&body, &first) || !ot::ConsumeVarint(&body, &count) ||
        !ConsumeFixed64(&body, &digest)) {
      return Damaged("cut short in its head");
    }
    if (count == 0 || count > body.size() / kCommitBytesMin) {
      return Damaged(absl::StrCat(count, " commits in ", body.size(), " bytes"));
    }
    if (first == 0 || first > kRevisionMax - count) {
      return Damaged(absl::StrCat("first revision ", first));
    }
    return SegmentReader(body, {first - 1, digest}, count);
  }

  const Head& before() const { return before_; }
  uint64_t commits_left() const { return commits_left_; }

  // All of the next commit but its digest and delta, whose bytes are in `delta`.
  absl::Status Next(ot::Commit* commit, absl::string_view* delta) {
    --commits_left_;
    commit->revision = ++revision_;
    uint64_t time_step;
    if (!ot::ConsumeVarint(&rest_, &commit->author) ||
        !ot::ConsumeVarint(&rest_, &commit->sequence) || !ot::ConsumeVarint(&rest_, &time_step) ||
        !ConsumeSized(&rest_, delta)) {
      return Damaged(absl::StrCat("cut short in commit ", revision_));
    }
    time_ms_ = static_cast<int64_t>(static_cast<uint64_t>(time_ms_) +
                                    static_cast<uint64_t>(UnZigZag(time_step)));
    commit->time_ms = time_ms_;
    return absl::OkStatus();
  }

  absl::Status ExpectEnd() const {
    if (rest_.empty()) return absl::OkStatus();
    return Damaged(absl::StrCat(rest_.size(), " bytes after its last commit"));
  }

 private:
  SegmentReader(absl::string_view rest, const Head& before, uint64_t count)
      : rest_(rest), before_(before), commits_left_(count), revision_(before.revision) {}

  absl::string_view rest_;
  Head before_;
  uint64_t commits_left_;
  ot::Revision revision_;
  int64_t time_ms_ = 0;
};

// Puts a segment together, commit by commit.
class SegmentWriter {
 public:
  SegmentWriter(const Head& before, uint64_t count) : bytes_(1, kFormat) {
    ot::AppendVarint(before.revision + 1, &bytes_);
    ot::AppendVarint(count, &bytes_);
    AppendFixed64(before.digest, &bytes_);
  }

  // `delta` are the canonical bytes of the commit's delta.
  void Add(const ot::Commit& commit, absl::string_view delta) {
    ot::AppendVarint(commit.author, &bytes_);
    ot::AppendVarint(commit.sequence, &bytes_);
    // Unsigned, so that no two times are too far apart.
    ot::AppendVarint(ZigZag(static_cast<int64_t>(static_cast<uint64_t>(commit.time_ms) -
                                                 static_cast<uint64_t>(time_ms_))),
                     &bytes_);
    time_ms_ = commit.time_ms;
    AppendSized(delta, &bytes_);
  }

  std::string Finish() && {
    AppendChecksum(&bytes_);
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  int64_t time_ms_ = 0;
};

}  // namespace

std::string EncodeSegment(const Head& before, absl::Span<const ot::Commit> commits) {
  COEDIT_CHECK(!commits.empty());
  SegmentWriter writer(before, commits.size());
  std::string delta;
  for (const ot::Commit& commit : commits) {
    delta.clear();
    ot::AppendCanonical(commit.delta, &delta);
    writer.Add(commit, delta);
  }
  return std::move(writer).Finish();
}

std::string JoinSegments(absl::Span<const absl::string_view> segments) {
  std::vector<SegmentReader> readers;
  readers.reserve(segments.size());
  uint64_t count = 0;
  for (const absl::string_view segment : segments) {
    absl::StatusOr<SegmentReader> reader = SegmentReader::Begin(segment);
    COEDIT_CHECK(reader.ok());
    if (!readers.empty()) {
      COEDIT_CHECK_EQ(reader->before().revision, readers.front().before().revision + count);
    }
    count += reader->commits_left();
    readers.push_back(*std::move(reader));
  }
  COEDIT_CHECK(!readers.empty());
  SegmentWriter writer(readers.front().before(), count);
  for (SegmentReader& reader : readers) {
    while (reader.commits_left() > 0) {
      ot::Commit commit;
      absl::string_view delta;
      COEDIT_CHECK(reader.Next(&commit, &delta).ok());
      writer.Add(commit, delta);
    }
  }
  return std::move(writer).Finish();
}

absl::StatusOr<Segment> ParseSegment(absl::string_view bytes) {
  absl::StatusOr<SegmentReader> reader = SegmentReader::Begin(bytes);
  if (!reader.ok()) return reader.status();
  Segment segment;
  segment.before = reader->before();
  segment.commits.reserve(reader->commits_left());
  Head head = segment.before;
  while (reader->commits_left() > 0) {
    ot::Commit commit;
    absl::string_view delta;
    if (absl::Status read = reader->Next(&commit, &delta); !read.ok()) return read;
    absl::StatusOr<ot::Delta> parsed = ot::ParseCanonical(delta);
    if (!parsed.ok()) {
      return Damaged(absl::StrCat("commit ", commit.revision, ": ", parsed.status().message()));
    }
    commit.delta = *std::move(parsed);
    head = {commit.revision,
            ot::ExtendDigest(head.digest, commit.author, commit.sequence, commit.delta)};
    commit.digest = head.digest;
    segment.commits.push_back(std::move(commit));
  }
  if (absl::Status end = reader->ExpectEnd(); !end.ok()) return end;
  return segment;
}

absl::StatusOr<SegmentStart> ParseSegmentStart(absl::string_view bytes) {
  const absl::StatusOr<SegmentReader> reader = SegmentReader::BeginUnchecked(bytes);
  if (!reader.ok()) return reader.status();
  return SegmentStart{reader->before(), reader->commits_left()};
}

absl::StatusOr<std::vector<TimelinePoint>> ParseSegmentPoints(absl::string_view bytes) {
  absl::StatusOr<SegmentReader> reader = SegmentReader::Begin(bytes);
  if (!reader.ok()) return reader.status();
  std::vector<TimelinePoint> points;
  points.reserve(reader->commits_left());
  while (reader->commits_left() > 0) {
    ot::Commit commit;
    absl::string_view delta;
    if (absl::Status read = reader->Next(&commit, &delta); !read.ok()) return read;
    points.push_back({commit.revision, commit.time_ms, commit.author});
  }
  if (absl::Status end = reader->ExpectEnd(); !end.ok()) return end;
  return points;
}

}  // namespace coedit::storage
