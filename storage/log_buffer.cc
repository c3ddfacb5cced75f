#include "storage/log_buffer.h"

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "storage/log_room.h"
#include "storage/sqlite_library.h"

namespace coedit::storage {
namespace {

// Some fifteen pages: so many that the calls no longer count.
constexpr size_t kBufferBytes = size_t{64} << 10;

// A write-ahead log. The file of the layer below follows it in memory.
struct LogFile {
  sqlite3_file head;  // SQLite's part, first
  sqlite3_file* file;
  std::string buffer;  // to be written at `offset`
  sqlite3_int64 offset = 0;
  sqlite3_int64 written = 0;  // where the last write ended
  LogRoom room;

  int Flush() {
    if (buffer.empty()) return SQLITE_OK;
    const int result =
        file->pMethods->xWrite(file, buffer.data(), static_cast<int>(buffer.size()), offset);
    written = offset + static_cast<sqlite3_int64>(buffer.size());
    buffer.clear();
    return result;
  }

  int Write(absl::string_view bytes, sqlite3_int64 at) {
    const bool goes_on = at == offset + static_cast<sqlite3_int64>(buffer.size());
    if (!goes_on || buffer.size() + bytes.size() > kBufferBytes) {
      if (const int result = Flush(); result != SQLITE_OK) return result;
    }
    if (buffer.empty()) offset = at;
    buffer.append(bytes.data(), bytes.size());
    return SQLITE_OK;
  }
};

LogFile* Log(sqlite3_file* file) { return reinterpret_cast<LogFile*>(file); }

// Calls `method` of the layer below, after what was collected.
template <typename... Parameters, typename... Arguments>
int Pass(sqlite3_file* file, int (*sqlite3_io_methods::*method)(sqlite3_file*, Parameters...),
         Arguments... arguments) {
  LogFile* log = Log(file);
  if (const int result = log->Flush(); result != SQLITE_OK) return result;
  return (log->file->pMethods->*method)(log->file, arguments...);
}

using Methods = sqlite3_io_methods;

const sqlite3_io_methods kLogMethods = {
    .iVersion = 1,
    .xClose =
        [](sqlite3_file* file) {
          // What is still here belongs to no transaction that has ended.
          LogFile* log = Log(file);
          const int result = log->file->pMethods->xClose(log->file);
          log->~LogFile();
          return result;
        },
    .xRead = [](sqlite3_file* file, void* bytes, int size,
                sqlite3_int64 at) { return Pass(file, &Methods::xRead, bytes, size, at); },
    .xWrite =
        [](sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
          return Log(file)->Write({static_cast<const char*>(bytes), static_cast<size_t>(size)}, at);
        },
    .xTruncate =
        [](sqlite3_file* file, sqlite3_int64 size) {
          Log(file)->room = {};
          return Pass(file, &Methods::xTruncate, size);
        },
    .xSync =
        [](sqlite3_file* file, int flags) {
          LogFile* log = Log(file);
          if (const int result = log->Flush(); result != SQLITE_OK) return result;
          log->room.MakeBehind(log->written, log->file);
          return log->file->pMethods->xSync(log->file, flags);
        },
    .xFileSize = [](sqlite3_file* file,
                    sqlite3_int64* size) { return Pass(file, &Methods::xFileSize, size); },
    .xLock = [](sqlite3_file* file, int level) { return Pass(file, &Methods::xLock, level); },
    .xUnlock = [](sqlite3_file* file, int level) { return Pass(file, &Methods::xUnlock, level); },
    .xCheckReservedLock = [](sqlite3_file* file,
                             int* held) { return Pass(file, &Methods::xCheckReservedLock, held); },
    // Such as the errno of the last failure: of a log that may be in the midst of one.
    .xFileControl =
        [](sqlite3_file* file, int what, void* argument) {
          sqlite3_file* below = Log(file)->file;
          return below->pMethods->xFileControl(below, what, argument);
        },
    .xSectorSize =
        [](sqlite3_file* file) {
          sqlite3_file* below = Log(file)->file;
          return below->pMethods->xSectorSize(below);
        },
    .xDeviceCharacteristics =
        [](sqlite3_file* file) {
          sqlite3_file* below = Log(file)->file;
          return below->pMethods->xDeviceCharacteristics(below);
        },
};

sqlite3_vfs* Base(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  sqlite3_vfs* base = Base(vfs);
  if ((flags & SQLITE_OPEN_WAL) == 0) return base->xOpen(base, name, file, flags, flags_out);
  file->pMethods = nullptr;
  auto* below = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(LogFile));
  const int result = base->xOpen(base, name, below, flags, flags_out);
  if (result != SQLITE_OK) {
    // What is half open closes itself only if it says so.
    if (below->pMethods != nullptr) below->pMethods->xClose(below);
    return result;
  }
  auto* log = new (file) LogFile;
  log->file = below;
  log->head.pMethods = &kLogMethods;
  return SQLITE_OK;
}

}  // namespace

struct LogBuffer::Layer {
  sqlite3_vfs vfs;
};

LogBuffer::LogBuffer(const std::string& base_vfs) : vfs_(base_vfs) {
  sqlite3_vfs* base = sqlite::FindVfs(base_vfs);
  if (base == nullptr) return;
  // SQLite gives memory for files that is aligned like this.
  static_assert(alignof(LogFile) == 8 && sizeof(LogFile) % 8 == 0);
  static std::atomic<uint64_t> count{0};
  std::string name = absl::StrCat("coedit-log-", ++count);
  auto layer = std::make_unique<Layer>();
  layer->vfs = {
      .iVersion = 2,
      .szOsFile = static_cast<int>(sizeof(LogFile)) + base->szOsFile,
      .mxPathname = base->mxPathname,
      .pNext = nullptr,
      .zName = nullptr,
      .pAppData = base,
      .xOpen = &Open,
      .xDelete = [](sqlite3_vfs* vfs, const char* path,
                    int sync) { return Base(vfs)->xDelete(Base(vfs), path, sync); },
      .xAccess = [](sqlite3_vfs* vfs, const char* path, int flags,
                    int* result) { return Base(vfs)->xAccess(Base(vfs), path, flags, result); },
      .xFullPathname =
          [](sqlite3_vfs* vfs, const char* path, int size, char* out) {
            return Base(vfs)->xFullPathname(Base(vfs), path, size, out);
          },
      // Extensions are not loaded.
      .xDlOpen = nullptr,
      .xDlError = nullptr,
      .xDlSym = nullptr,
      .xDlClose = nullptr,
      .xRandomness = [](sqlite3_vfs* vfs, int size,
                        char* out) { return Base(vfs)->xRandomness(Base(vfs), size, out); },
      .xSleep = [](sqlite3_vfs* vfs,
                   int microseconds) { return Base(vfs)->xSleep(Base(vfs), microseconds); },
      .xCurrentTime = [](sqlite3_vfs* vfs,
                         double* time) { return Base(vfs)->xCurrentTime(Base(vfs), time); },
      .xGetLastError = [](sqlite3_vfs* vfs, int size,
                          char* text) { return Base(vfs)->xGetLastError(Base(vfs), size, text); },
      .xCurrentTimeInt64 =
          [](sqlite3_vfs* vfs, sqlite3_int64* time) {
            sqlite3_vfs* base = Base(vfs);
            if (base->iVersion >= 2 && base->xCurrentTimeInt64 != nullptr) {
              return base->xCurrentTimeInt64(base, time);
            }
            double days;
            const int result = base->xCurrentTime(base, &days);
            *time = static_cast<sqlite3_int64>(days * 86'400'000.0);
            return result;
          },
      .xSetSystemCall = nullptr,
      .xGetSystemCall = nullptr,
      .xNextSystemCall = nullptr,
  };
  vfs_ = std::move(name);
  layer->vfs.zName = vfs_.c_str();
  layer_ = std::move(layer);
  if (sqlite3_vfs_register(&layer_->vfs, /*makeDflt=*/0) != SQLITE_OK) {
    layer_.reset();
    vfs_ = base_vfs;
  }
}

LogBuffer::~LogBuffer() {
  if (layer_ != nullptr) sqlite3_vfs_unregister(&layer_->vfs);
}

}  // namespace coedit::storage
