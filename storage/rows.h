// Rows of the small tables as values, each with the checksum over all its fields that stands in its
// last column: SQLite itself does not notice a flipped bit.
#ifndef COEDIT_STORAGE_ROWS_H_
#define COEDIT_STORAGE_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/sqlite.h"
#include "storage/store.h"

namespace coedit::storage {

struct DocumentRow {
  int64_t number = 0;
  std::string id;
  ot::DocumentType type = ot::DocumentType::kRichText;
  std::string epoch;
  int64_t created_ms = 0;
  int64_t changed_ms = 0;
  Head head;
  ot::Revision snapshot_revision = 0;  // of the newest snapshot
  int64_t tail_bytes = 0;              // of the segments after it
  std::optional<std::string> title;
  VersionNumber last_version = 0;  // the greatest number given so far
};

// ReadDocumentRow reads what these find.
#define COEDIT_SELECT_DOCUMENTS                                                          \
  "SELECT number, id, type, epoch, created_ms, changed_ms, head_revision, head_digest, " \
  "snapshot_revision, tail_bytes, title, last_version, checksum FROM documents "
inline constexpr absl::string_view kSelectDocument = COEDIT_SELECT_DOCUMENTS "WHERE id = ?1";
inline constexpr absl::string_view kSelectDocumentByNumber =
    COEDIT_SELECT_DOCUMENTS "WHERE number = ?1";
inline constexpr absl::string_view kSelectDocuments = COEDIT_SELECT_DOCUMENTS "ORDER BY id";
inline constexpr absl::string_view kSelectDocumentsFrom =
    COEDIT_SELECT_DOCUMENTS "WHERE id >= ?1 AND id > ?2 ORDER BY id";
#undef COEDIT_SELECT_DOCUMENTS

uint64_t RowChecksum(const DocumentRow& row);
// What stands in it, damaged or not.
DocumentRow ReadUncheckedDocumentRow(const sqlite::Statement& statement);
// kDataLoss if the row is damaged.
absl::StatusOr<DocumentRow> ReadDocumentRow(const sqlite::Statement& statement);
// kNotFound if there is none, kDataLoss if it is damaged. `select` is kSelectDocument.
absl::StatusOr<DocumentRow> FindDocument(sqlite::Statement* select, absl::string_view id);

DocumentInfo InfoOf(const DocumentRow& row);

// ReadAuthorRow reads what these find: the authors of document ?1 by number, and number ?2 of them.
#define COEDIT_SELECT_AUTHORS                                                                 \
  "SELECT number, client_id, user_id, name, color, last_sequence, last_revision, last_hash, " \
  "checksum FROM authors WHERE document = ?1 "
inline constexpr absl::string_view kSelectAuthors = COEDIT_SELECT_AUTHORS "ORDER BY number";
inline constexpr absl::string_view kSelectAuthor = COEDIT_SELECT_AUTHORS "AND number = ?2";
#undef COEDIT_SELECT_AUTHORS

uint64_t RowChecksum(int64_t document_number, const Author& author);
absl::StatusOr<Author> ReadAuthorRow(int64_t document_number, const sqlite::Statement& statement);

// Selects the versions of document ?1 by revision; ReadVersionRow reads one.
inline constexpr absl::string_view kSelectVersions =
    "SELECT number, revision, name, named_by, created_ms, checksum FROM versions "
    "WHERE document = ?1 ORDER BY revision, number";

uint64_t RowChecksum(int64_t document_number, const Version& version);
absl::StatusOr<Version> ReadVersionRow(int64_t document_number, const sqlite::Statement& statement);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_ROWS_H_
