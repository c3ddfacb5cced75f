#include "storage/maintenance/replacement.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "storage/files.h"
#include "storage/sqlite.h"

namespace coedit::storage {
namespace {

constexpr absl::Duration kCheckpointWait = absl::Seconds(5);

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Gone, or never there.
absl::Status Remove(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return SystemError("cannot remove", path);
}

// A second name for the same file.
absl::Status Link(const std::string& from, const std::string& to) {
  if (link(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return SystemError("cannot keep the old database as", to);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Replacement>> Replacement::Begin(const DataDirectory* directory) {
  const std::string path = directory->database_path() + ".new";
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    if (absl::Status removed = Remove(path + suffix); !removed.ok()) return removed;
  }
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return SystemError("cannot write", path);
  close(descriptor);
  return std::unique_ptr<Replacement>(new Replacement(directory, path));
}

Replacement::~Replacement() {
  if (finished_) return;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) (void)Remove(path_ + suffix);
}

absl::Status Replacement::Finish(const std::string& aside) {
  const std::string database = directory_->database_path();
  const std::string log = database + "-wal";
  if (IsThere(path_ + "-wal")) {
    return absl::InternalError(absl::StrCat("'", path_, "' was not closed"));
  }
  const int descriptor = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return SystemError("cannot open", path_);
  const bool synced = fsync(descriptor) == 0;
  const absl::Status sync_status = synced ? absl::OkStatus() : SystemError("cannot sync", path_);
  close(descriptor);
  if (!synced) return sync_status;

  // A log beside the database belongs to whatever has its name: the old one must be gone before
  // the new database comes. Mostly a checkpoint empties it and closing removes it; that of a
  // damaged database is kept beside its copy.
  if (IsThere(database)) {
    absl::StatusOr<sqlite::Connection> old =
        sqlite::Connection::Open(database, sqlite::Access::kReadWrite, /*vfs=*/"");
    if (old.ok()) (void)old->Checkpoint(SQLITE_CHECKPOINT_TRUNCATE, kCheckpointWait);
  }
  std::error_code error;
  const auto log_bytes = std::filesystem::file_size(log, error);
  const bool log_holds = !error && log_bytes > 0;
  if (!aside.empty()) {
    if (IsThere(database)) {
      if (absl::Status kept = Link(database, aside); !kept.ok()) return kept;
    }
    if (log_holds) {
      if (absl::Status kept = Link(log, aside + "-wal"); !kept.ok()) return kept;
    }
    if (absl::Status done = directory_->Sync(); !done.ok()) return done;
  } else if (log_holds) {
    return absl::UnavailableError(
        absl::StrCat("the log '", log, "' cannot be emptied: the database is damaged or in use"));
  }
  for (const std::string& name : {log, database + "-shm", directory_->mark_path()}) {
    if (absl::Status removed = Remove(name); !removed.ok()) return removed;
  }
  if (absl::Status done = directory_->Sync(); !done.ok()) return done;
  if (rename(path_.c_str(), database.c_str()) != 0) return SystemError("cannot name", database);
  finished_ = true;
  return directory_->Sync();
}

}  // namespace coedit::storage
