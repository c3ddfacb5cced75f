#include "bench/load/convergence.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ot/apply.h"

namespace coedit::bench {
namespace {

std::string State(const Holding& holding) {
  return absl::StrFormat("%s is at revision %d, digest %08x, with %d units", holding.who,
                         holding.revision, holding.digest, holding.units);
}

}  // namespace

absl::Status CheckConverged(absl::Span<const Holding> holdings) {
  for (const Holding& other : holdings) {
    const Holding& first = holdings.front();
    const bool same_head = first.revision == other.revision && first.digest == other.digest;
    if (same_head && first.units == other.units && first.text == other.text) continue;
    std::string difference = absl::StrCat(State(first), "; ", State(other));
    if (same_head && first.text.has_value() && other.text.has_value()) {
      constexpr size_t kBytesShown = 200;
      absl::StrAppend(&difference, "; from one to the other: ",
                      ot::Diff(*first.text, *other.text).DebugString().substr(0, kBytesShown));
    }
    return absl::DataLossError(difference);
  }
  return absl::OkStatus();
}

}  // namespace coedit::bench
