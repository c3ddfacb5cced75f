#include "tests/storage/filled_directory.h"

#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "ot/check.h"
#include "storage/sqlite.h"

namespace coedit::storage {

FilledDirectory::FilledDirectory() {
  // Snapshots come early, so that there are some, and each append is a segment.
  std::unique_ptr<SqliteStore> store =
      MustOpen(path(), {.recent_bytes_max = 0, .snapshot_rule = {.tail_weight_bytes_min = 60'000}});
  Scribe& rich = scribes_.emplace(kRich, Scribe(kRich)).first->second;
  Scribe& plain = scribes_.emplace(kPlain, Scribe(kPlain, "")).first->second;
  scribes_.emplace(kEmpty, Scribe(kEmpty));
  EXPECT_TRUE(Create(store.get(), kRich).ok());
  EXPECT_TRUE(Create(store.get(), kPlain, ot::DocumentType::kPlainText, "").ok());
  EXPECT_TRUE(Create(store.get(), kEmpty).ok());

  const ot::Attributes bold = {{"bold", "true"}};
  const ot::Attributes not_bold = {{"bold", ot::kRemove}};
  for (int i = 0; i < 50; ++i) {
    rich.Type(1, absl::StrCat("\"", i, "\\ \n\t\001 caf\u00e9 \U0001f600 \u2028</script>"));
    rich.Commit(2, ot::DeltaBuilder().Retain(1).Retain(3, bold).Build());
    rich.Commit(3, ot::DeltaBuilder().InsertEmbed(R"({"image":"a\"b"})", bold).Build());
    rich.Commit(2, ot::DeltaBuilder().Retain(3).Retain(2, not_bold).Delete(1).Build());
    plain.Type(1 + i % 2, absl::StrCat("line ", i, "\n"));
    if (i % 5 != 4) continue;
    MustAppend(store.get(), &rich);  // 20 commits
    MustAppend(store.get(), &plain);
  }
  EXPECT_GE(store->Statistics().snapshots, 2);
  EXPECT_TRUE(SetTitle(store.get(), kRich, "\"Rich\" \\ caf\u00e9 \U0001f600").ok());
  for (const auto& [document, version] : {
           std::pair(kRich, Version{.revision = 100, .name = "Half", .created_ms = 5000}),
           std::pair(kRich, Version{.revision = 200,
                            .name = "The end \u2028",
                            .by = "Ada \"A\"",
                            .created_ms = 6000}),
           std::pair(kRich, Version{.revision = 0, .name = "None", .by = "", .created_ms = 7000}),
           std::pair(kPlain, Version{.revision = 50, .name = "", .created_ms = 8000}),
       }) {
    EXPECT_TRUE(AddVersion(store.get(), document, version).ok());
  }
  EXPECT_TRUE(DeleteVersion(store.get(), kRich, 1).ok());
}

void FilledDirectory::Tamper(const std::string& sql) const {
  absl::StatusOr<sqlite::Connection> connection =
      sqlite::Connection::Open(database(), sqlite::Access::kReadWrite, "");
  ASSERT_TRUE(connection.ok()) << connection.status();
  const absl::Status done = connection->Execute(sql);
  ASSERT_TRUE(done.ok()) << done;
  ASSERT_EQ(connection->Changes(), 1) << sql;
}

std::unique_ptr<SqliteStore> MustOpen(const std::string& directory,
                                      const SqliteStoreOptions& options) {
  absl::StatusOr<std::unique_ptr<SqliteStore>> store = SqliteStore::Open(directory, options);
  if (!store.ok()) ADD_FAILURE() << store.status();
  COEDIT_CHECK(store.ok());
  return *std::move(store);
}

void MustAppend(SqliteStore* store, Scribe* scribe) {
  const AppendResult result = Append(store, scribe->Take());
  EXPECT_EQ(result.outcome, AppendOutcome::kCommitted) << result.text;
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// SQLite has no bytes, so it goes through hex digits.
std::string FlipBit(const std::string& table, const std::string& where) {
  return absl::StrCat("UPDATE ", table,
                      " SET body = CAST(substr(body, 1, 20) || "
                      "CASE substr(body, 21, 1) WHEN x'61' THEN x'63' ELSE x'61' END || "
                      "substr(body, 22) AS BLOB) WHERE ",
                      where);
}

}  // namespace coedit::storage
