// Does everybody hold one text? The question every run ends with.
#ifndef COEDIT_BENCH_LOAD_CONVERGENCE_H_
#define COEDIT_BENCH_LOAD_CONVERGENCE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "ot/document.h"
#include "ot/text.h"
#include "proto/messages.h"

namespace coedit::bench {

// What one client holds once nothing is under way any more. Who keeps no text knows its length;
// servers of other makers may have no revision or no digest, which then is 0 with everybody.
struct Holding {
  std::string who;
  ot::Revision revision = 0;
  proto::WireDigest digest = 0;
  uint64_t units = 0;
  std::optional<ot::Text> text = std::nullopt;
};

// OK if all are at one revision with one digest, one length and, where it is kept, one content,
// formats included. Otherwise kDataLoss names two that differ, and where.
absl::Status CheckConverged(absl::Span<const Holding> holdings);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_CONVERGENCE_H_
