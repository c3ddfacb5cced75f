#include "storage/schema.h"

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sqlite_store.h"
#include "storage/sqlite_writer.h"
#include "tests/storage/store_testing.h"

namespace coedit::storage {
namespace {

using testing::HasSubstr;

class SchemaTest : public testing::Test {
 protected:
  SchemaTest() {
    absl::StatusOr<sqlite::Connection> opened =
        sqlite::Connection::Open(path(), sqlite::Access::kReadWrite, "");
    EXPECT_TRUE(opened.ok()) << opened.status();
    connection_ = std::make_unique<sqlite::Connection>(*std::move(opened));
  }
  std::string path() { return directory_.path() + "/coedit.db"; }
  int64_t Query(const std::string& sql) {
    const absl::StatusOr<int64_t> value = connection_->QueryInt64(sql);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.value_or(-1);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<sqlite::Connection> connection_;
};

TEST_F(SchemaTest, AnEmptyFileBecomesOurs) {
  ASSERT_TRUE(MigrateSchema(connection_.get()).ok());
  EXPECT_EQ(Query("PRAGMA application_id"), kApplicationId);
  EXPECT_EQ(Query("PRAGMA user_version"), kSchemaVersion);
  EXPECT_EQ(Query("SELECT count(*) FROM sqlite_schema WHERE type = 'table'"), 7);
  // A second time it is as it should be.
  ASSERT_TRUE(MigrateSchema(connection_.get()).ok());
  EXPECT_FALSE(connection_->InTransaction());
}

// What version 2 added is taken away from a file that is full of history.
TEST_F(SchemaTest, AFileOfVersionOneIsMigratedWithAllItHolds) {
  connection_.reset();
  Scribe scribe("notes");
  {
    SqliteStoreOptions options;
    options.pack_history = false;
    absl::StatusOr<std::unique_ptr<SqliteStore>> store =
        SqliteStore::Open(directory_.path(), options);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(Create(store->get(), "notes").ok());
    for (int i = 0; i < 300; ++i) {
      scribe.Type(1 + i % 3, "typed ");
      ASSERT_EQ(Append(store->get(), scribe.Take()).outcome, AppendOutcome::kCommitted);
    }
  }
  {
    absl::StatusOr<sqlite::Connection> old =
        sqlite::Connection::Open(path(), sqlite::Access::kReadWrite, "");
    ASSERT_TRUE(old.ok()) << old.status();
    const absl::Status done = old->Execute(
        "DROP TABLE recent_appends; DROP TABLE versions; ALTER TABLE documents DROP COLUMN title; "
        "ALTER TABLE documents DROP COLUMN last_version; "
        "DROP TABLE history_blocks; ALTER TABLE snapshots DROP COLUMN rung; "
        "PRAGMA user_version = 1");
    ASSERT_TRUE(done.ok()) << done;
    EXPECT_EQ(*old->QueryInt64("SELECT count(*) FROM sqlite_schema WHERE type = 'table'"), 4);
  }
  absl::StatusOr<std::unique_ptr<SqliteStore>> store =
      SqliteStore::Open(directory_.path(), EagerPacking());
  ASSERT_TRUE(store.ok()) << store.status();
  // It counts as left alone a moment after it was found.
  while ((*store)->Statistics().packed_commits == 0) (*store)->WaitUntilPacked();
  const absl::StatusOr<StoredDocument> stored = Load(store->get(), "notes");
  ASSERT_TRUE(stored.ok()) << stored.status();
  ExpectSame(*stored, scribe);
  for (const ot::Revision revision : {0, 1, 150, 299, 300}) {
    ExpectRevision(store->get(), "notes", scribe, revision);
  }
  ASSERT_TRUE(SetTitle(store->get(), "notes", "Old notes").ok());
  ASSERT_TRUE(AddVersion(store->get(), "notes", {.revision = 150, .name = "half"}).ok());
  EXPECT_EQ(Info(store->get(), "notes")->title, "Old notes");
  store->reset();
  absl::StatusOr<sqlite::Connection> migrated =
      sqlite::Connection::Open(path(), sqlite::Access::kReadWrite, "");
  EXPECT_EQ(*migrated->QueryInt64("PRAGMA user_version"), 4);
}

TEST_F(SchemaTest, ANewerVersionIsRefusedByName) {
  ASSERT_TRUE(MigrateSchema(connection_.get()).ok());
  ASSERT_TRUE(
      connection_->Execute(absl::StrCat("PRAGMA user_version = ", kSchemaVersion + 1)).ok());
  connection_.reset();
  const absl::Status status = SqliteStore::Open(directory_.path()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(directory_.path()));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("schema version ", kSchemaVersion + 1)));
}

TEST_F(SchemaTest, AFileOfAnotherProgramIsRefusedAndNotTouched) {
  ASSERT_TRUE(connection_->Execute("CREATE TABLE theirs (x); PRAGMA user_version = 1").ok());
  connection_.reset();
  const absl::Status status = SqliteStore::Open(directory_.path()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("not of coedit"));
  absl::StatusOr<sqlite::Connection> again =
      sqlite::Connection::Open(path(), sqlite::Access::kReadWrite, "");
  EXPECT_EQ(*again->QueryInt64("SELECT count(*) FROM sqlite_schema"), 1);
  absl::StatusOr<sqlite::Statement> mode = again->Prepare("PRAGMA journal_mode");
  ASSERT_TRUE(*mode->Step());
  EXPECT_EQ(mode->Text(0), "delete");
}

TEST_F(SchemaTest, AFileThatIsNoDatabaseIsRefused) {
  connection_.reset();
  std::ofstream(path()) << std::string(5000, 'x');
  const absl::Status status = SqliteStore::Open(directory_.path()).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
}

TEST_F(SchemaTest, SettingsOfAConnection) {
  ASSERT_TRUE(ConfigureConnection(connection_.get()).ok());
  EXPECT_EQ(Query("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(Query("PRAGMA trusted_schema"), 0);
  EXPECT_EQ(Query("PRAGMA cell_size_check"), 1);
  EXPECT_EQ(Query("PRAGMA busy_timeout"), 5000);
  // Defensive: the schema cannot be written as a table.
  ASSERT_TRUE(connection_->Execute("PRAGMA writable_schema = ON").ok());
  EXPECT_FALSE(connection_->Execute("DELETE FROM sqlite_schema").ok());
}

TEST_F(SchemaTest, TheStoreUsesALogAndFullSyncs) {
  connection_.reset();
  // Looked at from within: `synchronous` belongs to a connection.
  absl::StatusOr<std::unique_ptr<SqliteWriter>> writer = SqliteWriter::Open(path(), "", {}, 0);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ((*writer)->Setting("synchronous").value_or(""), "2");
  EXPECT_EQ((*writer)->Setting("secure_delete").value_or(""), "1");
  EXPECT_EQ((*writer)->Setting("journal_mode").value_or(""), "wal");
  EXPECT_EQ((*writer)->Setting("foreign_keys").value_or(""), "1");
}

}  // namespace
}  // namespace coedit::storage
