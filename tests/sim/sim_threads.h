// SimThreads: the simulated threads of one life of the server. All run on the simulator's one
// thread, one task after another; but each knows that it is running, and what one posts to another
// takes a while, so that their tasks come in many orders.
#ifndef COEDIT_TESTS_SIM_SIM_THREADS_H_
#define COEDIT_TESTS_SIM_SIM_THREADS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "tests/ot/generators.h"

namespace coedit::sim {

class SimThreads {
 public:
  // The longest that a post is under way.
  static constexpr absl::Duration kDelayMax = absl::Milliseconds(20);

  explicit SimThreads(ot::testing::Rng rng) : rng_(rng) {}

  // None: something outside (the store, the world) is.
  std::optional<size_t> running() const { return running_; }

  template <typename Step>
  void RunOn(size_t thread, Step step) {
    const std::optional<size_t> before = std::exchange(running_, thread);
    std::move(step)();
    running_ = before;
  }

  // What happened: posts from one thread to another, and connections that moved.
  int64_t crossings() const { return crossings_; }
  int64_t moves() const { return moves_; }
  void CountMove() { ++moves_; }

  // How long what is posted to `to` now is under way. What one thread posts to another keeps its
  // order.
  absl::Duration DelayTo(size_t to, absl::Duration now) {
    if (!running_.has_value() || *running_ == to) return absl::ZeroDuration();
    ++crossings_;
    const int64_t most_us = rng_.Chance(10) ? absl::ToInt64Microseconds(kDelayMax) : 300;
    absl::Duration& arrives = arrives_[{*running_, to}];
    arrives = std::max(arrives, now + absl::Microseconds(rng_.Between(0, most_us)));
    return arrives - now;
  }

 private:
  ot::testing::Rng rng_;
  std::optional<size_t> running_;
  int64_t crossings_ = 0;
  int64_t moves_ = 0;
  std::map<std::pair<size_t, size_t>, absl::Duration> arrives_;  // the latest, from and to
};

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_SIM_THREADS_H_
