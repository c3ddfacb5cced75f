#include "bench/load/letter_member.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace coedit::bench {

std::optional<uint64_t> LetterMember::Send() {
  if (waiting_edits_ == 0 || !open() || (one_in_flight() && !under_way_.empty())) {
    return std::nullopt;
  }
  const uint64_t edits = std::exchange(waiting_edits_, 0);
  sent_edits_ += edits;
  under_way_.push_back({.number = sent_edits_, .letters = edits * letters_per_edit_});
  SendOperation(under_way_.back());
  return sent_edits_;
}

absl::Status LetterMember::Acked(uint64_t number) {
  if (under_way_.empty() || under_way_.front().number != number) {
    return absl::DataLossError(
        absl::StrCat("operation ", number, " was acknowledged, the next one under way is ",
                     under_way_.empty() ? "none" : absl::StrCat(under_way_.front().number)));
  }
  return AckedNext();
}

absl::Status LetterMember::AckedNext() {
  if (under_way_.empty()) return absl::DataLossError("an ack of nothing");
  const Operation operation = under_way_.front();
  under_way_.pop_front();
  units_ += operation.letters;
  owner_->OnAcked(this, operation.number);
  return absl::OkStatus();
}

absl::Status LetterMember::Delivered(uint64_t author, uint64_t number, uint64_t letters) {
  if (letters % letters_per_edit_ != 0) {
    return absl::DataLossError(
        absl::StrCat(letters, " letters arrived at once, an edit has ", letters_per_edit_));
  }
  units_ += letters;
  owner_->OnDelivered(this, author, number, letters / letters_per_edit_);
  return absl::OkStatus();
}

}  // namespace coedit::bench
