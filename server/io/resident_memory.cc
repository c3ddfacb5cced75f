#include "server/io/resident_memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace coedit::server {

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

}  // namespace coedit::server
