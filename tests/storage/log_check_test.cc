// Damage to the write-ahead log between a crash and the next start: SQLite says nothing of it, the
// store does.
#include "storage/log_check.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/head_mark.h"
#include "storage/maintenance/compact.h"
#include "storage/wal_scan.h"
#include "tests/storage/filled_directory.h"

namespace coedit::storage {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr int64_t kFrameBytes = 4096 + 24;
constexpr int64_t kHeaderBytes = 32;

class LogCheckTest : public testing::Test {
 protected:
  // Ten commits, a transaction each, in a log that nothing has been taken out of; then the process
  // is gone, as far as the files can tell.
  LogCheckTest() {
    std::unique_ptr<SqliteStore> store = MustOpen(live_.path());
    EXPECT_TRUE(Create(store.get(), "notes").ok());
    Scribe scribe("notes");
    for (int i = 0; i < 10; ++i) {
      ends_.push_back(End());
      scribe.Type(1, "ab");
      MustAppend(store.get(), &scribe);
    }
    for (const char* name : {"coedit.db", "coedit.db-wal", "coedit.mark"}) {
      files_.emplace_back(name, ReadFile(absl::StrCat(live_.path(), "/", name)));
    }
    // Without the room that was made behind it.
    log_ = files_[1].second.substr(0, static_cast<size_t>(End()));
  }
  // Of the log that is being written.
  int64_t End() const {
    const absl::StatusOr<WalScan> scan = ScanWal(live_.path() + "/coedit.db-wal");
    EXPECT_TRUE(scan.ok()) << scan.status();
    return kHeaderBytes + scan->recovered_frames * kFrameBytes;
  }
  // The files as the crash left them, with this log and with or without the mark.
  void Crash(const std::string& log, bool with_mark) {
    std::filesystem::remove_all(path());
    std::filesystem::create_directory(path());
    for (const auto& [name, bytes] : files_) {
      if (name != "coedit.mark" || with_mark) WriteFile(absl::StrCat(path(), "/", name), bytes);
    }
    WriteFile(path() + "/coedit.db-wal", log);
  }
  std::string path() const { return crashed_.path() + "/data"; }
  ot::Revision HeadAfterStart(std::string* lost, std::string* kept) {
    std::unique_ptr<SqliteStore> store = MustOpen(path());
    *lost = store->lost_before();
    kept->clear();
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      const std::string name = entry.path().filename();
      if (absl::StrContains(name, ".damaged-")) *kept = ReadFile(entry.path());
    }
    const absl::StatusOr<StoredDocument> stored = Load(store.get(), "notes");
    if (absl::IsNotFound(stored.status())) return 0;
    EXPECT_TRUE(stored.ok()) << stored.status();
    return stored->tail.size();
  }

  TemporaryDirectory live_;
  TemporaryDirectory crashed_;
  std::vector<std::pair<std::string, std::string>> files_;
  std::string log_;
  std::vector<int64_t> ends_;  // of the log before each commit
};

TEST_F(LogCheckTest, ASoundLogIsNotComplainedOf) {
  for (const bool with_mark : {true, false}) {
    Crash(log_, with_mark);
    std::string lost;
    std::string kept;
    EXPECT_EQ(HeadAfterStart(&lost, &kept), 10);
    EXPECT_EQ(lost, "");
    EXPECT_EQ(kept, "");
  }
}

// One bit anywhere: whatever was durable is there, or the store says that it is not and keeps the
// log. Without the mark this holds for all but the last transaction and the head of the log.
TEST_F(LogCheckTest, ABitAnywhere) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  const int64_t stride = IsLongRun() ? 97 : 2003;
  int told = 0;
  for (const bool with_mark : {true, false}) {
    for (int64_t at = static_cast<int64_t>(seed % stride); at < static_cast<int64_t>(log_.size());
         at += stride) {
      SCOPED_TRACE(absl::StrCat("byte ", at, with_mark ? "" : ", no mark"));
      std::string damaged = log_;
      damaged[at] ^= static_cast<char>(1 << (seed / stride + at) % 8);
      Crash(damaged, with_mark);
      std::string lost;
      std::string kept;
      const ot::Revision head = HeadAfterStart(&lost, &kept);
      if (head == 10) continue;
      if (!with_mark && (at < kHeaderBytes || at >= ends_.back())) continue;
      // A frame whose head says wrongly that it is of another log hides the transaction it ends.
      const bool in_frame_head =
          at >= kHeaderBytes && (at - kHeaderBytes) % kFrameBytes < kFrameBytes - 4096;
      if (!with_mark && in_frame_head) continue;
      EXPECT_NE(lost, "") << "of 10 commits " << head << " are left";
      EXPECT_EQ(kept, damaged);
      ++told;
    }
  }
  EXPECT_GT(told, 20);
}

// A log that ends early looks like one that was never longer. Only the mark knows.
TEST_F(LogCheckTest, ALogCutShort) {
  for (const int64_t commits : {0, 3, 9}) {
    SCOPED_TRACE(commits);
    Crash(log_.substr(0, static_cast<size_t>(ends_[commits])), /*with_mark=*/true);
    std::string lost;
    std::string kept;
    EXPECT_EQ(HeadAfterStart(&lost, &kept), commits);
    EXPECT_THAT(lost, HasSubstr(absl::StrCat("document 'notes' had revision 10 durable, and now "
                                             "has ",
                                             commits)));
    EXPECT_THAT(lost, HasSubstr("the log is kept as "));
    // Told once.
    HeadAfterStart(&lost, &kept);
    EXPECT_EQ(lost, "");
  }
  Crash("", /*with_mark=*/true);
  std::string lost;
  std::string kept;
  EXPECT_EQ(HeadAfterStart(&lost, &kept), 0);
  EXPECT_NE(lost, "");
}

// What a crash in the middle of a write leaves is no damage: it was never acknowledged.
TEST_F(LogCheckTest, ATransactionThatWasBeingWritten) {
  files_[2].second = std::string(512, '\0');
  for (int64_t size = ends_[9] + 1; size < static_cast<int64_t>(log_.size()); size += 1000) {
    SCOPED_TRACE(size);
    // Cut short, and with its first page lost while the later ones came through.
    Crash(log_.substr(0, static_cast<size_t>(size)), /*with_mark=*/true);
    std::string lost;
    std::string kept;
    EXPECT_EQ(HeadAfterStart(&lost, &kept), 9);
    EXPECT_EQ(lost, "");
  }
  std::string holed = log_;
  holed.replace(static_cast<size_t>(ends_[9]), kFrameBytes, kFrameBytes, '\0');
  Crash(holed, /*with_mark=*/true);
  std::string lost;
  std::string kept;
  EXPECT_EQ(HeadAfterStart(&lost, &kept), 9);
  EXPECT_EQ(lost, "");
}

// The mark does not miss a document that was deleted, nor the old one in the new one of its id.
TEST_F(LogCheckTest, ADeletedDocumentIsNotLost) {
  for (const bool again : {false, true}) {
    const TemporaryDirectory live;
    std::unique_ptr<SqliteStore> store = MustOpen(live.path());
    Scribe scribe("notes");
    ASSERT_TRUE(Create(store.get(), "notes").ok());
    for (int i = 0; i < 5; ++i) {
      scribe.Type(1, "ab");
      MustAppend(store.get(), &scribe);
    }
    ASSERT_TRUE(HeadMark::Read(live.path() + "/coedit.mark").has_value());
    // In one group commit, perhaps, with an append that comes before.
    scribe.Type(1, "the last");
    store->Append(scribe.Take(), [](AppendResult) {});
    ASSERT_TRUE(Delete(store.get(), "notes").ok());
    EXPECT_FALSE(HeadMark::Read(live.path() + "/coedit.mark").has_value());
    if (again) {
      ASSERT_TRUE(Create(store.get(), "notes", ot::DocumentType::kRichText, "\n", 1, "new").ok());
    }
    std::filesystem::remove_all(path());
    std::filesystem::create_directory(path());
    for (const char* name : {"coedit.db", "coedit.db-wal", "coedit.mark"}) {
      WriteFile(absl::StrCat(path(), "/", name), ReadFile(absl::StrCat(live.path(), "/", name)));
    }
    std::string lost;
    std::string kept;
    EXPECT_EQ(HeadAfterStart(&lost, &kept), 0);
    EXPECT_EQ(lost, "");
    EXPECT_EQ(kept, "");
  }
}

TEST_F(LogCheckTest, CommandsThatWriteRefuse) {
  std::string damaged = log_;
  damaged[static_cast<size_t>(ends_[2]) + 100] ^= 1;
  Crash(damaged, /*with_mark=*/true);
  NoProgress progress;
  const absl::Status status = Compact(path(), &progress).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_EQ(ReadFile(path() + "/coedit.db-wal"), damaged);
}

TEST_F(LogCheckTest, Scan) {
  Crash(log_, /*with_mark=*/false);
  absl::StatusOr<WalScan> scan = ScanWal(path() + "/coedit.db-wal");
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(scan->bytes, static_cast<int64_t>(log_.size()));
  EXPECT_EQ(scan->recovered_frames,
            (static_cast<int64_t>(log_.size()) - kHeaderBytes) / kFrameBytes);
  EXPECT_EQ(scan->lost_transactions, 0);
  std::string damaged = log_;
  damaged[static_cast<size_t>(ends_[2]) + 100] ^= 1;
  WriteFile(path() + "/coedit.db-wal", damaged);
  scan = ScanWal(path() + "/coedit.db-wal");
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(scan->recovered_frames, (ends_[2] - kHeaderBytes) / kFrameBytes);
  // Of the eight after it the last was followed by none.
  EXPECT_EQ(scan->lost_transactions, 7);
  EXPECT_EQ(ScanWal(path() + "/missing")->bytes, 0);
}

TEST(HeadMarkTest, IsReadBackUnlessTorn) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/coedit.mark";
  EXPECT_FALSE(HeadMark::Read(path).has_value());
  HeadMark mark(path);
  EXPECT_FALSE(HeadMark::Read(path).has_value());
  const std::string long_id(128, 'x');
  for (const std::string& document : {std::string("notes"), long_id, std::string("a")}) {
    mark.Write(document, {7, 0x1234567890abcdef});
    const std::optional<MarkedHead> marked = HeadMark::Read(path);
    ASSERT_TRUE(marked.has_value());
    EXPECT_EQ(marked->document, document);
    EXPECT_EQ(marked->head, (Head{7, 0x1234567890abcdef}));
  }
  std::string bytes = ReadFile(path);
  for (size_t at = 0; at < 20; ++at) {
    std::string torn = bytes;
    torn[at] ^= 1;
    WriteFile(path, torn);
    EXPECT_FALSE(HeadMark::Read(path).has_value()) << at;
  }
}

}  // namespace
}  // namespace coedit::storage
