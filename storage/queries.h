// What two answers of a store mean, for every store: which documents a search finds, which
// revisions a timeline shows.
#ifndef COEDIT_STORAGE_QUERIES_H_
#define COEDIT_STORAGE_QUERIES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ot/document.h"

namespace coedit::storage {

// A text that is looked for in ids and titles, upper and lower case alike.
class Search {
 public:
  explicit Search(absl::string_view text);

  bool Finds(absl::string_view id, const std::optional<std::string>& title) const;
  bool finds_all() const { return folded_.empty(); }

 private:
  std::string folded_;
};

// Revision ceil(i * head / points) for i from 1 to points; all from 1 to head if there are no more.
// `points` is 1 to kTimelinePointsMax.
std::vector<ot::Revision> SpreadEvenly(ot::Revision head, int64_t points);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_QUERIES_H_
