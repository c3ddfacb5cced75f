// LineReader: the lines of a foreign text file, each bounded.
#ifndef COEDIT_STORAGE_MAINTENANCE_LINE_READER_H_
#define COEDIT_STORAGE_MAINTENANCE_LINE_READER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coedit::storage {

class LineReader {
 public:
  // "-" is standard input. kNotFound or kUnavailable names the file.
  static absl::StatusOr<std::unique_ptr<LineReader>> Open(const std::string& path,
                                                          int64_t line_bytes_max);
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  ~LineReader();

  // The next line without its line feed, valid until the next call; nullopt at the end. A last line
  // may lack the line feed. kInvalidArgument for one that is too long.
  absl::StatusOr<std::optional<absl::string_view>> Next();

  // Of the line that Next gave last, from 1.
  int64_t line_number() const { return line_number_; }
  // What has been read, and the size of the file; 0 if it has none.
  int64_t bytes_read() const { return bytes_read_; }
  int64_t bytes_total() const { return bytes_total_; }

 private:
  LineReader(std::string path, int descriptor, int64_t bytes_total, int64_t line_bytes_max)
      : path_(std::move(path)),
        descriptor_(descriptor),
        bytes_total_(bytes_total),
        line_bytes_max_(line_bytes_max) {}

  const std::string path_;
  const int descriptor_;
  const int64_t bytes_total_;
  const int64_t line_bytes_max_;
  std::string buffer_;
  size_t begin_ = 0;  // of what Next has not given yet
  bool at_end_ = false;
  int64_t line_number_ = 0;
  int64_t bytes_read_ = 0;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_LINE_READER_H_
