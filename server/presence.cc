#include "server/presence.h"

#include <utility>

#include "ot/algebra.h"

namespace coedit::server {
namespace {

void Carry(const ot::Delta& over, ot::AtInsert at_insert, std::vector<proto::Range>* ranges) {
  for (proto::Range& range : *ranges) {
    range.anchor = ot::TransformPosition(range.anchor, over, at_insert);
    range.head = ot::TransformPosition(range.head, over, at_insert);
  }
}

}  // namespace

std::vector<proto::Range> CarryRanges(std::vector<proto::Range> ranges,
                                      const ot::Document& document, ot::AuthorNumber owner,
                                      ot::Revision from, ot::Revision to) {
  if (ranges.empty()) return ranges;
  for (ot::Revision revision = from + 1; revision <= to; ++revision) {
    const ot::Commit& commit = document.At(revision);
    Carry(commit.delta, commit.author == owner ? ot::AtInsert::kMove : ot::AtInsert::kStay,
          &ranges);
  }
  return ranges;
}

std::optional<std::vector<proto::Range>> CarryRangesAfter(std::vector<proto::Range> ranges,
                                                          const ot::Document& document,
                                                          const ot::Operation& operation,
                                                          ot::Revision seen,
                                                          ot::Revision committed) {
  if (operation.base < document.floor() || seen < operation.base || seen >= committed) {
    return std::nullopt;
  }
  ot::Delta own = operation.delta;
  for (ot::Revision revision = operation.base + 1; revision <= seen; ++revision) {
    own = ot::Transform(own, document.At(revision).delta, ot::Side::kLeft);
  }
  // The commits between were not seen: as the owner will see them, behind the own operation.
  for (ot::Revision revision = seen + 1; revision < committed; ++revision) {
    ot::Diamond diamond = ot::TransformPair(document.At(revision).delta, own);
    Carry(diamond.left_over_right, ot::AtInsert::kStay, &ranges);
    own = std::move(diamond.right_over_left);
  }
  return ranges;
}

}  // namespace coedit::server
