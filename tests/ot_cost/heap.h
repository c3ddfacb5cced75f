// Counts what this program takes from the heap. The functions of malloc are wrapped by the linker
// (tests/CMakeLists.txt) and operator new is replaced, so that nothing of ot/ escapes. One thread.
#ifndef COEDIT_TESTS_OT_COST_HEAP_H_
#define COEDIT_TESTS_OT_COST_HEAP_H_

#include <cstdint>

namespace coedit::testing {

struct Heap {
  int64_t allocations = 0;  // so far; a block that grows in place or moves is one more
  int64_t taken_bytes = 0;  // by these, what was given back included
  int64_t live_bytes = 0;   // taken and not given back, with what malloc adds to each block
};

Heap HeapNow();

}  // namespace coedit::testing

#endif  // COEDIT_TESTS_OT_COST_HEAP_H_
