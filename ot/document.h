// Document: the server half of operational transformation, for one document.
//
// It gives every operation its place in the one order of commits: an operation made on revision b
// is carried over the commits b+1..head, one by one (never over their composition: D1 in
// docs/ot.md), the committed side standing left, and becomes commit head+1. It recognises
// operations that are sent again. It is deterministic, holds no clock and no I/O, and belongs to
// one thread.
//
//   "ab" at revision 7; two clients type at its end at the same time
//   Submit(base 7, Retain(2) Insert("X"))   is commit 8 as it was made
//   Submit(base 7, Retain(2) Insert("Y"))   is commit 9, Retain(3) Insert("Y"): the text is "abXY"
//
//   revision r   is the text after the first r commits
//   head         the latest revision, ahead of the disk by what waits for the store
//   floor        commits at or below it are not in memory; a base below it needs history first
#ifndef COEDIT_OT_DOCUMENT_H_
#define COEDIT_OT_DOCUMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "ot/commit.h"
#include "ot/commit_history.h"
#include "ot/delta.h"
#include "ot/text.h"

namespace coedit::ot {

enum class DocumentType : uint8_t { kRichText = 0, kPlainText = 1 };

// A change as its author made it.
struct Operation {
  AuthorNumber author = 0;
  Sequence sequence = 0;
  Revision base = 0;
  Delta delta;
  // Of an operation that the server made for its author, who named something else than a delta:
  // what a resend is recognised by, instead of base and delta. It may have any number of
  // components.
  std::optional<uint64_t> identity = std::nullopt;
};

// What is remembered of an author: enough to answer a resend.
struct AuthorState {
  Sequence last_sequence = 0;
  Revision last_revision = 0;
  uint64_t last_hash = 0;  // identity or OperationHash of the operation as it was submitted
};

// Identity of the content of an operation: base revision and submitted delta.
uint64_t OperationHash(Revision base, const Delta& delta);

// Bounds that belong to the content of a document (limits.h gives the defaults and reasons).
struct DocumentLimits {
  int64_t document_units_max = int64_t{4} << 20;
  int64_t document_runs_max = int64_t{1} << 20;
  int64_t delta_components_max = 4096;
  uint64_t catch_up_revisions_max = 5000;
  // Components walked while one operation is carried over the commits it had not seen.
  int64_t transform_work_max = int64_t{4} << 20;
};

// Why an operation was refused; terminal for that operation.
enum class Refusal : uint8_t {
  kInvalidOperation,
  kSequenceConflict,
  kStaleSequence,
  kRevisionTooOld,
  kTooComplex,
  kDocumentLimit,
};

struct Rejected {
  Refusal reason;
  std::string text;  // names the offending value
};
// The same operation was committed before, as `revision`.
struct Duplicate {
  Revision revision;
};
// The base lies below the floor but within the catch-up window: prepend the commits after
// `base` and submit again.
struct NeedsHistory {
  Revision after;
};
struct Committed {
  Commit commit;  // time_ms is 0
};
using Submitted = std::variant<Committed, Duplicate, Rejected, NeedsHistory>;

class Document {
 public:
  // `text` is the content at `revision`; commits from there on are given by Replay.
  Document(DocumentType type, Text text, Revision revision, Digest digest,
           absl::flat_hash_map<AuthorNumber, AuthorState> authors, const DocumentLimits& limits);

  // Appends a commit that is durable already (loading). kDataLoss if its revision, digest or bounds
  // do not fit; the document is unusable then.
  absl::Status Replay(const Commit& commit);

  // Gives `operation` its place. The order of checks is the protocol's: sequence first, then base,
  // form and limits. Nothing changes unless the answer is Committed.
  Submitted Submit(const Operation& operation);

  // Commits that end exactly at the floor, in order; lowers the floor.
  void PrependHistory(absl::Span<const Commit> commits) { history_.Prepend(commits); }

  // What Submit says of an operation that was committed before, or whose author went on to others;
  // nullopt if it is new.
  std::optional<Submitted> FindEarlier(const Operation& operation) const;

  // Forgets commits at or below `revision` (memory only).
  void DropHistory(Revision revision) { history_.Drop(revision); }

  DocumentType type() const { return type_; }
  Revision head() const { return history_.head(); }
  Digest digest() const { return digest_; }
  Revision floor() const { return history_.floor(); }
  const Text& text() const { return text_; }
  // nullptr if the author never committed.
  const AuthorState* FindAuthor(AuthorNumber author) const;

  // The commits of memory and what was at each revision; commit_history.h has the contracts.
  CommitReader Read(Revision after, Revision to) const { return history_.Read(after, to); }
  Commit At(Revision revision) const { return history_.At(revision); }
  std::optional<Digest> DigestAt(Revision revision) const { return history_.DigestAt(revision); }
  int64_t LengthAt(Revision revision) const { return history_.LengthAt(revision); }

 private:
  std::optional<Rejected> CheckForm(const Operation& operation) const;

  DocumentType type_;
  Text text_;
  Digest digest_;
  CommitHistory history_;
  absl::flat_hash_map<AuthorNumber, AuthorState> authors_;
  DocumentLimits limits_;
};

}  // namespace coedit::ot

#endif  // COEDIT_OT_DOCUMENT_H_
