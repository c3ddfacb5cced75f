// What the tests of all stores share: calls that wait for their answer, a writer that makes valid
// appends, directories that vanish.
#ifndef COEDIT_TESTS_STORAGE_STORE_TESTING_H_
#define COEDIT_TESTS_STORAGE_STORE_TESTING_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/sqlite_store_options.h"
#include "storage/store.h"

namespace coedit::storage {

// Each waits until the callback has run.
absl::StatusOr<StoredDocument> Load(Store* store, const std::string& document);
// The epoch is made of the id unless it is given.
absl::StatusOr<StoredDocument> Create(Store* store, const std::string& document,
                                      ot::DocumentType type = ot::DocumentType::kRichText,
                                      absl::string_view text = "\n", int64_t now_ms = 1000,
                                      const std::string& epoch = "");
AppendResult Append(Store* store, AppendRequest request);
absl::StatusOr<std::vector<ot::Commit>> ReadCommits(Store* store, const std::string& document,
                                                    ot::Revision first, ot::Revision last);
absl::StatusOr<Snapshot> ReadRevision(Store* store, const std::string& document,
                                      ot::Revision revision);
absl::StatusOr<DocumentPage> ListPage(Store* store, DocumentQuery query);
absl::StatusOr<std::vector<DocumentInfo>> List(Store* store, const std::string& prefix = "",
                                               const std::string& after = "", int64_t limit = 1000);
absl::StatusOr<DocumentInfo> Info(Store* store, const std::string& document);
absl::StatusOr<std::vector<Author>> Authors(Store* store, const std::string& document);
absl::StatusOr<ot::Revision> FindRevision(Store* store, const std::string& document, int64_t at_ms);
absl::StatusOr<Timeline> ReadTimeline(Store* store, const std::string& document, int64_t points);
absl::StatusOr<std::vector<Version>> ListVersions(Store* store, const std::string& document);
absl::Status SetTitle(Store* store, const std::string& document, std::optional<std::string> title);
absl::StatusOr<Version> AddVersion(Store* store, const std::string& document, Version version);
absl::Status DeleteVersion(Store* store, const std::string& document, VersionNumber number);
absl::Status Delete(Store* store, const std::string& document);

// Asks for all of them before the first is answered. The answers in the order they came, with the
// number of the request each belongs to.
struct NumberedResult {
  size_t request;
  AppendResult result;
};
std::vector<NumberedResult> AppendAll(Store* store, std::vector<AppendRequest> requests);

// A text of one plain insert.
ot::Text PlainText(absl::string_view text);
// 32 hex digits made of a number.
std::string ClientId(uint64_t number);

// A document as its actor has it: makes commits that continue what it knows.
class Scribe {
 public:
  explicit Scribe(std::string document, absl::string_view text = "\n");

  // One more commit, not appended yet.
  void Commit(ot::AuthorNumber author, ot::Delta delta);
  // The same at a time of one's own.
  void CommitAt(int64_t time_ms, ot::AuthorNumber author, ot::Delta delta);
  // The same with `text` inserted at the front.
  void Type(ot::AuthorNumber author, absl::string_view text);
  // All commits since the last call, as one request.
  AppendRequest Take();

  const Head& head() const { return head_; }
  const ot::Text& text() const { return text_; }
  // The text after `revision` commits.
  const ot::Text& TextAt(ot::Revision revision) const { return texts_[revision]; }
  const std::vector<ot::Commit>& log() const { return log_; }
  const std::map<ot::AuthorNumber, Author>& authors() const { return authors_; }
  Author& author(ot::AuthorNumber number) { return authors_[number]; }

 private:
  std::string document_;
  ot::Text text_;
  Head head_;
  Head taken_;  // what the last Take ended with
  std::vector<ot::Commit> log_;
  std::vector<ot::Text> texts_;
  std::map<ot::AuthorNumber, Author> authors_;
};

// Packs and settles whatever it can, as soon as it can.
SqliteStoreOptions EagerPacking();

// Fails the test unless `stored`, replayed, is what `scribe` has, authors included.
void ExpectSame(const StoredDocument& stored, const Scribe& scribe, int64_t time_tolerance_ms = 0);
// Times that were packed may differ by so much.
void ExpectSameCommits(const std::vector<ot::Commit>& found, const std::vector<ot::Commit>& log,
                       ot::Revision first, ot::Revision last, int64_t time_tolerance_ms = 0);
// Fails the test unless the store reads `revision` as `scribe` had it.
void ExpectRevision(Store* store, const std::string& document, const Scribe& scribe,
                    ot::Revision revision);

// Fails the test unless two versions are the same.
void ExpectSameVersion(const Version& found, const Version& expected);

// An empty directory below the system's temporary one, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The seed of a random test: COEDIT_SEED, else from the system's source of randomness.
uint64_t TestSeed();
// True if COEDIT_TEST_LONG is set.
bool IsLongRun();

}  // namespace coedit::storage

#endif  // COEDIT_TESTS_STORAGE_STORE_TESTING_H_
