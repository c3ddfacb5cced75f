// A library for LD_PRELOAD: the next fsync of a write-ahead log fails once the file that
// COEDIT_FAIL_FSYNC names is there. It is removed then.
#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

bool IsLog(int descriptor) {
  char link[64];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
  char path[4096];
  const ssize_t size = readlink(link, path, sizeof(path));
  return size >= 4 && std::memcmp(path + size - 4, "-wal", 4) == 0;
}

int Sync(int descriptor, const char* name) {
  const char* trigger = std::getenv("COEDIT_FAIL_FSYNC");
  if (trigger != nullptr && IsLog(descriptor) && unlink(trigger) == 0) {
    errno = EIO;
    return -1;
  }
  return reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, name))(descriptor);
}

}  // namespace

extern "C" int fsync(int descriptor) { return Sync(descriptor, "fsync"); }
extern "C" int fdatasync(int descriptor) { return Sync(descriptor, "fdatasync"); }
