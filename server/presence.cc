#include "server/presence.h"

#include <algorithm>
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

void CarryOver(const ot::CommitView& commit, ot::AuthorNumber owner,
               std::vector<proto::Range>* ranges) {
  Carry(commit.delta, commit.author == owner ? ot::AtInsert::kMove : ot::AtInsert::kStay, ranges);
}

}  // namespace

std::vector<proto::Range> CarryRanges(std::vector<proto::Range> ranges,
                                      const ot::Document& document, ot::AuthorNumber owner,
                                      ot::Revision from, ot::Revision to) {
  if (ranges.empty()) return ranges;
  ot::CommitReader commits = document.Read(from, to);
  while (const auto commit = commits.Next()) CarryOver(*commit, owner, &ranges);
  return ranges;
}

void CarryShown(const std::vector<std::unique_ptr<Member>>& members, const ot::Document& document,
                ot::Revision to) {
  ot::Revision from = to;
  for (const auto& member : members) {
    if (member->shown == nullptr || member->shown->ranges.empty()) continue;
    from = std::min(from, member->shown->revision);
  }
  ot::CommitReader commits = document.Read(from, to);
  while (const auto commit = commits.Next()) {
    for (const auto& member : members) {
      if (member->shown == nullptr || member->shown->revision >= commit->revision) continue;
      CarryOver(*commit, member->author, &member->shown->ranges);
    }
  }
  for (const auto& member : members) {
    if (member->shown != nullptr) {
      member->shown->revision = std::max(member->shown->revision, to);
    }
  }
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
  ot::CommitReader seen_ones = document.Read(operation.base, seen);
  while (const auto commit = seen_ones.Next()) {
    own = ot::Transform(own, commit->delta, ot::Side::kLeft);
  }
  // The commits between were not seen: as the owner will see them, behind the own operation.
  ot::CommitReader unseen = document.Read(seen, committed - 1);
  while (const auto commit = unseen.Next()) {
    ot::Diamond diamond = ot::TransformPair(commit->delta, own);
    Carry(diamond.left_over_right, ot::AtInsert::kStay, &ranges);
    own = std::move(diamond.right_over_left);
  }
  return ranges;
}

}  // namespace coedit::server
