// What `coedit verify` says: sound means that everything is what was committed.
#include "storage/maintenance/verify.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ot/apply.h"
#include "storage/segment.h"
#include "storage/snapshot_codec.h"
#include "storage/sqlite.h"
#include "tests/storage/filled_directory.h"

namespace coedit::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class VerifyTest : public testing::Test {
 protected:
  VerifyReport Run(const std::optional<std::string>& document = std::nullopt) {
    NoProgress progress;
    absl::StatusOr<VerifyReport> report = Verify(directory_.path(), document, &progress);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.value_or(VerifyReport());
  }
  // Only the document is damaged, and a sentence names what is wrong.
  void ExpectDamaged(const std::string& document, const std::string& names) {
    const VerifyReport report = Run();
    EXPECT_EQ(report.documents, 3);
    EXPECT_EQ(report.damaged_documents, 1);
    std::string texts;
    for (const VerifyProblem& problem : report.problems) {
      EXPECT_EQ(problem.document, document) << problem.text;
      absl::StrAppend(&texts, problem.text, "\n");
    }
    EXPECT_THAT(texts, HasSubstr(names));
    EXPECT_TRUE(Run(kEmpty).sound());
  }
  // Puts `body` where `where` says.
  void Replace(const std::string& table, const std::string& where, const std::string& body) {
    absl::StatusOr<sqlite::Connection> connection =
        sqlite::Connection::Open(directory_.database(), sqlite::Access::kReadWrite, "");
    ASSERT_TRUE(connection.ok()) << connection.status();
    absl::StatusOr<sqlite::Statement> update =
        connection->Prepare(absl::StrCat("UPDATE ", table, " SET body = ?1 WHERE ", where));
    ASSERT_TRUE(update.ok()) << update.status();
    ASSERT_TRUE(update->BindBlob(1, body).Run().ok());
    ASSERT_EQ(connection->Changes(), 1);
  }
  // The document as it was after so many commits.
  Snapshot At(const std::string& document, ot::Revision revision) {
    const Scribe& scribe = directory_.scribe(document);
    Snapshot snapshot = {.head = {}, .text = document == kPlain ? ot::Text() : PlainText("\n")};
    for (const ot::Commit& commit : scribe.log()) {
      if (commit.revision > revision) break;
      ot::Apply(commit.delta, &snapshot.text);
      snapshot.head = {commit.revision, commit.digest};
    }
    return snapshot;
  }

  FilledDirectory directory_;
};

TEST_F(VerifyTest, ASoundDirectory) {
  const VerifyReport report = Run();
  EXPECT_TRUE(report.sound()) << report.problems.front().text;
  EXPECT_EQ(report.documents, 3);
  EXPECT_EQ(report.damaged_documents, 0);
  EXPECT_EQ(report.commits, 250);
  EXPECT_EQ(report.authors, 5);
  EXPECT_EQ(report.versions, 3);
  EXPECT_GE(report.snapshots, 5);
}

TEST_F(VerifyTest, OneDocumentAlone) {
  directory_.Tamper(FlipBit("segments", "document = 1 AND first_revision = 21"));
  EXPECT_FALSE(Run(kRich).sound());
  const VerifyReport report = Run(kPlain);
  EXPECT_TRUE(report.sound());
  EXPECT_EQ(report.documents, 1);
  EXPECT_EQ(report.commits, 50);
  NoProgress progress;
  const absl::Status status = Verify(directory_.path(), "missing", &progress).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("'missing'"));
}

TEST_F(VerifyTest, Titles) {
  directory_.Tamper("UPDATE documents SET title = 'Another' WHERE number = 1");
  ExpectDamaged(kRich, "row of document 'rich' is damaged");
}

TEST_F(VerifyTest, Versions) {
  directory_.Tamper("UPDATE versions SET name = 'Another' WHERE document = 1 AND number = 2");
  ExpectDamaged(kRich, "row of version 2 is damaged");
}

// Its checksum is right.
TEST_F(VerifyTest, AVersionOfARevisionThereIsNot) {
  const Version version = {.number = 9, .revision = 201, .name = "beyond"};
  directory_.Tamper(absl::StrCat("INSERT INTO versions VALUES (1, 9, 201, 'beyond', NULL, 0, ",
                                 static_cast<int64_t>(RowChecksum(1, version)), ")"));
  ExpectDamaged(kRich, "version 9 is of revision 201, beyond the head, which is 200");
  ExpectDamaged(kRich, "version 9, but the last number given is 3");
}

TEST_F(VerifyTest, AVersionOfNoDocument) {
  directory_.Tamper("INSERT INTO versions VALUES (77, 1, 0, '', NULL, 0, 0)");
  const VerifyReport report = Run();
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_THAT(report.problems.front().text, HasSubstr("a row of table versions belongs to no"));
}

// Also what a snapshot hides from whoever opens the document.
TEST_F(VerifyTest, Segments) {
  directory_.Tamper(FlipBit("segments", "document = 1 AND first_revision = 21"));
  ExpectDamaged(kRich, "segment has checksum");
}

TEST_F(VerifyTest, AMissingSegment) {
  directory_.Tamper("DELETE FROM segments WHERE document = 1 AND first_revision = 41");
  ExpectDamaged(kRich, "does not continue");
}

// Each is sound by itself; only the chain tells.
TEST_F(VerifyTest, ASegmentOfAnotherHistory) {
  Scribe other(kRich);
  for (int i = 0; i < 20; ++i) other.Type(1, "xy");
  const AppendRequest request = other.Take();
  Replace("segments", "document = 1 AND first_revision = 1",
          EncodeSegment(request.expected, request.commits));
  ExpectDamaged(kRich, "does not continue");
}

TEST_F(VerifyTest, ASnapshotWithABadChecksum) {
  directory_.Tamper(
      FlipBit("snapshots",
              "document = 1 AND revision = (SELECT max(revision) FROM snapshots WHERE "
              "document = 1)"));
  ExpectDamaged(kRich, "snapshot of revision ");
}

// Its checksum and digest are right: only folding the log tells.
TEST_F(VerifyTest, ASnapshotWithAnotherText) {
  const absl::StatusOr<StoredDocument> loaded = Load(MustOpen(directory_.path()).get(), kRich);
  ASSERT_TRUE(loaded.ok());
  const ot::Revision revision = loaded->snapshot.head.revision;
  Snapshot snapshot = At(kRich, revision);
  ASSERT_TRUE(snapshot.head == loaded->snapshot.head);
  ot::Apply(ot::DeltaBuilder().Insert("!").Build(), &snapshot.text);
  Replace("snapshots", absl::StrCat("document = 1 AND revision = ", revision),
          EncodeSnapshot(snapshot.head, snapshot.text));
  ExpectDamaged(kRich, "its text is not what the commits make");
}

TEST_F(VerifyTest, ASnapshotThatIsMissing) {
  directory_.Tamper("DELETE FROM snapshots WHERE document = 1 AND revision = 0");
  ExpectDamaged(kRich, "first snapshot");
}

TEST_F(VerifyTest, Rows) {
  directory_.Tamper("UPDATE documents SET changed_ms = changed_ms + 1 WHERE number = 2");
  ExpectDamaged(kPlain, "row of document 'plain' is damaged");
}

TEST_F(VerifyTest, RowsOfAuthors) {
  directory_.Tamper("UPDATE authors SET name = 'x' WHERE document = 1 AND number = 2");
  ExpectDamaged(kRich, "row of author 2 is damaged");
}

TEST_F(VerifyTest, AnAuthorWhoIsMissing) {
  directory_.Tamper("DELETE FROM authors WHERE document = 2 AND number = 2");
  ExpectDamaged(kPlain, "author 2 of commit 2 is missing");
}

// A row that is sound by itself, of an earlier time: a client could commit an operation twice.
TEST_F(VerifyTest, AnAuthorWhoIsBehindTheLog) {
  Author author = directory_.scribe(kPlain).authors().at(1);
  author.state.last_sequence -= 2;
  directory_.Tamper(absl::StrCat("UPDATE authors SET last_sequence = ", author.state.last_sequence,
                                 ", checksum = ", static_cast<int64_t>(RowChecksum(2, author)),
                                 " WHERE document = 2 AND number = 1"));
  ExpectDamaged(kPlain, "author 1: last sequence ");
}

TEST_F(VerifyTest, RowsOfNoDocument) {
  directory_.Tamper(
      "PRAGMA foreign_keys = OFF; INSERT INTO snapshots (document, revision, body) VALUES (77, 0, "
      "x'00')");
  const VerifyReport report = Run();
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(report.problems[0].document, "");
  EXPECT_THAT(report.problems[0].text, HasSubstr("table snapshots"));
}

TEST_F(VerifyTest, NoDatabase) {
  NoProgress progress;
  WriteFile(directory_.database(), std::string(4096, 'x'));
  const VerifyReport report = Run();
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_THAT(report.problems[0].text, HasSubstr("not a database"));
  const TemporaryDirectory empty;
  EXPECT_TRUE(absl::IsNotFound(Verify(empty.path(), std::nullopt, &progress).status()));
  EXPECT_TRUE(absl::IsNotFound(Verify("/does/not/exist", std::nullopt, &progress).status()));
}

TEST_F(VerifyTest, AnotherVersion) {
  directory_.Tamper("PRAGMA user_version = 999; UPDATE documents SET type = type WHERE number = 1");
  NoProgress progress;
  const absl::Status status = Verify(directory_.path(), std::nullopt, &progress).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("999"));
}

// A server goes on while it is checked, and the check sees a moment of it.
TEST_F(VerifyTest, WhileItIsWritten) {
  std::unique_ptr<SqliteStore> store = MustOpen(directory_.path());
  Scribe& scribe = directory_.scribe(kRich);
  for (int i = 0; i < 20; ++i) {
    scribe.Type(1, "more");
    MustAppend(store.get(), &scribe);
    const VerifyReport report = Run();
    EXPECT_TRUE(report.sound()) << report.problems.front().text;
    EXPECT_EQ(report.commits, 250 + i + 1);
  }
}

class StopsAt final : public Progress {
 public:
  explicit StopsAt(int step) : left_(step) {}
  absl::Status Step(absl::string_view, int64_t done, int64_t total, absl::string_view) override {
    EXPECT_TRUE(total == 0 || done <= total);
    return left_-- == 0 ? absl::CancelledError("stop") : absl::OkStatus();
  }
  bool stopped() const { return left_ < 0; }

 private:
  int left_;
};

TEST_F(VerifyTest, StopsWhenAsked) {
  int step = 0;
  for (;; ++step) {
    StopsAt progress(step);
    const absl::StatusOr<VerifyReport> report = Verify(directory_.path(), std::nullopt, &progress);
    if (!progress.stopped()) {
      EXPECT_TRUE(report.ok()) << report.status();
      break;
    }
    EXPECT_TRUE(absl::IsCancelled(report.status())) << report.status();
  }
  EXPECT_GT(step, 3);
}

// Every so many bytes of the file a bit is flipped: whatever is called sound is the truth.
TEST_F(VerifyTest, AnyByteOfTheFile) {
  const std::string sound = ReadFile(directory_.database());
  ASSERT_GT(sound.size(), 20'000);
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  const size_t stride = IsLongRun() ? 97 : 997;
  int found = 0;
  NoProgress progress;
  for (size_t at = seed % stride; at < sound.size(); at += stride) {
    SCOPED_TRACE(absl::StrCat("byte ", at));
    std::string damaged = sound;
    damaged[at] ^= static_cast<char>(1 << (seed / stride + at) % 8);
    WriteFile(directory_.database(), damaged);
    const absl::StatusOr<VerifyReport> report = Verify(directory_.path(), std::nullopt, &progress);
    if (!report.ok() || !report->sound()) {
      ++found;
      continue;
    }
    EXPECT_EQ(report->documents, 3);
    std::unique_ptr<SqliteStore> store = MustOpen(directory_.path());
    for (const auto& [document, scribe] : directory_.scribes()) {
      const absl::StatusOr<StoredDocument> stored = Load(store.get(), document);
      ASSERT_TRUE(stored.ok()) << stored.status();
      ExpectSame(*stored, scribe);
      const ot::Revision head = scribe.head().revision;
      if (head == 0) continue;
      const absl::StatusOr<std::vector<ot::Commit>> commits =
          ReadCommits(store.get(), document, 1, head);
      ASSERT_TRUE(commits.ok()) << commits.status();
      ExpectSameCommits(*commits, scribe.log(), 1, head);
    }
  }
  EXPECT_GT(found, 0);
}

}  // namespace
}  // namespace coedit::storage
