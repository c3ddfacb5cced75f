// RecordedViews: what each author of a recorded session had on the screen, and from it the
// operations a client of coedit would have sent.
//
// A recorded author typed on and on without waiting for acknowledgements: what it saw is the log up
// to `base`, and its own later transactions. That is no prefix of the log, so it is no revision a
// server knows. The view is therefore kept here, beside the connection, as the commits of others
// the author has not seen yet, each carried over what the author typed since:
//
//     view --unseen[0]--> . --unseen[1]--> . ... --unseen[n-1]--> head
//       |                 |                                        |
//     typed             typed'                                 committed
//       v                 v                                        v
//       . --unseen'[0]--> . ...                                    .
//
// A transaction is carried to the right, over one commit at a time (never over their composition:
// D1 in docs/ot.md), the committed side standing left, until it stands on the later of its base and
// the author's own last commit: from there on the view is a revision of the log. The rest of the
// way is the server's work, and is done here too, because the author's unseen commits need it and
// the outcome tells whether the server did the same.
//
// Pure and deterministic; assumes that the document starts empty at revision 0 and that each
// operation is committed, in order, before the next.
#ifndef COEDIT_BENCH_LOAD_RECORDED_VIEWS_H_
#define COEDIT_BENCH_LOAD_RECORDED_VIEWS_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/traces.h"
#include "ot/delta.h"
#include "ot/document.h"

namespace coedit::bench {

class RecordedViews {
 public:
  // What one author submits, and what must become of it.
  struct Operation {
    size_t agent = 0;
    ot::Revision base = 0;
    ot::Delta delta;
    ot::Revision revision = 0;  // it must be committed as
    ot::Delta committed;        // what it must be there
  };

  // `trace` is a session (CHECKed) and outlives this.
  explicit RecordedViews(const Trace* trace);

  // The next operation in recorded order; nullopt at the end. A transaction of which nothing is
  // left to submit (others deleted the same text) is passed over and counted. kInvalidArgument if a
  // transaction does not fit the text its author saw.
  absl::StatusOr<std::optional<Operation>> Next();

  ot::Revision head() const { return head_; }
  size_t skipped() const { return skipped_; }

 private:
  struct Unseen {
    ot::Revision revision;
    ot::Delta delta;  // carried over what the author typed since
  };
  struct View {
    std::deque<Unseen> unseen;
    ot::Revision own_last = 0;
    int64_t length = 0;  // units of the text on the author's screen
  };

  const Trace* trace_;
  std::vector<View> views_;                    // by agent
  std::vector<ot::Revision> revision_before_;  // by transaction: commits made of those before it
  ot::Revision head_ = 0;
  size_t skipped_ = 0;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_RECORDED_VIEWS_H_
