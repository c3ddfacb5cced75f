#include "bench/load/replica.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/check.h"

namespace coedit::bench {

Replica::Replica(ot::Text text, ot::Revision revision) : first_(revision), text_(std::move(text)) {}

void Replica::Submitted(const ot::Operation& operation) {
  COEDIT_CHECK(!in_flight_.has_value());
  COEDIT_CHECK(operation.base >= first_ && operation.base <= revision());
  in_flight_ = operation;
}

absl::Status Replica::OnCommitted(ot::Revision revision, const ot::Delta& delta) {
  return Append(revision, delta);
}

absl::Status Replica::OnAck(ot::Sequence sequence, ot::Revision revision) {
  if (!in_flight_.has_value() || in_flight_->sequence != sequence) {
    return absl::FailedPreconditionError(
        absl::StrCat("ack of sequence ", sequence, ", which is not in flight"));
  }
  ot::Delta delta = std::move(in_flight_->delta);
  for (ot::Revision over = in_flight_->base + 1; over <= this->revision(); ++over) {
    delta = ot::Transform(delta, At(over), ot::Side::kLeft);
  }
  in_flight_.reset();
  return Append(revision, std::move(delta));
}

const ot::Delta& Replica::At(ot::Revision revision) const {
  COEDIT_CHECK(revision > first_ && revision <= this->revision());
  return commits_[revision - first_ - 1];
}

absl::Status Replica::Append(ot::Revision revision, ot::Delta delta) {
  if (revision != this->revision() + 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("revision ", revision, " arrived at revision ", this->revision()));
  }
  if (absl::Status valid = ot::Validate(delta, text_); !valid.ok()) return valid;
  ot::Apply(delta, &text_);
  commits_.push_back(std::move(delta));
  return absl::OkStatus();
}

}  // namespace coedit::bench
