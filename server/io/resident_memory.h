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

// Hands back what malloc keeps free after a burst, a thousand people who come at once for one.
// While it does, some milliseconds for a hundred megabytes, others wait for memory: so only where
// it is much, and ever more seldom where little comes of it.
class FreeMemory {
 public:
  // To be called about once a second, by one thread.
  void OnTick();

 private:
  int64_t ticks_ = 0;
  int64_t next_check_ = 0;
  int64_t pause_ = 0;  // ticks between two checks
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_RESIDENT_MEMORY_H_
