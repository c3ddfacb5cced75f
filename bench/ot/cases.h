// The cases of coedit-bench. Each checks the outcome of every measured run and fails with
// kDataLoss, without a figure, if a text is not the one it must be.
#ifndef COEDIT_BENCH_OT_CASES_H_
#define COEDIT_BENCH_OT_CASES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "bench/ot/inputs.h"
#include "bench/ot/measure.h"

namespace coedit::bench {

using Figures = std::vector<Figure>;

// A recorded text edit by edit: as splices, as one Delta per edit, and with the format overlay.
absl::StatusOr<Figures> ReplayCases(const Replay& replay);

// The log of a recorded text composed into one change.
absl::StatusOr<Figure> ComposeLogCase(const Replay& replay);

// Memory of the text after the replay, and as a server loads it.
absl::StatusOr<Figures> MemoryCases(const Replay& replay);

// Transform or compose, per pair.
absl::StatusOr<Figure> PairsCase(const Pairs& pairs);

// Document::Submit over a session, per operation.
absl::StatusOr<Figure> SessionCase(const Session& session);

// From two logs and the text with the left one applied to the merged text; and how the time grows
// from each n to the next.
absl::StatusOr<Figures> MergeCases(const std::vector<Merge>& merges);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_OT_CASES_H_
