#include "storage/sqlite.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/storage/store_testing.h"

namespace coedit::storage::sqlite {
namespace {

using testing::HasSubstr;

class SqliteTest : public testing::Test {
 protected:
  SqliteTest() : connection_(*Connection::Open(path(), Access::kReadWrite, "")) {
    EXPECT_TRUE(connection_.Execute("CREATE TABLE t (a UNIQUE, b)").ok());
  }
  std::string path() { return directory_.path() + "/x.db"; }

  TemporaryDirectory directory_;
  Connection connection_;
};

TEST_F(SqliteTest, ErrorsCarryTheirTextAndCode) {
  const absl::Status syntax = connection_.Execute("SELEKT 1");
  EXPECT_TRUE(absl::IsInternal(syntax));
  EXPECT_THAT(std::string(syntax.message()), HasSubstr("SELEKT"));
  EXPECT_THAT(std::string(syntax.message()), HasSubstr("syntax error"));

  ASSERT_TRUE(connection_.Execute("INSERT INTO t VALUES (1, 2)").ok());
  const absl::Status twice = connection_.Execute("INSERT INTO t VALUES (1, 2)");
  EXPECT_TRUE(absl::IsAlreadyExists(twice));
  EXPECT_THAT(std::string(twice.message()), HasSubstr("code 2067"));  // SQLITE_CONSTRAINT_UNIQUE

  const absl::Status absent =
      Connection::Open(directory_.path() + "/no/x.db", Access::kReadWrite, "").status();
  EXPECT_TRUE(absl::IsUnavailable(absent));
  EXPECT_THAT(std::string(absent.message()), HasSubstr("no/x.db"));
}

TEST_F(SqliteTest, AStatementIsUsedAgain) {
  absl::StatusOr<Statement> insert = connection_.Prepare("INSERT INTO t VALUES (?1, ?2)");
  ASSERT_TRUE(insert.ok());
  const std::string blob("\0\xFF", 2);
  EXPECT_TRUE(insert->BindText(1, {}).BindBlob(2, blob).Run().ok());
  EXPECT_TRUE(absl::IsAlreadyExists(insert->BindText(1, "").BindInt64(2, 5).Run()));
  EXPECT_TRUE(insert->BindUint64(1, ~uint64_t{0}).BindBlob(2, {}).Run().ok());
  EXPECT_EQ(connection_.Changes(), 1);
  EXPECT_TRUE(absl::IsInternal(insert->BindInt64(3, 1).Run()));  // there is no third

  absl::StatusOr<Statement> select = connection_.Prepare("SELECT a, b FROM t ORDER BY rowid");
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Text(0), "");
  EXPECT_EQ(select->Blob(1), blob);
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Uint64(0), ~uint64_t{0});
  EXPECT_EQ(select->Blob(1), "");
  EXPECT_FALSE(*select->Step());
}

TEST_F(SqliteTest, ATransactionThatIsNotCommittedLeavesNothing) {
  {
    absl::StatusOr<Transaction> transaction =
        Transaction::Begin(&connection_, Transaction::Mode::kImmediate);
    ASSERT_TRUE(connection_.Execute("INSERT INTO t VALUES (1, 1)").ok());
    EXPECT_TRUE(connection_.InTransaction());
  }
  EXPECT_FALSE(connection_.InTransaction());
  EXPECT_EQ(*connection_.QueryInt64("SELECT count(*) FROM t"), 0);
  {
    absl::StatusOr<Transaction> transaction =
        Transaction::Begin(&connection_, Transaction::Mode::kImmediate);
    ASSERT_TRUE(connection_.Execute("INSERT INTO t VALUES (1, 1)").ok());
    EXPECT_TRUE(transaction->Commit().ok());
  }
  EXPECT_EQ(*connection_.QueryInt64("SELECT count(*) FROM t"), 1);
}

TEST_F(SqliteTest, AReaderCannotWrite) {
  absl::StatusOr<Connection> reader = Connection::Open(path(), Access::kReadOnly, "");
  ASSERT_TRUE(reader.ok());
  EXPECT_TRUE(absl::IsUnavailable(reader->Execute("INSERT INTO t VALUES (1, 1)")));
}

TEST_F(SqliteTest, AFullDatabaseHasItsOwnStatus) {
  ASSERT_TRUE(connection_.Execute("PRAGMA max_page_count = 5").ok());
  const absl::Status status = connection_.Execute("INSERT INTO t VALUES (1, zeroblob(1000000))");
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

}  // namespace
}  // namespace coedit::storage::sqlite
