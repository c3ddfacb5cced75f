#include "ot/document.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/canonical.h"
#include "ot/check.h"
#include "ot/mutation.h"

namespace coedit::ot {
namespace {

// Of Mutation::kDedupeByWindow.
constexpr Revision kDedupeWindow = 8;

// Rejected as a value of Submitted, with a sentence made of `parts`.
template <typename... Parts>
Rejected Refuse(Refusal reason, const Parts&... parts) {
  return Rejected{reason, absl::StrCat(parts...)};
}

uint64_t IdentityOf(const Operation& operation) {
  if (operation.identity.has_value()) return *operation.identity;
  return OperationHash(operation.base, operation.delta);
}

}  // namespace

uint64_t OperationHash(Revision base, const Delta& delta) {
  std::string bytes;
  AppendCanonical(delta, &bytes);
  return HashBytes(bytes, base);
}

Digest ExtendDigest(Digest previous, AuthorNumber author, Sequence sequence, const Delta& delta) {
  std::string bytes;
  AppendVarint(author, &bytes);
  AppendCanonical(delta, &bytes);
  const ReplicaDigest lower = Fnv1a(bytes, ToReplica(previous));
  AppendVarint(sequence, &bytes);
  const Digest upper = HashBytes(bytes, previous) >> 32;
  return upper << 32 | lower;
}

ReplicaDigest ExtendReplicaDigest(ReplicaDigest previous, AuthorNumber author, const Delta& delta) {
  std::string bytes;
  AppendVarint(author, &bytes);
  AppendCanonical(delta, &bytes);
  return Fnv1a(bytes, previous);
}

Document::Document(DocumentType type, Text text, Revision revision, Digest digest,
                   absl::flat_hash_map<AuthorNumber, AuthorState> authors,
                   const DocumentLimits& limits)
    : type_(type),
      text_(std::move(text)),
      head_(revision),
      digest_(digest),
      floor_digest_(digest),
      floor_length_(text_.length()),
      authors_(std::move(authors)),
      limits_(limits) {}

absl::Status Document::Replay(const Commit& commit) {
  if (commit.revision != head_ + 1) {
    return absl::DataLossError(
        absl::StrCat("commit ", commit.revision, " follows revision ", head_));
  }
  const Digest expected = ExtendDigest(digest_, commit.author, commit.sequence, commit.delta);
  if (commit.digest != expected) {
    return absl::DataLossError(
        absl::StrCat("commit ", commit.revision, " does not continue the chain of digests"));
  }
  if (absl::Status valid = Validate(commit.delta, text_); !valid.ok()) {
    return absl::DataLossError(
        absl::StrCat("commit ", commit.revision, " does not fit: ", valid.message()));
  }
  Apply(commit.delta, &text_);
  head_ = commit.revision;
  digest_ = commit.digest;
  history_.push_back({commit, text_.length()});
  return absl::OkStatus();
}

std::optional<Rejected> Document::CheckForm(const Operation& operation) const {
  const Delta& delta = operation.delta;
  if (delta.empty()) {
    return Refuse(Refusal::kInvalidOperation, "operation ", operation.sequence, " changes nothing");
  }
  if (!operation.identity.has_value() &&
      static_cast<int64_t>(delta.size()) > limits_.delta_components_max) {
    return Refuse(Refusal::kTooComplex, "a delta of ", delta.size(), " components; at most ",
                  limits_.delta_components_max, " are allowed");
  }
  if (type_ == DocumentType::kPlainText) {
    for (const Component component : delta) {
      if (component.kind == Kind::kEmbed) {
        return Refuse(Refusal::kInvalidOperation, "an embed in a plain-text document");
      }
      if (!component.attributes.empty()) {
        return Refuse(Refusal::kInvalidOperation, "attribute '",
                      component.attributes.entries().front().key, "' in a plain-text document");
      }
    }
  }
  const int64_t base_units = LengthAt(operation.base);
  if (delta.base_length() > base_units) {
    return Refuse(Refusal::kInvalidOperation, "a delta over ", delta.base_length(),
                  " units passes the end of a document of ", base_units, " units at revision ",
                  operation.base);
  }
  return std::nullopt;
}

std::optional<Submitted> Document::FindEarlier(const Operation& operation) const {
  const AuthorState* known = FindAuthor(operation.author);
  const Sequence last = known != nullptr ? known->last_sequence : 0;
  if (operation.sequence < last || operation.sequence == 0) {
    return Refuse(Refusal::kStaleSequence, "sequence ", operation.sequence, " after sequence ",
                  last, " was committed");
  }
  const bool resend =
      operation.sequence == last && !Mutated(Mutation::kResendNotRecognised) &&
      !(Mutated(Mutation::kDedupeByWindow) && head_ - known->last_revision > kDedupeWindow);
  if (resend) {
    if (IdentityOf(operation) == known->last_hash) return Duplicate{known->last_revision};
    return Refuse(Refusal::kSequenceConflict, "sequence ", operation.sequence,
                  " was committed as revision ", known->last_revision,
                  " with another content or base");
  }
  return std::nullopt;
}

Submitted Document::Submit(const Operation& operation) {
  if (std::optional<Submitted> earlier = FindEarlier(operation)) return *std::move(earlier);
  if (operation.base > head_) {
    return Refuse(Refusal::kInvalidOperation, "base revision ", operation.base,
                  " is ahead of the head ", head_);
  }
  if (head_ - operation.base > limits_.catch_up_revisions_max) {
    return Refuse(Refusal::kRevisionTooOld, "base revision ", operation.base, " lies ",
                  head_ - operation.base, " revisions back; at most ",
                  limits_.catch_up_revisions_max, " are carried over");
  }
  if (operation.base < floor()) return NeedsHistory{operation.base};
  if (std::optional<Rejected> refused = CheckForm(operation)) return *std::move(refused);

  Delta delta = operation.delta;
  int64_t work = 0;
  size_t i = operation.base - floor();
  if (Mutated(Mutation::kBaseOffByOne)) ++i;
  Delta squashed;
  if (Mutated(Mutation::kSquashedHistory)) {
    for (; i < history_.size(); ++i) squashed = Compose(squashed, history_[i].commit.delta);
    delta = Transform(delta, squashed, Side::kLeft);
  }
  const Side side = Mutated(Mutation::kFlippedTie) ? Side::kRight : Side::kLeft;
  for (; i < history_.size(); ++i) {
    const Delta& over = history_[i].commit.delta;
    work += static_cast<int64_t>(delta.size() + over.size());
    if (work > limits_.transform_work_max) {
      return Refuse(Refusal::kTooComplex, "carrying the operation from revision ", operation.base,
                    " to ", head_, " takes more than ", limits_.transform_work_max, " steps");
    }
    delta = Transform(delta, over, side);
  }

  if (absl::Status valid = Validate(delta, text_); !valid.ok()) {
    return Refuse(Refusal::kInvalidOperation, valid.message());
  }
  if (delta.growth() > 0 && text_.length() + delta.growth() > limits_.document_units_max) {
    return Refuse(Refusal::kDocumentLimit, "the document would grow to ",
                  text_.length() + delta.growth(), " units; at most ", limits_.document_units_max,
                  " are allowed");
  }
  if (text_.run_count() + static_cast<int64_t>(delta.size()) > limits_.document_runs_max &&
      delta.growth() >= 0) {
    return Refuse(Refusal::kDocumentLimit, "the document would hold more than ",
                  limits_.document_runs_max, " components");
  }

  Apply(delta, &text_);
  Commit commit;
  commit.revision = head_ + 1;
  commit.digest = ExtendDigest(digest_, operation.author, operation.sequence, delta);
  commit.author = operation.author;
  commit.sequence = operation.sequence;
  commit.delta = std::move(delta);
  head_ = commit.revision;
  digest_ = commit.digest;
  history_.push_back({commit, text_.length()});
  authors_[operation.author] = {operation.sequence, commit.revision, IdentityOf(operation)};
  return Committed{std::move(commit)};
}

void Document::PrependHistory(std::vector<Commit> commits) {
  for (auto commit = commits.rbegin(); commit != commits.rend(); ++commit) {
    COEDIT_CHECK(commit->revision == floor());
    COEDIT_CHECK(!floor_digest_.has_value() || commit->digest == *floor_digest_);
    const int64_t length_after = floor_length_;
    floor_length_ -= commit->delta.growth();
    history_.push_front({std::move(*commit), length_after});
    // What stood before the earliest commit is not told by it, except at the very beginning.
    floor_digest_ = floor() == 0 ? std::optional<Digest>(0) : std::nullopt;
  }
}

void Document::DropHistory(Revision revision) {
  while (floor() < std::min(revision, head_)) {
    floor_digest_ = history_.front().commit.digest;
    floor_length_ = history_.front().length_after;
    history_.pop_front();
  }
}

const AuthorState* Document::FindAuthor(AuthorNumber author) const {
  const auto found = authors_.find(author);
  return found == authors_.end() ? nullptr : &found->second;
}

const Commit& Document::At(Revision revision) const {
  COEDIT_CHECK(revision > floor() && revision <= head_);
  return history_[revision - floor() - 1].commit;
}

std::optional<Digest> Document::DigestAt(Revision revision) const {
  if (revision < floor() || revision > head_) return std::nullopt;
  return revision == floor() ? floor_digest_ : At(revision).digest;
}

int64_t Document::LengthAt(Revision revision) const {
  COEDIT_CHECK(revision >= floor() && revision <= head_);
  return revision == floor() ? floor_length_ : history_[revision - floor() - 1].length_after;
}

}  // namespace coedit::ot
