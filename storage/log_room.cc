#include "storage/log_room.h"

#include <algorithm>
#include <cstddef>

namespace coedit::storage {
namespace {

// A commit of some documents has less.
constexpr sqlite3_int64 kLeftMin = 64 << 10;
// As much again as there is, within these: the first so that an idle server has no large file, the
// last so that no commit waits long for it.
constexpr sqlite3_int64 kStepMin = 128 << 10;
constexpr sqlite3_int64 kStepMax = 1 << 20;

constexpr size_t kPieceBytes = 64 << 10;
const char kZeros[kPieceBytes] = {};

}  // namespace

void LogRoom::MakeBehind(sqlite3_int64 end, sqlite3_file* file) {
  if (end + kLeftMin <= made_) return;
  sqlite3_int64 length = 0;
  if (file->pMethods->xFileSize(file, &length) != SQLITE_OK) return;
  const sqlite3_int64 from = std::max(length, end);
  made_ = from;
  // A file that was there before may have room enough.
  if (end + kLeftMin <= made_) return;
  made_ += std::clamp(from, kStepMin, kStepMax);
  for (sqlite3_int64 at = from; at < made_;) {
    const auto bytes = std::min<sqlite3_int64>(made_ - at, kPieceBytes);
    if (file->pMethods->xWrite(file, kZeros, static_cast<int>(bytes), at) != SQLITE_OK) return;
    at += bytes;
  }
}

}  // namespace coedit::storage
