#include "storage/history_block.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/apply.h"
#include "ot/canonical.h"
#include "ot/unicode.h"
#include "storage/bytes.h"
#include "storage/history_format.h"
#include "storage/history_runs.h"

namespace coedit::storage {
namespace {

constexpr ot::Revision kRevisionMax = std::numeric_limits<int64_t>::max();
// What applying a run costs, in bytes that could be read meanwhile.
constexpr int64_t kRunWeightBytes = 32;

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

const ot::Attributes& NoAttributes() {
  static const ot::Attributes none;
  return none;
}

// How many units the first `commits` of `lengths` take.
int64_t UnitsOf(const std::vector<LengthRun>& lengths, int64_t commits) {
  int64_t units = 0;
  for (const LengthRun& length : lengths) {
    const int64_t taken = std::min(length.commits, commits);
    units += length.units * taken;
    commits -= taken;
  }
  return units;
}

// Deletes [begin, begin + units) if the text has it.
absl::Status DeleteChecked(int64_t begin, int64_t units, ot::Text* text) {
  if (units > text->length() - begin || !text->IsBoundary(begin) ||
      !text->IsBoundary(begin + units)) {
    return DamagedBlock(
        absl::StrCat("it deletes ", units, " units at ", begin, " of ", text->length()));
  }
  text->Delete(begin, units);
  return absl::OkStatus();
}

// The commits [begin, end) of a run at once.
absl::Status ApplyRun(const Run& run, int64_t begin, int64_t end, HistoryRuns* runs,
                      ot::Text* text) {
  if (run.kind == RunKind::kOther) {
    for (int64_t i = 0; i < end; ++i) {
      const absl::StatusOr<ot::Delta> delta = runs->NextDelta();
      if (!delta.ok()) return delta.status();
      if (i < begin) continue;
      if (absl::Status valid = ot::Validate(*delta, *text); !valid.ok()) {
        return DamagedBlock(valid.message());
      }
      ot::Apply(*delta, text);
    }
    return absl::OkStatus();
  }
  const int64_t skipped = begin == 0 ? 0 : UnitsOf(run.lengths, begin);
  const int64_t units = (end == run.commits ? run.units : UnitsOf(run.lengths, end)) - skipped;
  if (run.kind == RunKind::kBackspace) {
    return DeleteChecked(run.position - skipped - units, units, text);
  }
  if (run.kind == RunKind::kAhead) return DeleteChecked(run.position, units, text);
  const int64_t position = run.position + skipped;
  const std::optional<size_t> begin_byte = runs->ByteOffset(run.text, skipped);
  const std::optional<size_t> end_byte = runs->ByteOffset(run.text, skipped + units);
  if (!begin_byte || !end_byte || position > text->length() || !text->IsBoundary(position) ||
      units > ot::Text::kUnitsMax - text->length()) {
    return DamagedBlock(
        absl::StrCat("it inserts ", units, " units at ", position, " of ", text->length()));
  }
  text->Insert(position, {ot::Kind::kInsert, units,
                          run.text.substr(*begin_byte, *end_byte - *begin_byte), NoAttributes()});
  return absl::OkStatus();
}

// The deltas of a run, one after another.
class RunDeltas {
 public:
  RunDeltas(const Run& run, HistoryRuns* runs)
      : run_(run), runs_(runs), position_(run.position), text_(run.text) {}

  absl::StatusOr<ot::Delta> Next() {
    if (run_.kind == RunKind::kOther) return runs_->NextDelta();
    if (used_ == run_.lengths[length_].commits) {
      ++length_;
      used_ = 0;
    }
    ++used_;
    const int64_t units = run_.lengths[length_].units;
    if (run_.kind == RunKind::kTyping) {
      const std::optional<size_t> bytes = runs_->ByteOffset(text_, units);
      if (!bytes) return DamagedBlock("a commit ends inside a character");
      ot::Delta delta = ot::DeltaBuilder()
                            .Retain(position_)
                            .Insert(text_.substr(0, *bytes), units, NoAttributes())
                            .Build();
      text_.remove_prefix(*bytes);
      position_ += units;
      return delta;
    }
    if (run_.kind == RunKind::kBackspace) position_ -= units;
    return ot::DeltaBuilder().Retain(position_).Delete(units).Build();
  }

 private:
  const Run& run_;
  HistoryRuns* const runs_;
  int64_t position_;
  absl::string_view text_;
  size_t length_ = 0;
  int64_t used_ = 0;  // commits of this length
};

}  // namespace

absl::StatusOr<HistoryBlock> HistoryBlock::Parse(absl::string_view bytes) {
  absl::string_view text;
  uint64_t text_bytes;
  absl::StatusOr<HistoryBlock> block = ParseNumbers(bytes, &text, &text_bytes);
  if (!block.ok()) return block.status();
  if (!Decompress(text, text_bytes, &block->text_)) {
    return DamagedBlock("its text does not decompress");
  }
  block->is_ascii_ = IsAscii(block->text_);
  if (!block->is_ascii_ && !ot::IsValidUtf8(block->text_)) return DamagedBlock("bad UTF-8");
  return block;
}

absl::StatusOr<HistoryBlock> HistoryBlock::ParseNumbers(absl::string_view bytes,
                                                        absl::string_view* text,
                                                        uint64_t* text_bytes) {
  absl::StatusOr<absl::string_view> body = StripChecksum(bytes, "history block");
  if (!body.ok()) return body.status();
  if (body->empty() || body->front() != kHistoryFormat) return DamagedBlock("unknown format");
  body->remove_prefix(1);

  HistoryBlock block;
  uint64_t first;
  uint64_t count;
  if (!ot::ConsumeVarint(&*body, &first) || !ot::ConsumeVarint(&*body, &count) ||
      !ConsumeFixed64(&*body, &block.before_.digest) ||
      !ConsumeFixed64(&*body, &block.after_.digest)) {
    return DamagedBlock("cut short in its head");
  }
  if (count == 0 || count > static_cast<uint64_t>(kBlockCommitsMax)) {
    return DamagedBlock(absl::StrCat(count, " commits"));
  }
  if (first == 0 || first > kRevisionMax - count) {
    return DamagedBlock(absl::StrCat("first revision ", first));
  }
  block.before_.revision = first - 1;
  block.after_.revision = first - 1 + count;
  block.commit_count_ = static_cast<int64_t>(count);
  for (uint64_t marked = kMarkEvery; marked < count; marked += kMarkEvery) {
    ot::Digest mark;
    if (!ConsumeFixed64(&*body, &mark)) return DamagedBlock("cut short in its marks");
    block.marks_.push_back(mark);
  }
  if (!ot::ConsumeVarint(&*body, &block.time_unit_ms_)) return DamagedBlock("no unit of time");
  uint64_t raw_bytes = 0;
  for (size_t& end : block.column_ends_) {
    uint64_t size;
    if (!ot::ConsumeVarint(&*body, &size) || size > kBlockRawBytesMax - raw_bytes) {
      return DamagedBlock("sizes of its columns");
    }
    raw_bytes += size;
    end = raw_bytes;
  }
  absl::string_view numbers;
  if (!ConsumeSized(&*body, &numbers) || !ot::ConsumeVarint(&*body, text_bytes) ||
      *text_bytes > kBlockRawBytesMax - raw_bytes) {
    return DamagedBlock("cut short in its numbers");
  }
  if (!Decompress(numbers, raw_bytes, &block.numbers_)) {
    return DamagedBlock("its numbers do not decompress");
  }
  *text = *body;
  return block;
}

absl::string_view HistoryBlock::column(HistoryColumn column) const {
  const size_t begin = column == 0 ? 0 : column_ends_[column - 1];
  return absl::string_view(numbers_).substr(begin, column_ends_[column] - begin);
}

int64_t HistoryBlock::weight_bytes() const {
  // A run takes a byte or two.
  return static_cast<int64_t>(numbers_.size() + text_.size() +
                              kRunWeightBytes * column(kRunColumn).size());
}

Head HistoryBlock::MarkBelow(ot::Revision revision) const {
  const uint64_t mark = (revision - before_.revision - 1) / kMarkEvery;
  if (mark == 0) return before_;
  return {before_.revision + mark * kMarkEvery, marks_[mark - 1]};
}

bool HistoryBlock::FitsMarks(const Head& head) const {
  if (head.revision == after_.revision) return head == after_;
  const uint64_t commits = head.revision - before_.revision;
  return commits % kMarkEvery != 0 || marks_[commits / kMarkEvery - 1] == head.digest;
}

absl::StatusOr<TimeTrack> HistoryBlock::Times() const {
  absl::StatusOr<TimeTrack> times = TimeTrack::Parse(
      time_unit_ms_, commit_count_, column(kTimeCountColumn), column(kTimeStepColumn));
  if (!times.ok()) return DamagedBlock(times.status().message());
  return times;
}

absl::Status HistoryBlock::ReadCommits(ot::Revision first, ot::Revision last,
                                       std::vector<ot::Commit>* commits) const {
  const absl::StatusOr<TimeTrack> track = Times();
  if (!track.ok()) return track.status();
  const std::vector<int64_t> times = track->Times();
  Head head = MarkBelow(first);  // digests follow from here
  ot::Revision passed = before_.revision;
  HistoryRuns runs(*this);
  HistorySequences sequences(column(kSequenceColumn));
  Run run;
  while (passed < last) {
    const absl::StatusOr<bool> found = runs.Next(&run);
    if (!found.ok()) return found.status();
    if (!*found) return DamagedBlock("fewer commits than it says");
    RunDeltas deltas(run, &runs);
    int64_t begin = 0;
    if (run.kind != RunKind::kOther && passed + run.commits <= head.revision) {
      begin = run.commits;
      if (const auto passing = sequences.Pass(run.author, begin); !passing.ok()) {
        return passing.status();
      }
      passed += begin;
    }
    for (int64_t i = begin; i < run.commits && passed < last; ++i) {
      const absl::StatusOr<ot::Sequence> sequence = sequences.Pass(run.author, 1);
      if (!sequence.ok()) return sequence.status();
      absl::StatusOr<ot::Delta> delta = deltas.Next();
      if (!delta.ok()) return delta.status();
      ++passed;
      if (passed <= head.revision) continue;
      head = {passed, ot::ExtendDigest(head.digest, run.author, *sequence, *delta)};
      if (!FitsMarks(head)) return DamagedBlock(absl::StrCat("digest at revision ", passed));
      if (passed < first) continue;
      commits->push_back({.revision = passed,
                          .digest = head.digest,
                          .author = run.author,
                          .sequence = *sequence,
                          .time_ms = times[passed - before_.revision - 1],
                          .delta = *std::move(delta)});
    }
  }
  if (last != after_.revision) return absl::OkStatus();
  if (absl::Status end = runs.ExpectEnd(); !end.ok()) return end;
  return sequences.ExpectEnd();
}

absl::Status HistoryBlock::Apply(ot::Revision from, ot::Revision to, ot::Text* text) const {
  HistoryRuns runs(*this);
  Run run;
  ot::Revision passed = before_.revision;
  while (passed < to) {
    const absl::StatusOr<bool> found = runs.Next(&run);
    if (!found.ok()) return found.status();
    if (!*found) return DamagedBlock("fewer commits than it says");
    const int64_t begin = from <= passed ? 0 : static_cast<int64_t>(from - passed);
    const int64_t end = std::min(run.commits, static_cast<int64_t>(to - passed));
    passed += run.commits;
    // The deltas of a run that is passed over are read all the same.
    if (begin >= end && run.kind != RunKind::kOther) continue;
    if (absl::Status applied = ApplyRun(run, begin, end, &runs, text); !applied.ok()) {
      return applied;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ot::Digest> HistoryBlock::DigestAt(ot::Revision revision) const {
  if (revision == before_.revision) return before_.digest;
  if (revision == after_.revision) return after_.digest;
  std::vector<ot::Commit> commit;
  if (absl::Status read = ReadCommits(revision, revision, &commit); !read.ok()) return read;
  return commit.front().digest;
}

}  // namespace coedit::storage
