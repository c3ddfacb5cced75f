// Store: what is durable, and nothing else.
//
// A store keeps, for each document, the log of commits, snapshots, who the authors are and the last
// operation of each. Append is a compare-and-swap on the head (revision, digest), so a second
// writer is refused instead of believed.
//
// Every call returns at once; its callback runs exactly once, on a thread of the store's own
// choosing (MemoryStore: inside the call), with the calls of one document answered in order. A
// callback must not block: it posts to its owner's executor.
#ifndef COEDIT_STORAGE_STORE_H_
#define COEDIT_STORAGE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ot/document.h"
#include "ot/text.h"

namespace coedit::storage {

// The head of a log.
struct Head {
  ot::Revision revision = 0;
  ot::Digest digest = 0;
  friend bool operator==(const Head&, const Head&) = default;
};

// An author as the document knows it. The client id is a secret of its client.
struct Author {
  ot::AuthorNumber number = 0;
  std::string client_id;  // 32 lower-case hex digits
  std::string user_id;
  std::string name;
  std::string color;
  ot::AuthorState state;  // of the last durable commit
};

struct Snapshot {
  Head head;
  ot::Text text;
};

// All a document needs to be opened: the newest snapshot and the commits after it.
struct StoredDocument {
  ot::DocumentType type = ot::DocumentType::kRichText;
  std::string epoch;
  Snapshot snapshot;
  std::vector<ot::Commit> tail;
  std::vector<Author> authors;
};

enum class AppendOutcome : uint8_t {
  kCommitted,    // durable
  kConflict,     // the head is another one: nothing was written
  kUnknown,      // the outcome cannot be known: read before you believe
  kUnavailable,  // nothing was written, the store cannot write now (disk full, stopped)
};

struct AppendRequest {
  std::string document;
  Head expected;                    // before the first commit
  std::vector<ot::Commit> commits;  // consecutive, not empty
  // For each author who stands in `commits`: state after them, with user fields as of now. An
  // author not seen before is registered by it, with the number the caller chose.
  std::vector<Author> authors;
  // Offered by the actor now and then (a copy of a Text is free); the store decides whether to
  // write it. Belongs to the last commit.
  std::optional<ot::Text> text;
};

struct AppendResult {
  AppendOutcome outcome = AppendOutcome::kUnknown;
  std::string text;        // for the log: what went wrong
  bool disk_full = false;  // with kUnavailable: the code for clients is `storage_full`
};

struct DocumentInfo {
  std::string id;
  ot::DocumentType type = ot::DocumentType::kRichText;
  Head head;
  int64_t created_ms = 0;  // Unix epoch
  int64_t changed_ms = 0;
};

class Store {
 public:
  template <typename T>
  using Callback = absl::AnyInvocable<void(T) &&>;

  // Joins what threads it has after finishing what was asked; callbacks run before it returns.
  virtual ~Store() = default;

  // kNotFound if there is no such document; kDataLoss if what is stored is damaged (the document is
  // quarantined, others serve on); kUnavailable if the store cannot read now.
  virtual void Load(std::string document, Callback<absl::StatusOr<StoredDocument>> done) = 0;

  // Makes a document at revision 0 with `initial` content, a fresh `epoch` given by the caller, and
  // answers like Load. kAlreadyExists if there is one.
  virtual void Create(std::string document, ot::DocumentType type, ot::Text initial,
                      std::string epoch, int64_t now_ms,
                      Callback<absl::StatusOr<StoredDocument>> done) = 0;

  virtual void Append(AppendRequest request, Callback<AppendResult> done) = 0;

  // Commits first..last, both included and existing. kOutOfRange if they do not exist.
  virtual void ReadCommits(std::string document, ot::Revision first, ot::Revision last,
                           Callback<absl::StatusOr<std::vector<ot::Commit>>> done) = 0;

  // The text as it was after `revision` commits, 0 to the head. kOutOfRange beyond. What it costs
  // is bounded by the size of the text, not by the length of the history.
  virtual void ReadRevision(std::string document, ot::Revision revision,
                            Callback<absl::StatusOr<Snapshot>> done) = 0;

  // Documents whose id begins with `prefix` and is greater than `after`, by id, at most `limit`.
  virtual void List(std::string prefix, std::string after, int64_t limit,
                    Callback<absl::StatusOr<std::vector<DocumentInfo>>> done) = 0;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_STORE_H_
