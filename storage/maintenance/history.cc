#include "storage/maintenance/history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/apply.h"

namespace coedit::storage {
namespace {

// Commits read at once: what is in memory stays small, and reads stay short.
constexpr ot::Revision kWindowCommits = 4096;

}  // namespace

bool IsPlain(const ot::Delta& delta) {
  for (const ot::Component component : delta) {
    if (component.kind == ot::Kind::kEmbed || !component.attributes.empty()) return false;
  }
  return true;
}

absl::StatusOr<History> History::Begin(DatabaseView* database, const DocumentDetails* details) {
  absl::StatusOr<Snapshot> initial = database->ReadSnapshot(details->row, 0);
  if (absl::IsNotFound(initial.status())) {
    return absl::DataLossError("the first snapshot, with which the history begins, is missing");
  }
  if (!initial.ok()) return initial.status();
  if (initial->head != Head{}) {
    return absl::DataLossError("the first snapshot has a digest, but no commit is before it");
  }
  if (details->row.head.revision == 0 && details->row.head != Head{}) {
    return absl::DataLossError("the head has a digest, but there is no commit");
  }
  return History(database, details, std::move(initial->text));
}

absl::StatusOr<const ot::Commit*> History::Next() {
  const Head& last = details_->row.head;
  if (next_ == window_.size()) {
    absl::StatusOr<std::vector<ot::Commit>> read =
        database_->ReadCommits(details_->row.id, head_.revision + 1,
                               std::min(head_.revision + kWindowCommits, last.revision));
    if (!read.ok()) return read.status();
    window_ = *std::move(read);
    next_ = 0;
  }
  const ot::Commit& commit = window_[next_++];
  const ot::Digest digest =
      ot::ExtendDigest(head_.digest, commit.author, commit.sequence, commit.delta);
  if (commit.revision != head_.revision + 1 || commit.digest != digest) {
    return absl::DataLossError(
        absl::StrCat("commit ", commit.revision, " does not continue the chain of digests"));
  }
  if (const absl::Status valid = ot::Validate(commit.delta, text_); !valid.ok()) {
    return absl::DataLossError(
        absl::StrCat("commit ", commit.revision, " does not fit the text: ", valid.message()));
  }
  if (details_->row.type == ot::DocumentType::kPlainText && !IsPlain(commit.delta)) {
    return absl::DataLossError(absl::StrCat(
        "commit ", commit.revision, " holds a format or an embed in a plain-text document"));
  }
  ot::Apply(commit.delta, &text_);
  head_ = {commit.revision, digest};
  if (AtEnd() && head_ != last) {
    return absl::DataLossError(absl::StrCat("the log up to revision ", last.revision,
                                            " is not the one the head was made of"));
  }
  return &commit;
}

}  // namespace coedit::storage
