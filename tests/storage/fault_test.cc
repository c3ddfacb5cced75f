// The store over a disk with faults: what is acknowledged stays, what is refused may be
// tried again, and nobody is told something that recovery takes back.
#include <sys/resource.h>

#include <csignal>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sqlite_store.h"
#include "tests/storage/simulated_disk.h"
#include "tests/storage/store_testing.h"

namespace coedit::storage {
namespace {

class FaultTest : public testing::Test {
 protected:
  // Retries at once, so that no test waits.
  SqliteStoreOptions Options() {
    return {.retry_interval = absl::ZeroDuration(), .vfs = disk_.vfs()};
  }
  void Open() { Open(Options()); }
  void Open(const SqliteStoreOptions& options) {
    store_.reset();
    absl::StatusOr<std::unique_ptr<SqliteStore>> opened =
        SqliteStore::Open(directory_.path(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  SqliteStore* store() { return store_.get(); }
  DiskFaults& faults() { return disk_.faults(); }
  void ExpectStored(const Scribe& scribe) {
    const absl::StatusOr<StoredDocument> stored = Load(store(), "notes");
    ASSERT_TRUE(stored.ok()) << stored.status();
    ExpectSame(*stored, scribe);
  }
  AppendResult AppendNow(Scribe* scribe) { return Append(store(), scribe->Take()); }

  TemporaryDirectory directory_;  // of the lock file; the database is on the simulated disk
  SimulatedDisk disk_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(FaultTest, AFullDiskRefusesAndRecovers) {
  Open();
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  scribe.Type(1, "before");
  ASSERT_EQ(AppendNow(&scribe).outcome, AppendOutcome::kCommitted);

  faults().log_full = true;
  Scribe refused = scribe;
  refused.Type(1, "while");
  for (int i = 0; i < 3; ++i) {
    const AppendResult result = Append(store(), Scribe(refused).Take());
    EXPECT_EQ(result.outcome, AppendOutcome::kUnavailable) << result.text;
    EXPECT_TRUE(result.disk_full);
    EXPECT_NE(result.text.find("full"), std::string::npos) << result.text;
    ExpectStored(scribe);  // reading goes on
  }
  EXPECT_TRUE(absl::IsUnavailable(Create(store(), "plans").status()));
  faults().log_full = false;

  EXPECT_EQ(AppendNow(&refused).outcome, AppendOutcome::kCommitted);
  ASSERT_TRUE(Create(store(), "plans").ok());
  ExpectStored(refused);
  EXPECT_EQ(store()->Statistics().reopenings, 0);
  EXPECT_EQ(store()->Statistics().failures, 4);
  Open();
  ExpectStored(refused);
}

TEST_F(FaultTest, ChangesTellWhatBecameOfThem) {
  Open();
  ASSERT_TRUE(Create(store(), "notes").ok());
  faults().log_full = true;
  EXPECT_TRUE(absl::IsResourceExhausted(SetTitle(store(), "notes", "a")));
  EXPECT_TRUE(absl::IsResourceExhausted(AddVersion(store(), "notes", {.name = "a"}).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Delete(store(), "notes")));
  faults().log_full = false;
  EXPECT_EQ(Info(store(), "notes")->title, std::nullopt);
  EXPECT_TRUE(ListVersions(store(), "notes")->empty());

  // The fsync fails: done or not, and only reading tells.
  for (const FailedSync failed_sync : {FailedSync::kKeeps, FailedSync::kLoses}) {
    const bool stays = failed_sync == FailedSync::kKeeps;
    faults().failed_sync = failed_sync;
    faults().failing_log_syncs = 1;
    const size_t versions = ListVersions(store(), "notes")->size();
    EXPECT_TRUE(absl::IsUnknown(AddVersion(store(), "notes", {.name = "b"}).status()));
    EXPECT_EQ(ListVersions(store(), "notes")->size(), versions + (stays ? 1 : 0));
  }
  ASSERT_TRUE(SetTitle(store(), "notes", "Notes").ok());
  faults().failing_log_syncs = 1;  // whose bytes are lost
  EXPECT_TRUE(absl::IsUnknown(Delete(store(), "notes")));
  EXPECT_EQ(Info(store(), "notes")->title, "Notes");
  EXPECT_TRUE(Delete(store(), "notes").ok());
  Open();
  EXPECT_TRUE(absl::IsNotFound(Info(store(), "notes").status()));
}

TEST_F(FaultTest, NothingIsTriedWhileTheStoreWaits) {
  SqliteStoreOptions options = Options();
  options.retry_interval = absl::Hours(1);
  Open(options);
  ASSERT_TRUE(Create(store(), "notes").ok());
  faults().log_full = true;
  Scribe scribe("notes");
  scribe.Type(1, "a");
  EXPECT_TRUE(Append(store(), Scribe(scribe).Take()).disk_full);
  faults().log_full = false;
  EXPECT_TRUE(Append(store(), Scribe(scribe).Take()).disk_full);
  EXPECT_EQ(store()->Statistics().failures, 1);
}

// The log can still grow, the database cannot: commits go on, the checkpoint waits.
TEST_F(FaultTest, AFullDiskAtACheckpoint) {
  SqliteStoreOptions options = Options();
  options.checkpoint_wal_bytes = 1;
  Open(options);
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  faults().database_full = true;
  for (int i = 0; i < 10; ++i) {
    scribe.Type(1, std::string(10'000, 'x'));
    ASSERT_EQ(AppendNow(&scribe).outcome, AppendOutcome::kCommitted);
  }
  ExpectStored(scribe);
  EXPECT_GT(store()->Statistics().failures, 0);
  EXPECT_EQ(store()->Statistics().reopenings, 0);
  faults().database_full = false;
  Open(options);
  ExpectStored(scribe);
}

// The fsync fails, yet the bytes are there: the commit comes back with the recovery, and nobody is
// told otherwise in between.
TEST_F(FaultTest, AFailedSyncWhoseBytesStay) {
  Open();
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  scribe.Type(1, "a");
  ASSERT_EQ(AppendNow(&scribe).outcome, AppendOutcome::kCommitted);
  faults().failing_log_syncs = 1;
  scribe.Type(1, "b");
  EXPECT_EQ(AppendNow(&scribe).outcome, AppendOutcome::kUnknown);
  EXPECT_EQ(store()->Statistics().reopenings, 1);
  ExpectStored(scribe);
  scribe.Type(1, "c");
  EXPECT_EQ(AppendNow(&scribe).outcome, AppendOutcome::kCommitted);
  Open();
  ExpectStored(scribe);
}

TEST_F(FaultTest, AFailedSyncWhoseBytesAreLost) {
  Open();
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  scribe.Type(1, "a");
  ASSERT_EQ(AppendNow(&scribe).outcome, AppendOutcome::kCommitted);
  faults().failed_sync = FailedSync::kLoses;
  faults().failing_log_syncs = 1;
  Scribe lost = scribe;
  lost.Type(1, "b");
  EXPECT_EQ(AppendNow(&lost).outcome, AppendOutcome::kUnknown);
  ExpectStored(scribe);
  scribe.Type(2, "c");
  EXPECT_EQ(AppendNow(&scribe).outcome, AppendOutcome::kCommitted);
  Open();
  ExpectStored(scribe);
}

// While the database cannot be opened again, nothing is read: what the old handles show may not
// hold.
TEST_F(FaultTest, NothingIsReadBeforeRecovery) {
  Open();
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  scribe.Type(1, "a");
  faults().open_fails = true;
  faults().failing_log_syncs = 1;
  EXPECT_EQ(AppendNow(&scribe).outcome, AppendOutcome::kUnknown);
  EXPECT_TRUE(absl::IsUnavailable(Load(store(), "notes").status()));
  EXPECT_TRUE(absl::IsUnavailable(ReadCommits(store(), "notes", 1, 1).status()));
  EXPECT_TRUE(absl::IsUnavailable(List(store()).status()));
  scribe.Type(1, "b");
  const AppendResult refused = Append(store(), Scribe(scribe).Take());
  EXPECT_EQ(refused.outcome, AppendOutcome::kUnavailable);
  EXPECT_FALSE(refused.disk_full);

  faults().open_fails = false;
  // It recovers by itself.
  while (absl::IsUnavailable(Load(store(), "notes").status())) {
  }
  EXPECT_EQ(AppendNow(&scribe).outcome, AppendOutcome::kCommitted);
  ExpectStored(scribe);
}

TEST_F(FaultTest, AStoreThatCannotRecoverStillStops) {
  Open();
  ASSERT_TRUE(Create(store(), "notes").ok());
  faults().open_fails = true;
  faults().failing_log_syncs = 1;
  Scribe scribe("notes");
  scribe.Type(1, "a");
  EXPECT_EQ(AppendNow(&scribe).outcome, AppendOutcome::kUnknown);
  store_.reset();
  faults().Clear();
  Open();
  ExpectStored(scribe);
}

// One call after another fails, write, sync or truncation: each time what was acknowledged is
// there, what was refused is not, and what is unknown is one of the two.
TEST_F(FaultTest, EachCallFailsOnce) {
  SqliteStoreOptions options = Options();
  options.checkpoint_wal_bytes = 1;
  int faults_hit = 0;
  int unknown = 0;
  for (int64_t call = 0;; ++call) {
    SCOPED_TRACE(absl::StrCat("call ", call));
    disk_.Start({});
    std::unique_ptr<SqliteStore> store = *SqliteStore::Open(directory_.path(), options);
    ASSERT_TRUE(Create(store.get(), "notes").ok());
    Scribe scribe("notes");
    faults().fail_after = call;
    for (int i = 0; i < 2; ++i) {
      Scribe next = scribe;
      next.Type(1 + i % 2, std::string(3000, 'x'));
      const AppendResult result = Append(store.get(), next.Take());
      std::optional<absl::StatusOr<StoredDocument>> stored = Load(store.get(), "notes");
      while (absl::IsUnavailable(stored->status())) stored = Load(store.get(), "notes");
      ASSERT_TRUE(stored->ok()) << stored->status();
      const StoredDocument& found = **stored;
      const ot::Revision head =
          found.tail.empty() ? found.snapshot.head.revision : found.tail.back().revision;
      if (result.outcome == AppendOutcome::kCommitted) {
        scribe = next;
      } else if (result.outcome == AppendOutcome::kUnknown) {
        ++unknown;
        if (head == next.head().revision) scribe = next;
      } else {
        EXPECT_EQ(result.outcome, AppendOutcome::kUnavailable);
      }
      ExpectSame(found, scribe);
    }
    const bool hit = faults().fail_after < 0;
    faults().Clear();
    store.reset();
    store = *SqliteStore::Open(directory_.path(), options);
    const absl::StatusOr<StoredDocument> reopened = Load(store.get(), "notes");
    ASSERT_TRUE(reopened.ok()) << reopened.status();
    ExpectSame(*reopened, scribe);
    if (!hit) break;
    ++faults_hit;
  }
  EXPECT_GT(faults_hit, 10);
  EXPECT_GT(unknown, 0);
}

// Three appends of one document, each asked for before the one it continues is answered: two wait
// for the same transaction, the third for the next. Whatever fails, none of them is there without
// those before it, and none is said to be committed after one that is not.
TEST_F(FaultTest, WhatFollowsAFailedAppend) {
  enum class Fault { kIo, kFull, kSync };
  int failures = 0;
  int unknown = 0;
  for (const Fault fault : {Fault::kIo, Fault::kFull, Fault::kSync}) {
    for (int64_t call = 0;; ++call) {
      SCOPED_TRACE(absl::StrCat("fault ", static_cast<int>(fault), ", call ", call));
      disk_.Start({});
      std::unique_ptr<SqliteStore> store = *SqliteStore::Open(directory_.path(), Options());
      ASSERT_TRUE(Create(store.get(), "notes").ok());
      ASSERT_TRUE(Create(store.get(), "blocker").ok());
      Scribe scribe("notes");
      std::vector<Scribe> after = {scribe};  // so many appends
      std::vector<AppendRequest> requests;
      for (int i = 0; i < 3; ++i) {
        scribe.Type(1 + i % 2, std::string(3000, 'x'));
        requests.push_back(scribe.Take());
        after.push_back(scribe);
      }

      std::vector<std::optional<AppendResult>> results(3);
      std::promise<void> blocked;
      std::promise<void> release;
      std::promise<void> answered;
      Scribe blocker("blocker");
      blocker.Type(1, "blocks");
      store->Append(blocker.Take(), [&](AppendResult) {
        blocked.set_value();
        release.get_future().wait();
      });
      blocked.get_future().wait();
      store->Append(requests[0], [&](AppendResult result) { results[0] = std::move(result); });
      store->Append(requests[1], [&](AppendResult result) {
        EXPECT_TRUE(results[0].has_value());
        results[1] = std::move(result);
        store->Append(requests[2], [&](AppendResult last) {
          results[2] = std::move(last);
          answered.set_value();
        });
      });
      if (fault == Fault::kIo) faults().fail_after = call;
      if (fault == Fault::kFull) faults().log_full = true;
      if (fault == Fault::kSync) {
        faults().failing_log_syncs = 1;
        faults().failed_sync = static_cast<FailedSync>(call % 3);
      }
      release.set_value();
      answered.get_future().wait();
      const bool hit = fault != Fault::kIo || faults().fail_after < 0;
      faults().Clear();

      absl::StatusOr<StoredDocument> stored = Load(store.get(), "notes");
      while (absl::IsUnavailable(stored.status())) stored = Load(store.get(), "notes");
      ASSERT_TRUE(stored.ok()) << stored.status();
      const size_t there =
          stored->tail.empty() ? stored->snapshot.head.revision : stored->tail.back().revision;
      ASSERT_LE(there, 3);
      ExpectSame(*stored, after[there]);
      bool refused = false;
      for (size_t i = 0; i < 3; ++i) {
        switch (results[i]->outcome) {
          case AppendOutcome::kCommitted:
            EXPECT_FALSE(refused) << i;
            EXPECT_GT(there, i);
            break;
          case AppendOutcome::kUnknown:
            ++unknown;
            break;
          default:
            refused = true;
            EXPECT_LE(there, i);
        }
        failures += results[i]->outcome != AppendOutcome::kCommitted;
      }
      // They shared a transaction, and a row.
      EXPECT_EQ(results[0]->outcome, results[1]->outcome);
      EXPECT_NE(there, 1);
      if (fault == Fault::kFull) {
        EXPECT_TRUE(results[0]->disk_full && results[1]->disk_full);
        EXPECT_EQ(there, 0);
      }
      // What was said and read holds, and it goes on from there.
      scribe = after[there];
      scribe.Type(3, "goes on");
      EXPECT_EQ(Append(store.get(), scribe.Take()).outcome, AppendOutcome::kCommitted);
      store.reset();
      store = *SqliteStore::Open(directory_.path(), Options());
      stored = Load(store.get(), "notes");
      ASSERT_TRUE(stored.ok()) << stored.status();
      ExpectSame(*stored, scribe);
      if (HasFailure()) return;
      if (fault == Fault::kIo ? !hit : call == 2) break;
    }
  }
  EXPECT_GT(failures, 10);
  EXPECT_GT(unknown, 2);
}

// The limit on the size of a file is a full disk too, though SQLite calls it an I/O error.
TEST_F(FaultTest, ALimitOnFileSizeIsAFullDisk) {
  SqliteStoreOptions options = Options();
  options.vfs = "";
  Open(options);
  ASSERT_TRUE(Create(store(), "notes").ok());
  Scribe scribe("notes");
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 400'000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  AppendResult result;
  Scribe refused = scribe;
  do {
    scribe = refused;
    refused.Type(1, std::string(30'000, 'x'));
    result = Append(store(), Scribe(refused).Take());
    (void)refused.Take();
  } while (result.outcome == AppendOutcome::kCommitted && scribe.head().revision < 100);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  EXPECT_EQ(result.outcome, AppendOutcome::kUnavailable) << result.text;
  EXPECT_TRUE(result.disk_full) << result.text;
  ExpectStored(scribe);
  (void)scribe.Take();
  scribe.Type(1, "there is room again");
  EXPECT_EQ(AppendNow(&scribe).outcome, AppendOutcome::kCommitted);
  ExpectStored(scribe);
}

}  // namespace
}  // namespace coedit::storage
