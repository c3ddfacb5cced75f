#include "server/process_counts.h"

namespace coedit::server {

bool ProcessCounts::AddDocument() {
  int64_t open = documents_.load(std::memory_order_relaxed);
  do {
    if (documents_max_ != 0 && open >= documents_max_) return false;
  } while (!documents_.compare_exchange_weak(open, open + 1, std::memory_order_relaxed));
  return true;
}

}  // namespace coedit::server
