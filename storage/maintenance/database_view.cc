#include "storage/maintenance/database_view.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "storage/data_directory.h"
#include "storage/recent_append.h"
#include "storage/schema.h"
#include "storage/snapshot_codec.h"

namespace coedit::storage {
namespace {

// SQLite's virtual machine asks whether to go on after this many instructions: about a millisecond.
constexpr int kInstructionsPerStep = 20'000;

struct LongStatement {
  absl::FunctionRef<absl::Status()> step;
  absl::Status status;
};

int AskWhetherToGoOn(void* data) {
  auto* statement = static_cast<LongStatement*>(data);
  statement->status = statement->step();
  return statement->status.ok() ? 0 : 1;
}

absl::Status Named(absl::string_view path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("'", path, "': ", status.message()));
}

}  // namespace

absl::StatusOr<std::string> FindDatabase(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status found = std::filesystem::status(path, error);
  if (std::filesystem::is_regular_file(found)) return path;
  if (!std::filesystem::exists(found)) {
    return absl::NotFoundError(absl::StrCat("'", path, "' does not exist"));
  }
  if (!std::filesystem::is_directory(found)) {
    return absl::NotFoundError(absl::StrCat("'", path, "' is neither a directory nor a file"));
  }
  const std::string database = DatabasePath(path);
  if (!std::filesystem::exists(database, error)) {
    return absl::NotFoundError(absl::StrCat("data directory '", path, "' holds no coedit.db"));
  }
  return database;
}

absl::StatusOr<std::unique_ptr<DatabaseView>> DatabaseView::Open(const std::string& path) {
  absl::StatusOr<std::string> file = FindDatabase(path);
  if (!file.ok()) return file.status();
  absl::StatusOr<sqlite::Connection> connection =
      sqlite::Connection::Open(*file, sqlite::Access::kReadOnly, /*vfs=*/"");
  if (!connection.ok()) return connection.status();
  for (const auto& step : {&ConfigureConnection, &CheckSchema}) {
    if (const absl::Status done = step(&*connection); !done.ok()) return Named(*file, done);
  }
  absl::StatusOr<std::unique_ptr<SqliteReader>> reader = SqliteReader::Open(*file, /*vfs=*/"");
  if (!reader.ok()) return Named(*file, reader.status());
  return std::unique_ptr<DatabaseView>(
      new DatabaseView(*std::move(file), *std::move(connection), *std::move(reader)));
}

absl::StatusOr<std::vector<DatabaseView::Entry>> DatabaseView::ListDocuments() {
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kRead);
  if (!transaction.ok()) return transaction.status();
  absl::StatusOr<sqlite::Statement> select_recent = connection_.Prepare(kSelectAllRecentAppends);
  if (!select_recent.ok()) return select_recent.status();
  const absl::StatusOr<absl::flat_hash_map<int64_t, RecentAppend>> recent =
      ReadLastRecentAppends(&*select_recent);
  if (!recent.ok()) return recent.status();
  absl::StatusOr<sqlite::Statement> select = connection_.Prepare(kSelectDocuments);
  if (!select.ok()) return select.status();
  std::vector<Entry> entries;
  for (;;) {
    const absl::StatusOr<bool> found = select->Step();
    if (!found.ok()) return found.status();
    if (!*found) return entries;
    const absl::StatusOr<DocumentRow> row = ReadDocumentRow(*select);
    ot::Revision head = row.ok() ? row->head.revision : 0;
    const auto last_append = recent->find(select->Int64(0));
    if (row.ok() && last_append != recent->end()) {
      head = std::max(head, last_append->second.after.revision);
    }
    entries.push_back({.id = std::string(select->Text(1)), .status = row.status(), .head = head});
  }
}

absl::StatusOr<DocumentDetails> DatabaseView::ReadDetails(absl::string_view document) {
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(&connection_, sqlite::Transaction::Mode::kRead);
  if (!transaction.ok()) return transaction.status();
  absl::StatusOr<sqlite::Statement> select_document = connection_.Prepare(kSelectDocument);
  if (!select_document.ok()) return select_document.status();
  absl::StatusOr<DocumentRow> row = FindDocument(&*select_document, document);
  if (!row.ok()) return row.status();
  DocumentDetails details;
  details.row = *std::move(row);
  absl::StatusOr<sqlite::Statement> select_recent = connection_.Prepare(kSelectRecentAppends);
  if (!select_recent.ok()) return select_recent.status();
  const absl::StatusOr<std::vector<RecentAppend>> recent =
      ReadRecentAppends(&*select_recent, &details.row);
  if (!recent.ok()) return recent.status();

  absl::StatusOr<sqlite::Statement> select_authors = connection_.Prepare(kSelectAuthors);
  if (!select_authors.ok()) return select_authors.status();
  select_authors->BindInt64(1, details.row.number);
  for (;;) {
    const absl::StatusOr<bool> found = select_authors->Step();
    if (!found.ok()) return found.status();
    if (!*found) break;
    absl::StatusOr<Author> author = ReadAuthorRow(details.row.number, *select_authors);
    if (author.ok()) {
      details.authors.push_back(*std::move(author));
    } else {
      details.damage.emplace_back(author.status().message());
    }
  }
  Advance(*recent, &details.authors);

  absl::StatusOr<sqlite::Statement> select_versions = connection_.Prepare(kSelectVersions);
  if (!select_versions.ok()) return select_versions.status();
  select_versions->BindInt64(1, details.row.number);
  for (;;) {
    const absl::StatusOr<bool> found = select_versions->Step();
    if (!found.ok()) return found.status();
    if (!*found) break;
    absl::StatusOr<Version> version = ReadVersionRow(details.row.number, *select_versions);
    if (version.ok()) {
      details.versions.push_back(*std::move(version));
    } else {
      details.damage.emplace_back(version.status().message());
    }
  }

  absl::StatusOr<sqlite::Statement> select_snapshots =
      connection_.Prepare("SELECT revision FROM snapshots WHERE document = ?1 ORDER BY revision");
  if (!select_snapshots.ok()) return select_snapshots.status();
  select_snapshots->BindInt64(1, details.row.number);
  for (;;) {
    const absl::StatusOr<bool> found = select_snapshots->Step();
    if (!found.ok()) return found.status();
    if (!*found) return details;
    details.snapshots.push_back(select_snapshots->Uint64(0));
  }
}

absl::StatusOr<Snapshot> DatabaseView::ReadSnapshot(const DocumentRow& row, ot::Revision revision) {
  std::string body;
  {
    absl::StatusOr<sqlite::Statement> select =
        connection_.Prepare("SELECT body FROM snapshots WHERE document = ?1 AND revision = ?2");
    if (!select.ok()) return select.status();
    select->BindInt64(1, row.number).BindUint64(2, revision);
    const absl::StatusOr<bool> found = select->Step();
    if (!found.ok()) return found.status();
    if (!*found) {
      return absl::NotFoundError(
          absl::StrCat("document '", row.id, "' has no snapshot at revision ", revision));
    }
    body = std::string(select->Blob(0));
  }
  absl::StatusOr<Snapshot> snapshot = ParseSnapshot(body);
  if (snapshot.ok() && snapshot->head.revision != revision) {
    return absl::DataLossError(absl::StrCat("snapshot: is of revision ", snapshot->head.revision));
  }
  return snapshot;
}

absl::StatusOr<StoredSizes> DatabaseView::ReadSizes(const DocumentRow& row) {
  absl::StatusOr<sqlite::Statement> select = connection_.Prepare(
      "SELECT (SELECT count(*) FROM history_blocks WHERE document = ?1), "
      "(SELECT ifnull(sum(length(body)), 0) FROM history_blocks WHERE document = ?1), "
      "(SELECT count(*) FROM segments WHERE document = ?1), "
      "(SELECT ifnull(sum(length(body)), 0) FROM segments WHERE document = ?1), "
      "(SELECT count(*) FROM snapshots WHERE document = ?1), "
      "(SELECT ifnull(sum(length(body)), 0) FROM snapshots WHERE document = ?1), "
      "(SELECT count(*) FROM recent_appends WHERE document = ?1), "
      "(SELECT ifnull(sum(length(body)), 0) FROM recent_appends WHERE document = ?1)");
  if (!select.ok()) return select.status();
  select->BindInt64(1, row.number);
  const absl::StatusOr<bool> found = select->Step();
  if (!found.ok()) return found.status();
  return StoredSizes{.blocks = select->Int64(0),
                     .block_bytes = select->Int64(1),
                     .segments = select->Int64(2),
                     .segment_bytes = select->Int64(3),
                     .snapshots = select->Int64(4),
                     .snapshot_bytes = select->Int64(5),
                     .recent_appends = select->Int64(6),
                     .recent_append_bytes = select->Int64(7)};
}

absl::StatusOr<std::vector<std::string>> DatabaseView::CheckIntegrity(Progress* progress) {
  std::vector<std::string> problems;
  for (const char* sql :
       {"PRAGMA integrity_check(100)",
        "SELECT DISTINCT 'a row of table ' || \"table\" || ' belongs to no document' "
        "FROM pragma_foreign_key_check"}) {
    absl::StatusOr<std::vector<std::string>> found = RunLongStatement(
        &connection_, sql, [progress] { return progress->Step("checking the file", 0, 0, ""); });
    if (absl::IsDataLoss(found.status())) {
      problems.emplace_back(found.status().message());
      continue;
    }
    if (!found.ok()) return found.status();
    for (std::string& line : *found) {
      if (line != "ok") problems.push_back(std::move(line));
    }
  }
  return problems;
}

absl::StatusOr<std::vector<std::string>> RunLongStatement(sqlite::Connection* connection,
                                                          absl::string_view sql,
                                                          absl::FunctionRef<absl::Status()> step) {
  absl::StatusOr<sqlite::Statement> statement = connection->Prepare(sql);
  if (!statement.ok()) return statement.status();
  LongStatement long_statement = {step, absl::OkStatus()};
  sqlite3_progress_handler(connection->handle(), kInstructionsPerStep, &AskWhetherToGoOn,
                           &long_statement);
  std::vector<std::string> rows;
  absl::Status status;
  for (;;) {
    const absl::StatusOr<bool> found = statement->Step();
    if (!found.ok()) status = found.status();
    if (!found.ok() || !*found) break;
    rows.emplace_back(statement->Text(0));
  }
  sqlite3_progress_handler(connection->handle(), 0, nullptr, nullptr);
  if (!long_statement.status.ok()) return long_statement.status;
  if (!status.ok()) return status;
  return rows;
}

}  // namespace coedit::storage
