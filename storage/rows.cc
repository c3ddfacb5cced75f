#include "storage/rows.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/bytes.h"
#include "storage/store_errors.h"

namespace coedit::storage {
namespace {

// Most rows that change with every append are shorter: one allocation for each.
constexpr size_t kRowBytes = 240;

}  // namespace

uint64_t RowChecksum(const DocumentRow& row) {
  std::string bytes;
  bytes.reserve(kRowBytes);
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
  // So that rows from before there were titles and versions keep theirs.
  if (row.title || row.last_version != 0) {
    AppendFixed64(row.last_version, &bytes);
    if (row.title) AppendSized(*row.title, &bytes);
  }
  return Checksum(bytes);
}

DocumentRow ReadUncheckedDocumentRow(const sqlite::Statement& statement) {
  return {.number = statement.Int64(0),
          .id = std::string(statement.Text(1)),
          .type = static_cast<ot::DocumentType>(statement.Int64(2)),
          .epoch = std::string(statement.Text(3)),
          .created_ms = statement.Int64(4),
          .changed_ms = statement.Int64(5),
          .head = {statement.Uint64(6), statement.Uint64(7)},
          .snapshot_revision = statement.Uint64(8),
          .tail_bytes = statement.Int64(9),
          .title = statement.OptionalText(10),
          .last_version = statement.Uint64(11)};
}

absl::StatusOr<DocumentRow> ReadDocumentRow(const sqlite::Statement& statement) {
  DocumentRow row = ReadUncheckedDocumentRow(statement);
  if (RowChecksum(row) != statement.Uint64(12)) {
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

DocumentInfo InfoOf(const DocumentRow& row) {
  return {.id = row.id,
          .type = row.type,
          .epoch = row.epoch,
          .title = row.title,
          .head = row.head,
          .created_ms = row.created_ms,
          .changed_ms = row.changed_ms};
}

uint64_t RowChecksum(int64_t document_number, const Author& author) {
  std::string bytes;
  bytes.reserve(kRowBytes);
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

uint64_t RowChecksum(int64_t document_number, const Version& version) {
  std::string bytes;
  AppendFixed64(document_number, &bytes);
  AppendFixed64(version.number, &bytes);
  AppendFixed64(version.revision, &bytes);
  AppendSized(version.name, &bytes);
  AppendFixed64(version.created_ms, &bytes);
  if (version.by) AppendSized(*version.by, &bytes);
  return Checksum(bytes);
}

absl::StatusOr<Version> ReadVersionRow(int64_t document_number,
                                       const sqlite::Statement& statement) {
  Version version{.number = statement.Uint64(0),
                  .revision = statement.Uint64(1),
                  .name = std::string(statement.Text(2)),
                  .by = statement.OptionalText(3),
                  .created_ms = statement.Int64(4)};
  if (RowChecksum(document_number, version) != statement.Uint64(5)) {
    return absl::DataLossError(absl::StrCat("row of version ", version.number, " is damaged"));
  }
  return version;
}

}  // namespace coedit::storage
