// Ledger: who typed what in one document, when, and who has got it. What a run measures and what it
// proves come from here: an operation is acknowledged once, and delivered once and in order to
// everybody else.
//
// Pure. Holds 24 bytes for each edit of the run, and 4 for each pair of writer and member. Errors
// are kDataLoss: something came that nobody sent, or twice, or too early.
#ifndef COEDIT_BENCH_LOAD_LEDGER_H_
#define COEDIT_BENCH_LOAD_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace coedit::bench {

class Ledger {
 public:
  // Members 0 to `writers` - 1 type.
  Ledger(size_t writers, size_t members);

  // The writer typed an edit; where it came late, `at_ns` is when it was due.
  void Typed(size_t writer, int64_t at_ns);
  // All that was typed and has not left yet leaves as one operation. Numbers rise (CHECKed).
  void Sent(size_t writer, uint64_t number);
  // The last operation sent never became one; its edits have not left.
  void Withdrawn(size_t writer);
  // What was typed and has not left came to nothing: typed and taken back.
  void Dropped(size_t writer);

  // When the edits were typed that arrive now, and in how many operations they came. Valid until
  // the next Typed.
  struct Arrival {
    absl::Span<const int64_t> typed_ns;
    uint64_t operations = 0;
  };
  absl::StatusOr<Arrival> Acked(size_t writer, uint64_t number);
  // `number` and `edits` as in Member::Owner::OnDelivered; without `edits` exactly one operation
  // arrives.
  absl::StatusOr<Arrival> Delivered(size_t member, size_t writer, uint64_t number, uint64_t edits);
  // The same for somebody who has not been there from the beginning. Which operation it is that
  // arrives is not known without its number; then no times are.
  absl::StatusOr<Arrival> DeliveredToVisitor(size_t writer, uint64_t number, uint64_t edits) const;
  // The member has missed operations: from each writer any may be the next.
  void Skipped(size_t member);

  uint64_t edits() const { return edits_; }
  // Empty once all is acknowledged and delivered; else who waits for what.
  std::string Missing() const;

 private:
  static constexpr uint32_t kUnknown = UINT32_MAX;

  struct Operation {
    uint64_t number;
    size_t end;  // of its edits in typed_ns
  };
  struct Writer {
    std::vector<int64_t> typed_ns;
    std::vector<Operation> operations;
    size_t acked = 0;  // operations
    size_t left() const { return operations.empty() ? 0 : operations.back().end; }
  };

  // Operations [first, result) end with `number`; first may be kUnknown.
  static absl::StatusOr<size_t> Find(const Writer& writer, size_t first, uint64_t number,
                                     uint64_t edits);
  static Arrival ArrivalOf(const Writer& writer, size_t first, size_t end);
  static size_t FirstEdit(const Writer& writer, size_t operation);

  const size_t members_;
  std::vector<Writer> writers_;
  std::vector<uint32_t> heard_;  // operations, by member and writer
  uint64_t edits_ = 0;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_LEDGER_H_
