// The log written in large pieces: what is in it is what it was, however a transaction ends.
#include "storage/log_buffer.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "storage/sqlite.h"
#include "tests/storage/simulated_disk.h"

namespace coedit::storage {
namespace {

class LogBufferTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    connection_.reset();
    absl::StatusOr<sqlite::Connection> opened =
        sqlite::Connection::Open("log.db", sqlite::Access::kReadWrite, buffer_.vfs());
    ASSERT_TRUE(opened.ok()) << opened.status();
    connection_ = std::make_unique<sqlite::Connection>(*std::move(opened));
    // A cache of ten pages: larger transactions reach the log before they end.
    for (const char* sql : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                            "PRAGMA cache_size = 10", "PRAGMA wal_autocheckpoint = 0",
                            "CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, body TEXT)"}) {
      ASSERT_TRUE(connection_->Execute(sql).ok()) << sql;
    }
  }
  absl::Status Insert(int rows) {
    return connection_->Execute(absl::StrCat(
        "INSERT INTO t (body) WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "
        "WHERE i < ",
        rows, ") SELECT printf('%.3000c', 'x') FROM c"));
  }
  // As another connection sees it, over the layer below.
  int64_t Rows() {
    absl::StatusOr<sqlite::Connection> reader =
        sqlite::Connection::Open("log.db", sqlite::Access::kReadOnly, disk_.vfs());
    if (!reader.ok()) return -1;
    absl::StatusOr<sqlite::Statement> check = reader->Prepare("PRAGMA integrity_check");
    if (!check.ok() || !*check->Step() || check->Text(0) != "ok") return -2;
    return reader->QueryInt64("SELECT count(*) FROM t").value_or(-3);
  }

  SimulatedDisk disk_;
  LogBuffer buffer_{disk_.vfs()};
  std::unique_ptr<sqlite::Connection> connection_;
};

TEST_F(LogBufferTest, ATransactionIsFewWrites) {
  ASSERT_TRUE(Insert(1).ok());
  const int64_t before = disk_.changes();
  ASSERT_TRUE(Insert(3).ok());
  EXPECT_EQ(disk_.changes() - before, 2);  // one write, one sync
  ASSERT_TRUE(connection_->Execute("PRAGMA cache_size = 1000").ok());
  const int64_t between = disk_.changes();
  ASSERT_TRUE(Insert(150).ok());
  EXPECT_LT(disk_.changes() - between, 25);  // of about 160 pages, and as much room behind them
  EXPECT_EQ(Rows(), 154);
}

TEST_F(LogBufferTest, WhatDoesNotFitTheCacheIsReadBack) {
  int64_t rows = 0;
  for (int round = 0; round < 6; ++round) {
    ASSERT_TRUE(connection_->Execute("BEGIN IMMEDIATE").ok());
    ASSERT_TRUE(Insert(60).ok());
    ASSERT_TRUE(connection_->Execute("UPDATE t SET body = body || 'y' WHERE n % 3 = 1").ok());
    EXPECT_EQ(connection_->QueryInt64("SELECT count(*) FROM t").value_or(-1), rows + 60);
    EXPECT_EQ(Rows(), rows);  // others see nothing of it yet
    const bool keep = round % 2 == 0;
    ASSERT_TRUE(connection_->Execute(keep ? "COMMIT" : "ROLLBACK").ok());
    if (keep) rows += 60;
    EXPECT_EQ(Rows(), rows);
    if (round == 3) {
      ASSERT_TRUE(connection_->Checkpoint(SQLITE_CHECKPOINT_TRUNCATE, absl::ZeroDuration()).ok());
    }
    if (round == 4) Open();
    EXPECT_EQ(Rows(), rows);
  }
}

// Each write, sync and truncation fails once: the transaction fails, unless it was room for later
// ones that could not be written, and the next one does not.
TEST_F(LogBufferTest, AFailureIsToldBeforeCommitReturns) {
  int failed = 0;
  int without_room = 0;
  for (int64_t call = 0;; ++call) {
    SCOPED_TRACE(call);
    const int64_t before = Rows();
    disk_.faults().fail_after = call;
    const absl::Status inserted = Insert(30);
    const bool hit = disk_.faults().fail_after < 0;
    disk_.faults().Clear();
    EXPECT_TRUE(inserted.ok() || hit) << inserted;
    // As after any failed write the handles are not to be believed; new ones are.
    Open();
    ASSERT_TRUE(Rows() == before + 30 || (!inserted.ok() && Rows() == before)) << Rows();
    if (!hit) break;
    ++(inserted.ok() ? without_room : failed);
  }
  EXPECT_GE(failed, 2);
  EXPECT_GE(without_room, 1);
  disk_.faults().log_full = true;
  const int64_t before = Rows();
  EXPECT_TRUE(absl::IsResourceExhausted(Insert(30)));
  disk_.faults().Clear();
  EXPECT_EQ(Rows(), before);
  EXPECT_TRUE(Insert(30).ok());  // on the same handle
  EXPECT_EQ(Rows(), before + 30);
}

TEST_F(LogBufferTest, ThereIsRoomBehindTheLog) {
  const auto log_bytes = [&] { return static_cast<int64_t>(disk_.image()["log.db-wal"].size()); };
  ASSERT_TRUE(Insert(1).ok());
  const int64_t first = log_bytes();
  EXPECT_GT(first, 100'000);
  // What fits into it changes nothing in the length of the file.
  ASSERT_TRUE(Insert(3).ok());
  EXPECT_EQ(log_bytes(), first);
  int grown = 0;
  for (int64_t last = first, commits = 0; commits < 200; ++commits) {
    ASSERT_TRUE(Insert(1).ok());
    const int64_t now = log_bytes();
    grown += now != last;
    last = now;
  }
  EXPECT_GT(log_bytes(), 200 * 4096);
  EXPECT_LE(grown, 6);
  // A log that is emptied begins with little of it.
  ASSERT_TRUE(connection_->Checkpoint(SQLITE_CHECKPOINT_TRUNCATE, absl::ZeroDuration()).ok());
  EXPECT_EQ(log_bytes(), 0);
  ASSERT_TRUE(Insert(1).ok());
  EXPECT_LE(log_bytes(), first);
  EXPECT_EQ(Rows(), 205);
}

// The disk has room for what is committed, and none for what will be.
TEST_F(LogBufferTest, ADiskWithoutRoomTakesWhatFits) {
  ASSERT_TRUE(connection_->Checkpoint(SQLITE_CHECKPOINT_TRUNCATE, absl::ZeroDuration()).ok());
  const auto used = static_cast<int64_t>(disk_.image()["log.db"].size());
  disk_.faults().capacity_bytes = used + 100'000;
  int rows = 0;
  while (Insert(1).ok()) ++rows;
  EXPECT_GT(rows, 6);
  EXPECT_LT(rows, 25);
  EXPECT_EQ(Rows(), rows);
  disk_.faults().Clear();
  EXPECT_TRUE(Insert(1).ok());
  EXPECT_EQ(Rows(), rows + 1);
}

}  // namespace
}  // namespace coedit::storage
