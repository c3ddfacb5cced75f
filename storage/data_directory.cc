#include "storage/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/files.h"

namespace coedit::storage {
namespace {

// The process id that the holder wrote into the lock file; empty if there is none.
std::string Holder(int descriptor) {
  char text[32];
  const ssize_t size = pread(descriptor, text, sizeof text, 0);
  if (size <= 0) return "";
  absl::string_view process(text, static_cast<size_t>(size));
  absl::ConsumeSuffix(&process, "\n");
  return absl::StrCat(" (process ", process, ")");
}

}  // namespace

std::string DatabasePath(absl::string_view directory) {
  return absl::StrCat(directory, "/coedit.db");
}

absl::StatusOr<std::unique_ptr<DataDirectory>> DataDirectory::Open(std::string path) {
  // With a slash at its end the directory would be its own parent below.
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::string parent = DirectoryOf(path);
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return SystemError("cannot make data directory", path);
  }
  const std::string lock_path = absl::StrCat(path, "/coedit.lock");
  const int descriptor = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return SystemError("cannot open", lock_path);
  // The descriptor is closed with it whatever happens next.
  std::unique_ptr<DataDirectory> directory(new DataDirectory(path, descriptor));
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError("cannot lock", lock_path);
    return absl::FailedPreconditionError(absl::StrCat(
        "data directory '", path, "' is in use by another coedit", Holder(descriptor)));
  }
  const std::string process = absl::StrCat(getpid(), "\n");
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, process.data(), process.size(), 0) !=
                                           static_cast<ssize_t>(process.size())) {
    // The number is for humans only, and on a full disk the store must still open for reading.
  }
  return directory;
}

DataDirectory::~DataDirectory() { close(lock_descriptor_); }

absl::Status DataDirectory::Sync() const {
  if (absl::Status synced = SyncDirectory(path_); !synced.ok()) return synced;
  return SyncDirectory(DirectoryOf(path_));
}

}  // namespace coedit::storage
