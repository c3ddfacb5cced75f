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
#include "storage/history_outline.h"
#include "storage/log_rows.h"
#include "storage/recent_append.h"
#include "storage/rows.h"
#include "storage/sqlite.h"
#include "storage/store.h"

namespace coedit::storage {

// How the history of a document is kept.
struct HistoryShape {
  struct Block {
    ot::Revision first;
    ot::Revision last;
    int64_t weight;
  };
  DocumentRow document;
  std::vector<Block> blocks;   // in order, from revision 1
  ot::Revision last_rung = 0;  // revision of the last snapshot that stays
  int64_t newest_snapshot_bytes = 0;
  bool newest_snapshot_packed = false;
};

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
  absl::StatusOr<Snapshot> ReadRevision(absl::string_view document, ot::Revision revision);
  absl::StatusOr<DocumentPage> List(const DocumentQuery& query);
  absl::StatusOr<DocumentInfo> Info(absl::string_view document);
  absl::StatusOr<std::vector<Author>> Authors(absl::string_view document);
  absl::StatusOr<std::vector<Version>> ListVersions(absl::string_view document);
  absl::StatusOr<ot::Revision> FindRevision(absl::string_view document, int64_t at_ms);
  absl::StatusOr<Timeline> ReadTimeline(absl::string_view document, int64_t points);

  // For whoever packs old commits (history_packer.h). How the history of a document is kept.
  absl::StatusOr<HistoryShape> ReadShape(absl::string_view document);
  // Bodies of at most `limit` segments, and about a megabyte, that lie in after+1..last.
  absl::StatusOr<std::vector<std::string>> ReadOldSegments(int64_t document, ot::Revision after,
                                                           ot::Revision last, int64_t limit);
  // Bodies of the blocks that begin in first..last.
  absl::StatusOr<std::vector<std::string>> ReadBlocks(int64_t document, ot::Revision first,
                                                      ot::Revision last);
  // Documents numbered after_number+1..last_number that have segments before their newest snapshot.
  absl::StatusOr<std::vector<std::string>> FindOldSegments(int64_t after_number,
                                                           int64_t last_number);
  absl::StatusOr<int64_t> LastDocumentNumber();

  // What was wrong with the snapshots that were passed over since the last call, one text each.
  std::vector<std::string> TakeDamage() { return std::exchange(damage_, {}); }

 private:
  explicit SqliteReader(sqlite::Connection connection) : connection_(std::move(connection)) {}

  absl::Status Prepare();
  absl::Status PrepareQueries();
  absl::StatusOr<Snapshot> ReadRevision(absl::string_view document, ot::Revision revision,
                                        ot::Revision snapshot_max);
  static absl::StatusOr<std::vector<std::string>> ReadBodies(sqlite::Statement* statement,
                                                             int64_t bytes_max);
  // A document as it stands: its row, as recent appends make it, and these.
  struct Found {
    DocumentRow row;
    std::vector<RecentAppend> recent;
  };
  // Within a transaction. kNotFound, kDataLoss.
  absl::StatusOr<Found> Find(absl::string_view document);
  // In a transaction of its own.
  absl::StatusOr<Found> FindNow(absl::string_view document);
  // What one read transaction finds, not parsed yet: the newest snapshot up to `snapshot_max`, the
  // log from there to `last`, and the authors. kOutOfRange if `last` is beyond the head.
  struct Stored;
  absl::StatusOr<Stored> ReadStored(absl::string_view document, ot::Revision snapshot_max,
                                    ot::Revision last);
  // Notes the damage if it does not parse.
  absl::StatusOr<Snapshot> ParseStoredSnapshot(absl::string_view document, const Stored& stored);
  // The rows that hold the commits first..last; takes the segments of recent appends out of
  // `document`.
  absl::StatusOr<std::vector<LogRow>> ReadLog(ot::Revision first, ot::Revision last,
                                              Found* document);
  // Those that are no recent appends.
  absl::StatusOr<std::vector<LogRow>> ReadLogRows(const DocumentRow& row, ot::Revision first,
                                                  ot::Revision last);
  absl::StatusOr<std::vector<Author>> ReadAuthors(const Found& document);
  // The row that holds commit `revision` and, if it is a segment, those before it as far as a read
  // may go and at most `limit` rows in all; the newest first.
  absl::StatusOr<std::vector<HistoryOutline>> ReadOutlines(const Found& document,
                                                           ot::Revision revision, int64_t limit);

  sqlite::Connection connection_;
  std::vector<std::string> damage_;

  // Present once Prepare() has succeeded.
  std::optional<sqlite::Statement> select_document_;
  std::optional<sqlite::Statement> select_recent_;
  std::optional<sqlite::Statement> select_all_recent_;
  std::optional<sqlite::Statement> select_snapshot_;
  std::optional<sqlite::Statement> select_blocks_;
  std::optional<sqlite::Statement> select_segments_;
  std::optional<sqlite::Statement> select_authors_;
  std::optional<sqlite::Statement> list_documents_;
  std::optional<sqlite::Statement> select_versions_;
  std::optional<sqlite::Statement> select_segments_back_;
  std::optional<sqlite::Statement> select_block_back_;
  std::optional<sqlite::Statement> select_shape_;
  std::optional<sqlite::Statement> select_rungs_;
  std::optional<sqlite::Statement> select_old_segments_;
  std::optional<sqlite::Statement> select_block_bodies_;
  std::optional<sqlite::Statement> find_old_segments_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_SQLITE_READER_H_
