// What the process keeps in memory without need, avoided or handed back.
#ifndef COEDIT_SERVER_IO_RESIDENT_MEMORY_H_
#define COEDIT_SERVER_IO_RESIDENT_MEMORY_H_

#include <cstdint>

namespace coedit::server {

// glibc would give nearly each thread an arena of its own, where what others free lies idle; so
// many are enough. To be called before there are other threads.
void LimitArenas(int64_t count);

// The program's own code and constants, and those of its libraries, leave this process's resident
// memory; what is needed again comes back from the page cache, some pages at a time. A debugger's
// breakpoints set before are lost. Any thread.
void DropStartPages();

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_RESIDENT_MEMORY_H_
