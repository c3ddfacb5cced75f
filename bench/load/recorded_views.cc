#include "bench/load/recorded_views.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/check.h"

namespace coedit::bench {

RecordedViews::RecordedViews(const Trace* trace) : trace_(trace), views_(trace->agents) {
  COEDIT_CHECK(trace->kind == Trace::Kind::kSession);
  revision_before_.reserve(trace->transactions.size() + 1);
  revision_before_.push_back(0);
}

absl::StatusOr<std::optional<RecordedViews::Operation>> RecordedViews::Next() {
  while (revision_before_.size() <= trace_->transactions.size()) {
    const size_t index = revision_before_.size() - 1;
    const Transaction& transaction = trace_->transactions[index];
    View& view = views_[transaction.agent];

    COEDIT_CHECK(transaction.base <= index);
    const ot::Revision seen = revision_before_[transaction.base];
    while (!view.unseen.empty() && view.unseen.front().revision <= seen) {
      view.length += view.unseen.front().delta.growth();
      view.unseen.pop_front();
    }

    ot::Delta delta = TransactionDelta(transaction);
    if (delta.base_length() > view.length) {
      return absl::InvalidArgumentError(
          absl::StrCat("transaction ", index, " of agent ", transaction.agent, " reaches over ",
                       delta.base_length(), " units of a text of ", view.length));
    }
    view.length += delta.growth();

    Operation operation;
    operation.agent = transaction.agent;
    operation.base = std::max(seen, view.own_last);
    bool reached_base = false;
    for (Unseen& unseen : view.unseen) {
      if (!reached_base && unseen.revision > operation.base) {
        operation.delta = delta;
        reached_base = true;
      }
      ot::Diamond diamond = ot::TransformPair(unseen.delta, delta);
      unseen.delta = std::move(diamond.left_over_right);
      delta = std::move(diamond.right_over_left);
    }
    if (!reached_base) operation.delta = delta;

    if (operation.delta.empty()) {
      ++skipped_;
      revision_before_.push_back(head_);
      continue;
    }
    operation.revision = ++head_;
    operation.committed = std::move(delta);
    view.own_last = head_;
    for (size_t agent = 0; agent < views_.size(); ++agent) {
      if (agent != transaction.agent) {
        views_[agent].unseen.push_back({head_, operation.committed});
      }
    }
    revision_before_.push_back(head_);
    return operation;
  }
  return std::nullopt;
}

}  // namespace coedit::bench
