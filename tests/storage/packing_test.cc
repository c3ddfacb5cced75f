// Packing: nothing is lost by it, at no point where it may be cut off, and what is damaged is
// found.
#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/batch_writer.h"
#include "storage/history_packer.h"
#include "storage/sqlite_store.h"
#include "storage/time_track.h"
#include "tests/storage/simulated_disk.h"
#include "tests/storage/store_testing.h"

namespace coedit::storage {
namespace {

using testing::HasSubstr;

SqliteStoreOptions NoPacking() {
  SqliteStoreOptions options;
  options.pack_history = false;
  return options;
}

class PackingTest : public testing::Test {
 protected:
  void Open(const SqliteStoreOptions& options) {
    store_.reset();
    absl::StatusOr<std::unique_ptr<SqliteStore>> opened =
        SqliteStore::Open(directory_.path(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  std::string database() { return directory_.path() + "/coedit.db"; }

  // Types at the end, takes letters back, formats now and then; one append for each commit.
  void Type(Scribe* scribe, const std::string& document, int commits) {
    if (scribe->head().revision == 0) {
      ASSERT_TRUE(Create(store_.get(), document).ok());
    }
    for (int i = 0; i < commits; ++i) {
      const int64_t end = scribe->text().length() - 1;
      ot::DeltaBuilder delta;
      if (i % 50 == 49 && end > 8) {
        delta.Retain(end - 8).Retain(4, {{"bold", "true"}});
      } else if (i % 9 == 8 && end > 0) {
        delta.Retain(end - 1).Delete(1);
      } else {
        delta.Retain(end).Insert(absl::StrCat(i % 10));
      }
      scribe->Commit(1 + i / 100 % 3, delta.Build());
      const AppendResult result = Append(store_.get(), scribe->Take());
      ASSERT_EQ(result.outcome, AppendOutcome::kCommitted) << result.text;
    }
  }
  void ExpectAll(const std::string& document, const Scribe& scribe) {
    const absl::StatusOr<StoredDocument> stored = Load(store_.get(), document);
    ASSERT_TRUE(stored.ok()) << stored.status();
    ExpectSame(*stored, scribe);
    const ot::Revision head = scribe.head().revision;
    const absl::StatusOr<std::vector<ot::Commit>> commits =
        ReadCommits(store_.get(), document, 1, head);
    ASSERT_TRUE(commits.ok()) << commits.status();
    ExpectSameCommits(*commits, scribe.log(), 1, head, TimeTrack::kToleranceMs);
    for (ot::Revision revision = 0; revision <= head; revision += 1 + revision % 13) {
      ExpectRevision(store_.get(), document, scribe, revision);
    }
  }
  int64_t Query(const std::string& sql, const std::string& vfs = "") {
    absl::StatusOr<sqlite::Connection> connection =
        sqlite::Connection::Open(database(), sqlite::Access::kReadOnly, vfs);
    EXPECT_TRUE(connection.ok()) << connection.status();
    const absl::StatusOr<int64_t> value = connection->QueryInt64(sql);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.value_or(-1);
  }

  TemporaryDirectory directory_;
  SimulatedDisk disk_;  // for the tests that name it in their options
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(PackingTest, OldCommitsArePackedWhileOthersAreWritten) {
  SqliteStoreOptions options = EagerPacking();
  options.settle_after = absl::Hours(1);
  Open(options);
  Scribe scribe("notes");
  Type(&scribe, "notes", 500);
  store_->WaitUntilPacked();
  ExpectAll("notes", scribe);
  const SqliteStoreStatistics statistics = store_->Statistics();
  EXPECT_EQ(statistics.pack_failures, 0) << statistics.last_pack_error;
  EXPECT_GT(statistics.rungs, 0);
  // Merging: each commit was packed more than once, but not at every turn.
  EXPECT_GT(statistics.packed_commits, 600);
  EXPECT_LT(statistics.packed_commits, 500 * 6);
  EXPECT_LT(Query("SELECT count(*) FROM segments"), 30);
  EXPECT_LT(Query("SELECT count(*) FROM history_blocks"), 20);
  EXPECT_GT(Query("SELECT count(*) FROM snapshots WHERE rung = 1"), 1);
  EXPECT_LE(Query("SELECT count(*) FROM snapshots WHERE rung = 0"), 3);
  Open(NoPacking());
  ExpectAll("notes", scribe);
}

TEST_F(PackingTest, ADocumentLeftAloneIsSettled) {
  Open(NoPacking());
  Scribe scribe("notes");
  Type(&scribe, "notes", 300);
  const int64_t before = Query("SELECT sum(length(body)) FROM snapshots");
  Open(EagerPacking());
  while (Query("SELECT count(*) FROM snapshots WHERE substr(body, 1, 1) = x'02' AND revision = "
               "(SELECT snapshot_revision FROM documents)") == 0) {
    store_->WaitUntilPacked();
  }
  EXPECT_EQ(Query("SELECT count(*) FROM segments, documents WHERE first_revision <= "
                  "snapshot_revision"),
            0);
  EXPECT_LT(Query("SELECT sum(length(body)) FROM snapshots WHERE rung = 0"), before);
  ExpectAll("notes", scribe);
  Type(&scribe, "notes", 50);
  ExpectAll("notes", scribe);
}

TEST_F(PackingTest, ADamagedNewestSnapshotIsMadeAnewFromBlocks) {
  Open(EagerPacking());
  Scribe scribe("notes");
  Type(&scribe, "notes", 400);
  store_->WaitUntilPacked();
  store_.reset();
  for (const char* which : {"revision = (SELECT max(revision) FROM snapshots)", "revision > 0"}) {
    absl::StatusOr<sqlite::Connection> connection =
        sqlite::Connection::Open(database(), sqlite::Access::kReadWrite, "");
    ASSERT_TRUE(
        connection->Execute(absl::StrCat("UPDATE snapshots SET body = x'0102' WHERE ", which))
            .ok());
    ASSERT_GT(connection->Changes(), 0);
    Open(NoPacking());
    const absl::StatusOr<StoredDocument> stored = Load(store_.get(), "notes");
    ASSERT_TRUE(stored.ok()) << stored.status();
    // The tail begins with packed commits.
    ExpectSame(*stored, scribe, TimeTrack::kToleranceMs);
    EXPECT_LT(stored->tail.size(), 60);  // not the whole history
    EXPECT_GT(store_->Statistics().damaged_snapshots, 0);
    store_.reset();
  }
}

// Every write of a packing transaction fails once: the store is as before or as after. Only the
// room behind the log may fail without a word.
TEST_F(PackingTest, ItMayFailAnywhere) {
  constexpr int kCommits = 1200;
  SqliteStoreOptions no_packing = NoPacking();
  no_packing.vfs = disk_.vfs();
  Open(no_packing);
  Scribe scribe("notes");
  Type(&scribe, "notes", kCommits);
  store_.reset();
  SqliteStoreOptions options = EagerPacking();
  options.retry_interval = absl::ZeroDuration();
  options.vfs = disk_.vfs();
  int steps = 0;
  int failures = 0;
  {
    SharedReader reader;
    BatchWriter writer(database(), options, &reader);
    ASSERT_TRUE(writer.Open().ok());
    HistoryPacker packer(&reader, options.pack_rule, options.snapshot_rule);
    for (int64_t fail_after = 0; steps < 200; ++steps) {
      absl::StatusOr<std::optional<PackedHistory>> step = packer.Step("notes", /*settle=*/true);
      ASSERT_TRUE(step.ok()) << step.status();
      if (!*step) break;
      disk_.faults().fail_after = fail_after;
      const absl::Status written = writer.Replace(**step);
      const bool hit = disk_.faults().fail_after < 0;
      disk_.faults().Clear();
      EXPECT_TRUE(written.ok() || hit) << written;
      failures += !written.ok();
      fail_after = hit ? fail_after + 1 : 0;
      std::vector<Write> nothing;
      writer.Run(&nothing);  // lets the next transaction be tried
      const absl::StatusOr<std::vector<ot::Commit>> commits =
          reader.With([&](SqliteReader* open) { return open->ReadCommits("notes", 1, kCommits); });
      ASSERT_TRUE(commits.ok()) << commits.status();
      ExpectSameCommits(*commits, scribe.log(), 1, kCommits, TimeTrack::kToleranceMs);
    }
  }
  EXPECT_GT(steps, 10);
  EXPECT_GE(failures, 5);
  Open(no_packing);
  ExpectAll("notes", scribe);
  EXPECT_GT(Query("SELECT count(*) FROM history_blocks", disk_.vfs()), 0);
}

// What was packed is not what is stored any more: nothing is replaced.
TEST_F(PackingTest, StaleWorkIsRefused) {
  Open(NoPacking());
  Scribe scribe("notes");
  Type(&scribe, "notes", 300);
  store_.reset();
  const SqliteStoreOptions options = EagerPacking();
  SharedReader reader;
  BatchWriter writer(database(), options, &reader);
  ASSERT_TRUE(writer.Open().ok());
  HistoryPacker packer(&reader, options.pack_rule, options.snapshot_rule);
  const absl::StatusOr<std::optional<PackedHistory>> step = packer.Step("notes", false);
  ASSERT_TRUE(step.ok() && step->has_value());
  EXPECT_TRUE(writer.Replace(**step).ok());
  PackedHistory beyond = **step;
  beyond.last = 300;
  EXPECT_TRUE(absl::IsFailedPrecondition(writer.Replace(beyond)));
  PackedHistory half = **step;
  half.first += 1;
  EXPECT_TRUE(absl::IsFailedPrecondition(writer.Replace(half)));
  PackedHistory gone = **step;
  gone.document = "gone";
  EXPECT_TRUE(absl::IsNotFound(writer.Replace(gone)));
  PackedHistory another = **step;
  another.epoch = "another";
  EXPECT_TRUE(absl::IsNotFound(writer.Replace(another)));
  const absl::StatusOr<std::vector<ot::Commit>> commits =
      reader.With([&](SqliteReader* open) { return open->ReadCommits("notes", 1, 300); });
  ASSERT_TRUE(commits.ok()) << commits.status();
  ExpectSameCommits(*commits, scribe.log(), 1, 300, TimeTrack::kToleranceMs);
}

// Documents that vanish, and come again under the same id, while they are packed.
TEST_F(PackingTest, DeletedDocumentsAreNoFailure) {
  Open(EagerPacking());
  Scribe kept("kept");
  Type(&kept, "kept", 100);
  for (int round = 0; round < 30; ++round) {
    Scribe scribe("notes");
    ASSERT_TRUE(Create(store_.get(), "notes", ot::DocumentType::kRichText, "\n", 1000,
                       absl::StrCat("epoch ", round))
                    .ok());
    const int commits = 20 + 7 * (round % 11);
    for (int i = 0; i < commits; ++i) {
      scribe.Type(1, absl::StrCat(round));
      store_->Append(scribe.Take(), [](AppendResult) {});
    }
    if (round % 3 == 0) store_->WaitUntilPacked();
    const absl::StatusOr<StoredDocument> stored = Load(store_.get(), "notes");
    ASSERT_TRUE(stored.ok()) << stored.status();
    ExpectSame(*stored, scribe);
    ASSERT_TRUE(Delete(store_.get(), "notes").ok());
  }
  store_->WaitUntilPacked();
  const SqliteStoreStatistics statistics = store_->Statistics();
  EXPECT_EQ(statistics.pack_failures, 0) << statistics.last_pack_error;
  EXPECT_GT(statistics.packed_commits, 0);
  ExpectAll("kept", kept);
  for (const char* table : {"segments", "history_blocks", "snapshots", "authors"}) {
    EXPECT_EQ(Query(absl::StrCat("SELECT count(*) FROM ", table, " WHERE document <> 1")), 0);
  }
  EXPECT_EQ(Query("SELECT count(*) FROM documents"), 1);
}

// A step reads a document that is deleted meanwhile, and one of the same id made.
TEST_F(PackingTest, AStepWhoseDocumentVanishes) {
  Open(NoPacking());
  Scribe scribe("notes");
  Type(&scribe, "notes", 300);
  const SqliteStoreOptions options = EagerPacking();
  SharedReader reader;
  ASSERT_TRUE(reader
                  .Replace([&](std::unique_ptr<SqliteReader>* slot) {
                    auto opened = SqliteReader::Open(database(), "");
                    if (opened.ok()) *slot = *std::move(opened);
                    return opened.status();
                  })
                  .ok());
  HistoryPacker packer(&reader, options.pack_rule, options.snapshot_rule);
  EXPECT_TRUE(packer.Step("notes", false)->has_value());
  // What it looks like when the rows go between two reads.
  {
    absl::StatusOr<sqlite::Connection> other =
        sqlite::Connection::Open(database(), sqlite::Access::kReadWrite, "");
    ASSERT_TRUE(other.ok());
    ASSERT_TRUE(other->Execute("DELETE FROM segments").ok());
  }
  EXPECT_TRUE(absl::IsDataLoss(packer.Step("notes", false).status()));
  ASSERT_TRUE(Delete(store_.get(), "notes").ok());
  const absl::StatusOr<std::optional<PackedHistory>> step = packer.Step("notes", false);
  ASSERT_TRUE(step.ok()) << step.status();
  EXPECT_FALSE(step->has_value());
}

class PackedDamageTest : public PackingTest {
 protected:
  void SetUp() override {
    Open(EagerPacking());
    Type(&bad_, "bad", 300);
    Type(&good_, "good", 300);
    store_->WaitUntilPacked();
    store_.reset();
  }

  Scribe bad_{"bad"};
  Scribe good_{"good"};
};

TEST_F(PackedDamageTest, ADamagedBlockHidesItsRevisionsOnly) {
  const int64_t first = Query("SELECT max(first_revision) FROM history_blocks WHERE document = 1");
  ASSERT_GT(first, 1);
  {
    absl::StatusOr<sqlite::Connection> connection =
        sqlite::Connection::Open(database(), sqlite::Access::kReadWrite, "");
    ASSERT_TRUE(connection
                    ->Execute(absl::StrCat(
                        "UPDATE history_blocks SET body = CAST(substr(body, 1, 30) || "
                        "CASE substr(body, 31, 1) WHEN x'61' THEN x'63' ELSE x'61' END || "
                        "substr(body, 32) AS BLOB) WHERE document = 1 AND first_revision = ",
                        first))
                    .ok());
    ASSERT_EQ(connection->Changes(), 1);
    // No rung hides it. The newest snapshot may be one, too: it stays.
    ASSERT_TRUE(connection
                    ->Execute("DELETE FROM snapshots WHERE rung = 1 AND revision < "
                              "(SELECT snapshot_revision FROM documents WHERE number = document)")
                    .ok());
  }
  Open(EagerPacking());
  ExpectAll("good", good_);
  // Serving goes on, because the newest snapshot and the tail are sound.
  const absl::StatusOr<StoredDocument> stored = Load(store_.get(), "bad");
  ASSERT_TRUE(stored.ok()) << stored.status();
  ExpectSame(*stored, bad_);
  const absl::Status read = ReadCommits(store_.get(), "bad", first, first).status();
  EXPECT_TRUE(absl::IsDataLoss(read)) << read;
  EXPECT_THAT(std::string(read.message()), HasSubstr("document 'bad': history block"));
  EXPECT_TRUE(absl::IsDataLoss(ReadRevision(store_.get(), "bad", first).status()));
  EXPECT_TRUE(ReadCommits(store_.get(), "bad", 1, first - 1).ok());
  ExpectRevision(store_.get(), "bad", bad_, first - 1);
  Type(&bad_, "bad", 40);
  Type(&good_, "good", 40);
  ExpectAll("good", good_);
  store_->WaitUntilPacked();
  EXPECT_GT(store_->Statistics().pack_failures, 0);
  EXPECT_THAT(store_->Statistics().last_pack_error, HasSubstr("'bad'"));
}

TEST_F(PackedDamageTest, AMissingBlock) {
  {
    absl::StatusOr<sqlite::Connection> connection =
        sqlite::Connection::Open(database(), sqlite::Access::kReadWrite, "");
    ASSERT_TRUE(connection
                    ->Execute("DELETE FROM history_blocks WHERE document = 1 AND first_revision = "
                              "(SELECT max(first_revision) FROM history_blocks WHERE document = 1)")
                    .ok());
  }
  Open(NoPacking());
  ExpectAll("good", good_);
  EXPECT_TRUE(absl::IsDataLoss(ReadCommits(store_.get(), "bad", 1, 300).status()));
}

TEST_F(PackedDamageTest, AnyByteOfTheFile) {
  std::ifstream in(database(), std::ios::binary);
  const std::string sound((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  int refusals = 0;
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  const size_t stride = IsLongRun() ? 97 : 499;
  for (size_t at = seed % stride; at < sound.size() && !HasFailure(); at += stride) {
    SCOPED_TRACE(absl::StrCat("byte ", at));
    std::string damaged = sound;
    damaged[at] ^= static_cast<char>(1 << (seed / stride + at) % 8);
    std::ofstream(database(), std::ios::binary | std::ios::trunc) << damaged;
    absl::StatusOr<std::unique_ptr<SqliteStore>> opened =
        SqliteStore::Open(directory_.path(), NoPacking());
    if (!opened.ok()) {
      ++refusals;
      continue;
    }
    int sound_documents = 0;
    for (const Scribe* scribe : {&bad_, &good_}) {
      const std::string document = scribe == &bad_ ? "bad" : "good";
      const absl::StatusOr<StoredDocument> stored = Load(opened->get(), document);
      // Where the newest snapshot is damaged, the tail begins with packed commits.
      if (stored.ok()) ExpectSame(*stored, *scribe, TimeTrack::kToleranceMs);
      const absl::StatusOr<std::vector<ot::Commit>> commits =
          ReadCommits(opened->get(), document, 1, 300);
      if (commits.ok()) {
        ExpectSameCommits(*commits, scribe->log(), 1, 300, TimeTrack::kToleranceMs);
      }
      const absl::StatusOr<Snapshot> snapshot = ReadRevision(opened->get(), document, 150);
      if (snapshot.ok()) {
        EXPECT_TRUE(snapshot->text == scribe->TextAt(150));
      }
      const bool is_sound = stored.ok() && commits.ok() && snapshot.ok();
      refusals += !is_sound;
      sound_documents += is_sound;
    }
    // Only pages that SQLite itself needs take both with them.
    if (sound_documents == 0) ++refusals;
  }
  EXPECT_GT(refusals, 0);
}

}  // namespace
}  // namespace coedit::storage
