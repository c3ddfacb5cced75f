// CommitHistory: the latest commits of a document, as far back as memory holds them.
//
//      floor                                                      head
//        |  chunk  |  chunk  |  ...  |  chunk  |  chunk  |  chunk |
//                                         | values of the newest  |
//
// All are packed, 64 in one string, where a typed letter takes ten bytes instead of 150. They are
// unpacked one by one for an operation with an old base or a client that was away. The newest ones
// are at hand as values, too, because every operation is carried over some of them.
//
// Times are not kept: they stand in the log, and nobody asks memory for them.
#ifndef COEDIT_OT_COMMIT_HISTORY_H_
#define COEDIT_OT_COMMIT_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ot/commit.h"

namespace coedit::ot {

class CommitReader;

class CommitHistory {
 public:
  // No commits; the text has `length` units at `revision`.
  CommitHistory(Revision revision, Digest digest, int64_t length);

  // Commits at or below it are not here.
  Revision floor() const { return floor_; }
  Revision head() const { return head_; }

  // The commit head() + 1, of which `encoded` was made; the text has `length_after` units then.
  void Append(const Commit& commit, const CommitBytes& encoded, int64_t length_after);
  // Told of each operation: its author had not seen the last `commits`. Where that is usual, more
  // are kept as values.
  void OperationReachesBack(uint64_t commits);
  // Commits that end exactly at the floor, in order; lowers the floor.
  void Prepend(absl::Span<const Commit> commits);
  // Forgets commits at or below `revision`.
  void Drop(Revision revision);

  // The commits after..to, floor() <= after and to <= head(); none if after >= to.
  CommitReader Read(Revision after, Revision to) const;
  // floor() < revision <= head().
  Commit At(Revision revision) const;
  // nullopt outside [floor, head], and at a floor that Prepend lowered (the commit that made it is
  // not at hand).
  std::optional<Digest> DigestAt(Revision revision) const;
  // Of the text, floor() <= revision <= head(); units.
  int64_t LengthAt(Revision revision) const;

 private:
  friend class CommitReader;

  struct Recent {
    Digest digest;
    int64_t length_after;  // of the text: each base is checked before anything is transformed
    AuthorNumber author;
    Sequence sequence;
    Delta delta;
  };
  // Of each commit its CommitBytes, behind varint(replica_bytes). Side by side, so that they are
  // hashed as they stand.
  struct Chunk {
    Revision first;
    // After the first commit; the others' follow. That before it is unknown at a lowered floor.
    Digest first_digest;
    int64_t length_before;  // of the text
    std::string bytes;
  };

  bool IsRecent(Revision revision) const { return revision + recent_.size() > head_; }
  size_t RecentIndex(Revision revision) const {
    return (revision - recent_start_ - 1) & (recent_max_ - 1);
  }
  // Index of the chunk that holds the commit `revision`.
  size_t ChunkOf(Revision revision) const;

  Revision floor_;
  std::optional<Digest> floor_digest_;  // unknown after Prepend
  int64_t floor_length_;
  std::vector<Chunk> chunks_;  // floor_ to head_
  Revision head_;
  // A ring: once recent_max_ are there, the oldest gives way.
  std::vector<Recent> recent_;
  size_t recent_max_;      // a power of two
  Revision recent_start_;  // the one after it stands at index 0, and each recent_max_ further on
};

// A commit on its way past a reader.
struct CommitView {
  Revision revision;
  AuthorNumber author;
  Sequence sequence;
  const Delta& delta;
};

// Goes through commits in order; the history must not change meanwhile.
//
//   for (CommitReader commits = history.Read(after, to); auto commit = commits.Next();) ...
class CommitReader {
 public:
  // nullopt at the end. The delta it refers to stays until the next call.
  std::optional<CommitView> Next();

 private:
  friend class CommitHistory;
  CommitReader(const CommitHistory* history, Revision after, Revision to);

  std::optional<CommitView> Unpack();

  const CommitHistory* history_;
  Revision next_;
  Revision last_;
  size_t next_chunk_ = 0;
  absl::string_view packed_;  // what is left of the chunk before it
  Delta unpacked_;
};

}  // namespace coedit::ot

#endif  // COEDIT_OT_COMMIT_HISTORY_H_
