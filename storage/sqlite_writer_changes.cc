// SqliteWriter: changes of documents beside their texts. They are rare, so their statements are
// prepared when they are needed.
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/sqlite_writer.h"
#include "storage/store_errors.h"

namespace coedit::storage {

absl::StatusOr<VersionNumber> SqliteWriter::Change(const DocumentChange& change) {
  if (absl::Status done = Forget(change.document); !done.ok()) return done;
  // Also of a document whose row is damaged: who else would be rid of it.
  if (std::holds_alternative<Deletion>(change.what)) {
    const absl::Status done = DeleteDocument(change.document);
    return done.ok() ? absl::StatusOr<VersionNumber>(0) : done;
  }
  absl::StatusOr<DocumentRow> row = FindDocument(&*select_document_, change.document);
  if (!row.ok()) return row.status();
  if (const auto* added = std::get_if<NewVersion>(&change.what)) {
    return AddVersion(&*row, added->version);
  }
  absl::Status done;
  if (const auto* deleted = std::get_if<VersionDeletion>(&change.what)) {
    done = DeleteVersion(*row, deleted->number);
  } else {
    row->title = std::get<NewTitle>(change.what).title;
    done = UpdateNames(*row);
  }
  if (!done.ok()) return done;
  return 0;
}

absl::Status SqliteWriter::UpdateNames(const DocumentRow& row) {
  absl::StatusOr<sqlite::Statement> update = connection_.Prepare(
      "UPDATE documents SET title = ?2, last_version = ?3, checksum = ?4 WHERE number = ?1");
  if (!update.ok()) return update.status();
  return update->BindInt64(1, row.number)
      .BindOptionalText(2, row.title)
      .BindUint64(3, row.last_version)
      .BindUint64(4, RowChecksum(row))
      .Run();
}

absl::StatusOr<VersionNumber> SqliteWriter::AddVersion(DocumentRow* row, Version version) {
  if (version.revision > row->head.revision) {
    return NoSuchRevision(row->id, version.revision, row->head.revision);
  }
  const absl::StatusOr<int64_t> count = connection_.QueryInt64(
      absl::StrCat("SELECT count(*) FROM versions WHERE document = ", row->number));
  if (!count.ok()) return count.status();
  if (*count >= kVersionsMax) return TooManyVersions(row->id);
  // A number is not given again: who deletes by number means the one that had it.
  version.number = ++row->last_version;
  if (absl::Status done = UpdateNames(*row); !done.ok()) return done;
  absl::StatusOr<sqlite::Statement> insert = connection_.Prepare(
      "INSERT INTO versions (document, number, revision, name, named_by, created_ms, checksum) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  if (!insert.ok()) return insert.status();
  const absl::Status done = insert->BindInt64(1, row->number)
                                .BindUint64(2, version.number)
                                .BindUint64(3, version.revision)
                                .BindText(4, version.name)
                                .BindOptionalText(5, version.by)
                                .BindInt64(6, version.created_ms)
                                .BindUint64(7, RowChecksum(row->number, version))
                                .Run();
  if (!done.ok()) return done;
  return version.number;
}

absl::Status SqliteWriter::DeleteVersion(const DocumentRow& row, VersionNumber number) {
  absl::StatusOr<sqlite::Statement> deleted =
      connection_.Prepare("DELETE FROM versions WHERE document = ?1 AND number = ?2");
  if (!deleted.ok()) return deleted.status();
  const absl::Status done = deleted->BindInt64(1, row.number).BindUint64(2, number).Run();
  if (!done.ok()) return done;
  return connection_.Changes() == 1 ? absl::OkStatus() : NoSuchVersion(row.id, number);
}

// In one transaction, however long the history: half a document would be damage to whoever reads
// it. The pages that become free are overwritten, so the log grows by about what the document took;
// that is half a byte or so for each of its operations.
absl::Status SqliteWriter::DeleteDocument(absl::string_view document) {
  int64_t number;
  {
    absl::StatusOr<sqlite::Statement> select =
        connection_.Prepare("SELECT number FROM documents WHERE id = ?1");
    if (!select.ok()) return select.status();
    const absl::StatusOr<bool> found = select->BindText(1, document).Step();
    if (!found.ok()) return found.status();
    if (!*found) return NoSuchDocument(document);
    number = select->Int64(0);
  }
  for (const char* rows :
       {"versions WHERE document", "snapshots WHERE document", "history_blocks WHERE document",
        "segments WHERE document", "recent_appends WHERE document", "authors WHERE document",
        "documents WHERE number"}) {
    absl::StatusOr<sqlite::Statement> deleted =
        connection_.Prepare(absl::StrCat("DELETE FROM ", rows, " = ?1"));
    if (!deleted.ok()) return deleted.status();
    if (absl::Status done = deleted->BindInt64(1, number).Run(); !done.ok()) return done;
  }
  damaged_.erase(document);
  return absl::OkStatus();
}

}  // namespace coedit::storage
