#include "bench/load/process_usage.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace coedit::bench {
namespace {

TEST(ProcessUsageTest, ReadsThisProcess) {
  const absl::StatusOr<ProcessUsage> usage = ReadProcessUsage(getpid());
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_GE(usage->cpu_seconds, 0);
  EXPECT_GT(usage->resident_bytes, 100'000);
  EXPECT_GE(usage->resident_bytes_max, usage->resident_bytes);
}

TEST(ProcessUsageTest, NoProcessIsNotFound) {
  EXPECT_EQ(ReadProcessUsage(-1).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace coedit::bench
