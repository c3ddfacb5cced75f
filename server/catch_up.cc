#include "server/catch_up.h"

#include <utility>

#include "ot/algebra.h"

namespace coedit::server {
namespace {

// All of `commits` as one change. Halves rather than a fold: a fold walks the growing result once
// per commit.
ot::Delta ComposeAll(absl::Span<const ot::Commit* const> commits) {
  if (commits.size() == 1) return commits.front()->delta;
  const size_t half = commits.size() / 2;
  return ot::Compose(ComposeAll(commits.first(half)), ComposeAll(commits.subspan(half)));
}

}  // namespace

void AddMissedCommits(absl::Span<const ot::Commit* const> missed, const GapForm& form,
                      proto::Opened* opened) {
  size_t singles = missed.size();
  if (form.composed) {
    while (singles > 0 && missed[singles - 1]->author != form.own) --singles;
    if (missed.size() - singles <= form.single_commits_max) singles = missed.size();
  }
  opened->commits.emplace();
  opened->commits->reserve(singles);
  for (const ot::Commit* commit : missed.first(singles)) {
    opened->commits->push_back({.revision = commit->revision,
                                .digest = ToWire(commit->digest),
                                .author = commit->author,
                                .sequence = commit->sequence,
                                .delta = commit->delta});
  }
  if (singles < missed.size()) opened->composed = ComposeAll(missed.subspan(singles));
}

Piece CatchUpBudget::Charge(std::string bytes) {
  const int64_t size = static_cast<int64_t>(bytes.size());
  const int64_t before = queued_->fetch_add(size);
  if (bytes_max_ != 0 && before != 0 && before + size > bytes_max_) {
    queued_->fetch_sub(size);
    return nullptr;
  }
  auto held = std::make_unique<const std::string>(std::move(bytes));
  return Piece(held.release(), [queued = queued_](const std::string* piece) {
    queued->fetch_sub(static_cast<int64_t>(piece->size()));
    delete piece;
  });
}

}  // namespace coedit::server
