#include "tests/ot_cost/heap.h"

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace {

constexpr int64_t kBlockHeaderBytes = 8;
coedit::testing::Heap heap;

void Taken(void* block) {
  if (block == nullptr) return;
  const int64_t bytes = static_cast<int64_t>(malloc_usable_size(block)) + kBlockHeaderBytes;
  ++heap.allocations;
  heap.taken_bytes += bytes;
  heap.live_bytes += bytes;
}

void Given(void* block) {
  if (block == nullptr) return;
  heap.live_bytes -= static_cast<int64_t>(malloc_usable_size(block)) + kBlockHeaderBytes;
}

}  // namespace

extern "C" {

void* __real_malloc(size_t bytes);
void* __real_realloc(void* block, size_t bytes);
void __real_free(void* block);

void* __wrap_malloc(size_t bytes) {
  void* const block = __real_malloc(bytes);
  Taken(block);
  return block;
}
void* __wrap_realloc(void* old, size_t bytes) {
  Given(old);
  void* const block = __real_realloc(old, bytes);
  Taken(block);
  return block;
}
void __wrap_free(void* block) {
  Given(block);
  __real_free(block);
}

}  // extern "C"

void* operator new(size_t bytes) {
  void* const block = __wrap_malloc(bytes);
  if (block == nullptr) std::abort();
  return block;
}
void* operator new[](size_t bytes) { return operator new(bytes); }
void operator delete(void* block) noexcept { __wrap_free(block); }
void operator delete(void* block, size_t) noexcept { __wrap_free(block); }
void operator delete[](void* block) noexcept { __wrap_free(block); }
void operator delete[](void* block, size_t) noexcept { __wrap_free(block); }

namespace coedit::testing {

Heap HeapNow() { return heap; }

}  // namespace coedit::testing
