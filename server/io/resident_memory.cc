#include "server/io/resident_memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>

namespace coedit::server {
namespace {

constexpr absl::Duration kPauseMin = absl::Seconds(10);
constexpr absl::Duration kPauseMax = absl::Seconds(640);
constexpr int64_t kIdleBytesMin = int64_t{2} << 20;

// Resident bytes that are not those of a file.
int64_t AnonymousBytes() {
  int64_t size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return (resident - shared) * sysconf(_SC_PAGESIZE);
}

}  // namespace

void LimitArenas(int64_t count) { mallopt(M_ARENA_MAX, static_cast<int>(count)); }

void DropStartPages() {
  dl_iterate_phdr(
      [](dl_phdr_info* object, size_t, void*) {
        const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = object->dlpi_phdr[i];
          // Nobody has written into a segment that cannot be written: its pages are those of the
          // file.
          if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
          const uintptr_t begin = (object->dlpi_addr + segment.p_vaddr + page - 1) & ~(page - 1);
          const uintptr_t end =
              (object->dlpi_addr + segment.p_vaddr + segment.p_memsz) & ~(page - 1);
          // A refusal costs memory and nothing else.
          if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
        }
        return 0;
      },
      nullptr);
}

void FreeMemory::OnTick(absl::Duration now) {
  if (now < next_check_) return;
  const auto pause = [&](absl::Duration time) {
    pause_ = std::clamp(time, kPauseMin, kPauseMax);
    next_check_ = now + pause_;
  };
  const struct mallinfo2 info = mallinfo2();
  const auto used = static_cast<int64_t>(info.uordblks + info.hblkhd);
  const int64_t resident = AnonymousBytes();
  // Free pages that were handed back already are not resident.
  const int64_t idle = resident - used;
  if (idle < kIdleBytesMin || idle < used / 2) return pause(kPauseMin);
  malloc_trim(0);
  // Free blocks smaller than a page stay, and would be looked for again and again.
  pause(resident - AnonymousBytes() < idle / 4 ? 2 * pause_ : kPauseMin);
}

}  // namespace coedit::server
