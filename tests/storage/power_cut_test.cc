// The power goes after every single change that the store makes to its files, and unsynced changes
// are lost, kept, torn or scattered: what was acknowledged is there afterwards.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "storage/sqlite.h"
#include "storage/sqlite_store.h"
#include "tests/ot/generators.h"
#include "tests/storage/simulated_disk.h"
#include "tests/storage/store_testing.h"

namespace coedit::storage {
namespace {

constexpr PowerCut kCuts[] = {PowerCut::kKeepAll, PowerCut::kLoseAll, PowerCut::kPrefix,
                              PowerCut::kScatter};

// The store between two acknowledgements: after `events` changes of the disk `acked` was promised,
// a Scribe for each document.
struct Promise {
  size_t events;
  std::vector<Scribe> acked;
};

std::string IdOf(size_t document) { return absl::StrCat("d", document); }

class PowerCutTest : public testing::Test {
 protected:
  std::unique_ptr<SqliteStore> Open(const SqliteStoreOptions& options) {
    absl::StatusOr<std::unique_ptr<SqliteStore>> opened =
        SqliteStore::Open(directory_.path(), options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *std::move(opened) : nullptr;
  }

  // Appends of up to `units_max` units to one document after the other, each asked for when the one
  // before is answered.
  std::vector<Promise> Fill(SqliteStore* store, const SimulatedDisk& disk, size_t documents,
                            int appends, int units_max, ot::testing::Rng* rng) {
    std::vector<Scribe> scribes;
    for (size_t i = 0; i < documents; ++i) {
      scribes.emplace_back(IdOf(i));
      EXPECT_TRUE(Create(store, IdOf(i)).ok());
    }
    std::vector<Promise> promises = {{disk.recorded(), scribes}};
    for (int i = 0; i < appends; ++i) {
      Scribe& scribe = scribes[i % documents];
      const int turn = i / static_cast<int>(documents);
      scribe.Type(1 + turn % 2, std::string(rng->Between(1, units_max), 'x'));
      AppendRequest request = scribe.Take();
      if (rng->Chance(30)) request.text = scribe.text();
      const AppendResult result = Append(store, std::move(request));
      EXPECT_EQ(result.outcome, AppendOutcome::kCommitted) << result.text;
      promises.push_back({disk.recorded(), scribes});
    }
    return promises;
  }

  // The power goes after each change of `disk`, in every way.
  void ExpectKept(const SimulatedDisk& disk, const std::vector<Promise>& promises,
                  SqliteStoreOptions options, ot::testing::Rng* rng) {
    int64_t images = 0;
    size_t promise = 0;
    SimulatedDisk after;
    options.vfs = after.vfs();
    for (size_t events = promises.front().events; events <= disk.recorded(); ++events) {
      while (promise + 1 < promises.size() && promises[promise + 1].events <= events) ++promise;
      for (const PowerCut cut : kCuts) {
        SCOPED_TRACE(absl::StrCat("cut ", static_cast<int>(cut), " after ", events, " changes"));
        after.Start(disk.ImageAfter(events, cut, rng->Next()));
        std::unique_ptr<SqliteStore> store = Open(options);
        ASSERT_NE(store, nullptr);
        for (size_t i = 0; i < promises[promise].acked.size(); ++i) {
          ExpectKept(store.get(), promises, promise, i);
        }
        store.reset();
        ExpectSound(after);
        if (HasFailure()) return;
        ++images;
      }
    }
    RecordProperty("images", static_cast<int>(images));
    std::printf("%zu promises, %zu changes of the disk, %lld images after a power cut\n",
                promises.size(), disk.recorded(), static_cast<long long>(images));
  }

 private:
  // One request more may be there, whole; it was with the store when the power went.
  void ExpectKept(SqliteStore* store, const std::vector<Promise>& promises, size_t promise,
                  size_t document) {
    const absl::StatusOr<StoredDocument> stored = Load(store, IdOf(document));
    ASSERT_TRUE(stored.ok()) << stored.status();
    const ot::Revision head =
        stored->tail.empty() ? stored->snapshot.head.revision : stored->tail.back().revision;
    const Scribe& acked = promises[promise].acked[document];
    if (head == acked.head().revision) return ExpectSame(*stored, acked);
    ASSERT_LT(promise + 1, promises.size());
    ExpectSame(*stored, promises[promise + 1].acked[document]);
  }
  void ExpectSound(const SimulatedDisk& disk) {
    absl::StatusOr<sqlite::Connection> connection = sqlite::Connection::Open(
        absl::StrCat(directory_.path(), "/coedit.db"), sqlite::Access::kReadOnly, disk.vfs());
    ASSERT_TRUE(connection.ok()) << connection.status();
    absl::StatusOr<sqlite::Statement> check = connection->Prepare("PRAGMA integrity_check");
    ASSERT_TRUE(check.ok()) << check.status();
    ASSERT_TRUE(*check->Step());
    EXPECT_EQ(check->Text(0), "ok");
  }

  TemporaryDirectory directory_;  // of the lock file
};

TEST_F(PowerCutTest, AfterEveryChangeWhatWasAcknowledgedIsThere) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  ot::testing::Rng rng(seed);
  SimulatedDisk disk;
  disk.Record();
  // Small, so that checkpoints and snapshots are among what is interrupted.
  const SqliteStoreOptions options = {.checkpoint_wal_bytes = 40'000,
                                      .truncate_wal_bytes = 60'000,
                                      .snapshot_rule = {.tail_weight_bytes_min = 8'000},
                                      .vfs = disk.vfs()};
  std::vector<Promise> promises;
  {
    std::unique_ptr<SqliteStore> store = Open(options);
    promises = Fill(store.get(), disk, 1, IsLongRun() ? 200 : 10, 6000, &rng);
    EXPECT_GT(store->Statistics().checkpoints, 0);
    EXPECT_GT(store->Statistics().snapshots, 0);
  }
  ExpectKept(disk, promises, options, &rng);
}

// Appends of several documents that wait together, and are written into their rows by turns.
TEST_F(PowerCutTest, RecentAppendsAreThere) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  ot::testing::Rng rng(seed);
  SimulatedDisk disk;
  disk.Record();
  const SqliteStoreOptions options = {
      .checkpoint_wal_bytes = 40'000, .recent_bytes_max = 700, .vfs = disk.vfs()};
  std::vector<Promise> promises;
  {
    std::unique_ptr<SqliteStore> store = Open(options);
    promises = Fill(store.get(), disk, 3, IsLongRun() ? 200 : 30, 40, &rng);
    const SqliteStoreStatistics statistics = store->Statistics();
    EXPECT_GT(statistics.checkpoints, 0);
    EXPECT_GT(statistics.recent_appends, 15);
    EXPECT_GT(statistics.segments, 6 + 2);
    EXPECT_LT(statistics.segments, 6 + 15);
  }
  ExpectKept(disk, promises, options, &rng);
}

// What is read after a failed sync may be told, so it must be on the disk by then: neither a log
// that only the kernel knows, nor an older one that comes back over a newer database.
TEST_F(PowerCutTest, WhatIsReadAfterAFailedSyncIsDurable) {
  for (const FailedSync failed : {FailedSync::kKeeps, FailedSync::kLoses, FailedSync::kForgets}) {
    for (const PowerCut cut : kCuts) {
      SCOPED_TRACE(
          absl::StrCat("sync ", static_cast<int>(failed), ", cut ", static_cast<int>(cut)));
      SimulatedDisk disk;
      std::unique_ptr<SqliteStore> store = Open({.vfs = disk.vfs()});
      ASSERT_TRUE(Create(store.get(), "notes").ok());
      Scribe scribe("notes");
      scribe.Type(1, "a");
      ASSERT_EQ(Append(store.get(), scribe.Take()).outcome, AppendOutcome::kCommitted);
      disk.faults().failed_sync = failed;
      disk.faults().failing_log_syncs = 1;
      Scribe unknown = scribe;
      unknown.Type(1, "b");
      ASSERT_EQ(Append(store.get(), unknown.Take()).outcome, AppendOutcome::kUnknown);
      const absl::StatusOr<StoredDocument> told = Load(store.get(), "notes");
      ASSERT_TRUE(told.ok()) << told.status();
      disk.Cut(cut, 1);
      store.reset();
      disk.Start();
      store = Open({.vfs = disk.vfs()});
      const absl::StatusOr<StoredDocument> found = Load(store.get(), "notes");
      ASSERT_TRUE(found.ok()) << found.status();
      EXPECT_EQ(found->tail.size(), told->tail.size());
    }
  }
}

// A sync that fails and forgets: the kernel calls the pages clean, and a later sync a success.
TEST_F(PowerCutTest, AfterAFailedSyncThatForgets) {
  for (int appends_before = 0; appends_before < 5; ++appends_before) {
    SimulatedDisk disk;
    std::unique_ptr<SqliteStore> store = Open({.vfs = disk.vfs()});
    ASSERT_TRUE(Create(store.get(), "notes").ok());
    Scribe scribe("notes");
    const auto append = [&] {
      scribe.Type(1, "x");
      return Append(store.get(), scribe.Take()).outcome;
    };
    for (int i = 0; i < appends_before; ++i) ASSERT_EQ(append(), AppendOutcome::kCommitted);
    disk.faults().failed_sync = FailedSync::kForgets;
    disk.faults().failing_log_syncs = 1;
    ASSERT_EQ(append(), AppendOutcome::kUnknown);
    // The bytes were in the log: recovery has brought the commit back, and this stands on it.
    ASSERT_EQ(append(), AppendOutcome::kCommitted);
    disk.Cut(PowerCut::kLoseAll, 0);
    store.reset();
    disk.Start();
    store = Open({.vfs = disk.vfs()});
    const absl::StatusOr<StoredDocument> stored = Load(store.get(), "notes");
    ASSERT_TRUE(stored.ok()) << stored.status();
    ExpectSame(*stored, scribe);
  }
}

}  // namespace
}  // namespace coedit::storage
