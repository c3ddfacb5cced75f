#include "storage/queries.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "ot/check.h"
#include "storage/case_fold.h"
#include "storage/store.h"

namespace coedit::storage {

Search::Search(absl::string_view text) : folded_(FoldCase(text)) {}

bool Search::Finds(absl::string_view id, const std::optional<std::string>& title) const {
  return folded_.empty() || absl::StrContains(FoldCase(id), folded_) ||
         (title && absl::StrContains(FoldCase(*title), folded_));
}

std::vector<ot::Revision> SpreadEvenly(ot::Revision head, int64_t points) {
  COEDIT_CHECK(points >= 1 && points <= kTimelinePointsMax);
  const auto count = std::min(head, static_cast<ot::Revision>(points));
  std::vector<ot::Revision> revisions;
  revisions.reserve(count);
  for (ot::Revision i = 1; i <= count; ++i) {
    // ceil(i * head / count) without a product that could be too large.
    revisions.push_back(i * (head / count) + (i * (head % count) + count - 1) / count);
  }
  return revisions;
}

}  // namespace coedit::storage
