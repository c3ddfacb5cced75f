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

}  // namespace

std::string EncodeSegment(const Head& before, absl::Span<const ot::Commit> commits) {
  COEDIT_CHECK(!commits.empty());
  std::string bytes(1, kFormat);
  ot::AppendVarint(before.revision + 1, &bytes);
  ot::AppendVarint(commits.size(), &bytes);
  AppendFixed64(before.digest, &bytes);
  int64_t time_ms = 0;
  std::string delta;
  for (const ot::Commit& commit : commits) {
    ot::AppendVarint(commit.author, &bytes);
    ot::AppendVarint(commit.sequence, &bytes);
    // Unsigned, so that no two times are too far apart.
    ot::AppendVarint(ZigZag(static_cast<int64_t>(static_cast<uint64_t>(commit.time_ms) -
                                                 static_cast<uint64_t>(time_ms))),
                     &bytes);
    time_ms = commit.time_ms;
    delta.clear();
    ot::AppendCanonical(commit.delta, &delta);
    AppendSized(delta, &bytes);
  }
  AppendChecksum(&bytes);
  return bytes;
}

absl::StatusOr<Segment> ParseSegment(absl::string_view bytes) {
  absl::StatusOr<absl::string_view> body = StripChecksum(bytes, "segment");
  if (!body.ok()) return body.status();
  if (body->empty() || body->front() != kFormat) return Damaged("unknown format");
  body->remove_prefix(1);

  uint64_t first;
  uint64_t count;
  Segment segment;
  if (!ot::ConsumeVarint(&*body, &first) || !ot::ConsumeVarint(&*body, &count) ||
      !ConsumeFixed64(&*body, &segment.before.digest)) {
    return Damaged("cut short in its head");
  }
  if (count == 0 || count > body->size() / kCommitBytesMin) {
    return Damaged(absl::StrCat(count, " commits in ", body->size(), " bytes"));
  }
  if (first == 0 || first > kRevisionMax - count) {
    return Damaged(absl::StrCat("first revision ", first));
  }
  segment.before.revision = first - 1;
  segment.commits.reserve(count);
  Head head = segment.before;
  int64_t time_ms = 0;
  for (uint64_t i = 0; i < count; ++i) {
    ot::Commit commit;
    uint64_t time_step;
    absl::string_view delta;
    if (!ot::ConsumeVarint(&*body, &commit.author) ||
        !ot::ConsumeVarint(&*body, &commit.sequence) || !ot::ConsumeVarint(&*body, &time_step) ||
        !ConsumeSized(&*body, &delta)) {
      return Damaged(absl::StrCat("cut short in commit ", first + i));
    }
    absl::StatusOr<ot::Delta> parsed = ot::ParseCanonical(delta);
    if (!parsed.ok()) {
      return Damaged(absl::StrCat("commit ", first + i, ": ", parsed.status().message()));
    }
    commit.delta = *std::move(parsed);
    time_ms = static_cast<int64_t>(static_cast<uint64_t>(time_ms) +
                                   static_cast<uint64_t>(UnZigZag(time_step)));
    commit.time_ms = time_ms;
    head.digest = ot::ExtendDigest(head.digest, commit.author, commit.sequence, commit.delta);
    commit.revision = ++head.revision;
    commit.digest = head.digest;
    segment.commits.push_back(std::move(commit));
  }
  if (!body->empty()) return Damaged(absl::StrCat(body->size(), " bytes after its last commit"));
  return segment;
}

}  // namespace coedit::storage
