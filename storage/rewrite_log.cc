#include "storage/rewrite_log.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/sqlite_library.h"

namespace coedit::storage {
namespace {

// SQLite's own layer takes less than 128 KiB at once.
constexpr sqlite3_int64 kStepBytes = 64 << 10;

int WriteAgain(sqlite3_file* file) {
  sqlite3_int64 size = 0;
  int result = file->pMethods->xFileSize(file, &size);
  std::vector<char> bytes(std::min(size, kStepBytes));
  for (sqlite3_int64 at = 0; result == SQLITE_OK && at < size; at += kStepBytes) {
    const int step = static_cast<int>(std::min(kStepBytes, size - at));
    result = file->pMethods->xRead(file, bytes.data(), step, at);
    if (result == SQLITE_OK) result = file->pMethods->xWrite(file, bytes.data(), step, at);
  }
  return result == SQLITE_OK && size > 0 ? file->pMethods->xSync(file, SQLITE_SYNC_FULL) : result;
}

}  // namespace

absl::Status RewriteLog(const std::string& database_path, const std::string& vfs_name) {
  sqlite3_vfs* vfs = sqlite::FindVfs(vfs_name);
  if (vfs == nullptr) return absl::InternalError(absl::StrCat("no such vfs: ", vfs_name));
  // SQLite's layers look behind the end of a name for parameters.
  const std::string path = absl::StrCat(database_path, "-wal", std::string(4, '\0'));
  int exists = 0;
  int result = vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &exists);
  if (result == SQLITE_OK && exists != 0) {
    std::vector<std::max_align_t> memory(vfs->szOsFile / sizeof(std::max_align_t) + 1);
    auto* file = reinterpret_cast<sqlite3_file*>(memory.data());
    int opened_as = 0;
    result =
        vfs->xOpen(vfs, path.c_str(), file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL, &opened_as);
    if (result == SQLITE_OK) result = WriteAgain(file);
    if (file->pMethods != nullptr) file->pMethods->xClose(file);
  }
  if (result == SQLITE_OK) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the log can't be written again (sqlite code ", result, ")"));
}

}  // namespace coedit::storage
