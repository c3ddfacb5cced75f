// The lanes: each has its own thread, a bound, and an end.
#include "server/io/compute_threads.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <thread>

namespace coedit::server {
namespace {

// Runs what is posted where it is posted, and counts it.
class InlineExecutor final : public Executor {
 public:
  void Post(Task task) override {
    const std::lock_guard lock(mutex_);
    ++posted;
    std::move(task)();
  }
  void PostAfter(absl::Duration, Task task) override { Post(std::move(task)); }
  int posted = 0;

 private:
  std::mutex mutex_;
};

TEST(ComputeThreads, ALaneThatIsFullRefusesAndTheOtherWorks) {
  InlineExecutor executor;
  ComputeThreads threads(&executor, /*waiting_max=*/2);
  std::promise<void> begun;
  std::promise<void> go_on;
  ASSERT_TRUE(threads.Run(
      api::Lane::kLong,
      [&begun, wait = go_on.get_future()] {
        begun.set_value();
        wait.wait();
      },
      [] {}));
  begun.get_future().wait();
  std::promise<void> last;
  EXPECT_TRUE(threads.Run(
      api::Lane::kLong, [] {}, [] {}));
  EXPECT_TRUE(threads.Run(
      api::Lane::kLong, [] {}, [&last] { last.set_value(); }));
  EXPECT_FALSE(threads.Run(
      api::Lane::kLong, [] { FAIL(); }, [] { FAIL(); }));
  std::promise<void> other;
  EXPECT_TRUE(threads.Run(
      api::Lane::kShort, [] {}, [&other] { other.set_value(); }));
  other.get_future().wait();
  go_on.set_value();
  last.get_future().wait();
}

TEST(ComputeThreads, StoppingFinishesWhatIsBegunAndDropsTheRest) {
  InlineExecutor executor;
  ComputeThreads threads(&executor, /*waiting_max=*/int64_t{1} << 40);
  std::promise<void> begun;
  std::promise<void> go_on;
  bool finished = false;
  threads.Run(
      api::Lane::kShort,
      [&begun, &finished, wait = go_on.get_future()] {
        begun.set_value();
        wait.wait();
        finished = true;
      },
      [] {});
  begun.get_future().wait();
  std::thread releases([&go_on, &threads] {
    // With that bound nothing is refused but by a stop, which has begun then.
    while (threads.Run(
        api::Lane::kShort, [] { FAIL(); }, [] { FAIL(); })) {
      std::this_thread::yield();
    }
    go_on.set_value();
  });
  threads.Stop();
  releases.join();
  EXPECT_TRUE(finished);
}

}  // namespace
}  // namespace coedit::server
