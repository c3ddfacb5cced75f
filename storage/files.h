// What the store does with files itself, beside SQLite: errors as statuses, names made durable.
#ifndef COEDIT_STORAGE_FILES_H_
#define COEDIT_STORAGE_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace coedit::storage {

// What errno says: kResourceExhausted for a full disk or quota, else kUnavailable. "`what` 'path':
// reason".
absl::Status SystemError(absl::string_view what, absl::string_view path);

// Makes the names in a directory durable.
absl::Status SyncDirectory(const std::string& path);

// The directory that holds `path`.
std::string DirectoryOf(const std::string& path);

// All of it, at the place where the descriptor stands; `path` is for the error.
absl::Status WriteAll(int descriptor, absl::string_view bytes, absl::string_view path);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_FILES_H_
