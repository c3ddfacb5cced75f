// Schedule: when the events of an open loop are due, whatever the server does. The n-th of a
// writer is due at its start + n / rate, so that rounding does not add up and a tool that was kept
// from running catches up instead of forgetting.
#ifndef COEDIT_BENCH_LOAD_SCHEDULE_H_
#define COEDIT_BENCH_LOAD_SCHEDULE_H_

#include <cstdint>

namespace coedit::bench {

class Schedule {
 public:
  Schedule() = default;
  // `per_second` > 0. `share` of the first interval, 0 <= share < 1, sets one writer apart from the
  // others: all at once would be a wave of its own.
  Schedule(int64_t start_ns, double per_second, double share)
      : start_ns_(start_ns), interval_ns_(1e9 / per_second), share_(share) {}

  int64_t due_ns() const {
    return start_ns_ + static_cast<int64_t>((static_cast<double>(taken_) + share_) * interval_ns_);
  }
  void Take() { ++taken_; }

 private:
  int64_t start_ns_ = 0;
  double interval_ns_ = 1;
  double share_ = 0;
  uint64_t taken_ = 0;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_SCHEDULE_H_
