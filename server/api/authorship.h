// Authorship: who wrote which part of a text, folded from the log commit by commit.
//
// What a commit inserts belongs to its author, what it deletes takes its owner with it. Formatting
// changes no owner: blame says who wrote the words, not who made them bold. What a restore brings
// back belongs to whoever restored it.
//
// Neighbours by one author, the later one less than five minutes after the first, are one span with
// the revision and time of the latest. Lengths are UTF-16 units. The caller checks that commits fit
// the text (those of the log do); one that does not is kDataLoss.
//
// Spans stand in blocks of a few hundred. An edit near the one before finds its place at once, any
// other by walking over blocks: 260,000 recorded edits fold in some hundredths of a second. Pure.
#ifndef COEDIT_SERVER_API_AUTHORSHIP_H_
#define COEDIT_SERVER_API_AUTHORSHIP_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "ot/document.h"

namespace coedit::server::api {

inline constexpr int64_t kSameSpanMs = 5 * 60 * 1000;

struct AuthorSpan {
  int64_t length = 0;
  ot::AuthorNumber author = 0;  // 0: there from the creation on
  ot::Revision revision = 0;    // of the latest commit in it
  int64_t at_ms = 0;            // of that commit
  int64_t first_ms = 0;         // of the earliest one
};

class Authorship {
 public:
  Authorship() = default;
  // A text of that length as it was created.
  Authorship(int64_t length, int64_t created_ms);

  // The next commit.
  absl::Status Add(const ot::Commit& commit);

  int64_t length() const { return length_; }
  // How many spans there are, before neighbours are joined: what it holds in memory.
  int64_t span_count() const { return span_count_; }
  // From the beginning of the text to its end, none empty.
  std::vector<AuthorSpan> Spans() const;

 private:
  static constexpr size_t kBlockSpansMax = 256;

  struct Block {
    int64_t length = 0;
    std::vector<AuthorSpan> spans;
  };

  // Points block_ at the one that holds `position`, or ends there; splits it if it is full.
  void Seek(int64_t position);
  // Makes a boundary at `position`; the index, in block_, of the span that begins there.
  size_t Cut(int64_t position);
  void Insert(int64_t position, const AuthorSpan& span);
  void Delete(int64_t position, int64_t length);

  std::vector<Block> blocks_;
  size_t block_ = 0;  // where the last edit was
  int64_t block_begin_ = 0;
  int64_t length_ = 0;
  int64_t span_count_ = 0;
};

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_AUTHORSHIP_H_
