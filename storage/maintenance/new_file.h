// NewFile: a file that appears under its name whole, or not at all.
//
// It is written under another name in the same directory, made durable and then renamed. What
// stands under the name already is never replaced. Without Publish() nothing stays, unless the
// process is killed: then a file "NAME.partial-XXXXXX" does, and may be deleted.
#ifndef COEDIT_STORAGE_MAINTENANCE_NEW_FILE_H_
#define COEDIT_STORAGE_MAINTENANCE_NEW_FILE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coedit::storage {

class NewFile {
 public:
  // Readable by its owner only (mode 0600). kAlreadyExists if `path` is taken, kUnavailable if
  // nothing can be written there.
  static absl::StatusOr<std::unique_ptr<NewFile>> Make(std::string path);

  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();

  // Its name until then.
  const std::string& partial_path() const { return partial_path_; }

  // Appends. kResourceExhausted if the disk is full.
  absl::Status Write(absl::string_view bytes);

  // Durable under its final name when it returns. kAlreadyExists if that was taken meanwhile.
  absl::Status Publish();

 private:
  NewFile(std::string path, std::string partial_path, int descriptor)
      : path_(std::move(path)), partial_path_(std::move(partial_path)), descriptor_(descriptor) {}

  absl::Status Flush();

  const std::string path_;
  const std::string partial_path_;
  int descriptor_;
  bool published_ = false;
  std::string buffer_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_NEW_FILE_H_
