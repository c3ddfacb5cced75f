// Client: the client half of operational transformation, for one document; the mirror of the
// TypeScript SDK's state machine, used by the simulator and the load tool.
//
// It holds the text the server confirmed and, on top of it, at most one operation in flight and one
// buffer of later edits:
//
//   confirmed --in flight--> --buffer--> view
//
//   synchronised            no edits of our own are pending
//   awaiting ack            in flight
//   awaiting with buffer    in flight, and edits made since
//
// A sent operation is frozen; what it has become here, carried over commits received since, is kept
// beside it. A remote commit c is carried over in flight and buffer, the committed side standing
// left:
//
//     confirmed ---in flight--> . ---buffer--> view
//         |                     |                |
//         c                     c'               c''   is what the view shows
//         v                     v                v
//         . ---in flight'-----> . ---buffer'---> .
//
// Deterministic; no I/O, no clock; one thread.
#ifndef COEDIT_OT_CLIENT_H_
#define COEDIT_OT_CLIENT_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ot/delta.h"
#include "ot/document.h"
#include "ot/text.h"

namespace coedit::ot {

class Client {
 public:
  // Starts synchronised at `revision`. `last_sequence` is what the server knows of this author: own
  // sequences begin above it.
  Client(Text text, Revision revision, Sequence last_sequence);

  // The user changed the view. `change` must be valid on view() (CHECKed in lengths).
  void Edit(const Delta& change);

  // If nothing is in flight and edits wait: freezes them as the next operation to send.
  std::optional<Operation> TakeSubmit();

  // A commit of somebody else, revision() + 1. Returns the change to the view.
  // kFailedPrecondition on a gap: the caller reopens.
  absl::StatusOr<Delta> OnCommitted(Revision revision, const Delta& delta);

  // The operation in flight is durable as `revision`, which is revision() + 1.
  absl::Status OnAck(Sequence sequence, Revision revision);

  // The operation in flight was refused and taken out of the text; what was typed after it goes on.
  struct Rollback {
    Delta view_change;
    Delta refused;  // what the user had typed, as a recovery copy
  };
  absl::StatusOr<Rollback> OnRejected(Sequence sequence);

  // Resume, after OnCommitted and OnAck were fed with the commits missed: the operation in flight
  // was not and never will be committed. It becomes part of the buffer and will be sent at the head
  // under a new sequence.
  void OnNeverCommitted();

  // Resume: many commits of others as one change; `revision` is the one reached. Requires nothing
  // in flight (CHECKed). Returns the change to the view.
  Delta OnComposed(Revision revision, const Delta& composed);

  // Resume below the horizon, same history: the text at `revision` without the way there. An
  // operation in flight that was committed meanwhile must be settled with OnSettled before.
  Delta OnSnapshot(Revision revision, const Text& text);

  // Resume: the operation in flight was committed somewhere in a gap that comes as a snapshot.
  void OnSettled();

  // Another history: everything pending is given up (the caller keeps recovery copies of view() and
  // pending()).
  void Reset(Text text, Revision revision, Sequence last_sequence);

  // Own sequences go on above `last_sequence`: after resume the server may know a later one.
  void RaiseSequence(Sequence last_sequence);

  Revision revision() const { return revision_; }
  const Text& confirmed() const { return confirmed_; }
  const Text& view() const { return view_; }
  bool synchronised() const { return !in_flight_.has_value() && buffer_.empty(); }
  // The operation as it was sent.
  const std::optional<Operation>& in_flight() const { return in_flight_; }
  // The same carried over what was received since: what it commits as if it is acknowledged now.
  const Delta& in_flight_local() const { return in_flight_local_; }
  // In flight and buffer as one change over confirmed().
  Delta pending() const;

 private:
  // Carries what is pending over `change` of confirmed_, which stands left; returns the change to
  // the view.
  Delta Rebase(const Delta& change);

  Text confirmed_;
  Text view_;
  Revision revision_;
  Sequence sequence_;  // last one used
  std::optional<Operation> in_flight_;
  Delta in_flight_local_;  // in_flight_ carried over what was received since
  Delta buffer_;
};

}  // namespace coedit::ot

#endif  // COEDIT_OT_CLIENT_H_
