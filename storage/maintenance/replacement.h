// Replacement: a new database for a data directory, put in the place of the old one in one step.
#ifndef COEDIT_STORAGE_MAINTENANCE_REPLACEMENT_H_
#define COEDIT_STORAGE_MAINTENANCE_REPLACEMENT_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/data_directory.h"

namespace coedit::storage {

class Replacement {
 public:
  // `directory`, which is locked, outlives the object. What an earlier one left behind when its
  // process was killed is removed.
  static absl::StatusOr<std::unique_ptr<Replacement>> Begin(const DataDirectory* directory);
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  // Removes the file unless it has taken its place.
  ~Replacement();

  // An empty file in the directory, to be filled.
  const std::string& path() const { return path_; }

  // Makes it durable and the database of the directory; nobody has it open. What was there keeps
  // existing as `aside`, with its log if that holds anything; empty: it is given up. If the process
  // is killed meanwhile, either the old one or the new one is in place; `aside` may exist already.
  absl::Status Finish(const std::string& aside);

 private:
  Replacement(const DataDirectory* directory, std::string path)
      : directory_(directory), path_(std::move(path)) {}

  const DataDirectory* const directory_;
  const std::string path_;
  bool finished_ = false;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_REPLACEMENT_H_
