// DatabaseView: a database that is looked at and not changed, be it in the directory of a running
// server, of a stopped one, or a backup.
//
// It neither writes nor checkpoints, and its transactions are short: a server that runs or starts
// meanwhile is not held up.
#ifndef COEDIT_STORAGE_MAINTENANCE_DATABASE_VIEW_H_
#define COEDIT_STORAGE_MAINTENANCE_DATABASE_VIEW_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/maintenance/progress.h"
#include "storage/rows.h"
#include "storage/sqlite.h"
#include "storage/sqlite_reader.h"
#include "storage/store.h"

namespace coedit::storage {

// The database file that `path` means: itself if it is a file (a backup), else the one in that data
// directory. kNotFound if there is none.
absl::StatusOr<std::string> FindDatabase(const std::string& path);

// A document without its text and log, all at one moment.
struct DocumentDetails {
  DocumentRow row;
  std::vector<Author> authors;          // by number
  std::vector<Version> versions;        // by revision
  std::vector<ot::Revision> snapshots;  // of which one is stored, ascending
  std::vector<std::string> damage;      // rows that are not here because they are damaged
};

struct StoredSizes {
  int64_t blocks = 0;
  int64_t block_bytes = 0;
  int64_t segments = 0;
  int64_t segment_bytes = 0;
  int64_t snapshots = 0;
  int64_t snapshot_bytes = 0;
  int64_t recent_appends = 0;
  int64_t recent_append_bytes = 0;
};

class DatabaseView {
 public:
  // `path` as for FindDatabase. kFailedPrecondition if it is no database of this version.
  static absl::StatusOr<std::unique_ptr<DatabaseView>> Open(const std::string& path);

  // The id of every document, in order. A damaged row is there with its status.
  struct Entry {
    std::string id;
    absl::Status status;
    ot::Revision head = 0;
  };
  absl::StatusOr<std::vector<Entry>> ListDocuments();

  // kNotFound if there is no such document, kDataLoss if its row is damaged.
  absl::StatusOr<DocumentDetails> ReadDetails(absl::string_view document);
  // The stored snapshot at exactly this revision. kNotFound if there is none (any more), kDataLoss
  // if it is damaged.
  absl::StatusOr<Snapshot> ReadSnapshot(const DocumentRow& row, ot::Revision revision);
  absl::StatusOr<StoredSizes> ReadSizes(const DocumentRow& row);
  // As Store says.
  absl::StatusOr<std::vector<ot::Commit>> ReadCommits(absl::string_view document,
                                                      ot::Revision first, ot::Revision last) {
    return reader_->ReadCommits(document, first, last);
  }

  // What SQLite itself finds wrong with the file, at most 100 sentences. The one long transaction
  // here: meanwhile the log of a running server cannot be emptied.
  absl::StatusOr<std::vector<std::string>> CheckIntegrity(Progress* progress);

  const std::string& path() const { return path_; }
  sqlite::Connection* connection() { return &connection_; }

 private:
  DatabaseView(std::string path, sqlite::Connection connection,
               std::unique_ptr<SqliteReader> reader)
      : path_(std::move(path)), connection_(std::move(connection)), reader_(std::move(reader)) {}

  std::string path_;
  sqlite::Connection connection_;
  std::unique_ptr<SqliteReader> reader_;
};

// Runs one statement that takes long; its rows' first columns. Asks `step` every few milliseconds
// whether to go on.
absl::StatusOr<std::vector<std::string>> RunLongStatement(sqlite::Connection* connection,
                                                          absl::string_view sql,
                                                          absl::FunctionRef<absl::Status()> step);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_DATABASE_VIEW_H_
