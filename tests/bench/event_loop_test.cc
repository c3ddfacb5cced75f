#include "bench/load/event_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace coedit::bench {
namespace {

TEST(EventLoopTest, RunsWhatIsDueInOrderOfTime) {
  EventLoop loop;
  std::string order;
  const int64_t now_ns = EventLoop::NowNs();
  loop.At(now_ns + 3'000'000, [&] {
    order += "d";
    loop.Stop();
  });
  loop.At(now_ns + 1'000'000, [&] { order += "b"; });
  loop.At(now_ns + 1'000'000, [&] {
    order += "c";
    // Already due: still within this run, before what is due later.
    loop.At(now_ns, [&] { order += "!"; });
  });
  loop.Post([&] { order += "a"; });
  loop.Run();
  EXPECT_EQ(order, "abc!d");
  EXPECT_GE(EventLoop::NowNs(), now_ns + 3'000'000);
}

TEST(EventLoopTest, AnEarlierTaskOvertakesTheArmedOne) {
  EventLoop loop;
  bool late = false;
  loop.At(EventLoop::NowNs() + 3'600'000'000'000, [&] { late = true; });
  loop.At(EventLoop::NowNs(), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_FALSE(late);
}

}  // namespace
}  // namespace coedit::bench
