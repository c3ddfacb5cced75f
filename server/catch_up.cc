#include "server/catch_up.h"

#include <utility>

#include "ot/log_composer.h"
#include "ot/mutation.h"

namespace coedit::server {
namespace {

// How many of `missed` are sent one by one.
size_t SingleCommits(const MissedCommits& missed, const GapForm& form) {
  if (!form.composed && !Mutated(Mutation::kComposedUnasked)) return missed.size();
  size_t singles = 0;
  size_t index = 0;
  missed.ForEach([&](const ot::CommitView& commit) {
    ++index;
    if (commit.author == form.own && !Mutated(Mutation::kComposeOverOwn)) singles = index;
  });
  return missed.size() - singles <= form.single_commits_max ? missed.size() : singles;
}

}  // namespace

MissedCommits::MissedCommits(absl::Span<const ot::Commit> read, const ot::Document& document,
                             ot::Revision after, ot::Revision to)
    : read_(read), document_(&document), floor_(after), to_(to) {
  while (!read_.empty() && read_.front().revision <= after) read_.remove_prefix(1);
  floor_ += read_.size();
}

void AddMissedCommits(const MissedCommits& missed, const GapForm& form, proto::Opened* opened) {
  const size_t singles = SingleCommits(missed, form);
  opened->commits.emplace();
  opened->commits->reserve(singles);
  ot::LogComposer composer;
  missed.ForEach([&](const ot::CommitView& commit) {
    if (opened->commits->size() == singles) return composer.Add(commit.delta);
    proto::Committed& told = opened->commits->emplace_back();
    told.revision = commit.revision;
    told.author = commit.author;
    if (commit.author == form.own) told.sequence = commit.sequence;
    told.delta = commit.delta;
  });
  if (singles < missed.size()) opened->composed = composer.Finish();
}

Piece CatchUpBudget::Charge(std::string bytes) {
  const int64_t size = static_cast<int64_t>(bytes.size());
  const int64_t before = queued_->fetch_add(size);
  if (bytes_max_ != 0 && before != 0 && before + size > bytes_max_) {
    queued_->fetch_sub(size);
    return nullptr;
  }
  return Piece(std::move(bytes), queued_);
}

}  // namespace coedit::server
