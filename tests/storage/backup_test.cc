// Backup, restore, compact: what comes out is whole and the same, whatever happens on the way.
#include "storage/maintenance/backup.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/maintenance/compact.h"
#include "storage/maintenance/inspect.h"
#include "tests/storage/filled_directory.h"

namespace coedit::storage {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class StopsAt final : public Progress {
 public:
  explicit StopsAt(int step) : left_(step) {}
  absl::Status Step(absl::string_view, int64_t, int64_t, absl::string_view) override {
    return left_-- == 0 ? absl::CancelledError("stop") : absl::OkStatus();
  }
  bool stopped() const { return left_ < 0; }

 private:
  int left_;
};

std::vector<std::string> NamesIn(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename());
  }
  return names;
}

class BackupTest : public testing::Test {
 protected:
  std::string target() const { return files_.path() + "/backup.db"; }
  absl::StatusOr<BackupResult> RunBackup(const BackupOptions& options = {}) {
    NoProgress progress;
    return Backup(directory_.path(), target(), options, &progress);
  }
  RestoreOptions Options() {
    return {.new_epoch = [this] { return absl::StrCat("e-", ++epochs_); }, .aside_suffix = "old"};
  }
  absl::StatusOr<RestoreResult> RunRestore(const std::string& directory,
                                           const RestoreOptions& options) {
    NoProgress progress;
    return Restore(target(), directory, options, &progress);
  }
  static void ExpectSound(const std::string& path) {
    NoProgress progress;
    const absl::StatusOr<VerifyReport> report = Verify(path, std::nullopt, &progress);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->sound()) << report->problems.front().text;
  }
  // Holds what the filled directory does, with these epochs.
  void ExpectDocuments(const std::string& directory, bool new_epochs) {
    std::unique_ptr<SqliteStore> store = MustOpen(directory);
    std::set<std::string> epochs;
    for (const auto& [document, scribe] : directory_.scribes()) {
      const absl::StatusOr<StoredDocument> stored = Load(store.get(), document);
      ASSERT_TRUE(stored.ok()) << stored.status();
      ExpectSame(*stored, scribe);
      epochs.insert(stored->epoch);
      EXPECT_EQ(absl::StartsWith(stored->epoch, "e-"), new_epochs) << stored->epoch;
    }
    EXPECT_EQ(epochs.size(), 3);
  }

  FilledDirectory directory_;
  TemporaryDirectory files_;
  int epochs_ = 0;
};

TEST_F(BackupTest, IsOneFileWithEverything) {
  const absl::StatusOr<BackupResult> result = RunBackup();
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_TRUE(result->report.has_value());
  EXPECT_TRUE(result->report->sound());
  EXPECT_EQ(result->report->commits, 250);
  EXPECT_THAT(NamesIn(files_.path()), UnorderedElementsAre("backup.db"));
  struct stat found;
  ASSERT_EQ(stat(target().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600) << "client ids are secrets";
  EXPECT_EQ(found.st_size, result->copy.bytes);
  ExpectSound(target());
  EXPECT_THAT(NamesIn(files_.path()), UnorderedElementsAre("backup.db"))
      << "reading leaves no trace";
}

TEST_F(BackupTest, NothingIsOverwritten) {
  WriteFile(target(), "precious");
  const absl::Status status = RunBackup().status();
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_EQ(ReadFile(target()), "precious");
  EXPECT_THAT(NamesIn(files_.path()), UnorderedElementsAre("backup.db"));
}

// Every backup taken while documents are written is one moment of all of them: a batch of two
// documents is in it as a whole or not at all.
TEST_F(BackupTest, WhileItIsWritten) {
  std::unique_ptr<SqliteStore> store =
      MustOpen(directory_.path(), {.checkpoint_wal_bytes = 50'000});
  std::atomic<bool> enough = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    Scribe& scribe = directory_.scribe(kPlain);
    while (!enough) {
      scribe.Type(1, std::string(3000, 'x'));
      MustAppend(store.get(), &scribe);
      ++written;
    }
  });
  ot::Revision last = 0;
  for (int i = 0; i < 5; ++i) {
    const int before = written;
    while (written < before + 3) std::this_thread::yield();
    const absl::StatusOr<BackupResult> result = RunBackup();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->report->sound()) << result->report->problems.front().text;
    NoProgress progress;
    const absl::StatusOr<Inspection> inspection = Inspect(target(), kPlain, &progress);
    ASSERT_TRUE(inspection.ok()) << inspection.status();
    const ot::Revision head = inspection->documents.front().details.row.head.revision;
    EXPECT_GE(head, 50 + static_cast<ot::Revision>(before) + 3);
    EXPECT_GT(head, last);
    last = head;
    std::filesystem::remove(target());
  }
  enough = true;
  writer.join();
  EXPECT_EQ(store->Statistics().reopenings, 0);
  Scribe& scribe = directory_.scribe(kPlain);
  const absl::StatusOr<StoredDocument> stored = Load(store.get(), kPlain);
  ASSERT_TRUE(stored.ok()) << stored.status();
  ExpectSame(*stored, scribe);
}

TEST_F(BackupTest, ALogThatGrowsTooLargeEndsIt) {
  std::unique_ptr<SqliteStore> store = MustOpen(directory_.path());
  directory_.scribe(kPlain).Type(1, std::string(20'000, 'x'));
  MustAppend(store.get(), &directory_.scribe(kPlain));
  const absl::Status status = RunBackup({.log_bytes_max = 10'000}).status();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("10000"));
  EXPECT_THAT(NamesIn(files_.path()), IsEmpty());
}

TEST_F(BackupTest, StoppedAnywhereItLeavesNothing) {
  int step = 0;
  for (;; ++step) {
    StopsAt progress(step);
    const absl::StatusOr<BackupResult> result = Backup(directory_.path(), target(), {}, &progress);
    if (!progress.stopped()) break;
    ASSERT_TRUE(absl::IsCancelled(result.status())) << result.status();
    ASSERT_THAT(NamesIn(files_.path()), IsEmpty());
  }
  EXPECT_GT(step, 3);
}

TEST_F(BackupTest, DamageIsToldAndTheCopyKept) {
  directory_.Tamper(FlipBit("segments", "document = 1 AND first_revision = 21"));
  const absl::StatusOr<BackupResult> result = RunBackup();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->report->sound());
  EXPECT_THAT(NamesIn(files_.path()), UnorderedElementsAre("backup.db"));

  const TemporaryDirectory fresh;
  const absl::Status status = RunRestore(fresh.path() + "/data", Options()).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(NamesIn(fresh.path() + "/data"), UnorderedElementsAre("coedit.lock"));
  RestoreOptions options = Options();
  options.verify = false;
  ASSERT_TRUE(RunRestore(fresh.path() + "/data", options).ok());
  std::unique_ptr<SqliteStore> store = MustOpen(fresh.path() + "/data");
  EXPECT_TRUE(Load(store.get(), kPlain).ok());
}

TEST_F(BackupTest, RestoredDocumentsHaveNewEpochs) {
  ASSERT_TRUE(RunBackup().ok());
  const TemporaryDirectory fresh;
  const std::string directory = fresh.path() + "/data";
  const absl::StatusOr<RestoreResult> result = RunRestore(directory, Options());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->documents, 3);
  EXPECT_EQ(result->aside, "");
  EXPECT_THAT(NamesIn(directory), UnorderedElementsAre("coedit.db", "coedit.lock"));
  ExpectSound(directory);
  ExpectDocuments(directory, /*new_epochs=*/true);
}

TEST_F(BackupTest, RestoreMovesAsideOnlyWhenAsked) {
  ASSERT_TRUE(RunBackup().ok());
  {
    std::unique_ptr<SqliteStore> store = MustOpen(directory_.path());
    ASSERT_TRUE(Create(store.get(), "after the backup").ok());
    const absl::Status status = RunRestore(directory_.path(), Options()).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status << ": a server runs";
  }
  const absl::Status status = RunRestore(directory_.path(), Options()).status();
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  RestoreOptions options = Options();
  options.replace = true;
  const absl::StatusOr<RestoreResult> result = RunRestore(directory_.path(), options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->aside, directory_.database() + ".old");
  ExpectDocuments(directory_.path(), /*new_epochs=*/true);
  NoProgress progress;
  EXPECT_TRUE(Inspect(result->aside, "after the backup", &progress).ok());
}

// The old database cannot be opened; its log may hold what somebody can still save.
TEST_F(BackupTest, RestoreKeepsADamagedDatabaseWithItsLog) {
  ASSERT_TRUE(RunBackup().ok());
  WriteFile(directory_.database(), "not a database, but somebody may make sense of it");
  WriteFile(directory_.database() + "-wal", "nor a log");
  RestoreOptions options = Options();
  options.replace = true;
  const absl::StatusOr<RestoreResult> result = RunRestore(directory_.path(), options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(ReadFile(result->aside), HasSubstr("not a database"));
  EXPECT_EQ(ReadFile(result->aside + "-wal"), "nor a log");
  ExpectDocuments(directory_.path(), /*new_epochs=*/true);
}

TEST_F(BackupTest, RestoreStoppedAnywhereChangesNothing) {
  ASSERT_TRUE(RunBackup().ok());
  int step = 0;
  for (;; ++step) {
    StopsAt progress(step);
    RestoreOptions options = Options();
    options.replace = true;
    const absl::StatusOr<RestoreResult> result =
        Restore(target(), directory_.path(), options, &progress);
    if (!progress.stopped()) break;
    ASSERT_TRUE(absl::IsCancelled(result.status())) << result.status();
    for (const std::string& name : NamesIn(directory_.path())) {
      EXPECT_FALSE(absl::StrContains(name, ".new") || absl::StrContains(name, ".old")) << name;
    }
    ExpectDocuments(directory_.path(), /*new_epochs=*/false);
  }
  EXPECT_GT(step, 3);
}

TEST_F(BackupTest, WhatIsNoBackupIsRefused) {
  const TemporaryDirectory fresh;
  WriteFile(target(), std::string(8192, 'x'));
  EXPECT_TRUE(absl::IsDataLoss(RunRestore(fresh.path() + "/data", Options()).status()));
  // An empty file would make an empty database.
  WriteFile(target(), "");
  EXPECT_TRUE(absl::IsFailedPrecondition(RunRestore(fresh.path() + "/data", Options()).status()));
  std::filesystem::remove(target());
  EXPECT_TRUE(absl::IsNotFound(RunRestore(fresh.path() + "/data", Options()).status()));
  EXPECT_THAT(NamesIn(fresh.path() + "/data"), UnorderedElementsAre("coedit.lock"));
}

class CompactTest : public BackupTest {
 protected:
  // Leaves pages that nobody needs.
  void MakeGaps() {
    directory_.Tamper(
        "CREATE TABLE gone AS SELECT zeroblob(1000000); DROP TABLE gone; "
        "UPDATE documents SET type = type WHERE number = 1");
  }
};

TEST_F(CompactTest, GivesSpaceBackAndKeepsAll) {
  MakeGaps();
  NoProgress progress;
  const absl::StatusOr<CompactResult> result = Compact(directory_.path(), &progress);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_LT(result->bytes_after, result->bytes_before - 900'000);
  EXPECT_EQ(std::filesystem::file_size(directory_.database()), result->bytes_after);
  EXPECT_THAT(NamesIn(directory_.path()), UnorderedElementsAre("coedit.db", "coedit.lock"));
  ExpectSound(directory_.path());
  ExpectDocuments(directory_.path(), /*new_epochs=*/false);
}

TEST_F(CompactTest, StoppedAnywhereItChangesNothing) {
  int step = 0;
  for (;; ++step) {
    StopsAt progress(step);
    const absl::StatusOr<CompactResult> result = Compact(directory_.path(), &progress);
    if (!progress.stopped()) break;
    ASSERT_TRUE(absl::IsCancelled(result.status())) << result.status();
    EXPECT_FALSE(std::filesystem::exists(directory_.database() + ".new"));
    ExpectDocuments(directory_.path(), /*new_epochs=*/false);
  }
  EXPECT_GT(step, 0);
}

TEST_F(CompactTest, NotWhileAServerRunsAndNotWithoutDocuments) {
  NoProgress progress;
  {
    const std::unique_ptr<SqliteStore> store = MustOpen(directory_.path());
    const absl::Status status = Compact(directory_.path(), &progress).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  }
  const absl::Status status = Compact(files_.path(), &progress).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
}

TEST_F(BackupTest, InspectCounts) {
  NoProgress progress;
  const absl::StatusOr<Inspection> inspection = Inspect(directory_.path(), std::nullopt, &progress);
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  ASSERT_EQ(inspection->documents.size(), 3);
  EXPECT_THAT(inspection->damaged, IsEmpty());
  const DocumentFigures& rich = inspection->documents[2];
  EXPECT_EQ(rich.details.row.id, kRich);
  EXPECT_EQ(rich.details.row.head.revision, 200);
  EXPECT_EQ(rich.details.authors.size(), 3);
  EXPECT_EQ(rich.details.versions.size(), 2);
  EXPECT_TRUE(rich.details.row.title.has_value());
  EXPECT_EQ(rich.sizes.segments, 10);
  EXPECT_GT(rich.sizes.segment_bytes, 1000);
  EXPECT_EQ(rich.sizes.snapshots, static_cast<int64_t>(rich.details.snapshots.size()));

  directory_.Tamper("UPDATE documents SET changed_ms = changed_ms + 1 WHERE number = 2");
  const absl::StatusOr<Inspection> damaged = Inspect(directory_.path(), std::nullopt, &progress);
  ASSERT_TRUE(damaged.ok()) << damaged.status();
  EXPECT_EQ(damaged->documents.size(), 2);
  ASSERT_EQ(damaged->damaged.size(), 1);
  EXPECT_EQ(damaged->damaged[0].id, kPlain);
  EXPECT_TRUE(absl::IsNotFound(Inspect(directory_.path(), "missing", &progress).status()));
}

}  // namespace
}  // namespace coedit::storage
