#include "tests/storage/simulated_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/check.h"

namespace coedit::storage {
namespace {

constexpr int kShmLocks = 8;

// The memory that the connections of one log share, and who has locked what of it.
struct SharedMemory {
  std::vector<std::unique_ptr<char[]>> regions;
  int readers[kShmLocks] = {};
  bool writer[kShmLocks] = {};
};

// True if this call is the one that a countdown waits for.
bool CountDown(std::atomic<int64_t>* count) {
  int64_t left = *count;
  while (left >= 0 && !count->compare_exchange_weak(left, left - 1)) {
  }
  return left == 0;
}

}  // namespace

// A file while it has a name or somebody has it open.
struct SimulatedDisk::Inode {
  DiskFile file;
  std::vector<Handle*> handles;
  std::shared_ptr<SharedMemory> memory;  // while a connection maps it
};

struct SimulatedDisk::Shared {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Inode>> files;
  int64_t handles_open = 0;
};

// What SQLite holds of an open file.
struct SimulatedDisk::Handle {
  sqlite3_file base;
  SimulatedDisk* disk;
  std::shared_ptr<Inode> inode;
  std::string name;
  int flags;
  int lock = SQLITE_LOCK_NONE;
  std::shared_ptr<SharedMemory> memory;
  unsigned shared_locks = 0;  // bits
  unsigned exclusive_locks = 0;
};

struct SimulatedDisk::Vfs {
  sqlite3_vfs base;

  static Handle* Of(sqlite3_file* file) { return reinterpret_cast<Handle*>(file); }
  static SimulatedDisk* Of(sqlite3_vfs* vfs) { return static_cast<SimulatedDisk*>(vfs->pAppData); }
  static bool IsLog(const Handle* handle) { return (handle->flags & SQLITE_OPEN_WAL) != 0; }

  // Counts a call that changes the disk. Not SQLITE_OK if it is the one to fail.
  static int Change(Handle* handle, int error) {
    SimulatedDisk* disk = handle->disk;
    if (disk->off_) return error;
    if (CountDown(&disk->faults_.cut_after)) {
      disk->off_ = true;
      return error;
    }
    ++disk->changes_;
    return CountDown(&disk->faults_.fail_after) ? error : SQLITE_OK;
  }

  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                  int* out_flags) {
    SimulatedDisk* disk = Of(vfs);
    file->pMethods = nullptr;
    if (disk->off_ || disk->faults_.open_fails) return SQLITE_CANTOPEN;
    const std::lock_guard<std::mutex> lock(disk->shared_->mutex);
    std::shared_ptr<Inode> inode;
    const std::string called = name == nullptr ? "" : name;
    const auto found = disk->shared_->files.find(called);
    if (name != nullptr && found != disk->shared_->files.end()) {
      inode = found->second;
    } else {
      if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
      inode = std::make_shared<Inode>();
      if (name != nullptr) {
        disk->shared_->files[called] = inode;
        disk->Note(EventKind::kCreate, called);
      }
    }
    auto* handle = new (file) Handle{.base = {&kMethods},
                                     .disk = disk,
                                     .inode = inode,
                                     .name = called,
                                     .flags = flags,
                                     .memory = nullptr};
    inode->handles.push_back(handle);
    ++disk->shared_->handles_open;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }

  static int Delete(sqlite3_vfs* vfs, const char* name, int) {
    SimulatedDisk* disk = Of(vfs);
    if (disk->off_) return SQLITE_IOERR_DELETE;
    const std::lock_guard<std::mutex> lock(disk->shared_->mutex);
    if (disk->shared_->files.erase(name) == 0) return SQLITE_IOERR_DELETE_NOENT;
    disk->Note(EventKind::kDelete, name);
    return SQLITE_OK;
  }

  static int Access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
    SimulatedDisk* disk = Of(vfs);
    if (disk->off_) return SQLITE_IOERR_ACCESS;
    const std::lock_guard<std::mutex> lock(disk->shared_->mutex);
    const auto found = disk->shared_->files.find(name);
    // As SQLite's own layer, which takes an empty file for none.
    *out = found != disk->shared_->files.end() &&
           (flags != SQLITE_ACCESS_EXISTS || !found->second->file.seen().empty());
    return SQLITE_OK;
  }

  static int FullPathname(sqlite3_vfs*, const char* name, int size, char* out) {
    const size_t length = std::strlen(name);
    if (length >= static_cast<size_t>(size)) return SQLITE_CANTOPEN;
    std::memcpy(out, name, length + 1);
    return SQLITE_OK;
  }

  static int Sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
  static int LastError(sqlite3_vfs*, int, char*) { return 0; }

  static int Close(sqlite3_file* file) {
    Handle* handle = Of(file);
    Unmap(handle);
    {
      const std::lock_guard<std::mutex> lock(handle->disk->shared_->mutex);
      std::erase(handle->inode->handles, handle);
      --handle->disk->shared_->handles_open;
    }
    handle->~Handle();
    return SQLITE_OK;
  }

  static int Read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
    Handle* handle = Of(file);
    if (handle->disk->off_) return SQLITE_IOERR_READ;
    const std::lock_guard<std::mutex> lock(handle->disk->shared_->mutex);
    const std::string& content = handle->inode->file.seen();
    const int64_t available = std::max<int64_t>(static_cast<int64_t>(content.size()) - offset, 0);
    const int64_t taken = std::min<int64_t>(size, available);
    if (taken > 0) std::memcpy(out, content.data() + offset, taken);
    if (taken == size) return SQLITE_OK;
    std::memset(static_cast<char*>(out) + taken, 0, size - taken);
    return SQLITE_IOERR_SHORT_READ;
  }

  static int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    Handle* handle = Of(file);
    COEDIT_CHECK(size < 128 << 10);  // SQLite's own layer takes no more
    if (const int failed = Change(handle, SQLITE_IOERR_WRITE); failed != SQLITE_OK) return failed;
    SimulatedDisk* disk = handle->disk;
    const std::lock_guard<std::mutex> lock(disk->shared_->mutex);
    const DiskFaults& faults = disk->faults_;
    if (IsLog(handle) && faults.log_full) return SQLITE_FULL;
    const int64_t growth = offset + size - static_cast<int64_t>(handle->inode->file.seen().size());
    if (growth > 0) {
      if (!IsLog(handle) && faults.database_full) return SQLITE_FULL;
      const int64_t capacity = faults.capacity_bytes;
      if (capacity > 0 && disk->BytesUsed() + growth > capacity) return SQLITE_FULL;
    }
    const absl::string_view written(static_cast<const char*>(bytes), size);
    handle->inode->file.Write(offset, written);
    disk->Note(EventKind::kWrite, handle->name, offset, written);
    return SQLITE_OK;
  }

  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    Handle* handle = Of(file);
    const int failed = Change(handle, SQLITE_IOERR_TRUNCATE);
    if (failed != SQLITE_OK) return failed;
    const std::lock_guard<std::mutex> lock(handle->disk->shared_->mutex);
    handle->inode->file.Truncate(size);
    handle->disk->Note(EventKind::kTruncate, handle->name, size);
    return SQLITE_OK;
  }

  static int Sync(sqlite3_file* file, int) {
    Handle* handle = Of(file);
    DiskFaults& faults = handle->disk->faults_;
    ++faults.syncs;
    if (const int failed = Change(handle, SQLITE_IOERR_FSYNC); failed != SQLITE_OK) return failed;
    const std::lock_guard<std::mutex> lock(handle->disk->shared_->mutex);
    std::atomic<int64_t>& failing =
        IsLog(handle) ? faults.failing_log_syncs : faults.failing_database_syncs;
    if (failing > 0) {
      --failing;
      handle->inode->file.FailSync(faults.failed_sync);
      return SQLITE_IOERR_FSYNC;
    }
    handle->inode->file.Sync();
    handle->disk->Note(EventKind::kSync, handle->name);
    return SQLITE_OK;
  }

  static int FileSize(sqlite3_file* file, sqlite3_int64* size) {
    Handle* handle = Of(file);
    if (handle->disk->off_) return SQLITE_IOERR_FSTAT;
    const std::lock_guard<std::mutex> lock(handle->disk->shared_->mutex);
    *size = static_cast<sqlite3_int64>(handle->inode->file.seen().size());
    return SQLITE_OK;
  }

  static int Lock(sqlite3_file* file, int level) {
    Handle* handle = Of(file);
    const std::lock_guard<std::mutex> lock(handle->disk->shared_->mutex);
    if (handle->lock >= level) return SQLITE_OK;
    int others = SQLITE_LOCK_NONE;
    for (const Handle* other : handle->inode->handles) {
      if (other != handle) others = std::max(others, other->lock);
    }
    if (level == SQLITE_LOCK_SHARED) {
      if (others >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
    } else if (others >= SQLITE_LOCK_RESERVED) {
      return SQLITE_BUSY;
    } else if (level == SQLITE_LOCK_EXCLUSIVE && others >= SQLITE_LOCK_SHARED) {
      handle->lock = SQLITE_LOCK_PENDING;  // keeps new readers out
      return SQLITE_BUSY;
    }
    handle->lock = level;
    return SQLITE_OK;
  }

  static int Unlock(sqlite3_file* file, int level) {
    Handle* handle = Of(file);
    const std::lock_guard<std::mutex> lock(handle->disk->shared_->mutex);
    handle->lock = std::min(handle->lock, level);
    return SQLITE_OK;
  }

  static int CheckReservedLock(sqlite3_file* file, int* out) {
    Handle* handle = Of(file);
    const std::lock_guard<std::mutex> lock(handle->disk->shared_->mutex);
    *out = std::any_of(handle->inode->handles.begin(), handle->inode->handles.end(),
                       [](const Handle* other) { return other->lock >= SQLITE_LOCK_RESERVED; });
    return SQLITE_OK;
  }

  static int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int SectorSize(sqlite3_file*) { return 4096; }
  // As SQLite's own layer has it: a torn write leaves the bytes beside it alone.
  static int DeviceCharacteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int ShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    Handle* handle = Of(file);
    const std::lock_guard<std::mutex> lock(handle->disk->shared_->mutex);
    if (handle->memory == nullptr) {
      if (handle->inode->memory == nullptr)
        handle->inode->memory = std::make_shared<SharedMemory>();
      handle->memory = handle->inode->memory;
    }
    auto& regions = handle->memory->regions;
    *out = nullptr;
    if (region >= static_cast<int>(regions.size()) && extend == 0) return SQLITE_OK;
    while (region >= static_cast<int>(regions.size())) {
      regions.push_back(std::make_unique<char[]>(size));
    }
    *out = regions[region].get();
    return SQLITE_OK;
  }

  static int ShmLock(sqlite3_file* file, int first, int count, int flags) {
    Handle* handle = Of(file);
    const std::lock_guard<std::mutex> lock(handle->disk->shared_->mutex);
    SharedMemory& memory = *handle->memory;
    const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    if ((flags & SQLITE_SHM_LOCK) != 0) {
      for (int i = first; i < first + count; ++i) {
        const bool ours = (handle->shared_locks >> i & 1) != 0;
        if (memory.writer[i] && (handle->exclusive_locks >> i & 1) == 0) return SQLITE_BUSY;
        if (exclusive && memory.readers[i] > (ours ? 1 : 0)) return SQLITE_BUSY;
      }
    }
    for (int i = first; i < first + count; ++i) {
      SetShmLock(handle, &memory, i, exclusive, (flags & SQLITE_SHM_LOCK) != 0);
    }
    return SQLITE_OK;
  }

  static void SetShmLock(Handle* handle, SharedMemory* memory, int i, bool exclusive, bool on) {
    unsigned& held = exclusive ? handle->exclusive_locks : handle->shared_locks;
    const bool was = (held >> i & 1) != 0;
    if (was == on) return;
    held ^= 1U << i;
    if (exclusive) {
      memory->writer[i] = on;
    } else {
      memory->readers[i] += on ? 1 : -1;
    }
  }

  static void ShmBarrier(sqlite3_file*) { std::atomic_thread_fence(std::memory_order_seq_cst); }

  static int ShmUnmap(sqlite3_file* file, int) {
    Unmap(Of(file));
    return SQLITE_OK;
  }

  static void Unmap(Handle* handle) {
    const std::lock_guard<std::mutex> lock(handle->disk->shared_->mutex);
    if (handle->memory == nullptr) return;
    for (int i = 0; i < kShmLocks; ++i) {
      SetShmLock(handle, handle->memory.get(), i, /*exclusive=*/true, false);
      SetShmLock(handle, handle->memory.get(), i, /*exclusive=*/false, false);
    }
    handle->memory = nullptr;
    // The last one out takes it away, as SQLite's own layer does.
    if (handle->inode->memory.use_count() == 1) handle->inode->memory = nullptr;
  }

  static constexpr sqlite3_io_methods kMethods = {2,
                                                  Close,
                                                  Read,
                                                  Write,
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
};

SimulatedDisk::SimulatedDisk(const Image& image)
    : registered_(std::make_unique<Vfs>()), shared_(std::make_unique<Shared>()) {
  static std::atomic<int64_t> last_number{0};
  vfs_ = absl::StrCat("coedit-simulated-", ++last_number);
  // Time and dice are the system's.
  sqlite3_vfs& vfs = registered_->base;
  vfs = *sqlite3_vfs_find("unix");
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(Handle);
  vfs.mxPathname = 512;
  vfs.pNext = nullptr;
  vfs.zName = vfs_.c_str();
  vfs.pAppData = this;
  vfs.xOpen = Vfs::Open;
  vfs.xDelete = Vfs::Delete;
  vfs.xAccess = Vfs::Access;
  vfs.xFullPathname = Vfs::FullPathname;
  vfs.xSleep = Vfs::Sleep;
  vfs.xGetLastError = Vfs::LastError;
  COEDIT_CHECK(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
  Start(image);
}

SimulatedDisk::~SimulatedDisk() {
  COEDIT_CHECK(shared_->handles_open == 0);
  sqlite3_vfs_unregister(&registered_->base);
}

SimulatedDisk::Image SimulatedDisk::image() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  Image image;
  for (const auto& [name, inode] : shared_->files) image[name] = inode->file.seen();
  return image;
}

void SimulatedDisk::Cut(PowerCut cut, uint64_t seed) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  off_ = true;
  for (auto& [name, inode] : shared_->files) {
    inode->file = DiskFile(inode->file.Survivor(cut, seed++));
  }
}

void SimulatedDisk::Start() {
  COEDIT_CHECK(shared_->handles_open == 0);
  faults_.cut_after = -1;
  off_ = false;
}

void SimulatedDisk::Start(const Image& image) {
  shared_->files.clear();
  for (const auto& [name, content] : image) {
    auto inode = std::make_shared<Inode>();
    inode->file = DiskFile(content);
    shared_->files[name] = std::move(inode);
  }
  Start();
}

int64_t SimulatedDisk::BytesUsed() const {
  int64_t bytes = 0;
  for (const auto& [name, inode] : shared_->files) {
    bytes += static_cast<int64_t>(inode->file.seen().size());
  }
  return bytes;
}

// ---- the record ----

void SimulatedDisk::Note(EventKind kind, const std::string& file, int64_t offset,
                         absl::string_view bytes) {
  if (recording_ && !file.empty()) record_.push_back({kind, file, offset, std::string(bytes)});
}

void SimulatedDisk::Record() {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  recording_ = true;
  record_.clear();
  recorded_from_.clear();
  for (const auto& [name, inode] : shared_->files) recorded_from_[name] = inode->file;
}

size_t SimulatedDisk::recorded() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  return record_.size();
}

SimulatedDisk::Image SimulatedDisk::ImageAfter(size_t events, PowerCut cut, uint64_t seed) const {
  COEDIT_CHECK(events <= record_.size());
  std::map<std::string, DiskFile> files = recorded_from_;
  for (size_t i = 0; i < events; ++i) {
    const Event& event = record_[i];
    if (event.kind == EventKind::kDelete) {
      files.erase(event.file);
      continue;
    }
    DiskFile& file = files[event.file];
    if (event.kind == EventKind::kWrite) file.Write(event.offset, event.bytes);
    if (event.kind == EventKind::kTruncate) file.Truncate(event.offset);
    if (event.kind == EventKind::kSync) file.Sync();
  }
  Image image;
  for (const auto& [name, file] : files) image[name] = file.Survivor(cut, seed++);
  return image;
}

}  // namespace coedit::storage
