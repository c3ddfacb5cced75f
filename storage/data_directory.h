// DataDirectory: the folder of a store, held by one process.
#ifndef COEDIT_STORAGE_DATA_DIRECTORY_H_
#define COEDIT_STORAGE_DATA_DIRECTORY_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coedit::storage {

// The database in a data directory.
std::string DatabasePath(absl::string_view directory);

class DataDirectory {
 public:
  // Makes the directory (mode 0700: the database holds the secrets of clients) and its parents if
  // they are absent, and locks it until the object ends; the kernel lets go when the process dies.
  // kFailedPrecondition names the directory and the process that holds it; kUnavailable if it
  // cannot be made or opened.
  static absl::StatusOr<std::unique_ptr<DataDirectory>> Open(std::string path);

  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;
  ~DataDirectory();

  std::string database_path() const { return DatabasePath(path_); }

  // See head_mark.h.
  std::string mark_path() const { return path_ + "/coedit.mark"; }

  // Makes the names in it and its own name durable.
  absl::Status Sync() const;

 private:
  DataDirectory(std::string path, int lock_descriptor)
      : path_(std::move(path)), lock_descriptor_(lock_descriptor) {}

  std::string path_;
  int lock_descriptor_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_DATA_DIRECTORY_H_
