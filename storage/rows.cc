#include "storage/rows.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/bytes.h"
#include "storage/store_errors.h"

namespace coedit::storage {

uint64_t RowChecksum(const DocumentRow& row) {
  std::string bytes;
  AppendFixed64(row.number, &bytes);
  AppendSized(row.id, &bytes);
  AppendFixed64(static_cast<uint64_t>(row.type), &bytes);
  AppendSized(row.epoch, &bytes);
  AppendFixed64(row.created_ms, &bytes);
  AppendFixed64(row.changed_ms, &bytes);
  AppendFixed64(row.head.revision, &bytes);
  AppendFixed64(row.head.digest, &bytes);
  AppendFixed64(row.snapshot_revision, &bytes);
  AppendFixed64(row.tail_bytes, &bytes);
  return Checksum(bytes);
}

absl::StatusOr<DocumentRow> ReadDocumentRow(const sqlite::Statement& statement) {
  DocumentRow row{.number = statement.Int64(0),
                  .id = std::string(statement.Text(1)),
                  .type = static_cast<ot::DocumentType>(statement.Int64(2)),
                  .epoch = std::string(statement.Text(3)),
                  .created_ms = statement.Int64(4),
                  .changed_ms = statement.Int64(5),
                  .head = {statement.Uint64(6), statement.Uint64(7)},
                  .snapshot_revision = statement.Uint64(8),
                  .tail_bytes = statement.Int64(9)};
  if (RowChecksum(row) != statement.Uint64(10)) {
    return absl::DataLossError(absl::StrCat("row of document '", row.id, "' is damaged"));
  }
  return row;
}

absl::StatusOr<DocumentRow> FindDocument(sqlite::Statement* select, absl::string_view id) {
  const sqlite::ResetAtExit reset(select);
  select->BindText(1, id);
  const absl::StatusOr<bool> found = select->Step();
  if (!found.ok()) return found.status();
  if (!*found) return NoSuchDocument(id);
  return ReadDocumentRow(*select);
}

uint64_t RowChecksum(int64_t document_number, const Author& author) {
  std::string bytes;
  AppendFixed64(document_number, &bytes);
  AppendFixed64(author.number, &bytes);
  for (const std::string* text :
       {&author.client_id, &author.user_id, &author.name, &author.color}) {
    AppendSized(*text, &bytes);
  }
  AppendFixed64(author.state.last_sequence, &bytes);
  AppendFixed64(author.state.last_revision, &bytes);
  AppendFixed64(author.state.last_hash, &bytes);
  return Checksum(bytes);
}

absl::StatusOr<Author> ReadAuthorRow(int64_t document_number, const sqlite::Statement& statement) {
  Author author{.number = statement.Uint64(0),
                .client_id = std::string(statement.Text(1)),
                .user_id = std::string(statement.Text(2)),
                .name = std::string(statement.Text(3)),
                .color = std::string(statement.Text(4)),
                .state = {.last_sequence = statement.Uint64(5),
                          .last_revision = statement.Uint64(6),
                          .last_hash = statement.Uint64(7)}};
  if (RowChecksum(document_number, author) != statement.Uint64(8)) {
    return absl::DataLossError(absl::StrCat("row of author ", author.number, " is damaged"));
  }
  return author;
}

}  // namespace coedit::storage
