#include "server/catch_up.h"

#include <utility>

#include "ot/algebra.h"
#include "ot/log_composer.h"
#include "ot/mutation.h"

namespace coedit::server {
namespace {

ot::Delta ComposeAll(absl::Span<const ot::Commit* const> commits) {
  ot::LogComposer composer;
  for (const ot::Commit* commit : commits) composer.Add(commit->delta);
  return composer.Finish();
}

}  // namespace

void AddMissedCommits(absl::Span<const ot::Commit* const> missed, const GapForm& form,
                      proto::Opened* opened) {
  size_t singles = missed.size();
  if (form.composed || Mutated(Mutation::kComposedUnasked)) {
    while (singles > 0 &&
           (missed[singles - 1]->author != form.own || Mutated(Mutation::kComposeOverOwn))) {
      --singles;
    }
    if (missed.size() - singles <= form.single_commits_max) singles = missed.size();
  }
  opened->commits.emplace();
  opened->commits->reserve(singles);
  for (const ot::Commit* commit : missed.first(singles)) {
    proto::Committed& told = opened->commits->emplace_back();
    told.revision = commit->revision;
    told.author = commit->author;
    if (commit->author == form.own) told.sequence = commit->sequence;
    told.delta = commit->delta;
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
