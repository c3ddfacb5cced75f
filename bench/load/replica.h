// Replica: the text behind one connection of a recorded replay. It applies what the server sends
// and, when an own operation is acknowledged, that operation as the server must have carried it.
//
// It is no ot::Client: a replayed author submits on a revision of the past, of its own choosing,
// and shows nobody a view.
#ifndef COEDIT_BENCH_LOAD_REPLICA_H_
#define COEDIT_BENCH_LOAD_REPLICA_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "ot/delta.h"
#include "ot/document.h"
#include "ot/text.h"

namespace coedit::bench {

class Replica {
 public:
  Replica(ot::Text text, ot::Revision revision);

  // An operation is on its way to the server; `base` is between the first revision and revision(),
  // and no other is in flight (CHECKed).
  void Submitted(const ot::Operation& operation);

  // Somebody else's commit. kFailedPrecondition on a gap; kInvalidArgument if it does not fit.
  absl::Status OnCommitted(ot::Revision revision, const ot::Delta& delta);

  // The operation in flight is committed as `revision`. Errors as above.
  absl::Status OnAck(ot::Sequence sequence, ot::Revision revision);

  ot::Revision revision() const { return first_ + commits_.size(); }
  const ot::Text& text() const { return text_; }
  // The commit that made `revision`; above the first and at most revision() (CHECKed).
  const ot::Delta& At(ot::Revision revision) const;

 private:
  absl::Status Append(ot::Revision revision, ot::Delta delta);

  const ot::Revision first_;
  ot::Text text_;
  std::vector<ot::Delta> commits_;
  std::optional<ot::Operation> in_flight_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_REPLICA_H_
