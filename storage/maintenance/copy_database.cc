#include "storage/maintenance/copy_database.h"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "storage/schema.h"
#include "storage/sqlite.h"

namespace coedit::storage {
namespace {

// 1 MiB: between two steps it can be stopped, and the log looked at.
constexpr int kPagesPerStep = 256;

int64_t LogBytes(const std::string& database) {
  std::error_code error;
  const auto size = std::filesystem::file_size(database + "-wal", error);
  return error ? 0 : static_cast<int64_t>(size);
}

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

absl::Status CopyFailed(sqlite3* destination, const std::string& from, const std::string& to,
                        int result) {
  const std::string text =
      absl::StrCat("cannot copy '", from, "' to '", to, "': ", sqlite3_errstr(result), " (",
                   sqlite3_errmsg(destination), ")");
  switch (result & 0xff) {
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(text);
    default:
      return absl::UnavailableError(text);
  }
}

}  // namespace

absl::StatusOr<CopyFigures> CopyDatabase(const std::string& from, const std::string& to,
                                         int64_t log_bytes_max, Progress* progress) {
  absl::StatusOr<sqlite::Connection> source =
      sqlite::Connection::Open(from, sqlite::Access::kReadOnly, /*vfs=*/"");
  if (!source.ok()) return source.status();
  absl::StatusOr<sqlite::Connection> destination =
      sqlite::Connection::Open(to, sqlite::Access::kReadWrite, /*vfs=*/"");
  if (!destination.ok()) return destination.status();
  if (absl::Status done = ConfigureConnection(&*source); !done.ok()) return done;
  // Whoever made the file syncs it when it is whole.
  if (absl::Status done = destination->Execute("PRAGMA synchronous = OFF"); !done.ok()) return done;

  CopyFigures figures;
  {
    // Holds one moment of the source: without it every commit of the server would begin the copy
    // anew.
    absl::StatusOr<sqlite::Transaction> moment =
        sqlite::Transaction::Begin(&*source, sqlite::Transaction::Mode::kRead);
    if (!moment.ok()) return moment.status();
    if (absl::Status ours = CheckApplication(&*source); !ours.ok()) {
      return absl::Status(ours.code(), absl::StrCat("'", from, "': ", ours.message()));
    }
    const std::unique_ptr<sqlite3_backup, FinishBackup> backup(
        sqlite3_backup_init(destination->handle(), "main", source->handle(), "main"));
    if (backup == nullptr) {
      return CopyFailed(destination->handle(), from, to, sqlite3_errcode(destination->handle()));
    }
    for (int result = SQLITE_OK; result != SQLITE_DONE;) {
      result = sqlite3_backup_step(backup.get(), kPagesPerStep);
      if (result != SQLITE_OK && result != SQLITE_DONE) {
        return CopyFailed(destination->handle(), from, to, result);
      }
      const int64_t pages = sqlite3_backup_pagecount(backup.get());
      const absl::Status step =
          progress->Step("copying", pages - sqlite3_backup_remaining(backup.get()), pages, "pages");
      if (!step.ok()) return step;
      figures.log_bytes_max = std::max(figures.log_bytes_max, LogBytes(from));
      if (figures.log_bytes_max > log_bytes_max) {
        return absl::AbortedError(
            absl::StrCat("the log of '", from, "' grew to ", figures.log_bytes_max,
                         " bytes while it was copied, which is more than ", log_bytes_max,
                         ": the server writes too much just now"));
      }
    }
  }
  // The copy says of itself that it has a write-ahead log, as the source does. A backup is one
  // file.
  if (absl::Status done = destination->Execute("PRAGMA journal_mode = DELETE"); !done.ok()) {
    return done;
  }
  std::error_code error;
  figures.bytes = static_cast<int64_t>(std::filesystem::file_size(to, error));
  return figures;
}

}  // namespace coedit::storage
