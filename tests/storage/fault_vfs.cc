#include "tests/storage/fault_vfs.h"

#include <sqlite3.h>

#include <cstdlib>
#include <new>

namespace coedit::storage {
namespace {

Faults faults;
sqlite3_vfs* real_vfs = nullptr;

// Followed in memory by the file of the real layer.
struct FaultFile {
  sqlite3_file base;
  int flags;
  int64_t synced_size;
};

sqlite3_file* Real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<FaultFile*>(file) + 1);
}
const sqlite3_io_methods* Methods(sqlite3_file* file) { return Real(file)->pMethods; }
FaultFile* Ours(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file); }
bool IsLog(sqlite3_file* file) { return (Ours(file)->flags & SQLITE_OPEN_WAL) != 0; }

// True if this is the call that is to fail.
bool FailsNow() {
  int64_t left = faults.fail_after;
  while (left >= 0 && !faults.fail_after.compare_exchange_weak(left, left - 1)) {
  }
  return left == 0;
}

int64_t SizeOf(sqlite3_file* file) {
  sqlite3_int64 size = 0;
  Methods(file)->xFileSize(Real(file), &size);
  return size;
}

int Close(sqlite3_file* file) { return Methods(file)->xClose(Real(file)); }

int ReadAt(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  return Methods(file)->xRead(Real(file), out, size, offset);
}

int WriteAt(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  if (FailsNow()) return SQLITE_IOERR_WRITE;
  const bool full = IsLog(file) ? faults.log_full : faults.database_full;
  if (full && offset + size > SizeOf(file)) return SQLITE_FULL;
  return Methods(file)->xWrite(Real(file), bytes, size, offset);
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (FailsNow()) return SQLITE_IOERR_TRUNCATE;
  const int result = Methods(file)->xTruncate(Real(file), size);
  if (size < Ours(file)->synced_size) Ours(file)->synced_size = size;
  return result;
}

int Sync(sqlite3_file* file, int flags) {
  ++faults.syncs;
  if (FailsNow()) return SQLITE_IOERR_FSYNC;
  if (IsLog(file) && faults.failing_log_syncs > 0) {
    --faults.failing_log_syncs;
    if (faults.unsynced_lost) Methods(file)->xTruncate(Real(file), Ours(file)->synced_size);
    return SQLITE_IOERR_FSYNC;
  }
  const int result = Methods(file)->xSync(Real(file), flags);
  Ours(file)->synced_size = SizeOf(file);
  return result;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Methods(file)->xFileSize(Real(file), size);
}
int Lock(sqlite3_file* file, int kind) { return Methods(file)->xLock(Real(file), kind); }
int Unlock(sqlite3_file* file, int kind) { return Methods(file)->xUnlock(Real(file), kind); }
int CheckReservedLock(sqlite3_file* file, int* out) {
  return Methods(file)->xCheckReservedLock(Real(file), out);
}
int FileControl(sqlite3_file* file, int operation, void* argument) {
  return Methods(file)->xFileControl(Real(file), operation, argument);
}
int SectorSize(sqlite3_file* file) { return Methods(file)->xSectorSize(Real(file)); }
int DeviceCharacteristics(sqlite3_file* file) {
  return Methods(file)->xDeviceCharacteristics(Real(file));
}
int ShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  return Methods(file)->xShmMap(Real(file), region, size, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return Methods(file)->xShmLock(Real(file), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { Methods(file)->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return Methods(file)->xShmUnmap(Real(file), remove);
}

constexpr sqlite3_io_methods kMethods = {2,
                                         Close,
                                         ReadAt,
                                         WriteAt,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         Lock,
                                         Unlock,
                                         CheckReservedLock,
                                         FileControl,
                                         SectorSize,
                                         DeviceCharacteristics,
                                         ShmMap,
                                         ShmLock,
                                         ShmBarrier,
                                         ShmUnmap,
                                         nullptr,
                                         nullptr};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  new (file) FaultFile{{nullptr}, flags, 0};
  if (faults.open_fails) return SQLITE_CANTOPEN;
  Real(file)->pMethods = nullptr;
  const int result = real_vfs->xOpen(real_vfs, name, Real(file), flags, out_flags);
  if (Real(file)->pMethods != nullptr) {
    file->pMethods = &kMethods;
    Ours(file)->synced_size = SizeOf(file);
  }
  return result;
}

Faults* Register() {
  static sqlite3_vfs vfs;
  real_vfs = sqlite3_vfs_find(nullptr);
  vfs = *real_vfs;
  vfs.zName = kFaultVfsName;
  vfs.pNext = nullptr;
  vfs.szOsFile = static_cast<int>(sizeof(FaultFile)) + real_vfs->szOsFile;
  vfs.xOpen = Open;
  if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) std::abort();
  return &faults;
}

}  // namespace

Faults& TheFaults() {
  static Faults* const registered = Register();
  return *registered;
}

}  // namespace coedit::storage
