#include "storage/maintenance/new_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "storage/files.h"

namespace coedit::storage {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 16;

// renameat2 with RENAME_NOREPLACE is one step; where a file system cannot do it, looking first is
// the best there is.
int RenameWithoutReplacing(const std::string& from, const std::string& to) {
  const int renamed = renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (renamed == 0 || (errno != EINVAL && errno != ENOSYS)) return renamed;
  struct stat found;
  if (lstat(to.c_str(), &found) == 0) {
    errno = EEXIST;
    return -1;
  }
  return rename(from.c_str(), to.c_str());
}

absl::Status Taken(absl::string_view path) {
  return absl::AlreadyExistsError(absl::StrCat("'", path, "' exists; nothing is overwritten"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<NewFile>> NewFile::Make(std::string path) {
  struct stat found;
  if (lstat(path.c_str(), &found) == 0) return Taken(path);
  std::string partial_path = absl::StrCat(path, ".partial-XXXXXX");
  const int descriptor = mkostemp(partial_path.data(), O_CLOEXEC);
  if (descriptor < 0) return SystemError("cannot write", path);
  return std::unique_ptr<NewFile>(
      new NewFile(std::move(path), std::move(partial_path), descriptor));
}

NewFile::~NewFile() {
  close(descriptor_);
  if (!published_) unlink(partial_path_.c_str());
}

absl::Status NewFile::Write(absl::string_view bytes) {
  buffer_.append(bytes.data(), bytes.size());
  return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
}

absl::Status NewFile::Flush() {
  absl::Status written = WriteAll(descriptor_, buffer_, path_);
  buffer_.clear();
  return written;
}

absl::Status NewFile::Publish() {
  if (absl::Status flushed = Flush(); !flushed.ok()) return flushed;
  if (fsync(descriptor_) != 0) return SystemError("cannot sync", path_);
  if (RenameWithoutReplacing(partial_path_, path_) != 0) {
    return errno == EEXIST ? Taken(path_) : SystemError("cannot name", path_);
  }
  published_ = true;
  return SyncDirectory(DirectoryOf(path_));
}

}  // namespace coedit::storage
