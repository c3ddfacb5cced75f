// LetterMember: a Member that types letters and keeps no text, only their number.
//
// Where the server transforms operations, letters go to the front of the text, where an insert fits
// whatever others have done; where it merges replicas, behind the member's own last letter, as
// typing does. An operation's number is the number of edits its author has typed with it.
#ifndef COEDIT_BENCH_LOAD_LETTER_MEMBER_H_
#define COEDIT_BENCH_LOAD_LETTER_MEMBER_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "bench/load/member.h"

namespace coedit::bench {

class LetterMember : public Member {
 public:
  void Edit() final { ++waiting_edits_; }
  std::optional<uint64_t> Send() final;
  bool settled() const final { return waiting_edits_ == 0 && under_way_.empty(); }
  uint64_t progress() const final { return units_; }

 protected:
  LetterMember(const Options& options, Owner* owner)
      : Member(options.index), letters_per_edit_(options.letters), owner_(owner) {}

  struct Operation {
    uint64_t number = 0;
    uint64_t letters = 0;
  };

  // Sends an operation, or sends it again after a reconnect.
  virtual void SendOperation(const Operation& operation) = 0;
  // True where the protocol wants the ack of an operation before the next.
  virtual bool one_in_flight() const = 0;

  // What subclasses report. DataLoss where the server said what cannot be.
  absl::Status Acked(uint64_t number);
  absl::Status AckedNext();
  absl::Status Delivered(uint64_t author, uint64_t number, uint64_t letters);

  const std::deque<Operation>& under_way() const { return under_way_; }
  uint64_t letters_per_edit() const { return letters_per_edit_; }
  uint64_t units() const { return units_; }
  // The text as the server has it on opening.
  void set_units(uint64_t units) { units_ = units; }
  Owner* owner() const { return owner_; }

 private:
  const uint64_t letters_per_edit_;
  Owner* const owner_;
  uint64_t waiting_edits_ = 0;
  uint64_t sent_edits_ = 0;
  uint64_t units_ = 0;
  std::deque<Operation> under_way_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_LETTER_MEMBER_H_
