#include "ot/client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/check.h"

namespace coedit::ot {

Client::Client(Text text, Revision revision, Sequence last_sequence)
    : confirmed_(text), view_(std::move(text)), revision_(revision), sequence_(last_sequence) {}

void Client::Edit(const Delta& change) {
  COEDIT_CHECK(change.base_length() <= view_.length());
  Apply(change, &view_);
  buffer_ = Compose(buffer_, change);
}

std::optional<Operation> Client::TakeSubmit() {
  if (in_flight_.has_value() || buffer_.empty()) return std::nullopt;
  in_flight_ = Operation{.author = 0, .sequence = ++sequence_, .base = revision_, .delta = buffer_};
  in_flight_local_ = std::exchange(buffer_, Delta());
  return in_flight_;
}

Delta Client::Rebase(const Delta& change) {
  Diamond at_in_flight = TransformPair(change, in_flight_local_);
  Diamond at_buffer = TransformPair(at_in_flight.left_over_right, buffer_);
  in_flight_local_ = std::move(at_in_flight.right_over_left);
  buffer_ = std::move(at_buffer.right_over_left);
  Apply(change, &confirmed_);
  Apply(at_buffer.left_over_right, &view_);
  return std::move(at_buffer.left_over_right);
}

absl::StatusOr<Delta> Client::OnCommitted(Revision revision, const Delta& delta) {
  if (revision != revision_ + 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("commit ", revision, " arrived at revision ", revision_));
  }
  if (absl::Status valid = Validate(delta, confirmed_); !valid.ok()) return valid;
  revision_ = revision;
  return Rebase(delta);
}

absl::Status Client::OnAck(Sequence sequence, Revision revision) {
  if (!in_flight_.has_value() || in_flight_->sequence != sequence || revision != revision_ + 1) {
    return absl::FailedPreconditionError(absl::StrCat("ack of sequence ", sequence, " as revision ",
                                                      revision, " at revision ", revision_));
  }
  revision_ = revision;
  OnSettled();
  return absl::OkStatus();
}

void Client::OnSettled() {
  Apply(in_flight_local_, &confirmed_);
  in_flight_.reset();
  in_flight_local_ = Delta();
}

absl::StatusOr<Client::Rollback> Client::OnRejected(Sequence sequence) {
  if (!in_flight_.has_value() || in_flight_->sequence != sequence) {
    return absl::FailedPreconditionError(
        absl::StrCat("rejection of sequence ", sequence, ", which is not in flight"));
  }
  // The refused change is undone as if somebody had: the undoing stands left of the buffer.
  const Delta undo = Invert(in_flight_local_, confirmed_);
  Diamond diamond = TransformPair(undo, buffer_);
  buffer_ = std::move(diamond.right_over_left);
  Apply(diamond.left_over_right, &view_);
  Rollback rollback{std::move(diamond.left_over_right), std::exchange(in_flight_local_, Delta())};
  in_flight_.reset();
  return rollback;
}

void Client::OnNeverCommitted() {
  buffer_ = Compose(std::exchange(in_flight_local_, Delta()), buffer_);
  in_flight_.reset();
}

Delta Client::OnComposed(Revision revision, const Delta& composed) {
  COEDIT_CHECK(!in_flight_.has_value());
  revision_ = revision;
  return Rebase(composed);
}

Delta Client::OnSnapshot(Revision revision, const Text& text) {
  COEDIT_CHECK(!in_flight_.has_value());
  revision_ = revision;
  return Rebase(Diff(confirmed_, text));
}

void Client::Reset(Text text, Revision revision, Sequence last_sequence) {
  *this = Client(std::move(text), revision, std::max(sequence_, last_sequence));
}

void Client::RaiseSequence(Sequence last_sequence) {
  sequence_ = std::max(sequence_, last_sequence);
}

Delta Client::pending() const { return Compose(in_flight_local_, buffer_); }

}  // namespace coedit::ot
