// SqliteWriter: the one connection that writes, and what it does within a transaction. When to
// begin and commit, and what a failure means for the requests, BatchWriter decides.
//
// It is also the one connection that checkpoints: SQLite before 3.51.3 can damage the database when
// two connections write or checkpoint at once.
#ifndef COEDIT_STORAGE_SQLITE_WRITER_H_
#define COEDIT_STORAGE_SQLITE_WRITER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/known_documents.h"
#include "storage/log_buffer.h"
#include "storage/recent_append.h"
#include "storage/recent_appends.h"
#include "storage/rows.h"
#include "storage/snapshot_rule.h"
#include "storage/sqlite.h"
#include "storage/store.h"

namespace coedit::storage {

// An AppendRequest, encoded on the thread that asked.
struct EncodedAppend {
  std::string document;
  Head expected;
  Head after;
  int64_t commit_count = 0;
  int64_t changed_ms = 0;  // time of the last commit
  std::string segment;
  std::vector<Author> authors;
  std::optional<ot::Text> text;
};

struct EncodedCreate {
  std::string document;
  ot::DocumentType type = ot::DocumentType::kRichText;
  std::string epoch;
  int64_t now_ms = 0;
  std::string snapshot;
  std::optional<std::string> title;
};

// What is changed of a document beside its text.
struct NewTitle {
  std::optional<std::string> title;
};
struct NewVersion {
  Version version;  // its number does not count
};
struct VersionDeletion {
  VersionNumber number = 0;
};
struct Deletion {};
struct DocumentChange {
  std::string document;
  std::variant<NewTitle, NewVersion, VersionDeletion, Deletion> what;
};

// Rows that take the place of others: old segments or blocks become one block.
struct PackedHistory {
  std::string document;
  std::string epoch;  // another one: the document is not the one that was packed
  ot::Revision first = 0;
  ot::Revision last = 0;
  int64_t weight_bytes = 0;
  std::string block;  // empty: no block, only the snapshots below
  std::string rung;   // a snapshot at `last` that stays; empty if none is due
  std::string
      last_snapshot;  // the newest snapshot, at `last_snapshot_revision`, compressed; or empty
  ot::Revision last_snapshot_revision = 0;
};

// Since a transaction was begun.
struct RowsWritten {
  int64_t segments = 0;
  int64_t segment_bytes = 0;
  int64_t recent_appends = 0;
};

class SqliteWriter {
 public:
  enum class Checkpoint {
    kPassive,   // as far as no reader is in the way
    kTruncate,  // all of it, and the log file becomes empty; kAborted if a reader is in the way
  };
  enum class Appended {
    kConflict,  // the head is another one; nothing was written
    kCommits,
    kCommitsAndSnapshot,
  };

  // Opens or makes the file, brings its schema up to date and applies the settings. Recent appends
  // may take so many bytes; with 0 an append is in the rows of its document at once.
  static absl::StatusOr<std::unique_ptr<SqliteWriter>> Open(const std::string& path,
                                                            const std::string& vfs,
                                                            const SnapshotRule& snapshot_rule,
                                                            int64_t recent_bytes_max);

  // Ends with Commit(), or by being dropped, which rolls it back.
  absl::StatusOr<sqlite::Transaction> Begin();
  // Of a transaction in which nothing is staged.
  absl::Status Commit(sqlite::Transaction* transaction);
  // A transaction of its own: all recent appends go into the rows of their documents.
  absl::Status FlushAll();

  // Within a transaction. Stages an append, which must live until it is flushed: those of one
  // document become one row. `conflict` is set with kConflict only. A status leaves the transaction
  // with half of a request in it: it must be rolled back. kAlreadyExists (an author does not fit)
  // and kDataLoss concern this append, or one of its document that was staged before.
  absl::StatusOr<Appended> Append(const EncodedAppend& append, AppendResult* conflict);
  // Writes what is staged, as recent appends where it may, and those that have waited longest into
  // the rows of their documents, if there are too many. The statuses are those of Append.
  absl::Status Flush();
  const RowsWritten& rows_written() const { return rows_written_; }

  // Likewise. kAlreadyExists if the document exists.
  absl::Status Create(const EncodedCreate& create);

  // Likewise; the number of the version it was about. As Store says of each change. With kNotFound,
  // kOutOfRange and kFailedPrecondition nothing was changed: the transaction may go on.
  absl::StatusOr<VersionNumber> Change(const DocumentChange& change);

  // Likewise. kNotFound if the document is gone, kFailedPrecondition if the rows are not those that
  // were packed: nothing was changed.
  absl::Status Replace(const PackedHistory& packed);

  // Waits up to `wait` for readers that are in its way.
  absl::Status RunCheckpoint(Checkpoint mode, absl::Duration wait);

  // Size of the write-ahead log in use, after the last commit.
  int64_t wal_bytes() const { return *wal_pages_ * wal_page_bytes_; }

  // The value of a PRAGMA, for tests.
  absl::StatusOr<std::string> Setting(absl::string_view pragma);

  // Closing will not write: after a failed fsync no write on this handle can be trusted.
  void Abandon();

 private:
  SqliteWriter(std::unique_ptr<LogBuffer> log_buffer, sqlite::Connection connection,
               const SnapshotRule& snapshot_rule, int64_t recent_bytes_max)
      : log_buffer_(std::move(log_buffer)),
        connection_(std::move(connection)),
        snapshot_rule_(snapshot_rule),
        recent_bytes_max_(recent_bytes_max) {}

  absl::Status Prepare();
  // Reads the recent appends, which may be of a transaction that was believed to have failed.
  absl::Status LoadRecentAppends();
  struct LoadedAppend;
  // kDataLoss if the appends of the document, which are all of it, do not fit.
  absl::StatusOr<KnownDocument*> LoadDocument(int64_t number,
                                              const std::vector<LoadedAppend>& appends);
  // As it stands in the transaction. kNotFound, kDataLoss.
  absl::StatusOr<KnownDocument*> Know(absl::string_view document);
  // Before something else is done to a document: all its appends are in its rows, and these are not
  // believed any longer.
  absl::Status Forget(absl::string_view document);
  // True if what is staged is to be written into its rows at once.
  bool BelongsInRows(const KnownDocument& document) const;
  absl::Status PutRecentAppend(KnownDocument* document);
  // Writes the segment, the authors and the document's row, and `text` as a snapshot unless it is
  // nullptr.
  absl::Status PutRows(const ot::Text* text, KnownDocument* document);
  absl::Status PutSegment(const KnownDocument& document, int64_t* bytes);
  absl::Status PutAuthor(const DocumentRow& row, const KnownAuthor& author);
  absl::Status PutSnapshot(const DocumentRow& row, absl::string_view body);
  absl::Status ReplaceRows(const DocumentRow& row, const PackedHistory& packed);
  absl::StatusOr<VersionNumber> AddVersion(DocumentRow* row, Version version);
  absl::Status DeleteVersion(const DocumentRow& row, VersionNumber number);
  absl::Status DeleteDocument(absl::string_view document);
  // Title and last version.
  absl::Status UpdateNames(const DocumentRow& row);

  std::unique_ptr<LogBuffer> log_buffer_;  // outlives the connection
  sqlite::Connection connection_;
  SnapshotRule snapshot_rule_;
  int64_t recent_bytes_max_;
  KnownDocuments known_;
  // Documents whose recent appends are damaged, with the status that says so: nothing can be
  // appended to them. None of them is known.
  absl::flat_hash_map<std::string, absl::Status> damaged_;
  RecentAppends recent_;
  bool is_committed_ = true;            // the transaction that was begun last
  std::vector<KnownDocument*> staged_;  // with staged appends, or those that had some
  RowsWritten rows_written_;
  // On the heap because SQLite keeps its address.
  std::unique_ptr<int64_t> wal_pages_ = std::make_unique<int64_t>(0);
  int64_t wal_page_bytes_ = 0;

  // Present once Prepare() has succeeded.
  std::optional<sqlite::Statement> select_document_;
  std::optional<sqlite::Statement> insert_document_;
  std::optional<sqlite::Statement> update_document_;
  std::optional<sqlite::Statement> put_author_;
  std::optional<sqlite::Statement> update_author_;
  std::optional<sqlite::Statement> insert_segment_;
  std::optional<sqlite::Statement> insert_snapshot_;
  std::optional<sqlite::Statement> delete_snapshots_;
  std::optional<sqlite::Statement> count_replaced_;
  std::optional<sqlite::Statement> delete_segments_;
  std::optional<sqlite::Statement> delete_blocks_;
  std::optional<sqlite::Statement> insert_block_;
  std::optional<sqlite::Statement> put_rung_;
  std::optional<sqlite::Statement> update_snapshot_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_SQLITE_WRITER_H_
