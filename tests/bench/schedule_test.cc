#include "bench/load/schedule.h"

#include <gtest/gtest.h>

namespace coedit::bench {
namespace {

TEST(ScheduleTest, ComesAtTheRateFromItsShareOfTheFirstInterval) {
  Schedule schedule(1'000, 20, 0.5);  // every 50 ms
  EXPECT_EQ(schedule.due_ns(), 1'000 + 25'000'000);
  schedule.Take();
  EXPECT_EQ(schedule.due_ns(), 1'000 + 75'000'000);
}

// Three per second do not divide a second; after an hour nothing is lost.
TEST(ScheduleTest, RoundingDoesNotAddUp) {
  Schedule schedule(0, 3, 0);
  for (int i = 0; i < 3 * 3600; ++i) schedule.Take();
  EXPECT_NEAR(static_cast<double>(schedule.due_ns()), 3600e9, 1);
}

// The steady clock counts from the start of the machine, perhaps years ago.
TEST(ScheduleTest, ALateStartKeepsNanoseconds) {
  const int64_t years_ns = 300'000'000'000'000'000;
  EXPECT_EQ(Schedule(years_ns + 1, 1e9, 0).due_ns(), years_ns + 1);
}

}  // namespace
}  // namespace coedit::bench
