// What the process keeps in memory without need, avoided or handed back.
#ifndef COEDIT_SERVER_IO_RESIDENT_MEMORY_H_
#define COEDIT_SERVER_IO_RESIDENT_MEMORY_H_

#include <cstdint>

#include "absl/time/time.h"

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
  // To be called every second or so, and as often besides as one likes, by one thread; `now` is of
  // a clock that is never set.
  void OnTick(absl::Duration now);

 private:
  absl::Duration next_check_ = -absl::InfiniteDuration();
  absl::Duration pause_;  // between two checks
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_RESIDENT_MEMORY_H_
