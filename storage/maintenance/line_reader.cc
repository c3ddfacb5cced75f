#include "storage/maintenance/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "storage/files.h"

namespace coedit::storage {
namespace {

constexpr size_t kReadBytes = size_t{1} << 18;

}  // namespace

absl::StatusOr<std::unique_ptr<LineReader>> LineReader::Open(const std::string& path,
                                                             int64_t line_bytes_max) {
  const int descriptor = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) return absl::NotFoundError(absl::StrCat("'", path, "' does not exist"));
    return SystemError("cannot read", path);
  }
  struct stat found = {};
  const bool sized = fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode);
  return std::unique_ptr<LineReader>(
      new LineReader(path, descriptor, sized ? found.st_size : 0, line_bytes_max));
}

LineReader::~LineReader() { close(descriptor_); }

absl::StatusOr<std::optional<absl::string_view>> LineReader::Next() {
  ++line_number_;
  size_t searched = begin_;
  for (;;) {
    const size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      const absl::string_view line = absl::string_view(buffer_).substr(begin_, end - begin_);
      begin_ = end + 1;
      return line;
    }
    if (at_end_) {
      if (begin_ == buffer_.size()) return std::nullopt;
      const absl::string_view line = absl::string_view(buffer_).substr(begin_);
      begin_ = buffer_.size();
      return line;
    }
    if (static_cast<int64_t>(buffer_.size() - begin_) > line_bytes_max_) {
      return absl::InvalidArgumentError(absl::StrCat("longer than ", line_bytes_max_, " bytes"));
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched = buffer_.size();
    buffer_.resize(searched + kReadBytes);
    const ssize_t got = read(descriptor_, buffer_.data() + searched, kReadBytes);
    buffer_.resize(searched + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno != EINTR) return SystemError("cannot read", path_);
    if (got == 0) at_end_ = true;
    if (got > 0) bytes_read_ += got;
  }
}

}  // namespace coedit::storage
