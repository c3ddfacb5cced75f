#include "storage/history_packer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/history_block.h"
#include "storage/log_rows.h"
#include "storage/segment.h"
#include "storage/snapshot_codec.h"

namespace coedit::storage {
namespace {

// Rows read at once: others wait for the reading connection meanwhile.
constexpr int64_t kRowsPerRead = 256;
// A merge is worth it when the newer blocks have so many commits for one of the older block.
constexpr int64_t kNewerPerOlder = 3;
// Of a document that is left alone, when the largest block has at most so many for one of the rest.
constexpr int64_t kSettledLargestPerRest = 4;

int64_t CommitsOf(const HistoryShape::Block& block) {
  return static_cast<int64_t>(block.last - block.first) + 1;
}

// The block gives back what went in.
absl::Status Verify(const HistoryBlock& block, const Head& before,
                    const std::vector<ot::Commit>& commits, const std::vector<int64_t>& times) {
  const absl::Status differs =
      absl::InternalError("a history block does not give back the commits it was made of");
  if (block.before() != before) return differs;
  std::vector<ot::Commit> found;
  absl::Status read = block.ReadCommits(before.revision + 1, block.after().revision, &found);
  if (!read.ok()) return read;
  if (found.size() != commits.size()) return differs;
  for (size_t i = 0; i < found.size(); ++i) {
    const ot::Commit& a = found[i];
    const ot::Commit& b = commits[i];
    if (a.revision != b.revision || a.digest != b.digest || a.author != b.author ||
        a.sequence != b.sequence || a.time_ms != times[i] || !(a.delta == b.delta)) {
      return differs;
    }
  }
  return absl::OkStatus();
}

}  // namespace

struct HistoryPacker::Commits {
  Head before;
  std::vector<ot::Commit> commits;
  TimeTrack times;
};

template <typename Use>
auto HistoryPacker::Read(Use use) {
  using Result = decltype(use(static_cast<SqliteReader*>(nullptr)));
  return reader_->With([&](SqliteReader* reader) -> Result {
    if (reader == nullptr) {
      return absl::UnavailableError("the database is closed after an I/O error");
    }
    return use(reader);
  });
}

absl::StatusOr<std::optional<PackedHistory>> HistoryPacker::Step(const std::string& document,
                                                                 bool settle) {
  const absl::StatusOr<HistoryShape> shape =
      Read([&](SqliteReader* reader) { return reader->ReadShape(document); });
  if (absl::IsNotFound(shape.status())) return std::nullopt;
  if (!shape.ok()) return shape.status();
  absl::StatusOr<std::optional<PackedHistory>> step = StepOf(*shape, settle);
  // The rows of a document that was deleted meanwhile look damaged.
  if (!step.ok() && IsGone(shape->document)) return std::nullopt;
  return step;
}

bool HistoryPacker::IsGone(const DocumentRow& document) {
  const absl::StatusOr<DocumentInfo> info =
      Read([&](SqliteReader* reader) { return reader->Info(document.id); });
  return absl::IsNotFound(info.status()) || (info.ok() && info->epoch != document.epoch);
}

absl::StatusOr<std::optional<PackedHistory>> HistoryPacker::StepOf(const HistoryShape& shape,
                                                                   bool settle) {
  const ot::Revision packed = shape.blocks.empty() ? 0 : shape.blocks.back().last;
  const auto waiting = static_cast<int64_t>(shape.document.snapshot_revision - packed);
  if (waiting >= (settle ? rule_.settled_commits_min : rule_.commits_min)) {
    return PackSegments(shape, settle);
  }

  if (const auto range = settle ? NeighboursToMerge(shape) : NewestToMerge(shape)) {
    return MergeBlocks(shape, *range);
  }
  if (settle) return PackLastSnapshot(shape);
  return std::nullopt;
}

std::optional<HistoryPacker::Range> HistoryPacker::NewestToMerge(const HistoryShape& shape) const {
  std::optional<Range> range;
  int64_t commits = 0;
  int64_t weight = 0;
  for (size_t i = shape.blocks.size(); i-- > 0;) {
    const HistoryShape::Block& block = shape.blocks[i];
    const int64_t newer = commits;
    commits += CommitsOf(block);
    weight += block.weight;
    if (commits > rule_.merged_commits_max || weight > rule_.merged_weight_bytes_max) break;
    if (newer >= kNewerPerOlder * CommitsOf(block)) range = {i, shape.blocks.size()};
  }
  return range;
}

std::optional<HistoryPacker::Range> HistoryPacker::NeighboursToMerge(
    const HistoryShape& shape) const {
  for (size_t begin = 0; begin < shape.blocks.size(); ++begin) {
    int64_t commits = 0;
    int64_t weight = 0;
    int64_t largest = 0;
    size_t end = begin;
    for (; end < shape.blocks.size(); ++end) {
      const int64_t more = CommitsOf(shape.blocks[end]);
      if (commits + more > rule_.merged_commits_max ||
          weight + shape.blocks[end].weight > rule_.merged_weight_bytes_max) {
        break;
      }
      commits += more;
      weight += shape.blocks[end].weight;
      largest = std::max(largest, more);
    }
    if (end > begin + 1 && (commits - largest) * kSettledLargestPerRest >= largest) {
      return Range{begin, end};
    }
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<PackedHistory>> HistoryPacker::PackSegments(const HistoryShape& shape,
                                                                         bool settle) {
  const DocumentRow& document = shape.document;
  Commits packed;
  if (!shape.blocks.empty()) {
    const ot::Revision first = shape.blocks.back().first;
    const absl::StatusOr<std::vector<std::string>> last = Read(
        [&](SqliteReader* reader) { return reader->ReadBlocks(document.number, first, first); });
    if (!last.ok()) return last.status();
    if (last->empty()) return std::nullopt;
    const absl::StatusOr<HistoryBlock> block = HistoryBlock::Parse(last->front());
    if (!block.ok()) return DamagedDocument(document.id, block.status().message());
    packed.before = block->after();
  }
  Head head = packed.before;
  int64_t segments = 0;
  int64_t bytes = 0;
  std::vector<int64_t> times;
  while (head.revision < document.snapshot_revision && segments < rule_.segments_max &&
         bytes < rule_.segment_bytes_max &&
         static_cast<int64_t>(packed.commits.size()) < rule_.commits_max) {
    const int64_t limit = std::min(kRowsPerRead, rule_.segments_max - segments);
    const absl::StatusOr<std::vector<std::string>> bodies = Read([&](SqliteReader* reader) {
      return reader->ReadOldSegments(document.number, head.revision, document.snapshot_revision,
                                     limit);
    });
    if (!bodies.ok()) return bodies.status();
    if (bodies->empty()) return DamagedDocument(document.id, "old segments are missing");
    for (const std::string& body : *bodies) {
      absl::StatusOr<Segment> segment = ParseSegment(body);
      if (!segment.ok()) return DamagedDocument(document.id, segment.status().message());
      if (segment->before != head) {
        return DamagedDocument(document.id, absl::StrCat("the row after revision ", head.revision,
                                                         " does not continue the one before"));
      }
      if (packed.commits.size() + segment->commits.size() > static_cast<size_t>(kBlockCommitsMax)) {
        segments = rule_.segments_max;
        break;
      }
      head = segment->after();
      ++segments;
      bytes += static_cast<int64_t>(body.size());
      for (ot::Commit& commit : segment->commits) {
        times.push_back(commit.time_ms);
        packed.commits.push_back(std::move(commit));
      }
      if (static_cast<int64_t>(packed.commits.size()) >= rule_.commits_max) break;
    }
  }
  if (packed.commits.empty()) return std::nullopt;
  packed.times = TimeTrack::Fit(times);
  absl::StatusOr<PackedHistory> made =
      MakeBlock(shape, packed, settle ? Effort::kBest : Effort::kQuick);
  if (!made.ok()) return made.status();
  return *std::move(made);
}

absl::StatusOr<std::optional<PackedHistory>> HistoryPacker::MergeBlocks(const HistoryShape& shape,
                                                                        const Range& range) {
  const DocumentRow& document = shape.document;
  const absl::StatusOr<std::vector<std::string>> bodies = Read([&](SqliteReader* reader) {
    return reader->ReadBlocks(document.number, shape.blocks[range.begin].first,
                              shape.blocks[range.end - 1].first);
  });
  if (!bodies.ok()) return bodies.status();
  if (bodies->size() != range.end - range.begin) return std::nullopt;
  Commits merged;
  std::optional<Head> head;
  for (const std::string& body : *bodies) {
    const absl::StatusOr<HistoryBlock> block = HistoryBlock::Parse(body);
    if (!block.ok()) return DamagedDocument(document.id, block.status().message());
    if (head && block->before() != *head) {
      return DamagedDocument(document.id, absl::StrCat("the row after revision ", head->revision,
                                                       " does not continue the one before"));
    }
    if (!head) merged.before = block->before();
    head = block->after();
    const absl::StatusOr<TimeTrack> times = block->Times();
    if (!times.ok()) return DamagedDocument(document.id, times.status().message());
    merged.times.Append(*times);
    absl::Status read =
        block->ReadCommits(block->before().revision + 1, block->after().revision, &merged.commits);
    if (!read.ok()) return DamagedDocument(document.id, read.message());
  }
  absl::StatusOr<PackedHistory> made = MakeBlock(shape, merged, Effort::kBest);
  if (!made.ok()) return made.status();
  return *std::move(made);
}

absl::StatusOr<PackedHistory> HistoryPacker::MakeBlock(const HistoryShape& shape,
                                                       const Commits& commits, Effort effort) {
  absl::StatusOr<std::string> bytes =
      EncodeHistoryBlock(commits.before, commits.commits, commits.times, effort);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<HistoryBlock> block = HistoryBlock::Parse(*bytes);
  if (!block.ok()) return block.status();
  absl::Status verified = Verify(*block, commits.before, commits.commits, commits.times.Times());
  if (!verified.ok()) return verified;
  PackedHistory packed{.document = shape.document.id,
                       .epoch = shape.document.epoch,
                       .first = commits.before.revision + 1,
                       .last = block->after().revision,
                       .weight_bytes = block->weight_bytes(),
                       .block = *std::move(bytes),
                       .rung = {},
                       .last_snapshot = {}};
  if (absl::Status added = AddRung(shape, block->after(), &packed); !added.ok()) return added;
  return packed;
}

absl::Status HistoryPacker::AddRung(const HistoryShape& shape, const Head& end,
                                    PackedHistory* packed) {
  int64_t weight = packed->weight_bytes;
  for (const HistoryShape::Block& block : shape.blocks) {
    if (block.first > shape.last_rung && block.last < packed->first) weight += block.weight;
  }
  if (packed->last <= shape.last_rung || !snapshot_rule_.RungDue(weight, 0)) {
    return absl::OkStatus();
  }
  const absl::StatusOr<Snapshot> snapshot = Read(
      [&](SqliteReader* reader) { return reader->ReadRevision(shape.document.id, end.revision); });
  if (!snapshot.ok()) return snapshot.status();
  if (snapshot->head != end) {
    return DamagedDocument(shape.document.id, "the text at the end of a block is not its own");
  }
  if (snapshot_rule_.RungDue(weight, snapshot->text.bytes())) {
    packed->rung = EncodePackedSnapshot(snapshot->head, snapshot->text, Effort::kBest);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<PackedHistory>> HistoryPacker::PackLastSnapshot(
    const HistoryShape& shape) {
  if (shape.newest_snapshot_packed ||
      shape.newest_snapshot_bytes < rule_.settled_snapshot_bytes_min) {
    return std::nullopt;
  }
  const ot::Revision revision = shape.document.snapshot_revision;
  const absl::StatusOr<Snapshot> snapshot =
      Read([&](SqliteReader* reader) { return reader->ReadRevision(shape.document.id, revision); });
  if (!snapshot.ok()) return snapshot.status();
  PackedHistory packed;
  packed.document = shape.document.id;
  packed.epoch = shape.document.epoch;
  packed.last_snapshot = EncodePackedSnapshot(snapshot->head, snapshot->text, Effort::kBest);
  packed.last_snapshot_revision = revision;
  return packed;
}

}  // namespace coedit::storage
