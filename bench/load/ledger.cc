#include "bench/load/ledger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "bench/load/member.h"
#include "ot/check.h"

namespace coedit::bench {

Ledger::Ledger(size_t writers, size_t members)
    : members_(members), writers_(writers), heard_(writers * members) {
  COEDIT_CHECK(writers <= members);
}

void Ledger::Typed(size_t writer, int64_t at_ns) {
  writers_[writer].typed_ns.push_back(at_ns);
  ++edits_;
}

void Ledger::Sent(size_t writer, uint64_t number) {
  Writer& of = writers_[writer];
  COEDIT_CHECK(of.operations.empty() || of.operations.back().number < number);
  of.operations.push_back({number, of.typed_ns.size()});
}

void Ledger::Withdrawn(size_t writer) {
  Writer& of = writers_[writer];
  COEDIT_CHECK(of.acked < of.operations.size());
  of.operations.pop_back();
}

void Ledger::Dropped(size_t writer) {
  Writer& of = writers_[writer];
  edits_ -= of.typed_ns.size() - of.left();
  of.typed_ns.resize(of.left());
}

size_t Ledger::FirstEdit(const Writer& writer, size_t operation) {
  return operation == 0 ? 0 : writer.operations[operation - 1].end;
}

Ledger::Arrival Ledger::ArrivalOf(const Writer& writer, size_t first, size_t end) {
  const size_t begin = FirstEdit(writer, first);
  return {absl::MakeConstSpan(writer.typed_ns).subspan(begin, FirstEdit(writer, end) - begin),
          end - first};
}

absl::StatusOr<size_t> Ledger::Find(const Writer& writer, size_t first, uint64_t number,
                                    uint64_t edits) {
  const auto found = std::lower_bound(
      writer.operations.begin(), writer.operations.end(), number,
      [](const Operation& operation, uint64_t wanted) { return operation.number < wanted; });
  if (found == writer.operations.end() || found->number != number) {
    return absl::DataLossError(absl::StrCat("operation ", number, " came, which was not sent"));
  }
  const auto end = static_cast<size_t>(found - writer.operations.begin()) + 1;
  if (first == kUnknown) {
    first = end - 1;
    while (edits > 0 && first > 0 && FirstEdit(writer, end) - FirstEdit(writer, first) < edits) {
      --first;
    }
  }
  if (end <= first) {
    return absl::DataLossError(absl::StrCat("operation ", number, " came more than once"));
  }
  const size_t came = FirstEdit(writer, end) - FirstEdit(writer, first);
  if (edits == 0 ? end - first != 1 : came != edits) {
    return absl::DataLossError(absl::StrCat("operation ", number, " came with ", edits,
                                            " edits, and ", came, " were to come"));
  }
  return end;
}

absl::StatusOr<Ledger::Arrival> Ledger::Acked(size_t writer, uint64_t number) {
  Writer& of = writers_[writer];
  if (of.acked >= of.operations.size() || of.operations[of.acked].number != number) {
    return absl::DataLossError(absl::StrCat("operation ", number, " was acknowledged out of turn"));
  }
  ++of.acked;
  return ArrivalOf(of, of.acked - 1, of.acked);
}

absl::StatusOr<Ledger::Arrival> Ledger::Delivered(size_t member, size_t writer, uint64_t number,
                                                  uint64_t edits) {
  const Writer& of = writers_[writer];
  uint32_t& heard = heard_[member * writers_.size() + writer];
  // The common case, without a search: the next operation.
  size_t first = heard;
  size_t end = first + 1;
  if (number == Member::kNextNumber) {
    if (heard == kUnknown) return Arrival{.typed_ns = {}, .operations = 1};
    if (first == of.operations.size()) {
      return absl::DataLossError(
          absl::StrCat("an operation came after ", first, ", and no more were sent"));
    }
    number = of.operations[first].number;
  }
  const bool is_next = first < of.operations.size() && of.operations[first].number == number &&
                       (edits == 0 || FirstEdit(of, end) - FirstEdit(of, first) == edits);
  if (!is_next) {
    const absl::StatusOr<size_t> found = Find(of, first, number, edits);
    if (!found.ok()) return found.status();
    end = *found;
    if (heard == kUnknown) first = end - 1;
  }
  heard = static_cast<uint32_t>(end);
  return ArrivalOf(of, first, end);
}

absl::StatusOr<Ledger::Arrival> Ledger::DeliveredToVisitor(size_t writer, uint64_t number,
                                                           uint64_t edits) const {
  if (number == Member::kNextNumber) return Arrival{.typed_ns = {}, .operations = 1};
  const absl::StatusOr<size_t> end = Find(writers_[writer], kUnknown, number, edits);
  if (!end.ok()) return end.status();
  return ArrivalOf(writers_[writer], *end - 1, *end);
}

void Ledger::Skipped(size_t member) {
  std::fill_n(heard_.begin() + static_cast<ptrdiff_t>(member * writers_.size()), writers_.size(),
              kUnknown);
}

std::string Ledger::Missing() const {
  for (size_t writer = 0; writer < writers_.size(); ++writer) {
    const Writer& of = writers_[writer];
    if (of.left() < of.typed_ns.size() || of.acked < of.operations.size()) {
      return absl::StrCat("member ", writer, " typed ", of.typed_ns.size(), " edits, sent ",
                          of.left(), " as ", of.operations.size(), " operations, ", of.acked,
                          " of which are acknowledged");
    }
    for (size_t member = 0; member < members_; ++member) {
      const uint32_t heard = heard_[member * writers_.size() + writer];
      if (member != writer && heard != kUnknown && heard < of.operations.size()) {
        return absl::StrCat("member ", member, " got ", heard, " of ", of.operations.size(),
                            " operations of member ", writer);
      }
    }
  }
  return "";
}

}  // namespace coedit::bench
