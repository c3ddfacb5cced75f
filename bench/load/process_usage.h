// What a process has used so far, from /proc.
#ifndef COEDIT_BENCH_LOAD_PROCESS_USAGE_H_
#define COEDIT_BENCH_LOAD_PROCESS_USAGE_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace coedit::bench {

struct ProcessUsage {
  double cpu_seconds = 0;  // user and system, all threads; in steps of 10 ms
  int64_t resident_bytes = 0;
  int64_t resident_bytes_max = 0;  // so far
};

// kNotFound if there is no such process.
absl::StatusOr<ProcessUsage> ReadProcessUsage(int64_t pid);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_PROCESS_USAGE_H_
