// SqliteReader: the connection that reads. It can neither write nor checkpoint, and each of its
// transactions ends before what was read is parsed, so that it does not hold up checkpoints.
//
// For one thread at a time.
#ifndef COEDIT_STORAGE_SQLITE_READER_H_
#define COEDIT_STORAGE_SQLITE_READER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/rows.h"
#include "storage/sqlite.h"
#include "storage/store.h"

namespace coedit::storage {

class SqliteReader {
 public:
  // After a SqliteWriter has opened the file.
  static absl::StatusOr<std::unique_ptr<SqliteReader>> Open(const std::string& path,
                                                            const std::string& vfs);

  // As Store says. A damaged snapshot is passed over for an older one: the commits after that make
  // the same text, and the digests prove it.
  absl::StatusOr<StoredDocument> Load(absl::string_view document);
  absl::StatusOr<std::vector<ot::Commit>> ReadCommits(absl::string_view document,
                                                      ot::Revision first, ot::Revision last);
  absl::StatusOr<std::vector<DocumentInfo>> List(absl::string_view prefix, absl::string_view after,
                                                 int64_t limit);

  // What was wrong with the snapshots that were passed over since the last call, one text each.
  std::vector<std::string> TakeDamage() { return std::exchange(damage_, {}); }

 private:
  explicit SqliteReader(sqlite::Connection connection) : connection_(std::move(connection)) {}

  absl::Status Prepare();
  // What one read transaction of Load finds, not parsed yet.
  struct Stored;
  absl::StatusOr<Stored> ReadStored(absl::string_view document, ot::Revision snapshot_max);
  // The bodies of the segments that hold the commits first..last.
  absl::StatusOr<std::vector<std::string>> ReadSegments(const DocumentRow& row, ot::Revision first,
                                                        ot::Revision last);
  absl::StatusOr<std::vector<Author>> ReadAuthors(const DocumentRow& row);

  sqlite::Connection connection_;
  std::vector<std::string> damage_;

  // Present once Prepare() has succeeded.
  std::optional<sqlite::Statement> select_document_;
  std::optional<sqlite::Statement> select_snapshot_;
  std::optional<sqlite::Statement> select_segments_;
  std::optional<sqlite::Statement> select_authors_;
  std::optional<sqlite::Statement> list_documents_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_SQLITE_READER_H_
