#include "storage/history_runs.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/canonical.h"
#include "ot/unicode.h"
#include "storage/bytes.h"
#include "storage/history_format.h"

namespace coedit::storage {

absl::Status DamagedBlock(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("history block: ", what));
}

int Carets::Rank(ot::AuthorNumber author) const {
  for (int rank = 0; rank < size_; ++rank) {
    if (recent_[rank].author == author) return rank;
  }
  return -1;
}

void Carets::Recall(int rank) { std::rotate(recent_, recent_ + rank, recent_ + rank + 1); }

void Carets::Begin(ot::AuthorNumber author) {
  size_ = std::min(size_ + 1, kRecentMax);
  Recall(size_ - 1);  // who has been away longest goes
  recent_[0] = {author, 0};
}

void Carets::Inserted(int64_t position, int64_t units) {
  for (int rank = 1; rank < size_; ++rank) {
    if (recent_[rank].caret > position) recent_[rank].caret += units;
  }
  recent_[0].caret = position + units;
}

void Carets::Deleted(int64_t position, int64_t units) {
  for (int rank = 1; rank < size_; ++rank) {
    int64_t& caret = recent_[rank].caret;
    if (caret > position) caret = std::max(position, caret - units);
  }
  recent_[0].caret = position;
}

HistoryRuns::HistoryRuns(const HistoryBlock& block)
    : is_ascii_(block.is_ascii_),
      commits_left_(block.commit_count_),
      runs_(block.column(kRunColumn)),
      authors_(block.column(kAuthorColumn)),
      positions_(block.column(kPositionColumn)),
      lengths_(block.column(kLengthColumn)),
      deltas_(block.column(kDeltaColumn)),
      text_(block.text_) {}

std::optional<size_t> HistoryRuns::ByteOffset(absl::string_view text, int64_t units) const {
  if (!is_ascii_) return ot::ByteOffset(text, units);
  if (units > static_cast<int64_t>(text.size())) return std::nullopt;
  return units;
}

absl::Status HistoryRuns::ReadAuthor(bool changes) {
  if (!changes) {
    return carets_.size() > 0 ? absl::OkStatus() : DamagedBlock("the first run has no author");
  }
  uint64_t rank;
  if (!ot::ConsumeVarint(&authors_, &rank)) return DamagedBlock("authors are cut short");
  if (rank == 0) {
    ot::AuthorNumber author;
    if (!ot::ConsumeVarint(&authors_, &author)) return DamagedBlock("authors are cut short");
    carets_.Begin(author);
  } else if (rank < static_cast<uint64_t>(carets_.size())) {
    carets_.Recall(static_cast<int>(rank));
  } else {
    return DamagedBlock(absl::StrCat("author at rank ", rank));
  }
  return absl::OkStatus();
}

absl::Status HistoryRuns::ReadLengths(Run* run) {
  run->units = 0;
  run->lengths.clear();
  int64_t commits = run->commits;
  while (commits > 0) {
    if (length_.commits == 0) {
      uint64_t units;
      uint64_t repeated;
      if (!ot::ConsumeVarint(&lengths_, &units) || !ot::ConsumeVarint(&lengths_, &repeated)) {
        return DamagedBlock("lengths are cut short");
      }
      if (units >= static_cast<uint64_t>(ot::kComponentUnitsMax) ||
          repeated >= static_cast<uint64_t>(kBlockCommitsMax)) {
        return DamagedBlock(absl::StrCat("length ", units, ", ", repeated, " times more"));
      }
      length_ = {static_cast<int64_t>(units) + 1, static_cast<int64_t>(repeated) + 1};
    }
    const int64_t taken = std::min(commits, length_.commits);
    run->lengths.push_back({length_.units, taken});
    run->units += length_.units * taken;  // below 2^31 * 2^16
    length_.commits -= taken;
    commits -= taken;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> HistoryRuns::NextAuthor(Run* run) {
  if (commits_left_ == 0) return false;
  uint64_t head;
  if (!ot::ConsumeVarint(&runs_, &head)) return DamagedBlock("runs are cut short");
  if ((head >> kRunCommitsShift) >= static_cast<uint64_t>(commits_left_)) {
    return DamagedBlock(absl::StrCat("a run of ", head >> kRunCommitsShift, " commits and one"));
  }
  run->kind = static_cast<RunKind>(head & kRunKindMask);
  run->commits = static_cast<int64_t>(head >> kRunCommitsShift) + 1;
  commits_left_ -= run->commits;
  if (absl::Status read = ReadAuthor((head & kRunOfAnotherAuthor) != 0); !read.ok()) return read;
  run->author = carets_.author();
  return true;
}

absl::StatusOr<bool> HistoryRuns::Next(Run* run) {
  const absl::StatusOr<bool> found = NextAuthor(run);
  if (!found.ok() || !*found) return found;
  run->lengths.clear();
  run->text = {};
  run->position = run->units = 0;
  if (run->kind == RunKind::kOther) return true;

  if (absl::Status read = ReadLengths(run); !read.ok()) return read;
  uint64_t way;
  if (!ot::ConsumeVarint(&positions_, &way)) return DamagedBlock("positions are cut short");
  // Unsigned, so that nonsense goes round instead of overflowing.
  run->position = static_cast<int64_t>(static_cast<uint64_t>(carets_.caret()) +
                                       static_cast<uint64_t>(UnZigZag(way)));
  const int64_t begin =
      run->kind == RunKind::kBackspace ? run->position - run->units : run->position;
  if (run->position < 0 || begin < 0 ||
      run->position > ot::kComponentUnitsMax - (run->kind == RunKind::kTyping ? run->units : 0)) {
    return DamagedBlock(absl::StrCat("position ", run->position, ", ", run->units, " units"));
  }
  if (run->kind != RunKind::kTyping) {
    carets_.Deleted(begin, run->units);
    return true;
  }
  const std::optional<size_t> bytes = ByteOffset(text_, run->units);
  if (!bytes) return DamagedBlock("the text is cut short or inside a character");
  run->text = text_.substr(0, *bytes);
  text_.remove_prefix(*bytes);
  carets_.Inserted(begin, run->units);
  return true;
}

absl::StatusOr<ot::Delta> HistoryRuns::NextDelta() {
  absl::string_view delta;
  if (!ConsumeSized(&deltas_, &delta)) return DamagedBlock("deltas are cut short");
  absl::StatusOr<ot::Delta> parsed = ot::ParseCanonical(delta);
  if (!parsed.ok()) return DamagedBlock(parsed.status().message());
  return parsed;
}

absl::Status HistoryRuns::ExpectEnd() const {
  if (commits_left_ == 0 && runs_.empty() && authors_.empty() && positions_.empty() &&
      lengths_.empty() && length_.commits == 0 && deltas_.empty() && text_.empty()) {
    return absl::OkStatus();
  }
  return DamagedBlock("its columns hold more than its commits");
}

HistorySequences::HistorySequences(absl::string_view column) : column_(column) {}

absl::Status HistorySequences::ReadException() {
  has_exception_ = false;
  if (column_.empty()) return absl::OkStatus();
  uint64_t regular;
  if (!ot::ConsumeVarint(&column_, &regular) || !ot::ConsumeVarint(&column_, &extra_)) {
    return DamagedBlock("sequences are cut short");
  }
  if (regular >= static_cast<uint64_t>(kBlockCommitsMax)) {
    return DamagedBlock(absl::StrCat(regular, " regular sequences"));
  }
  regular_ = static_cast<int64_t>(regular);
  has_exception_ = true;
  return absl::OkStatus();
}

absl::StatusOr<ot::Sequence> HistorySequences::Pass(ot::AuthorNumber author, int64_t count) {
  ot::Sequence& last = last_[author];
  while (count > 0) {
    if (!has_exception_ && !column_.empty()) {
      if (absl::Status read = ReadException(); !read.ok()) return read;
    }
    if (!has_exception_ || regular_ >= count) {
      last += count;
      regular_ -= has_exception_ ? count : 0;
      break;
    }
    last += regular_ + 1 + extra_;  // goes round, as it did when it was written
    count -= regular_ + 1;
    has_exception_ = false;
  }
  return last;
}

absl::Status HistorySequences::ExpectEnd() const {
  if (column_.empty() && !has_exception_) return absl::OkStatus();
  return DamagedBlock("its sequences are more than its commits");
}

}  // namespace coedit::storage
