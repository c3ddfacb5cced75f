#include "tests/storage/store_testing.h"

#include <cstdlib>
#include <filesystem>
#include <future>
#include <mutex>
#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "ot/apply.h"

namespace coedit::storage {
namespace {

// Makes a call that answers through a callback, and waits for the answer.
template <typename T, typename Call>
T Await(Call call) {
  std::promise<T> promise;
  std::future<T> future = promise.get_future();
  call([promise = std::move(promise)](T answer) mutable { promise.set_value(std::move(answer)); });
  return future.get();
}

}  // namespace

absl::StatusOr<StoredDocument> Load(Store* store, const std::string& document) {
  return Await<absl::StatusOr<StoredDocument>>(
      [&](auto done) { store->Load(document, std::move(done)); });
}

absl::StatusOr<StoredDocument> Create(Store* store, const std::string& document,
                                      ot::DocumentType type, absl::string_view text, int64_t now_ms,
                                      const std::string& epoch) {
  return Await<absl::StatusOr<StoredDocument>>([&](auto done) {
    store->Create(document, type, PlainText(text),
                  epoch.empty() ? absl::StrCat("epoch of ", document) : epoch, now_ms,
                  std::move(done));
  });
}

AppendResult Append(Store* store, AppendRequest request) {
  return Await<AppendResult>(
      [&](auto done) { store->Append(std::move(request), std::move(done)); });
}

std::vector<NumberedResult> AppendAll(Store* store, std::vector<AppendRequest> requests) {
  std::mutex mutex;
  std::vector<NumberedResult> answers;
  std::promise<void> all_answered;
  for (size_t i = 0; i < requests.size(); ++i) {
    store->Append(std::move(requests[i]), [&, i](AppendResult result) {
      const std::lock_guard<std::mutex> lock(mutex);
      answers.push_back({i, std::move(result)});
      if (answers.size() == requests.size()) all_answered.set_value();
    });
  }
  if (!requests.empty()) all_answered.get_future().wait();
  const std::lock_guard<std::mutex> lock(mutex);
  return answers;
}

absl::StatusOr<std::vector<ot::Commit>> ReadCommits(Store* store, const std::string& document,
                                                    ot::Revision first, ot::Revision last) {
  return Await<absl::StatusOr<std::vector<ot::Commit>>>(
      [&](auto done) { store->ReadCommits(document, first, last, std::move(done)); });
}

absl::StatusOr<Snapshot> ReadRevision(Store* store, const std::string& document,
                                      ot::Revision revision) {
  return Await<absl::StatusOr<Snapshot>>(
      [&](auto done) { store->ReadRevision(document, revision, std::move(done)); });
}

absl::StatusOr<DocumentPage> ListPage(Store* store, DocumentQuery query) {
  return Await<absl::StatusOr<DocumentPage>>(
      [&](auto done) { store->List(std::move(query), std::move(done)); });
}

absl::StatusOr<std::vector<DocumentInfo>> List(Store* store, const std::string& prefix,
                                               const std::string& after, int64_t limit) {
  absl::StatusOr<DocumentPage> page =
      ListPage(store, {.prefix = prefix, .search = {}, .after = after, .limit = limit});
  if (!page.ok()) return page.status();
  return std::move(page->documents);
}

absl::StatusOr<DocumentInfo> Info(Store* store, const std::string& document) {
  return Await<absl::StatusOr<DocumentInfo>>(
      [&](auto done) { store->Info(document, std::move(done)); });
}

absl::StatusOr<std::vector<Author>> Authors(Store* store, const std::string& document) {
  return Await<absl::StatusOr<std::vector<Author>>>(
      [&](auto done) { store->Authors(document, std::move(done)); });
}

absl::StatusOr<ot::Revision> FindRevision(Store* store, const std::string& document,
                                          int64_t at_ms) {
  return Await<absl::StatusOr<ot::Revision>>(
      [&](auto done) { store->FindRevision(document, at_ms, std::move(done)); });
}

absl::StatusOr<Timeline> ReadTimeline(Store* store, const std::string& document, int64_t points) {
  return Await<absl::StatusOr<Timeline>>(
      [&](auto done) { store->ReadTimeline(document, points, std::move(done)); });
}

absl::StatusOr<std::vector<Version>> ListVersions(Store* store, const std::string& document) {
  return Await<absl::StatusOr<std::vector<Version>>>(
      [&](auto done) { store->ListVersions(document, std::move(done)); });
}

absl::Status SetTitle(Store* store, const std::string& document, std::optional<std::string> title) {
  return Await<absl::Status>(
      [&](auto done) { store->SetTitle(document, std::move(title), std::move(done)); });
}

absl::StatusOr<Version> AddVersion(Store* store, const std::string& document, Version version) {
  return Await<absl::StatusOr<Version>>(
      [&](auto done) { store->AddVersion(document, std::move(version), std::move(done)); });
}

absl::Status DeleteVersion(Store* store, const std::string& document, VersionNumber number) {
  return Await<absl::Status>(
      [&](auto done) { store->DeleteVersion(document, number, std::move(done)); });
}

absl::Status Delete(Store* store, const std::string& document) {
  return Await<absl::Status>([&](auto done) { store->Delete(document, std::move(done)); });
}

ot::Text PlainText(absl::string_view text) {
  return ot::Text(ot::DeltaBuilder().Insert(text).Build());
}

std::string ClientId(uint64_t number) { return absl::StrFormat("%032x", number); }

Scribe::Scribe(std::string document, absl::string_view text)
    : document_(std::move(document)), text_(PlainText(text)), texts_{text_} {}

void Scribe::Commit(ot::AuthorNumber author, ot::Delta delta) {
  CommitAt(static_cast<int64_t>(1'700'000'000'000 + 7 * (head_.revision + 1)), author,
           std::move(delta));
}

void Scribe::CommitAt(int64_t time_ms, ot::AuthorNumber author, ot::Delta delta) {
  const auto [known, is_new] = authors_.try_emplace(author);
  if (is_new) {
    known->second = {.number = author,
                     .client_id = ClientId(author),
                     .user_id = absl::StrCat("user ", author),
                     .name = absl::StrCat("Name ", author),
                     .color = "#d9480f",
                     .state = {}};
  }
  ot::AuthorState& state = known->second.state;
  state.last_sequence += 1 + author % 2;  // gaps are legal
  state.last_revision = head_.revision + 1;
  state.last_hash = ot::OperationHash(head_.revision, delta);
  ot::Apply(delta, &text_);
  texts_.push_back(text_);
  head_ = {head_.revision + 1, ot::ExtendDigest(head_.digest, author, state.last_sequence, delta)};
  log_.push_back({.revision = head_.revision,
                  .digest = head_.digest,
                  .author = author,
                  .sequence = state.last_sequence,
                  .time_ms = time_ms,
                  .delta = std::move(delta)});
}

void Scribe::Type(ot::AuthorNumber author, absl::string_view text) {
  Commit(author, ot::DeltaBuilder().Insert(text).Build());
}

AppendRequest Scribe::Take() {
  AppendRequest request{.document = document_,
                        .expected = taken_,
                        .commits = {log_.begin() + taken_.revision, log_.end()},
                        .authors = {},
                        .text = text_};
  for (const auto& [number, author] : authors_) {
    if (author.state.last_revision > taken_.revision) request.authors.push_back(author);
  }
  taken_ = head_;
  return request;
}

SqliteStoreOptions EagerPacking() {
  SqliteStoreOptions options;
  options.snapshot_rule = {.commit_weight_bytes = 16 * 1024,
                           .rung_weight_bytes_min = 500,
                           .rung_weight_per_text_byte = 1};
  options.pack_rule = {.commits_min = 5,
                       .commits_max = 20,
                       .merged_commits_max = 100,
                       .settled_commits_min = 1,
                       .settled_snapshot_bytes_min = 100};
  options.settle_after = absl::Milliseconds(3);
  return options;
}

void ExpectSameCommits(const std::vector<ot::Commit>& found, const std::vector<ot::Commit>& log,
                       ot::Revision first, ot::Revision last, int64_t time_tolerance_ms) {
  ASSERT_EQ(found.size(), last - first + 1);
  for (ot::Revision revision = first; revision <= last; ++revision) {
    const ot::Commit& a = found[revision - first];
    const ot::Commit& b = log[revision - 1];
    EXPECT_EQ(a.revision, b.revision);
    EXPECT_EQ(a.digest, b.digest) << revision;
    EXPECT_EQ(a.author, b.author) << revision;
    EXPECT_EQ(a.sequence, b.sequence) << revision;
    EXPECT_LE(std::abs(a.time_ms - b.time_ms), time_tolerance_ms) << revision;
    EXPECT_TRUE(a.delta == b.delta) << a.delta.DebugString() << " and " << b.delta.DebugString();
  }
}

void ExpectRevision(Store* store, const std::string& document, const Scribe& scribe,
                    ot::Revision revision) {
  const absl::StatusOr<Snapshot> snapshot = ReadRevision(store, document, revision);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->head.revision, revision);
  EXPECT_EQ(snapshot->head.digest, revision == 0 ? 0 : scribe.log()[revision - 1].digest);
  EXPECT_TRUE(snapshot->text == scribe.TextAt(revision)) << revision;
}

void ExpectSame(const StoredDocument& stored, const Scribe& scribe, int64_t time_tolerance_ms) {
  ot::Document document(stored.type, stored.snapshot.text, stored.snapshot.head.revision,
                        stored.snapshot.head.digest, {}, {});
  for (const ot::Commit& commit : stored.tail) {
    const absl::Status replayed = document.Replay(commit);
    ASSERT_TRUE(replayed.ok()) << replayed;
  }
  EXPECT_EQ(document.head(), scribe.head().revision);
  EXPECT_EQ(document.digest(), scribe.head().digest);
  EXPECT_TRUE(document.text() == scribe.text()) << document.text().ToDelta().DebugString()
                                                << " and " << scribe.text().ToDelta().DebugString();
  ExpectSameCommits(stored.tail, scribe.log(), stored.snapshot.head.revision + 1,
                    scribe.head().revision, time_tolerance_ms);

  ASSERT_EQ(stored.authors.size(), scribe.authors().size());
  auto expected = scribe.authors().begin();
  for (const Author& author : stored.authors) {  // by number
    const Author& same = (expected++)->second;
    EXPECT_EQ(author.number, same.number);
    EXPECT_EQ(author.client_id, same.client_id);
    EXPECT_EQ(author.user_id, same.user_id);
    EXPECT_EQ(author.name, same.name);
    EXPECT_EQ(author.color, same.color);
    EXPECT_EQ(author.state.last_sequence, same.state.last_sequence);
    EXPECT_EQ(author.state.last_revision, same.state.last_revision);
    EXPECT_EQ(author.state.last_hash, same.state.last_hash);
  }
}

void ExpectSameVersion(const Version& found, const Version& expected) {
  EXPECT_EQ(found.number, expected.number);
  EXPECT_EQ(found.revision, expected.revision);
  EXPECT_EQ(found.name, expected.name);
  EXPECT_EQ(found.by, expected.by);
  EXPECT_EQ(found.created_ms, expected.created_ms);
}

TemporaryDirectory::TemporaryDirectory() {
  std::string path = (std::filesystem::temp_directory_path() / "coedit-test-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) std::abort();
  path_ = path;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

uint64_t TestSeed() {
  uint64_t seed;
  const char* given = std::getenv("COEDIT_SEED");
  if (given != nullptr && absl::SimpleAtoi(given, &seed)) return seed;
  return std::random_device()();
}

bool IsLongRun() { return std::getenv("COEDIT_TEST_LONG") != nullptr; }

}  // namespace coedit::storage
