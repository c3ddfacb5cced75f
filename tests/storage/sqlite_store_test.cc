// What is SqliteStore's own: group commit, its queue, its lock, and damage to what it stored.
#include "storage/sqlite_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/segment.h"
#include "storage/sqlite.h"
#include "tests/storage/filled_directory.h"
#include "tests/storage/store_testing.h"

namespace coedit::storage {
namespace {

using testing::HasSubstr;

class SqliteStoreTest : public testing::Test {
 protected:
  void Open(const SqliteStoreOptions& options = {}) {
    store_.reset();
    absl::StatusOr<std::unique_ptr<SqliteStore>> opened =
        SqliteStore::Open(directory_.path(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  void Close() { store_.reset(); }
  SqliteStore* store() { return store_.get(); }
  const std::string& directory() { return directory_.path(); }
  std::string database() { return directory() + "/coedit.db"; }

  void MustAppend(Scribe* scribe) {
    const AppendResult result = Append(store(), scribe->Take());
    ASSERT_EQ(result.outcome, AppendOutcome::kCommitted) << result.text;
  }
  void ExpectStored(const std::string& document, const Scribe& scribe) {
    const absl::StatusOr<StoredDocument> stored = Load(store(), document);
    ASSERT_TRUE(stored.ok()) << stored.status();
    ExpectSame(*stored, scribe);
  }

  // Runs SQL on the file of a store that is closed.
  void Tamper(const std::string& sql) {
    absl::StatusOr<sqlite::Connection> connection =
        sqlite::Connection::Open(database(), sqlite::Access::kReadWrite, "");
    ASSERT_TRUE(connection.ok()) << connection.status();
    const absl::Status done = connection->Execute(sql);
    ASSERT_TRUE(done.ok()) << done;
    ASSERT_EQ(connection->Changes(), 1) << sql;
  }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<SqliteStore> store_;
};

// Holds up the writer thread from within a callback, so that what is asked meanwhile must wait.
class Blocked {
 public:
  Blocked(SqliteStore* store, Scribe* scribe) {
    std::promise<void> entered;
    std::future<void> is_entered = entered.get_future();
    scribe->Type(1, "blocks");
    store->Append(scribe->Take(), [entered = std::move(entered),
                                   release = release_.get_future()](AppendResult) mutable {
      entered.set_value();
      release.wait();
    });
    is_entered.wait();
  }
  void Release() { release_.set_value(); }

 private:
  std::promise<void> release_;
};

TEST_F(SqliteStoreTest, WhatWaitsSharesOneTransaction) {
  constexpr int kDocuments = 64;
  Open();
  std::vector<Scribe> scribes;
  for (int i = 0; i <= kDocuments; ++i) {
    scribes.emplace_back(absl::StrCat("d", i));
    ASSERT_TRUE(Create(store(), absl::StrCat("d", i)).ok());
  }
  Blocked blocked(store(), &scribes[kDocuments]);
  const SqliteStoreStatistics before = store()->Statistics();
  std::promise<void> all_answered;
  int answered = 0;
  int committed = 0;
  for (int i = 0; i < kDocuments; ++i) {
    for (int k = 0; k < 10; ++k) scribes[i].Type(1 + k % 3, "ab");
    store()->Append(scribes[i].Take(), [&](AppendResult result) {
      committed += result.outcome == AppendOutcome::kCommitted;
      if (++answered == kDocuments) all_answered.set_value();
    });
  }
  blocked.Release();
  all_answered.get_future().wait();
  EXPECT_EQ(committed, kDocuments);
  const SqliteStoreStatistics after = store()->Statistics();
  EXPECT_EQ(after.transactions - before.transactions, 1);
  EXPECT_EQ(after.appends - before.appends, kDocuments);
  EXPECT_EQ(after.operations - before.operations, kDocuments * 10);
  Open();
  for (int i = 0; i < kDocuments; ++i) ExpectStored(absl::StrCat("d", i), scribes[i]);
}

TEST_F(SqliteStoreTest, AConflictDoesNotFailTheOthersOfItsBatch) {
  Open();
  Scribe blocker("blocker");
  Scribe good("good");
  Scribe moved("moved");
  Scribe stranger("stranger");
  Scribe later("later");
  for (const char* id : {"blocker", "good", "moved", "stranger", "later"}) {
    ASSERT_TRUE(Create(store(), id).ok());
  }
  stranger.Type(1, "known");
  MustAppend(&stranger);
  Scribe moved_on = moved;
  moved.Type(1, "quick");
  MustAppend(&moved);
  moved_on.Type(2, "late");
  Scribe forged = stranger;
  forged.author(1).client_id = ClientId(77);
  forged.Type(1, "forged");

  Blocked blocked(store(), &blocker);
  const SqliteStoreStatistics before = store()->Statistics();
  std::vector<std::string> outcomes(5);
  std::promise<void> last_answered;
  good.Type(1, "good");
  later.Type(1, "later");
  const auto append = [&](int slot, Scribe* scribe) {
    store()->Append(scribe->Take(), [&, slot](AppendResult result) {
      outcomes[slot] = absl::StrCat(static_cast<int>(result.outcome), result.text.substr(0, 6));
      if (slot == 4) last_answered.set_value();
    });
  };
  append(0, &good);
  append(1, &moved_on);
  append(2, &forged);
  store()->Create("good", ot::DocumentType::kRichText, {}, "epoch", 1,
                  [&](absl::StatusOr<StoredDocument> created) {
                    outcomes[3] = created.status().ToString().substr(0, 14);
                  });
  append(4, &later);
  blocked.Release();
  last_answered.get_future().wait();
  EXPECT_THAT(outcomes, testing::ElementsAre("0", "1head o", "1author", "ALREADY_EXISTS", "0"));
  EXPECT_EQ(store()->Statistics().transactions - before.transactions, 1);
  // Of what was refused nothing stayed behind: all go on.
  for (Scribe* scribe : {&good, &moved, &stranger, &later}) {
    scribe->Type(1, "goes on");
    MustAppend(scribe);
  }
  ExpectStored("good", good);
  ExpectStored("moved", moved);
  ExpectStored("stranger", stranger);
  ExpectStored("later", later);
}

// What waits of one document is one row of each table.
TEST_F(SqliteStoreTest, AppendsOfOneDocumentShareARow) {
  Open();
  Scribe blocker("blocker");
  Scribe scribe("notes");
  ASSERT_TRUE(Create(store(), "blocker").ok());
  ASSERT_TRUE(Create(store(), "notes").ok());
  Blocked blocked(store(), &blocker);
  const SqliteStoreStatistics before = store()->Statistics();
  for (int i = 0; i < 5; ++i) {
    scribe.Type(1 + i % 2, absl::StrCat(i));
    store()->Append(scribe.Take(), [](AppendResult result) {
      EXPECT_EQ(result.outcome, AppendOutcome::kCommitted) << result.text;
    });
  }
  blocked.Release();
  ExpectStored("notes", scribe);
  const SqliteStoreStatistics after = store()->Statistics();
  EXPECT_EQ(after.transactions - before.transactions, 1);
  EXPECT_EQ(after.appends - before.appends, 5);
  EXPECT_EQ(after.operations - before.operations, 5);
  EXPECT_EQ(after.segments - before.segments, 1);
  Close();
  absl::StatusOr<sqlite::Connection> connection =
      sqlite::Connection::Open(database(), sqlite::Access::kReadOnly, "");
  ASSERT_TRUE(connection.ok()) << connection.status();
  absl::StatusOr<sqlite::Statement> select = connection->Prepare(
      "SELECT body, tail_bytes FROM segments, documents WHERE number = document AND id = 'notes'");
  ASSERT_TRUE(select.ok()) << select.status();
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Blob(0), EncodeSegment(Head{}, scribe.log()));
  EXPECT_EQ(select->Int64(1), static_cast<int64_t>(select->Blob(0).size()));
  EXPECT_EQ(after.segment_bytes - before.segment_bytes, select->Int64(1));
  EXPECT_FALSE(*select->Step());
}

// The writer does not read again what it wrote; what others of its calls change, it does.
TEST_F(SqliteStoreTest, RowsThatAreKnownStayRight) {
  Open({.snapshot_rule = {.tail_weight_bytes_min = 5 * 1024}});
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  const auto append = [&](ot::AuthorNumber author) {
    scribe.Type(author, "a");
    MustAppend(&scribe);
  };
  for (int round = 0; round < 4; ++round) {
    append(1);
    append(2);
    ASSERT_TRUE(SetTitle(store(), "notes", absl::StrCat("Title ", round)).ok());
    append(1);
    ASSERT_EQ(
        AddVersion(store(), "notes", {.revision = scribe.head().revision, .name = "v"})->number,
        round + 1);
    scribe.author(1).name = absl::StrCat("Name ", round);
    append(1);
    append(3 + round);
    // Refused, and the transaction with it: another client, a sequence that was there, a client
    // that has another number, known and not known.
    for (int wrong = 0; wrong < 3; ++wrong) {
      Scribe forged = scribe;
      if (wrong == 0) forged.author(2).client_id = ClientId(77);
      if (wrong == 1) forged.author(2).state.last_sequence -= 1;
      const ot::AuthorNumber author = wrong == 2 ? 50 + round : 2;
      if (wrong == 2) {
        forged.author(author) = forged.author(2);
        forged.author(author).number = author;
      }
      forged.Type(author, "forged");
      EXPECT_EQ(Append(store(), forged.Take()).outcome, AppendOutcome::kConflict) << wrong;
      ExpectStored("notes", scribe);
    }
    append(2);
    if (round == 1) Open();
  }
  EXPECT_EQ(Info(store(), "notes")->title, "Title 3");
  ExpectStored("notes", scribe);
  ASSERT_TRUE(Delete(store(), "notes").ok());
  Scribe again("notes");
  ASSERT_TRUE(Create(store(), "notes").ok());
  again.Type(2, "anew");
  MustAppend(&again);
  ExpectStored("notes", again);
  Open();
  ExpectStored("notes", again);
}

// More documents than the writer keeps the rows of, in turns.
TEST_F(SqliteStoreTest, MoreDocumentsThanAreKnown) {
  Open({.pack_history = false});
  constexpr int kDocuments = 4096 + 300;
  std::vector<Scribe> scribes;
  for (int i = 0; i < kDocuments; ++i) {
    scribes.emplace_back(absl::StrCat("d", i));
    store()->Create(absl::StrCat("d", i), ot::DocumentType::kRichText, PlainText("\n"), "epoch", 1,
                    [](absl::StatusOr<StoredDocument> created) { EXPECT_TRUE(created.ok()); });
  }
  for (int round = 0; round < 3; ++round) {
    std::vector<AppendRequest> requests;
    for (Scribe& scribe : scribes) {
      scribe.Type(1 + round % 2, "a");
      requests.push_back(scribe.Take());
    }
    for (const NumberedResult& answer : AppendAll(store(), std::move(requests))) {
      ASSERT_EQ(answer.result.outcome, AppendOutcome::kCommitted) << answer.result.text;
    }
  }
  for (int i = 0; i < kDocuments; i += 97) ExpectStored(absl::StrCat("d", i), scribes[i]);
}

// A row holds no more than 256 commits of appends that were joined, and ends where a snapshot is.
TEST_F(SqliteStoreTest, WhatIsJoinedIsBounded) {
  Open({.snapshot_rule = {.tail_weight_bytes_min = 600 * 1024}, .pack_history = false});
  Scribe blocker("blocker");
  Scribe scribe("notes");
  ASSERT_TRUE(Create(store(), "blocker").ok());
  ASSERT_TRUE(Create(store(), "notes").ok());
  Blocked blocked(store(), &blocker);
  const SqliteStoreStatistics before = store()->Statistics();
  const auto append = [&](int commits, bool with_text) {
    for (int i = 0; i < commits; ++i) scribe.Type(1, "a");
    AppendRequest request = scribe.Take();
    if (!with_text) request.text.reset();
    store()->Append(std::move(request), [](AppendResult result) {
      EXPECT_EQ(result.outcome, AppendOutcome::kCommitted) << result.text;
    });
  };
  append(300, false);                               // one row: alone it may be larger
  for (int i = 0; i < 300; ++i) append(1, i < 10);  // 256 and 44; no snapshot is due
  append(1, true);                                  // to the 44; the snapshot is due
  append(1, false);                                 // waits among the recent ones
  blocked.Release();
  ExpectStored("notes", scribe);
  const SqliteStoreStatistics after = store()->Statistics();
  EXPECT_EQ(after.appends - before.appends, 303);
  EXPECT_EQ(after.segments - before.segments, 3);
  EXPECT_EQ(after.recent_appends - before.recent_appends, 1);
  EXPECT_EQ(after.snapshots - before.snapshots, 1);
  Close();
  absl::StatusOr<sqlite::Connection> connection =
      sqlite::Connection::Open(database(), sqlite::Access::kReadOnly, "");
  ASSERT_TRUE(connection.ok()) << connection.status();
  absl::StatusOr<sqlite::Statement> select = connection->Prepare(
      "SELECT group_concat(last_revision, ' ') FROM segments, documents "
      "WHERE number = document AND id = 'notes'");
  ASSERT_TRUE(select.ok()) << select.status();
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Text(0), "300 556 601 602");
}

TEST_F(SqliteStoreTest, TheQueueIsBounded) {
  Open({.waiting_bytes_max = 20'000});
  Scribe blocker("blocker");
  ASSERT_TRUE(Create(store(), "blocker").ok());
  std::vector<Scribe> scribes;
  for (int i = 0; i < 8; ++i) {
    scribes.emplace_back(absl::StrCat("d", i));
    ASSERT_TRUE(Create(store(), absl::StrCat("d", i)).ok());
  }
  Blocked blocked(store(), &blocker);
  std::vector<AppendResult> results(scribes.size());
  for (size_t i = 0; i < scribes.size(); ++i) {
    Scribe pending = scribes[i];
    pending.Type(1, std::string(4000, 'x'));
    store()->Append(pending.Take(),
                    [&, i](AppendResult result) { results[i] = std::move(result); });
    if (i < 4) scribes[i] = pending;
  }
  blocked.Release();
  for (size_t i = 0; i < scribes.size(); ++i) ExpectStored(absl::StrCat("d", i), scribes[i]);
  for (size_t i = 0; i < scribes.size(); ++i) {
    EXPECT_EQ(results[i].outcome, i < 4 ? AppendOutcome::kCommitted : AppendOutcome::kUnavailable);
    EXPECT_FALSE(results[i].disk_full);
  }
  EXPECT_THAT(results[7].text, HasSubstr("too many"));
  EXPECT_EQ(store()->Statistics().waiting_bytes, 0);
  // And what was refused may be tried again.
  scribes[7].Type(1, std::string(40'000, 'y'));
  MustAppend(&scribes[7]);
}

TEST_F(SqliteStoreTest, TheLogIsCheckpointed) {
  Open({.checkpoint_wal_bytes = 100'000, .truncate_wal_bytes = 10'000'000});
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  int64_t wal_bytes_max = 0;
  for (int i = 0; i < 60; ++i) {
    scribe.Type(1, std::string(10'000, 'x'));
    MustAppend(&scribe);
    wal_bytes_max = std::max(wal_bytes_max, store()->Statistics().wal_bytes);
  }
  EXPECT_GE(store()->Statistics().checkpoints, 5);
  EXPECT_LT(wal_bytes_max, 300'000);
}

// A reader of another process pins the log: it grows, nothing fails, and it is emptied afterwards.
TEST_F(SqliteStoreTest, AForeignReaderHoldsUpTheCheckpointOnly) {
  Open({.checkpoint_wal_bytes = 50'000, .truncate_wal_bytes = 100'000});
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  {
    absl::StatusOr<sqlite::Connection> foreign =
        sqlite::Connection::Open(database(), sqlite::Access::kReadOnly, "");
    ASSERT_TRUE(foreign.ok()) << foreign.status();
    absl::StatusOr<sqlite::Transaction> pin =
        sqlite::Transaction::Begin(&*foreign, sqlite::Transaction::Mode::kRead);
    ASSERT_TRUE(pin.ok());
    EXPECT_EQ(*foreign->QueryInt64("SELECT count(*) FROM segments"), 0);
    for (int i = 0; i < 40; ++i) {
      scribe.Type(1, std::string(10'000, 'x'));
      MustAppend(&scribe);
    }
    EXPECT_EQ(*foreign->QueryInt64("SELECT count(*) FROM segments"), 0);
    EXPECT_GT(store()->Statistics().wal_bytes, 300'000);
  }
  for (int i = 0; i < 20; ++i) {
    scribe.Type(1, std::string(10'000, 'x'));
    MustAppend(&scribe);
  }
  EXPECT_LT(store()->Statistics().wal_bytes, 300'000);
  EXPECT_EQ(store()->Statistics().reopenings, 0);
  ExpectStored("notes", scribe);
}

// A search looks at so many documents at once, and then says where to go on.
TEST_F(SqliteStoreTest, ASearchIsBounded) {
  Open();
  constexpr int kDocuments = 4096 + 200;
  int created = 0;
  for (int i = 0; i < kDocuments; ++i) {
    store()->Create(absl::StrCat("d", 10'000 + i), ot::DocumentType::kRichText, PlainText("\n"),
                    "epoch", 1,
                    [&created](absl::StatusOr<StoredDocument> stored) { created += stored.ok(); });
  }
  ASSERT_TRUE(SetTitle(store(), absl::StrCat("d", 10'000 + kDocuments - 1), "The last").ok());
  ASSERT_EQ(created, kDocuments);
  const absl::StatusOr<DocumentPage> first =
      ListPage(store(), {.prefix = {}, .search = "the last", .after = {}, .limit = 10});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->documents.empty());
  EXPECT_EQ(first->next, "d14095");
  const absl::StatusOr<DocumentPage> second =
      ListPage(store(), {.prefix = {}, .search = "the last", .after = first->next, .limit = 10});
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->documents.size(), 1);
  EXPECT_EQ(second->documents[0].title, "The last");
  EXPECT_EQ(second->next, "");
  // Without a search the limit is the bound.
  EXPECT_EQ(List(store(), "", "", 10'000)->size(), kDocuments);
}

TEST_F(SqliteStoreTest, NothingIsLeftOfADeletedDocumentInTheFile) {
  Open();
  const std::string secret = "nobody shall read this";
  ASSERT_TRUE(Create(store(), "kept").ok());
  ASSERT_TRUE(Create(store(), "notes", ot::DocumentType::kRichText, secret).ok());
  Scribe scribe("notes", secret);
  for (int i = 0; i < 300; ++i) {
    scribe.Type(1, absl::StrCat(i, " ", secret, std::string(i % 20 == 0 ? 9000 : 1, ' '), secret));
    MustAppend(&scribe);
  }
  ASSERT_TRUE(SetTitle(store(), "notes", secret).ok());
  ASSERT_TRUE(AddVersion(store(), "notes", {.name = secret, .by = secret}).ok());
  Close();
  EXPECT_THAT(ReadFile(database()), HasSubstr(secret));
  Open();
  ASSERT_TRUE(Delete(store(), "notes").ok());
  Close();
  EXPECT_THAT(ReadFile(database()), testing::Not(HasSubstr(secret)));
  EXPECT_FALSE(std::filesystem::exists(database() + "-wal"));
}

TEST_F(SqliteStoreTest, TheDirectoryIsMadeForItsOwnerOnly) {
  const std::string nested = directory() + "/a/b/";
  ASSERT_TRUE(SqliteStore::Open(nested).ok());
  struct stat info;
  ASSERT_EQ(stat(nested.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700);
}

TEST_F(SqliteStoreTest, ADirectoryThatCannotBeMadeIsNamed) {
  std::ofstream(directory() + "/file").put('x');
  const absl::Status status = SqliteStore::Open(directory() + "/file").status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(directory() + "/file"));
}

TEST_F(SqliteStoreTest, ASecondStoreIsRefusedByName) {
  Open();
  const absl::Status status = SqliteStore::Open(directory()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(directory()));
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("process ", getpid())));
  // The one that was refused has broken nothing.
  ASSERT_TRUE(Create(store(), "notes").ok());
  Open();
  ExpectStored("notes", Scribe("notes"));
}

class DamageTest : public SqliteStoreTest {
 protected:
  // "bad" is document 1, "good" is 2: with a history, a segment for each append, a snapshot at 250.
  void SetUp() override {
    Open({.recent_bytes_max = 0});
    for (Scribe* scribe : {&bad_, &good_}) {
      ASSERT_TRUE(Create(store(), scribe == &bad_ ? "bad" : "good").ok());
      for (const int size : {100, 150, 10, 5}) {
        for (int i = 0; i < size; ++i) scribe->Type(1 + i % 2, "ab");
        MustAppend(scribe);
      }
    }
    ASSERT_EQ(Load(store(), "bad")->snapshot.head.revision, 250);
    Close();
  }

  // The damaged document is refused, for loading and for writing; the other is not touched by it.
  void ExpectOnlyBadRefused(const std::string& names) {
    const absl::Status status = Load(store(), "bad").status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(names));
    ExpectStored("good", good_);
    good_.Type(3, "goes on");
    MustAppend(&good_);
    ExpectStored("good", good_);
  }

  Scribe bad_{"bad"};
  Scribe good_{"good"};
};

TEST_F(DamageTest, ASegmentOfTheTail) {
  Tamper(FlipBit("segments", "document = 1 AND first_revision = 251"));
  Open();
  ExpectOnlyBadRefused("document 'bad': segment has checksum");
}

TEST_F(DamageTest, ASegmentBelowTheSnapshotIsFoundWhenItIsRead) {
  Tamper(FlipBit("segments", "document = 1 AND first_revision = 101"));
  Open();
  ExpectStored("bad", bad_);
  EXPECT_TRUE(absl::IsDataLoss(ReadCommits(store(), "bad", 120, 130).status()));
  EXPECT_TRUE(absl::IsDataLoss(ReadCommits(store(), "bad", 1, 101).status()));
  EXPECT_TRUE(ReadCommits(store(), "bad", 1, 100).ok());
  EXPECT_TRUE(ReadCommits(store(), "bad", 251, 265).ok());
  EXPECT_TRUE(ReadCommits(store(), "good", 1, 265).ok());
  const int64_t at_251 = bad_.log()[250].time_ms;
  EXPECT_EQ(*FindRevision(store(), "bad", at_251), 251);
  EXPECT_TRUE(absl::IsDataLoss(FindRevision(store(), "bad", at_251 - 1).status()));
  EXPECT_TRUE(absl::IsDataLoss(ReadTimeline(store(), "bad", 10).status()));
  EXPECT_TRUE(ReadTimeline(store(), "good", 10).ok());
}

TEST_F(DamageTest, AMissingSegment) {
  Tamper("DELETE FROM segments WHERE document = 1 AND first_revision = 251");
  Open();
  ExpectOnlyBadRefused("the row after revision 250 does not continue");
}

TEST_F(DamageTest, AMissingEnd) {
  Tamper("DELETE FROM segments WHERE document = 1 AND first_revision = 261");
  Open();
  ExpectOnlyBadRefused("of the commits 251 to 265 10 were found");
}

// Sound by itself, but of another history: only the chain of digests tells.
TEST_F(DamageTest, ASegmentOfAnotherHistory) {
  Scribe other("bad");
  for (int i = 0; i < 250; ++i) other.Type(1, "xy");
  (void)other.Take();
  for (int i = 0; i < 10; ++i) other.Type(1 + i % 2, "ab");
  AppendRequest request = other.Take();
  {
    absl::StatusOr<sqlite::Connection> connection =
        sqlite::Connection::Open(database(), sqlite::Access::kReadWrite, "");
    absl::StatusOr<sqlite::Statement> update = connection->Prepare(
        "UPDATE segments SET body = ?1 WHERE document = 1 AND first_revision = 251");
    const std::string body = EncodeSegment(request.expected, request.commits);
    ASSERT_TRUE(update->BindBlob(1, body).Run().ok());
  }
  Open();
  ExpectOnlyBadRefused("does not continue the snapshot");
}

TEST_F(DamageTest, TheNewestSnapshotIsMadeUpForByAnOlderOne) {
  Tamper(FlipBit("snapshots", "document = 1 AND revision = 250"));
  Open();
  const absl::StatusOr<StoredDocument> stored = Load(store(), "bad");
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->snapshot.head.revision, 250);  // made anew
  ExpectSame(*stored, bad_);
  EXPECT_EQ(store()->Statistics().damaged_snapshots, 1);
  EXPECT_THAT(store()->Statistics().last_damage, HasSubstr("'bad', revision 250"));
}

TEST_F(DamageTest, TheLastButOneSnapshotIsKept) {
  Open();
  for (const int size : {150, 150}) {
    for (int i = 0; i < size; ++i) bad_.Type(1, "c");
    MustAppend(&bad_);
  }
  Close();
  Tamper(FlipBit("snapshots", "document = 1 AND revision = 565"));
  Open();
  const absl::StatusOr<StoredDocument> stored = Load(store(), "bad");
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->snapshot.head.revision, 565);  // made anew from that at 415
  ExpectSame(*stored, bad_);
}

TEST_F(DamageTest, TheFirstSnapshotCannotBeMadeUpFor) {
  Tamper("DELETE FROM snapshots WHERE document = 1 AND revision = 250");
  Tamper(FlipBit("snapshots", "document = 1 AND revision = 0"));
  Open();
  ExpectOnlyBadRefused("snapshot");
}

TEST_F(DamageTest, RowsOfTheSmallTables) {
  for (const char* sql : {"UPDATE documents SET epoch = 'another' WHERE number = 1",
                          "UPDATE documents SET type = 1 WHERE number = 1",
                          "UPDATE documents SET head_revision = 264 WHERE number = 1",
                          "UPDATE documents SET tail_bytes = 0 WHERE number = 1"}) {
    Tamper(sql);
    Open();
    ExpectOnlyBadRefused("row of document 'bad' is damaged");
    bad_.Type(1, "x");
    const AppendResult result = Append(store(), bad_.Take());
    EXPECT_EQ(result.outcome, AppendOutcome::kUnavailable);
    EXPECT_FALSE(result.disk_full);
    EXPECT_TRUE(absl::IsDataLoss(Info(store(), "bad").status()));
    EXPECT_TRUE(absl::IsDataLoss(SetTitle(store(), "bad", "Bad")));
    EXPECT_TRUE(absl::IsDataLoss(AddVersion(store(), "bad", {.name = "a"}).status()));
    Close();
  }
  // One can be rid of it.
  Open();
  EXPECT_TRUE(Delete(store(), "bad").ok());
  EXPECT_TRUE(absl::IsNotFound(Load(store(), "bad").status()));
  ExpectStored("good", good_);
}

TEST_F(DamageTest, RowsOfVersions) {
  Open();
  ASSERT_TRUE(AddVersion(store(), "bad", {.revision = 5, .name = "five"}).ok());
  ASSERT_TRUE(AddVersion(store(), "good", {.revision = 5, .name = "five"}).ok());
  Close();
  Tamper("UPDATE versions SET revision = 6 WHERE document = 1");
  Open();
  const absl::Status status = ListVersions(store(), "bad").status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("row of version 1 is damaged"));
  EXPECT_EQ(ListVersions(store(), "good")->size(), 1);
  ExpectStored("bad", bad_);  // its text is sound
}

TEST_F(DamageTest, RowsOfAuthors) {
  Tamper("UPDATE authors SET last_sequence = last_sequence - 1 WHERE document = 1 AND number = 2");
  Open();
  ExpectOnlyBadRefused("row of author 2 is damaged");
  Close();
  Tamper("DELETE FROM authors WHERE document = 1 AND number = 2");
  Open();
  ExpectOnlyBadRefused("author 2 is missing");
}

// Every so many bytes of the file a bit is flipped: what is answered then is the truth or a
// refusal.
TEST_F(DamageTest, AnyByteOfTheFile) {
  std::ifstream in(database(), std::ios::binary);
  const std::string sound((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  ASSERT_GT(sound.size(), 20'000);
  int refusals = 0;
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  const size_t stride = IsLongRun() ? 97 : 997;
  for (size_t at = seed % stride; at < sound.size(); at += stride) {
    SCOPED_TRACE(absl::StrCat("byte ", at));
    std::string damaged = sound;
    damaged[at] ^= static_cast<char>(1 << (seed / stride + at) % 8);
    std::ofstream(database(), std::ios::binary | std::ios::trunc) << damaged;
    absl::StatusOr<std::unique_ptr<SqliteStore>> opened = SqliteStore::Open(directory());
    if (!opened.ok()) {
      ++refusals;
      continue;
    }
    for (Scribe* scribe : {&bad_, &good_}) {
      const absl::StatusOr<StoredDocument> stored =
          Load(opened->get(), scribe == &bad_ ? "bad" : "good");
      if (stored.ok()) {
        EXPECT_EQ(stored->epoch, scribe == &bad_ ? "epoch of bad" : "epoch of good");
        ExpectSame(*stored, *scribe);
      } else {
        ++refusals;
      }
      const absl::StatusOr<std::vector<ot::Commit>> commits =
          ReadCommits(opened->get(), scribe == &bad_ ? "bad" : "good", 1, 265);
      if (commits.ok()) ExpectSameCommits(*commits, scribe->log(), 1, 265);
    }
  }
  EXPECT_GT(refusals, 0);
}

}  // namespace
}  // namespace coedit::storage
