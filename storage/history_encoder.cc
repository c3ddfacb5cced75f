// EncodeHistoryBlock: gathers commits in runs and writes the columns.
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/canonical.h"
#include "ot/check.h"
#include "storage/bytes.h"
#include "storage/history_block.h"
#include "storage/history_format.h"
#include "storage/history_runs.h"

namespace coedit::storage {
namespace {

// A plain insert or delete at one place.
struct Simple {
  bool inserts;
  int64_t position;
  int64_t units;
  absl::string_view text;

  int64_t end() const { return position + units; }
};

std::optional<Simple> AsSimple(const ot::Delta& delta) {
  if (delta.size() != 1 && delta.size() != 2) return std::nullopt;
  Simple simple{};
  ot::Delta::Iterator component = delta.begin();
  if (delta.size() == 2) {
    if ((*component).kind != ot::Kind::kRetain || !(*component).attributes.empty()) {
      return std::nullopt;
    }
    simple.position = (*component).length;
    ++component;
  }
  const ot::Component last = *component;
  if (!last.attributes.empty()) return std::nullopt;
  if (last.kind != ot::Kind::kInsert && last.kind != ot::Kind::kDelete) return std::nullopt;
  simple.inserts = last.kind == ot::Kind::kInsert;
  simple.units = last.length;
  simple.text = last.text;
  if (simple.end() > ot::kComponentUnitsMax) return std::nullopt;
  return simple;
}

class Encoder {
 public:
  void Add(const ot::Commit& commit, const ot::Commit* next) {
    AddSequence(commit);
    const std::optional<Simple> simple = AsSimple(commit.delta);
    if (!Continues(commit, simple)) {
      EndRun();
      BeginRun(commit, simple, next);
    }
    ++commits_;
    if (!simple) {
      std::string delta;
      ot::AppendCanonical(commit.delta, &delta);
      AppendSized(delta, &columns_[kDeltaColumn]);
      return;
    }
    AddLength(simple->units);
    if (simple->inserts) {
      text_.append(simple->text.data(), simple->text.size());
      place_ = simple->end();
    } else {
      place_ = simple->position;
    }
    units_ += simple->units;
  }

  void Finish(const TimeTrack& times) {
    EndRun();
    EndLength();
    TimeTrack::Columns time_columns;
    times.AppendColumns(&time_columns);
    columns_[kTimeCountColumn] = std::move(time_columns.counts);
    columns_[kTimeStepColumn] = std::move(time_columns.steps);
  }

  const std::string& column(int column) const { return columns_[column]; }
  const std::string& text() const { return text_; }

 private:
  bool Continues(const ot::Commit& commit, const std::optional<Simple>& simple) const {
    if (commits_ == 0 || commit.author != carets_.author()) return false;
    switch (kind_) {
      case RunKind::kTyping:
        return simple && simple->inserts && simple->position == place_;
      case RunKind::kBackspace:
        return simple && !simple->inserts && simple->end() == place_;
      case RunKind::kAhead:
        return simple && !simple->inserts && simple->position == place_;
      case RunKind::kOther:
        return !simple;
    }
    return false;
  }

  void BeginRun(const ot::Commit& commit, const std::optional<Simple>& simple,
                const ot::Commit* next) {
    const int rank = carets_.Rank(commit.author);
    another_author_ = rank != 0;
    if (rank < 0) {
      ot::AppendVarint(0, &columns_[kAuthorColumn]);
      ot::AppendVarint(commit.author, &columns_[kAuthorColumn]);
      carets_.Begin(commit.author);
    } else if (rank > 0) {
      ot::AppendVarint(rank, &columns_[kAuthorColumn]);
      carets_.Recall(rank);
    }
    units_ = 0;
    if (!simple) {
      kind_ = RunKind::kOther;
    } else if (simple->inserts) {
      kind_ = RunKind::kTyping;
      begin_ = simple->position;
    } else {
      kind_ = IsAhead(commit, *simple, next) ? RunKind::kAhead : RunKind::kBackspace;
      begin_ = kind_ == RunKind::kAhead ? simple->position : simple->end();
    }
  }

  // Which of the two a first delete is shows in the next one; one that stands alone counts as what
  // is nearer to the caret.
  bool IsAhead(const ot::Commit& commit, const Simple& simple, const ot::Commit* next) const {
    if (next != nullptr && next->author == commit.author) {
      const std::optional<Simple> after = AsSimple(next->delta);
      if (after && !after->inserts) {
        if (after->end() == simple.position) return false;
        if (after->position == simple.position) return true;
      }
    }
    return std::abs(simple.position - carets_.caret()) < std::abs(simple.end() - carets_.caret());
  }

  void EndRun() {
    if (commits_ == 0) return;
    ot::AppendVarint(static_cast<uint64_t>(commits_ - 1) << kRunCommitsShift |
                         (another_author_ ? kRunOfAnotherAuthor : 0) | static_cast<uint64_t>(kind_),
                     &columns_[kRunColumn]);
    commits_ = 0;
    if (kind_ == RunKind::kOther) return;
    ot::AppendVarint(ZigZag(begin_ - carets_.caret()), &columns_[kPositionColumn]);
    if (kind_ == RunKind::kTyping) {
      carets_.Inserted(begin_, units_);
    } else {
      carets_.Deleted(kind_ == RunKind::kBackspace ? begin_ - units_ : begin_, units_);
    }
  }

  void AddLength(int64_t units) {
    if (units != length_.units) {
      EndLength();
      length_.units = units;
    }
    ++length_.commits;
  }

  void EndLength() {
    if (length_.commits == 0) return;
    ot::AppendVarint(length_.units - 1, &columns_[kLengthColumn]);
    ot::AppendVarint(length_.commits - 1, &columns_[kLengthColumn]);
    length_ = {0, 0};
  }

  void AddSequence(const ot::Commit& commit) {
    ot::Sequence& last = last_sequences_[commit.author];
    const uint64_t extra = commit.sequence - last - 1;
    last = commit.sequence;
    if (extra == 0) {
      ++regular_sequences_;
      return;
    }
    ot::AppendVarint(regular_sequences_, &columns_[kSequenceColumn]);
    ot::AppendVarint(extra, &columns_[kSequenceColumn]);
    regular_sequences_ = 0;
  }

  std::string columns_[kHistoryColumnCount];
  std::string text_;
  Carets carets_;
  // The run that grows.
  RunKind kind_ = RunKind::kOther;
  bool another_author_ = false;
  int64_t commits_ = 0;
  int64_t begin_ = 0;
  int64_t units_ = 0;
  int64_t place_ = 0;  // where it goes on
  LengthRun length_{0, 0};
  uint64_t regular_sequences_ = 0;
  absl::flat_hash_map<ot::AuthorNumber, ot::Sequence> last_sequences_;
};

}  // namespace

absl::StatusOr<std::string> EncodeHistoryBlock(const Head& before,
                                               absl::Span<const ot::Commit> commits,
                                               const TimeTrack& times, Effort effort) {
  COEDIT_CHECK(!commits.empty() && commits.size() <= static_cast<size_t>(kBlockCommitsMax));
  COEDIT_CHECK_EQ(times.size(), static_cast<int64_t>(commits.size()));
  Encoder encoder;
  for (size_t i = 0; i < commits.size(); ++i) {
    encoder.Add(commits[i], i + 1 < commits.size() ? &commits[i + 1] : nullptr);
  }
  encoder.Finish(times);

  std::string bytes(1, kHistoryFormat);
  ot::AppendVarint(before.revision + 1, &bytes);
  ot::AppendVarint(commits.size(), &bytes);
  AppendFixed64(before.digest, &bytes);
  AppendFixed64(commits.back().digest, &bytes);
  for (size_t marked = kMarkEvery; marked < commits.size(); marked += kMarkEvery) {
    AppendFixed64(commits[marked - 1].digest, &bytes);
  }
  ot::AppendVarint(times.unit_ms(), &bytes);
  std::string numbers;
  for (int column = 0; column < kHistoryColumnCount; ++column) {
    ot::AppendVarint(encoder.column(column).size(), &bytes);
    numbers += encoder.column(column);
  }
  if (numbers.size() + encoder.text().size() > static_cast<size_t>(kBlockRawBytesMax)) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "history block: ", commits.size(), " commits after revision ", before.revision, " take ",
        numbers.size() + encoder.text().size(), " bytes, ", kBlockRawBytesMax, " fit"));
  }
  AppendSized(Compress(numbers, Content::kNumbers, effort), &bytes);
  ot::AppendVarint(encoder.text().size(), &bytes);
  bytes += Compress(encoder.text(), Content::kText, effort);
  AppendChecksum(&bytes);
  return bytes;
}

}  // namespace coedit::storage
