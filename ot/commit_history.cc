#include "ot/commit_history.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "ot/canonical.h"
#include "ot/check.h"

namespace coedit::ot {
namespace {

// A chunk is full when it has so many commits or bytes: half of it is walked through to read one
// old commit, and a growing string may be half empty.
constexpr size_t kChunkCommits = 64;
constexpr size_t kChunkBytes = 8192;

// Values of 144 bytes: typists who follow each other closely need few; in a room of two hundred who
// never pause, every operation is behind by two hundred commits, and unpacking takes three times as
// long as carrying over.
constexpr size_t kRecentMin = 4;
constexpr size_t kRecentMost = 256;

void Pack(const CommitBytes& commit, std::string* out) {
  AppendVarint(commit.replica_bytes, out);
  out->append(commit.bytes);
}

// One packed commit: its CommitBytes, taken apart.
struct Packed {
  absl::string_view bytes;
  size_t replica_bytes;
  Sequence sequence;

  // Takes the author off its front; the rest is the canonical delta.
  absl::string_view TakeAuthor(AuthorNumber* author) const {
    absl::string_view rest = bytes.substr(0, replica_bytes);
    COEDIT_CHECK(ConsumeVarint(&rest, author));
    return rest;
  }
};

Packed TakePacked(absl::string_view* bytes) {
  uint64_t size;
  COEDIT_CHECK(ConsumeVarint(bytes, &size) && size <= bytes->size());
  absl::string_view rest = bytes->substr(size);
  Packed packed = {.bytes = *bytes, .replica_bytes = size, .sequence = 0};
  COEDIT_CHECK(ConsumeVarint(&rest, &packed.sequence));
  packed.bytes.remove_suffix(rest.size());
  *bytes = rest;
  return packed;
}

Delta UnpackDelta(absl::string_view canonical) {
  absl::StatusOr<Delta> delta = ParseCanonical(canonical);
  COEDIT_CHECK(delta.ok());  // packed by ourselves
  return *std::move(delta);
}

}  // namespace

CommitHistory::CommitHistory(Revision revision, Digest digest, int64_t length)
    : floor_(revision),
      floor_digest_(digest),
      floor_length_(length),
      head_(revision),
      recent_max_(kRecentMin),
      recent_start_(revision) {}

void CommitHistory::Append(const Commit& commit, const CommitBytes& encoded, int64_t length_after) {
  COEDIT_CHECK(commit.revision == head_ + 1);
  if (chunks_.empty() || commit.revision - chunks_.back().first == kChunkCommits ||
      chunks_.back().bytes.size() >= kChunkBytes) {
    if (!chunks_.empty()) chunks_.back().bytes.shrink_to_fit();
    chunks_.push_back({commit.revision, commit.digest, LengthAt(head_), std::string()});
  }
  Pack(encoded, &chunks_.back().bytes);
  head_ = commit.revision;
  Recent recent = {commit.digest, length_after, commit.author, commit.sequence, commit.delta};
  if (recent_.size() < recent_max_) {
    recent_.push_back(std::move(recent));
  } else {
    recent_[RecentIndex(head_)] = std::move(recent);
  }
}

void CommitHistory::OperationReachesBack(uint64_t commits) {
  // One that is far away is an exception and unpacks what it needs.
  if (commits <= recent_.size() || commits > kRecentMost || recent_.size() < recent_max_) return;
  std::rotate(recent_.begin(), recent_.begin() + static_cast<int64_t>(RecentIndex(head_ + 1)),
              recent_.end());
  recent_start_ = head_ - recent_.size();
  recent_max_ *= 2;
}

void CommitHistory::Prepend(absl::Span<const Commit> commits) {
  if (commits.empty()) return;
  COEDIT_CHECK(commits.back().revision == floor_);
  COEDIT_CHECK(!floor_digest_.has_value() || commits.back().digest == *floor_digest_);
  for (const Commit& commit : commits) floor_length_ -= commit.delta.growth();
  floor_ -= commits.size();
  // What stood before the earliest commit is not told by it, except at the very beginning.
  floor_digest_ = floor_ == 0 ? std::optional<Digest>(0) : std::nullopt;

  std::vector<Chunk> chunks;
  int64_t length = floor_length_;
  Revision before = floor_;
  while (!commits.empty()) {
    const absl::Span<const Commit> some = commits.first(std::min(commits.size(), kChunkCommits));
    commits.remove_prefix(some.size());
    chunks.push_back({before + 1, some.front().digest, length, std::string()});
    Chunk& chunk = chunks.back();
    for (const Commit& commit : some) {
      COEDIT_CHECK(commit.revision == ++before);
      const CommitBytes encoded = EncodeCommit(commit.author, commit.sequence, commit.delta);
      Pack(encoded, &chunk.bytes);
      length += commit.delta.growth();
    }
    chunk.bytes.shrink_to_fit();
  }
  chunks_.insert(chunks_.begin(), std::make_move_iterator(chunks.begin()),
                 std::make_move_iterator(chunks.end()));
}

void CommitHistory::Drop(Revision revision) {
  revision = std::min(revision, head_);
  if (revision <= floor_) return;
  floor_digest_ = DigestAt(revision);
  floor_length_ = LengthAt(revision);
  floor_ = revision;
  if (revision == head_) return chunks_.clear();
  chunks_.erase(chunks_.begin(), chunks_.begin() + ChunkOf(revision + 1));
  Chunk& first = chunks_.front();
  if (first.first == revision + 1) return;
  const Digest first_digest = *DigestAt(revision + 1);
  absl::string_view rest = first.bytes;
  for (; first.first <= revision; ++first.first) TakePacked(&rest);
  first = {revision + 1, first_digest, floor_length_, std::string(rest)};
}

CommitReader CommitHistory::Read(Revision after, Revision to) const {
  return CommitReader(this, after, to);
}

Commit CommitHistory::At(Revision revision) const {
  COEDIT_CHECK(revision > floor_ && revision <= head_);
  CommitReader reader = Read(revision - 1, revision);
  const std::optional<CommitView> commit = reader.Next();
  return {.revision = revision,
          .digest = *DigestAt(revision),
          .author = commit->author,
          .sequence = commit->sequence,
          .delta = commit->delta};
}

std::optional<Digest> CommitHistory::DigestAt(Revision revision) const {
  if (revision < floor_ || revision > head_) return std::nullopt;
  if (revision == floor_) return floor_digest_;
  if (IsRecent(revision)) return recent_[RecentIndex(revision)].digest;
  const Chunk& chunk = chunks_[ChunkOf(revision)];
  Digest digest = chunk.first_digest;
  absl::string_view bytes = chunk.bytes;
  TakePacked(&bytes);
  for (Revision at = chunk.first; at < revision; ++at) {
    const Packed packed = TakePacked(&bytes);
    digest = ExtendDigest(digest, packed.bytes, packed.replica_bytes);
  }
  return digest;
}

int64_t CommitHistory::LengthAt(Revision revision) const {
  COEDIT_CHECK(revision >= floor_ && revision <= head_);
  if (revision == floor_) return floor_length_;
  if (IsRecent(revision)) return recent_[RecentIndex(revision)].length_after;
  const Chunk& chunk = chunks_[ChunkOf(revision)];
  int64_t length = chunk.length_before;
  CommitReader reader = Read(chunk.first - 1, revision);
  while (const std::optional<CommitView> commit = reader.Next()) length += commit->delta.growth();
  return length;
}

size_t CommitHistory::ChunkOf(Revision revision) const {
  const auto after =
      std::upper_bound(chunks_.begin(), chunks_.end(), revision,
                       [](Revision wanted, const Chunk& chunk) { return wanted < chunk.first; });
  COEDIT_CHECK(after != chunks_.begin());
  return static_cast<size_t>(after - chunks_.begin()) - 1;
}

CommitReader::CommitReader(const CommitHistory* history, Revision after, Revision to)
    : history_(history), next_(after + 1), last_(to) {
  COEDIT_CHECK(after >= history->floor() && to <= history->head());
  if (next_ > last_ || history->IsRecent(next_)) return;
  next_chunk_ = history->ChunkOf(next_);
  const CommitHistory::Chunk& chunk = history->chunks_[next_chunk_++];
  packed_ = chunk.bytes;
  for (Revision skipped = chunk.first; skipped < next_; ++skipped) TakePacked(&packed_);
}

std::optional<CommitView> CommitReader::Next() {
  if (next_ > last_) return std::nullopt;
  if (!history_->IsRecent(next_)) return Unpack();
  const CommitHistory::Recent& commit = history_->recent_[history_->RecentIndex(next_)];
  return CommitView{next_++, commit.author, commit.sequence, commit.delta};
}

std::optional<CommitView> CommitReader::Unpack() {
  if (packed_.empty()) packed_ = history_->chunks_[next_chunk_++].bytes;
  const Packed packed = TakePacked(&packed_);
  AuthorNumber author;
  unpacked_ = UnpackDelta(packed.TakeAuthor(&author));
  return CommitView{next_++, author, packed.sequence, unpacked_};
}

}  // namespace coedit::ot
