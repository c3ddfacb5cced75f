#include "bench/storage/row_per_operation.h"

#include <utility>

#include "ot/canonical.h"

namespace coedit::bench {

absl::StatusOr<RowPerOperation> RowPerOperation::Open(const std::string& path) {
  absl::StatusOr<storage::sqlite::Connection> connection =
      storage::sqlite::Connection::Open(path, storage::sqlite::Access::kReadWrite, "");
  if (!connection.ok()) return connection.status();
  absl::Status made = connection->Execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE operations ("
      "document INTEGER, revision INTEGER, author INTEGER, time_ms INTEGER, body BLOB, "
      "PRIMARY KEY (document, revision)) WITHOUT ROWID");
  if (!made.ok()) return made;
  absl::StatusOr<storage::sqlite::Statement> insert =
      connection->Prepare("INSERT INTO operations VALUES (?1, ?2, ?3, ?4, ?5)");
  if (!insert.ok()) return insert.status();
  return RowPerOperation(*std::move(connection), *std::move(insert));
}

absl::Status RowPerOperation::Append(int64_t document, absl::Span<const ot::Commit> commits) {
  absl::StatusOr<storage::sqlite::Transaction> transaction = storage::sqlite::Transaction::Begin(
      &connection_, storage::sqlite::Transaction::Mode::kImmediate);
  if (!transaction.ok()) return transaction.status();
  std::string body;
  for (const ot::Commit& commit : commits) {
    body.clear();
    ot::AppendCanonical(commit.delta, &body);
    absl::Status done = insert_.BindInt64(1, document)
                            .BindUint64(2, commit.revision)
                            .BindUint64(3, commit.author)
                            .BindInt64(4, commit.time_ms)
                            .BindBlob(5, body)
                            .Run();
    if (!done.ok()) return done;
  }
  return transaction->Commit();
}

absl::StatusOr<int64_t> RowPerOperation::FileBytes() {
  const absl::StatusOr<int64_t> pages = connection_.QueryInt64("PRAGMA page_count");
  if (!pages.ok()) return pages.status();
  const absl::StatusOr<int64_t> page_bytes = connection_.QueryInt64("PRAGMA page_size");
  if (!page_bytes.ok()) return page_bytes.status();
  return *pages * *page_bytes;
}

}  // namespace coedit::bench
