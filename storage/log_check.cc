#include "storage/log_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "storage/files.h"
#include "storage/head_mark.h"
#include "storage/recent_append.h"
#include "storage/sqlite.h"
#include "storage/wal_scan.h"

namespace coedit::storage {
namespace {

constexpr size_t kCopyBytes = size_t{1} << 18;

std::string LogPath(const DataDirectory& directory) { return directory.database_path() + "-wal"; }

// The head of the document as recovery will leave it; nullopt if it cannot be read, which whoever
// opens the database will find out.
std::optional<Head> RecoveredHead(const DataDirectory& directory, const std::string& vfs,
                                  const std::string& document) {
  std::error_code error;
  if (!std::filesystem::exists(directory.database_path(), error)) return Head{};
  absl::StatusOr<sqlite::Connection> connection =
      sqlite::Connection::Open(directory.database_path(), sqlite::Access::kReadOnly, vfs);
  if (!connection.ok()) return std::nullopt;
  // Of every version of the schema.
  absl::StatusOr<sqlite::Statement> select =
      connection->Prepare("SELECT number, head_revision, head_digest FROM documents WHERE id = ?1");
  if (!select.ok()) return std::nullopt;
  const absl::StatusOr<bool> found = select->BindText(1, document).Step();
  if (!found.ok()) return std::nullopt;
  if (!*found) return Head{};
  DocumentRow row;
  row.number = select->Int64(0);
  row.head = {select->Uint64(1), select->Uint64(2)};
  // An older version has no such table. What is damaged in it is lost.
  absl::StatusOr<sqlite::Statement> select_recent = connection->Prepare(kSelectRecentAppends);
  if (select_recent.ok()) (void)ReadRecentAppends(&*select_recent, &row);
  return row.head;
}

absl::Status Copy(int from, const std::string& from_path, int to, const std::string& to_path) {
  std::string block(kCopyBytes, '\0');
  for (;;) {
    const ssize_t got = read(from, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read", from_path);
    if (got == 0) break;
    const absl::Status written =
        WriteAll(to, absl::string_view(block).substr(0, static_cast<size_t>(got)), to_path);
    if (!written.ok()) return written;
  }
  return fsync(to) == 0 ? absl::OkStatus() : SystemError("cannot sync", to_path);
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindLostCommits(const DataDirectory& directory,
                                                           const std::string& vfs) {
  const std::string log = LogPath(directory);
  const absl::StatusOr<WalScan> scan = ScanWal(log);
  if (!scan.ok()) return scan.status();
  std::string lost;
  if (scan->lost_transactions > 0) {
    lost = absl::StrCat("the write-ahead log '", log, "' is damaged after frame ",
                        scan->recovered_frames, ": at least ", scan->lost_transactions,
                        " transactions behind it were durable and are lost");
  }
  if (const std::optional<MarkedHead> marked = HeadMark::Read(directory.mark_path())) {
    const std::optional<Head> head = RecoveredHead(directory, vfs, marked->document);
    if (head && head->revision < marked->head.revision) {
      absl::StrAppend(&lost, lost.empty() ? "" : "; ", "document '", marked->document,
                      "' had revision ", marked->head.revision, " durable, and now has ",
                      head->revision);
    }
  }
  if (lost.empty()) return std::nullopt;
  return lost;
}

absl::StatusOr<std::string> KeepLog(const DataDirectory& directory) {
  const std::string log = LogPath(directory);
  const int from = open(log.c_str(), O_RDONLY | O_CLOEXEC);
  if (from < 0) {
    if (errno == ENOENT) return std::string();
    return SystemError("cannot read", log);
  }
  const std::string kept = absl::StrCat(
      log, absl::FormatTime(".damaged-%Y%m%dT%H%M%E3SZ", absl::Now(), absl::UTCTimeZone()));
  const int to = open(kept.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  absl::Status done = to < 0 ? SystemError("cannot write", kept) : Copy(from, log, to, kept);
  close(from);
  if (to >= 0) close(to);
  if (done.ok()) done = directory.Sync();
  if (!done.ok()) return done;
  return kept;
}

absl::Status RefuseLostCommits(const DataDirectory& directory) {
  const absl::StatusOr<std::optional<std::string>> lost = FindLostCommits(directory, /*vfs=*/"");
  if (!lost.ok()) return lost.status();
  if (!lost->has_value()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(**lost, "; `coedit serve` keeps a copy of the log and goes on without them"));
}

}  // namespace coedit::storage
