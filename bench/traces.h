// Recorded editing sessions: reads files in the format `optrace 1` (tests/data/README.md).
//
// Positions are code points in the file; a trace with a character above U+FFFF is refused, so they
// are UTF-16 units as everywhere else.
#ifndef COEDIT_BENCH_TRACES_H_
#define COEDIT_BENCH_TRACES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ot/delta.h"

namespace coedit::bench {

// Deletes `deleted` units at `position`, then inserts `inserted` there.
struct Patch {
  int64_t position = 0;
  int64_t deleted = 0;
  std::string inserted;  // UTF-8
  friend bool operator==(const Patch&, const Patch&) = default;
};

// One action of one user; the patches apply one after another.
struct Transaction {
  std::optional<int64_t> seconds =
      std::nullopt;  // since the first; unset where unknown or unchanged
  size_t agent = 0;  // below Trace::agents
  // Its author had seen the transactions with a lower index, and all own earlier ones. In a
  // sequential trace the index of the transaction itself.
  size_t base = 0;
  std::vector<Patch> patches;
};

struct Trace {
  enum class Kind : uint8_t { kSequential, kSession };

  std::string name;
  Kind kind = Kind::kSequential;
  size_t agents = 1;
  std::vector<Transaction> transactions;
};

// The text of a trace, not compressed. kInvalidArgument names the line and what is wrong with it.
absl::StatusOr<Trace> ParseTrace(absl::string_view text);

// A file, gzip or plain. kNotFound or kDataLoss if it cannot be read, else as ParseTrace.
absl::StatusOr<Trace> ReadTrace(const std::string& path);

// The patches as one change of the text they were typed on.
ot::Delta TransactionDelta(const Transaction& transaction);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_TRACES_H_
