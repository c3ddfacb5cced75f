// The runs of a history block: what stands in its columns, and how they are read one after another.
// Internal to history_block.cc, history_encoder.cc and history_outline.cc.
//
// A run stands in the run column as varint((commits - 1) << 3 | another_author << 2 | kind). If
// another author than that of the run before is at work, the author column has the rank among the
// recent ones (1 is who was at work before), or 0 and the number of an author who is not among
// them.
#ifndef COEDIT_STORAGE_HISTORY_RUNS_H_
#define COEDIT_STORAGE_HISTORY_RUNS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ot/document.h"
#include "storage/history_block.h"

namespace coedit::storage {

enum class RunKind : uint8_t {
  kTyping = 0,     // each commit inserts where the one before ended
  kBackspace = 1,  // each deletes what ends where the one before began
  kAhead = 2,      // each deletes what follows the same place
  kOther = 3,      // canonical deltas
};

// Where each of the last few authors was at work. Both sides keep one, so that positions can be
// told from there: authors who type at once cost little more than one.
class Carets {
 public:
  // Recent authors by when they were last at work; 0 is who is now.
  static constexpr int kRecentMax = 8;

  // The place of an author among the recent ones, or -1.
  int Rank(ot::AuthorNumber author) const;
  int size() const { return size_; }
  // Makes the recent author at `rank` the one at work; or a new one, whose caret is at the front.
  void Recall(int rank);
  void Begin(ot::AuthorNumber author);

  ot::AuthorNumber author() const { return recent_[0].author; }
  int64_t caret() const { return recent_[0].caret; }
  // Who is at work inserted or deleted so many units; the others' carets move along.
  void Inserted(int64_t position, int64_t units);
  void Deleted(int64_t position, int64_t units);

 private:
  struct Recent {
    ot::AuthorNumber author = 0;
    int64_t caret = 0;
  };
  Recent recent_[kRecentMax];
  int size_ = 0;
};

// Equal lengths of commits that follow each other.
struct LengthRun {
  int64_t units;
  int64_t commits;
};

struct Run {
  RunKind kind;
  ot::AuthorNumber author;
  int64_t commits;
  // All but kOther: where the first commit begins (kTyping, kAhead) or ends (kBackspace), what all
  // take, and how long each is, in units.
  int64_t position;
  int64_t units;
  std::vector<LengthRun> lengths;
  absl::string_view text;  // kTyping: of all
};

// Walks the runs of a block. Every number is checked before it is believed.
class HistoryRuns {
 public:
  explicit HistoryRuns(const HistoryBlock& block);

  // The next run; false after the last. kDataLoss if there is none that fits.
  absl::StatusOr<bool> Next(Run* run);
  // The same, but only its kind, author and commits: what it does to the text is not read. Whoever
  // walks with this does so from the first run to the end.
  absl::StatusOr<bool> NextAuthor(Run* run);
  // The next of the deltas of runs of kOther.
  absl::StatusOr<ot::Delta> NextDelta();
  // OK if nothing is left in any column.
  absl::Status ExpectEnd() const;

  // The byte where the first `units` units of `text` end; nullopt if that cuts a character.
  std::optional<size_t> ByteOffset(absl::string_view text, int64_t units) const;

 private:
  absl::Status ReadAuthor(bool changes);
  absl::Status ReadLengths(Run* run);

  bool is_ascii_;
  int64_t commits_left_;
  absl::string_view runs_;
  absl::string_view authors_;
  absl::string_view positions_;
  absl::string_view lengths_;
  absl::string_view deltas_;
  absl::string_view text_;
  Carets carets_;
  LengthRun length_{0, 0};  // what is left of the last one read
};

// Sequences: each author's grow by one from commit to commit, except where the column says so.
class HistorySequences {
 public:
  explicit HistorySequences(absl::string_view column);

  // Passes the next `count` commits, all by `author`, and gives the sequence of the last of them.
  absl::StatusOr<ot::Sequence> Pass(ot::AuthorNumber author, int64_t count);
  absl::Status ExpectEnd() const;

 private:
  absl::Status ReadException();

  absl::string_view column_;
  int64_t regular_ = 0;  // commits before the next exception
  uint64_t extra_ = 0;   // what it grows beyond one
  bool has_exception_ = false;
  absl::flat_hash_map<ot::AuthorNumber, ot::Sequence> last_;
};

absl::Status DamagedBlock(absl::string_view what);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_HISTORY_RUNS_H_
