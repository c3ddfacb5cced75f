// Appends that are durable and not in the rows of their document yet: their bytes, that every way
// of reading finds them, who takes them over, and what damage to them does.
#include "storage/recent_append.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/bytes.h"
#include "storage/maintenance/backup.h"
#include "storage/maintenance/compact.h"
#include "storage/maintenance/export.h"
#include "storage/maintenance/import.h"
#include "storage/maintenance/inspect.h"
#include "storage/maintenance/verify.h"
#include "storage/segment.h"
#include "storage/sqlite.h"
#include "storage/sqlite_store.h"
#include "tests/storage/filled_directory.h"
#include "tests/storage/store_testing.h"

namespace coedit::storage {
namespace {

using testing::HasSubstr;

constexpr RecentAppendKey kKey = {300, 7};

RecentAppend Example() {
  Scribe scribe("notes");
  scribe.Type(1, "a");
  scribe.Type(2, "b");
  return {.before = {},
          .after = scribe.head(),
          .changed_ms = scribe.log().back().time_ms,
          .authors = {{1, scribe.authors().at(1).state}, {2, scribe.authors().at(2).state}},
          .segment = EncodeSegment(Head{}, scribe.log())};
}

void ExpectSameAppend(const RecentAppend& found, const RecentAppend& expected) {
  EXPECT_EQ(found.before, expected.before);
  EXPECT_EQ(found.after, expected.after);
  EXPECT_EQ(found.changed_ms, expected.changed_ms);
  EXPECT_EQ(found.segment, expected.segment);
  ASSERT_EQ(found.authors.size(), expected.authors.size());
  for (size_t i = 0; i < found.authors.size(); ++i) {
    EXPECT_EQ(found.authors[i].number, expected.authors[i].number);
    EXPECT_EQ(found.authors[i].state.last_sequence, expected.authors[i].state.last_sequence);
    EXPECT_EQ(found.authors[i].state.last_revision, expected.authors[i].state.last_revision);
    EXPECT_EQ(found.authors[i].state.last_hash, expected.authors[i].state.last_hash);
  }
}

// The example of docs/storage.md.
TEST(RecentAppendCodecTest, GoldenBytes) {
  const Head before = {300, 0x0123456789abcdef};
  const ot::Commit commit = {.revision = 301,
                             .author = 1,
                             .sequence = 9,
                             .time_ms = 1'700'000'000'000,
                             .delta = ot::DeltaBuilder().Retain(5).Insert("!").Build()};
  const RecentAppend append = {
      .before = before,
      .after = {301, 0x1122334455667788},
      .changed_ms = 1'700'000'000'000,
      .authors = {{1, {.last_sequence = 9, .last_revision = 301, .last_hash = 0xfedcba9876543210}}},
      .segment = EncodeSegment(before, {commit})};
  const std::string body = EncodeRecentAppend(kKey, append);
  EXPECT_EQ(absl::BytesToHexString(body),
            "01ac0207ad02887766554433221180a0abfef96201"
            "0109ad021032547698badcfe"
            "2101ad0201efcdab8967452301010980a0abfef96204280a012165bbc87a3b900817"
            "9b46591f6bc1e06c");
}

TEST(RecentAppendCodecTest, IsReadBack) {
  const RecentAppend append = Example();
  const absl::StatusOr<RecentAppend> found =
      ParseRecentAppend(kKey, EncodeRecentAppend(kKey, append));
  ASSERT_TRUE(found.ok()) << found.status();
  ExpectSameAppend(*found, append);
}

TEST(RecentAppendCodecTest, CommitsThatLeadElsewhere) {
  RecentAppend append = Example();
  append.after.revision += 1;
  const absl::Status status = ParseRecentAppend(kKey, EncodeRecentAppend(kKey, append)).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("2 commits lead from revision 0 to 3"));
}

TEST(RecentAppendCodecTest, AnyChangeIsNoticed) {
  const std::string body = EncodeRecentAppend(kKey, Example());
  for (size_t i = 0; i < body.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = body;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_TRUE(absl::IsDataLoss(ParseRecentAppend(kKey, changed).status())) << i;
    }
    const absl::Status cut = ParseRecentAppend(kKey, body.substr(0, i)).status();
    EXPECT_TRUE(absl::IsDataLoss(cut)) << i;
  }
  for (const RecentAppendKey& elsewhere : {RecentAppendKey{301, 7}, RecentAppendKey{300, 8}}) {
    const absl::Status moved = ParseRecentAppend(elsewhere, body).status();
    EXPECT_TRUE(absl::IsDataLoss(moved));
    EXPECT_THAT(std::string(moved.message()), HasSubstr("is number 300 of document 7"));
  }
}

class RecentAppendsTest : public testing::Test {
 protected:
  RecentAppendsTest() {
    for (const char* id : {"ada", "bob", "eve"}) scribes_.emplace_back(id);
  }

  void Open(const SqliteStoreOptions& options = {.pack_history = false}) {
    store_.reset();
    store_ = MustOpen(path(), options);
  }
  const std::string& path() const { return directory_.path(); }
  // Three documents, "ada" is number 1, with an append of each author in their rows and then some
  // that are not.
  void Fill(int rounds) {
    for (Scribe& scribe : scribes_) {
      ASSERT_TRUE(Create(store(), IdOf(scribe)).ok());
      for (int author = 1; author <= 2; ++author) {
        scribe.Type(author, "first ");
        MustAppend(store(), &scribe);
      }
    }
    Type(rounds);
  }
  // A letter in each document by turns.
  void Type(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      for (Scribe& scribe : scribes_) {
        scribe.Type(1 + i % 2, "a");
        MustAppend(store(), &scribe);
      }
    }
  }
  std::string IdOf(const Scribe& scribe) const {
    return std::vector<std::string>{"ada", "bob", "eve"}[&scribe - scribes_.data()];
  }
  SqliteStore* store() { return store_.get(); }

  // What a process leaves that is killed now: opened again, everything below is of the copy.
  void Kill() {
    const std::string copy = directory_.path() + "/killed";
    std::filesystem::create_directory(copy);
    for (const char* file : {"coedit.db", "coedit.db-wal", "coedit.mark"}) {
      std::filesystem::copy(directory_.path() + "/" + file, copy + "/" + file);
    }
    store_.reset();
    for (const char* file : {"coedit.db", "coedit.db-wal", "coedit.db-shm", "coedit.mark"}) {
      std::filesystem::remove(directory_.path() + "/" + file);
      if (!std::filesystem::exists(copy + "/" + file)) continue;
      std::filesystem::rename(copy + "/" + file, directory_.path() + "/" + file);
    }
    std::filesystem::remove(copy);
  }
  int64_t Query(const std::string& sql) {
    absl::StatusOr<sqlite::Connection> connection =
        sqlite::Connection::Open(directory_.path() + "/coedit.db", sqlite::Access::kReadOnly, "");
    EXPECT_TRUE(connection.ok()) << connection.status();
    const absl::StatusOr<int64_t> value = connection->QueryInt64(sql);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.value_or(-1);
  }
  int64_t Rows() { return Query("SELECT count(*) FROM recent_appends"); }
  // Of a store that is closed or killed; changes one row, and leaves the log as it is.
  void Tamper(const std::string& sql) {
    absl::StatusOr<sqlite::Connection> connection =
        sqlite::Connection::Open(directory_.path() + "/coedit.db", sqlite::Access::kReadWrite, "");
    ASSERT_TRUE(connection.ok()) << connection.status();
    ASSERT_TRUE(connection->Execute("PRAGMA wal_autocheckpoint = 0").ok());
    const absl::Status done = connection->Execute(sql);
    ASSERT_TRUE(done.ok()) << done;
    ASSERT_EQ(connection->Changes(), 1) << sql;
  }
  void ExpectStored(const Scribe& scribe) {
    const absl::StatusOr<StoredDocument> stored = Load(store(), IdOf(scribe));
    ASSERT_TRUE(stored.ok()) << stored.status();
    ExpectSame(*stored, scribe);
  }
  void ExpectAllStored() {
    for (const Scribe& scribe : scribes_) ExpectStored(scribe);
  }
  std::vector<std::string> Problems() {
    NoProgress progress;
    const absl::StatusOr<VerifyReport> report = Verify(directory_.path(), std::nullopt, &progress);
    EXPECT_TRUE(report.ok()) << report.status();
    std::vector<std::string> problems;
    if (!report.ok()) return problems;
    for (const VerifyProblem& problem : report->problems) {
      problems.push_back(absl::StrCat(problem.document, ": ", problem.text));
    }
    return problems;
  }

  TemporaryDirectory directory_;
  std::vector<Scribe> scribes_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(RecentAppendsTest, EveryWayOfReadingFindsThem) {
  Open();
  Fill(20);
  EXPECT_EQ(Rows(), 60);
  EXPECT_EQ(store()->Statistics().recent_appends, 60);
  EXPECT_EQ(Query("SELECT max(last_revision) FROM segments"), 2);
  for (const Scribe& scribe : scribes_) {
    const std::string id = IdOf(scribe);
    ExpectStored(scribe);
    for (const auto& [first, last] :
         {std::pair(1, 22), std::pair(2, 3), std::pair(5, 5), std::pair(1, 2), std::pair(20, 22)}) {
      const auto commits = ReadCommits(store(), id, first, last);
      ASSERT_TRUE(commits.ok()) << commits.status();
      ExpectSameCommits(*commits, scribe.log(), first, last);
    }
    EXPECT_TRUE(absl::IsOutOfRange(ReadCommits(store(), id, 20, 23).status()));
    for (const int revision : {0, 1, 2, 3, 12, 22}) ExpectRevision(store(), id, scribe, revision);
    const ot::Commit& last = scribe.log().back();
    const absl::StatusOr<DocumentInfo> info = Info(store(), id);
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(info->head, scribe.head());
    EXPECT_EQ(info->changed_ms, last.time_ms);
    const absl::StatusOr<std::vector<Author>> authors = Authors(store(), id);
    ASSERT_EQ(authors->size(), 2);
    for (const Author& author : *authors) {
      const ot::AuthorState& state = scribe.authors().at(author.number).state;
      EXPECT_EQ(author.state.last_sequence, state.last_sequence);
      EXPECT_EQ(author.state.last_revision, state.last_revision);
      EXPECT_EQ(author.state.last_hash, state.last_hash);
    }
    for (const ot::Revision revision : {1, 2, 3, 12, 22}) {
      EXPECT_EQ(*FindRevision(store(), id, scribe.log()[revision - 1].time_ms), revision);
    }
    const absl::StatusOr<Timeline> timeline = ReadTimeline(store(), id, 1000);
    ASSERT_TRUE(timeline.ok()) << timeline.status();
    ASSERT_EQ(timeline->points.size(), 22);
    for (const TimelinePoint& point : timeline->points) {
      EXPECT_EQ(point.author, scribe.log()[point.revision - 1].author);
      EXPECT_EQ(point.time_ms, scribe.log()[point.revision - 1].time_ms);
    }
  }
  const absl::StatusOr<std::vector<DocumentInfo>> listed = List(store());
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->size(), scribes_.size());
  for (size_t i = 0; i < scribes_.size(); ++i) {
    EXPECT_EQ((*listed)[i].head, scribes_[i].head());
    EXPECT_EQ((*listed)[i].changed_ms, scribes_[i].log().back().time_ms);
  }
}

TEST_F(RecentAppendsTest, ClosingLeavesNone) {
  Open();
  Fill(20);
  store_.reset();
  EXPECT_EQ(Rows(), 0);
  EXPECT_EQ(Query("SELECT count(*) FROM segments WHERE document = 1"), 3);
  Open();
  ExpectAllStored();
}

// What has waited longest goes first, all of a document together.
TEST_F(RecentAppendsTest, TheyAreBounded) {
  Open({.recent_bytes_max = 4'000, .pack_history = false});
  Fill(0);
  int64_t most = 0;
  for (int i = 0; i < 200; ++i) {
    Type(1);
    most = std::max(most, Query("SELECT sum(length(body)) FROM recent_appends"));
  }
  EXPECT_LT(most, 4'000 + 200);
  EXPECT_GT(most, 3'000);
  const SqliteStoreStatistics statistics = store()->Statistics();
  EXPECT_EQ(statistics.recent_appends, 600 - statistics.snapshots);
  // Some twenty letters in each segment.
  EXPECT_LT(statistics.segments, 60);
  ExpectAllStored();
  EXPECT_THAT(Problems(), testing::IsEmpty());
}

TEST_F(RecentAppendsTest, AKilledProcessLeavesThemForTheNext) {
  Open();
  Fill(20);
  Kill();
  EXPECT_EQ(Rows(), 60);
  EXPECT_THAT(Problems(), testing::IsEmpty());
  for (int round = 0; round < 3; ++round) {
    Open();
    EXPECT_EQ(store()->lost_before(), "");
    ExpectAllStored();
    Type(5);
    // A new author, a new name, a title, a version: each finds the others' appends in its rows.
    scribes_[0].Type(3 + round, "new ");
    MustAppend(store(), &scribes_[0]);
    scribes_[1].author(1).name = absl::StrCat("Name ", round);
    scribes_[1].Type(1, "renamed ");
    MustAppend(store(), &scribes_[1]);
    ASSERT_TRUE(SetTitle(store(), "eve", absl::StrCat("Title ", round)).ok());
    const ot::Revision head = scribes_[2].head().revision;
    ASSERT_TRUE(AddVersion(store(), "eve", {.revision = head, .name = "now"}).ok());
    Type(5);
    ExpectAllStored();
    Kill();
    EXPECT_GT(Rows(), 0);
    EXPECT_THAT(Problems(), testing::IsEmpty());
  }
  Open();
  ExpectAllStored();
  EXPECT_EQ(Info(store(), "eve")->title, "Title 2");
}

TEST_F(RecentAppendsTest, CommandsReadThem) {
  Open();
  Fill(20);
  Kill();
  NoProgress progress;
  const absl::StatusOr<Inspection> inspection = Inspect(path(), "bob", &progress);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  const DocumentFigures& bob = inspection->documents.front();
  EXPECT_EQ(bob.details.row.head, scribes_[1].head());
  EXPECT_EQ(bob.sizes.segments, 2);
  EXPECT_EQ(bob.sizes.recent_appends, 20);
  std::string exported;
  const absl::StatusOr<ExportEnd> end = Export(
      path(), "bob",
      [&](absl::string_view line) {
        absl::StrAppend(&exported, line);
        return absl::OkStatus();
      },
      &progress);
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->commits, 22);
  EXPECT_EQ(end->digest, scribes_[1].head().digest);

  const std::string file = path() + "/bob.jsonl";
  WriteFile(file, exported);
  ImportOptions import = {.document = "bob2", .epoch = "e"};
  import.new_client_id = [number = 0]() mutable { return ClientId(++number);
};
const absl::StatusOr<Imported> imported = Import(path(), file, import, &progress);
ASSERT_TRUE(imported.ok()) << imported.status();
EXPECT_THAT(Problems(), testing::IsEmpty());
Open();
ExpectAllStored();
EXPECT_EQ(Info(store(), "bob2")->head, scribes_[1].head());
}  // namespace

TEST_F(RecentAppendsTest, CompactLeavesNone) {
  Open();
  Fill(20);
  Kill();
  NoProgress progress;
  ASSERT_TRUE(Compact(path(), &progress).ok());
  EXPECT_EQ(Rows(), 0);
  Open();
  ExpectAllStored();
}

TEST_F(RecentAppendsTest, ABackupHoldsThem) {
  Open();
  Fill(20);
  NoProgress progress;
  const std::string backup = path() + "/backup";
  const absl::StatusOr<BackupResult> result = Backup(path(), backup, {.verify = true}, &progress);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_TRUE(result->report.has_value());
  EXPECT_TRUE(result->report->sound());
  const std::vector<Scribe> then = scribes_;
  Type(5);
  store_.reset();
  const RestoreOptions options = {
      .replace = true, .new_epoch = [] { return "new"; }, .aside_suffix = "old"};
  const absl::StatusOr<RestoreResult> restored = Restore(backup, path(), options, &progress);
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(Rows(), 60);
  scribes_ = then;
  Open();
  EXPECT_EQ(Info(store(), "ada")->epoch, "new");
  Type(5);
  ExpectAllStored();
}

// Appends of many documents fill one page after the other: what the log grows by, all included.
TEST_F(RecentAppendsTest, ManyDocumentsTakeFewPagesOfTheLog) {
  Open({.checkpoint_wal_bytes = int64_t{1} << 30, .truncate_wal_bytes = int64_t{1} << 30});
  constexpr int kDocuments = 200;
  std::vector<Scribe> scribes;
  const auto type = [&] {
    std::vector<AppendRequest> requests;
    for (Scribe& scribe : scribes) {
      scribe.Type(1, "a");
      requests.push_back(scribe.Take());
    }
    for (const NumberedResult& answer : AppendAll(store(), std::move(requests))) {
      ASSERT_EQ(answer.result.outcome, AppendOutcome::kCommitted) << answer.result.text;
    }
  };
  for (int i = 0; i < kDocuments; ++i) {
    scribes.emplace_back(absl::StrCat("d", i));
    ASSERT_TRUE(Create(store(), absl::StrCat("d", i)).ok());
  }
  type();  // the authors are new
  const SqliteStoreStatistics before = store()->Statistics();
  constexpr int kRounds = 60;
  for (int i = 0; i < kRounds; ++i) type();
  const SqliteStoreStatistics after = store()->Statistics();
  const int64_t appends = after.appends - before.appends;
  EXPECT_EQ(appends, kDocuments * kRounds);
  // A page for each of them would be 4,096 bytes.
  EXPECT_LT((after.wal_bytes - before.wal_bytes) / appends, 800);
  EXPECT_LT(after.segments - before.segments, appends / 8);
  RecordProperty("log_bytes", static_cast<int>((after.wal_bytes - before.wal_bytes) / appends));
  std::printf("%lld bytes of the log an append, %lld segments for %lld appends\n",
              static_cast<long long>((after.wal_bytes - before.wal_bytes) / appends),
              static_cast<long long>(after.segments - before.segments),
              static_cast<long long>(appends));
}

// A deleted document leaves nothing behind, and a new one of its number is not taken for it.
TEST_F(RecentAppendsTest, OfADeletedDocument) {
  Open();
  Fill(20);
  ASSERT_TRUE(Delete(store(), "eve").ok());
  EXPECT_EQ(Query("SELECT count(*) FROM recent_appends WHERE document = 3"), 0);
  ASSERT_TRUE(Create(store(), "eve").ok());
  EXPECT_EQ(Query("SELECT number FROM documents WHERE id = 'eve'"), 3);
  scribes_[2] = Scribe("eve");
  Type(5);
  Kill();
  Open();
  ExpectAllStored();
  EXPECT_THAT(Problems(), testing::IsEmpty());
}

// A request that is refused rolls back the transaction in which others were taken out of the table.
TEST_F(RecentAppendsTest, ARefusedAppendLeavesThemAsTheyWere) {
  Open({.recent_bytes_max = 500, .pack_history = false});
  Fill(10);
  for (int i = 0; i < 20; ++i) {
    Scribe forged = scribes_[i % 3];
    forged.author(1).client_id = ClientId(77);
    forged.Type(1, "forged");
    EXPECT_EQ(Append(store(), forged.Take()).outcome, AppendOutcome::kConflict);
    Type(1);
    ExpectAllStored();
  }
  Kill();
  EXPECT_THAT(Problems(), testing::IsEmpty());
  Open();
  ExpectAllStored();
}

class DamagedRecentAppendTest : public RecentAppendsTest {
 protected:
  void SetUp() override {
    Open();
    Fill(20);
    Kill();
  }
  // Of "ada", whose rows are 1, 4, 7, ...
  void ExpectOnlyAdaRefused(const std::string& names) {
    EXPECT_THAT(Problems(), testing::Contains(AllOf(HasSubstr("ada: "), HasSubstr(names))));
    for (int round = 0; round < 2; ++round) {
      Open();
      const absl::Status status = Load(store(), "ada").status();
      EXPECT_TRUE(absl::IsDataLoss(status)) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr("document 'ada'"));
      EXPECT_THAT(std::string(status.message()), HasSubstr(names));
      Scribe ada = scribes_[0];
      ada.Type(1, "more");
      const AppendResult refused = Append(store(), ada.Take());
      EXPECT_EQ(refused.outcome, AppendOutcome::kUnavailable);
      EXPECT_THAT(refused.text, HasSubstr(names));
      for (Scribe* scribe : {&scribes_[1], &scribes_[2]}) {
        ExpectStored(*scribe);
        scribe->Type(3, "goes on");
        MustAppend(store(), scribe);
        ExpectStored(*scribe);
      }
      // Closing writes what is sound into its rows, and leaves the rest for whoever repairs it.
      store_.reset();
      EXPECT_EQ(Query("SELECT count(*) FROM recent_appends WHERE document <> 1"), 0);
      EXPECT_GT(Query("SELECT count(*) FROM recent_appends WHERE document = 1"), 0);
    }
    Open();
    ASSERT_TRUE(Delete(store(), "ada").ok());
    ASSERT_TRUE(Create(store(), "ada").ok());
    scribes_[0] = Scribe("ada");
    Type(3);
    ExpectAllStored();
    Kill();
    EXPECT_THAT(Problems(), testing::IsEmpty());
  }
};

TEST_F(DamagedRecentAppendTest, AFlippedBit) {
  Tamper(FlipBit("recent_appends", "number = 31"));
  ExpectOnlyAdaRefused("recent append has checksum");
}

TEST_F(DamagedRecentAppendTest, AMissingOne) {
  Tamper("DELETE FROM recent_appends WHERE number = 31");
  ExpectOnlyAdaRefused("a recent append after revision 13 does not continue the head at 12");
}

TEST_F(DamagedRecentAppendTest, OneThatStandsElsewhere) {
  Tamper("INSERT INTO recent_appends SELECT 61, 1, body FROM recent_appends WHERE number = 60");
  ExpectOnlyAdaRefused("is number 60 of document 3, but stands at document 1");
}

// Its own checksum is right: what it holds is looked at all the same.
TEST_F(DamagedRecentAppendTest, ASegmentThatIsDamagedWithin) {
  {
    absl::StatusOr<sqlite::Connection> connection =
        sqlite::Connection::Open(path() + "/coedit.db", sqlite::Access::kReadWrite, "");
    ASSERT_TRUE(connection.ok()) << connection.status();
    absl::StatusOr<sqlite::Statement> select =
        connection->Prepare("SELECT body FROM recent_appends WHERE number = 31");
    ASSERT_TRUE(*select->Step());
    absl::StatusOr<RecentAppend> append = ParseRecentAppend({31, 1}, select->Blob(0));
    ASSERT_TRUE(append.ok()) << append.status();
    select->Reset();
    append->segment[append->segment.size() - 10] ^= 1;
    const std::string body = EncodeRecentAppend({31, 1}, *append);
    absl::StatusOr<sqlite::Statement> update =
        connection->Prepare("UPDATE recent_appends SET body = ?1 WHERE number = 31");
    ASSERT_TRUE(update->BindBlob(1, body).Run().ok());
  }
  ExpectOnlyAdaRefused("segment has checksum");
}

TEST_F(DamagedRecentAppendTest, TheLastOneIsToldByTheMark) {
  // The mark speaks of the last commit, which was of "eve".
  Tamper("DELETE FROM recent_appends WHERE number = 60");
  Open();
  EXPECT_THAT(store()->lost_before(),
              HasSubstr("document 'eve' had revision 22 durable, and now has 21"));
}

}  // namespace coedit::storage
}  // namespace coedit::storage
