// Store: what is durable, and nothing else.
//
// A store keeps, for each document, the log of commits, snapshots, who the authors are and the last
// operation of each, its title and the versions that people have named. Append is a
// compare-and-swap on the head (revision, digest), so a second writer is refused instead of
// believed. The store does not judge texts for people (names, titles): whoever takes them from
// outside does.
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
  std::string epoch;
  std::optional<std::string> title;
  Head head;
  int64_t created_ms = 0;  // Unix epoch
  int64_t changed_ms = 0;  // of the last commit; titles and versions do not count
};

struct DocumentQuery {
  std::string prefix;  // of the id
  std::string search;  // in the id or the title, upper and lower case alike; empty: anything
  std::string after;   // only ids greater than this
  int64_t limit = 0;
};

struct DocumentPage {
  std::vector<DocumentInfo> documents;  // by id
  // To be given as `after` for what follows; empty if nothing does. A page may be short, or empty,
  // and have one, because a search looks at so many documents at a time.
  std::string next;
};

using VersionNumber = uint64_t;

// A revision that somebody gave a name.
struct Version {
  VersionNumber number = 0;  // from 1, within its document; given by the store, never given again
  ot::Revision revision = 0;
  std::string name;
  std::optional<std::string> by;  // who named it
  int64_t created_ms = 0;         // Unix epoch
};

inline constexpr int64_t kVersionsMax = 1000;        // of a document
inline constexpr int64_t kTimelinePointsMax = 1000;  // of one answer

// What of a commit can be told without reading it.
struct TimelinePoint {
  ot::Revision revision = 0;
  int64_t time_ms = 0;
  ot::AuthorNumber author = 0;
};

struct Timeline {
  DocumentInfo document;              // as it was when the points were taken
  std::vector<TimelinePoint> points;  // by revision, the last one is the head
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

  // An append may be asked for before the former one of its document is answered, with the head
  // after that as `expected`. They are answered in order, and none is ever there without those
  // before it: after kConflict or kUnavailable those that continue it are answered kConflict or
  // kUnavailable too. After kUnknown they may have any answer; if it is kCommitted, so was the one
  // that is unknown. Whoever is answered anything but kCommitted loads before it goes on.
  virtual void Append(AppendRequest request, Callback<AppendResult> done) = 0;

  // Commits first..last, both included and existing. kOutOfRange if they do not exist.
  virtual void ReadCommits(std::string document, ot::Revision first, ot::Revision last,
                           Callback<absl::StatusOr<std::vector<ot::Commit>>> done) = 0;

  // The text as it was after `revision` commits, 0 to the head. kOutOfRange beyond. What it costs
  // is bounded by the size of the text, not by the length of the history.
  virtual void ReadRevision(std::string document, ot::Revision revision,
                            Callback<absl::StatusOr<Snapshot>> done) = 0;

  // Documents by id. Of no document's order: it sees what is durable when its turn comes.
  virtual void List(DocumentQuery query, Callback<absl::StatusOr<DocumentPage>> done) = 0;

  // The rest concerns one document: kNotFound if there is none, kDataLoss if what has to be read is
  // damaged, kUnavailable if the store cannot read or write now.
  virtual void Info(std::string document, Callback<absl::StatusOr<DocumentInfo>> done) = 0;

  // Its authors by number, without loading the text.
  virtual void Authors(std::string document,
                       Callback<absl::StatusOr<std::vector<Author>>> done) = 0;

  // The greatest revision whose commit was made at or before `at_ms`; 0 if there is none. By the
  // times that stand in the history, as ReadCommits gives them: they are of a wall clock, which may
  // have been set back, and then a later commit may have an earlier time and counts; and those of
  // old commits are kept to within two seconds (time_track.h).
  virtual void FindRevision(std::string document, int64_t at_ms,
                            Callback<absl::StatusOr<ot::Revision>> done) = 0;

  // `points` revisions, 1 to kTimelinePointsMax, spread evenly over the history: revision
  // ceil(i * head / points) for i from 1 to points; all of them if there are no more. Revision 0,
  // which nobody committed, is none of them.
  virtual void ReadTimeline(std::string document, int64_t points,
                            Callback<absl::StatusOr<Timeline>> done) = 0;

  // Its versions by revision, and those of one revision by number.
  virtual void ListVersions(std::string document,
                            Callback<absl::StatusOr<std::vector<Version>>> done) = 0;

  // Changes. They answer when they are durable. Besides the codes above: kResourceExhausted if the
  // disk is full, and kUnknown if it cannot be known whether it is done: read before you believe.
  // With any other code nothing was changed.

  virtual void SetTitle(std::string document, std::optional<std::string> title,
                        Callback<absl::Status> done) = 0;

  // Gives `version` a number, with which it is answered; the one in it does not count. kOutOfRange
  // if the document has no such revision, kFailedPrecondition if it has kVersionsMax versions.
  virtual void AddVersion(std::string document, Version version,
                          Callback<absl::StatusOr<Version>> done) = 0;

  // kOutOfRange if the document has no version of that number.
  virtual void DeleteVersion(std::string document, VersionNumber number,
                             Callback<absl::Status> done) = 0;

  // Removes all that is kept of the document. An append that comes later conflicts; but whoever
  // asks sees to it that nobody appends any more, because a new document of the same id begins at
  // the same head. It must be created with an epoch of its own.
  virtual void Delete(std::string document, Callback<absl::Status> done) = 0;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_STORE_H_
