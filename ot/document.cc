#include "ot/document.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/canonical.h"
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

Document::Document(DocumentType type, Text text, Revision revision, Digest digest,
                   absl::flat_hash_map<AuthorNumber, AuthorState> authors,
                   const DocumentLimits& limits)
    : type_(type),
      text_(std::move(text)),
      digest_(digest),
      history_(revision, digest, text_.length()),
      authors_(std::move(authors)),
      limits_(limits) {}

absl::Status Document::Replay(const Commit& commit) {
  if (commit.revision != head() + 1) {
    return absl::DataLossError(
        absl::StrCat("commit ", commit.revision, " follows revision ", head()));
  }
  const CommitBytes encoded = EncodeCommit(commit.author, commit.sequence, commit.delta);
  if (commit.digest != ExtendDigest(digest_, encoded)) {
    return absl::DataLossError(
        absl::StrCat("commit ", commit.revision, " does not continue the chain of digests"));
  }
  if (absl::Status valid = Validate(commit.delta, text_); !valid.ok()) {
    return absl::DataLossError(
        absl::StrCat("commit ", commit.revision, " does not fit: ", valid.message()));
  }
  Apply(commit.delta, &text_);
  digest_ = commit.digest;
  history_.Append(commit, encoded, text_.length());
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
      !(Mutated(Mutation::kDedupeByWindow) && head() - known->last_revision > kDedupeWindow);
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
  if (operation.base > head()) {
    return Refuse(Refusal::kInvalidOperation, "base revision ", operation.base,
                  " is ahead of the head ", head());
  }
  if (head() - operation.base > limits_.catch_up_revisions_max) {
    return Refuse(Refusal::kRevisionTooOld, "base revision ", operation.base, " lies ",
                  head() - operation.base, " revisions back; at most ",
                  limits_.catch_up_revisions_max, " are carried over");
  }
  if (operation.base < floor()) return NeedsHistory{operation.base};
  if (std::optional<Rejected> refused = CheckForm(operation)) return *std::move(refused);

  Delta delta = operation.delta;
  int64_t work = 0;
  const Revision seen = operation.base + (Mutated(Mutation::kBaseOffByOne) ? 1 : 0);
  history_.OperationReachesBack(head() - operation.base);
  CommitReader unseen = history_.Read(seen, head());
  if (Mutated(Mutation::kSquashedHistory)) {
    Delta squashed;
    while (const auto over = unseen.Next()) squashed = Compose(squashed, over->delta);
    delta = Transform(delta, squashed, Side::kLeft);
  }
  const Side side = Mutated(Mutation::kFlippedTie) ? Side::kRight : Side::kLeft;
  while (const std::optional<CommitView> over = unseen.Next()) {
    work += static_cast<int64_t>(delta.size() + over->delta.size());
    if (work > limits_.transform_work_max) {
      return Refuse(Refusal::kTooComplex, "carrying the operation from revision ", operation.base,
                    " to ", head(), " takes more than ", limits_.transform_work_max, " steps");
    }
    delta = Transform(delta, over->delta, side);
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
  commit.revision = head() + 1;
  const CommitBytes encoded = EncodeCommit(operation.author, operation.sequence, delta);
  commit.digest = ExtendDigest(digest_, encoded);
  commit.author = operation.author;
  commit.sequence = operation.sequence;
  commit.delta = std::move(delta);
  digest_ = commit.digest;
  history_.Append(commit, encoded, text_.length());
  authors_[operation.author] = {operation.sequence, commit.revision, IdentityOf(operation)};
  return Committed{std::move(commit)};
}

const AuthorState* Document::FindAuthor(AuthorNumber author) const {
  const auto found = authors_.find(author);
  return found == authors_.end() ? nullptr : &found->second;
}

}  // namespace coedit::ot
