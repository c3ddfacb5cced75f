// Virtual time: one queue of tasks, run in order of their time, on one thread.
#ifndef COEDIT_TESTS_SIM_SIM_EXECUTOR_H_
#define COEDIT_TESTS_SIM_SIM_EXECUTOR_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/seams.h"
#include "tests/sim/sim_threads.h"

namespace coedit::sim {

// The queue of the whole world. Tasks of one time run in the order they were scheduled.
class Timeline {
 public:
  absl::Duration now() const { return absl::Nanoseconds(now_ns_); }
  std::chrono::steady_clock::time_point steady_now() const {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(now_ns_));
  }
  int64_t tasks_run() const { return tasks_run_; }
  // What wall clocks are off by.
  int64_t wall_offset_ms = 0;

  // For people who look at one world: `./dev sim --trace`.
  std::ostream* trace = nullptr;
  template <typename... Parts>
  void Tell(const Parts&... parts) const {
    if (trace == nullptr) return;
    *trace << absl::StrFormat("%12.6f ", static_cast<double>(now_ns_) * 1e-9)
           << absl::StrCat(parts...) << "\n";
  }

  void Schedule(absl::Duration delay, server::Task task) {
    const int64_t at_ns = now_ns_ + absl::ToInt64Nanoseconds(delay);
    heap_.push_back({at_ns, ++scheduled_, std::move(task)});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }

  // Runs until `end` has come or `stop` says so.
  void RunUntil(absl::Duration end, const std::function<bool()>& stop = nullptr) {
    const int64_t end_ns = absl::ToInt64Nanoseconds(end);
    while (!heap_.empty() && heap_.front().at_ns <= end_ns) {
      if (stop != nullptr && stop()) return;
      std::pop_heap(heap_.begin(), heap_.end(), Later);
      Entry next = std::move(heap_.back());
      heap_.pop_back();
      now_ns_ = next.at_ns;
      ++tasks_run_;
      std::move(next.task)();
    }
    if (stop == nullptr) now_ns_ = std::max(now_ns_, end_ns);
  }

 private:
  struct Entry {
    int64_t at_ns;
    uint64_t number;
    server::Task task;
  };
  static bool Later(const Entry& a, const Entry& b) {
    return a.at_ns != b.at_ns ? a.at_ns > b.at_ns : a.number > b.number;
  }

  int64_t now_ns_ = 0;
  uint64_t scheduled_ = 0;
  int64_t tasks_run_ = 0;
  std::vector<Entry> heap_;
};

// What one life of a server sees of it. After Kill its tasks never run: a crash between any two.
class SimExecutor final : public server::Executor, public server::Clock {
 public:
  explicit SimExecutor(Timeline* timeline) : timeline_(timeline) {}
  // One of several simulated threads.
  SimExecutor(Timeline* timeline, SimThreads* threads, size_t thread)
      : timeline_(timeline), threads_(threads), thread_(thread) {}

  void Post(server::Task task) override {
    PostAfter(
        threads_ == nullptr ? absl::ZeroDuration() : threads_->DelayTo(thread_, timeline_->now()),
        std::move(task));
  }
  void PostAfter(absl::Duration delay, server::Task task) override {
    timeline_->Schedule(delay, [alive = alive_, threads = threads_, thread = thread_,
                                task = std::move(task)]() mutable {
      if (!*alive) return;
      if (threads == nullptr) return std::move(task)();
      threads->RunOn(thread, std::move(task));
    });
  }
  absl::Duration Steady() const override { return timeline_->now(); }
  int64_t WallMs() const override {
    return 1'700'000'000'000 + timeline_->wall_offset_ms +
           absl::ToInt64Milliseconds(timeline_->now());
  }
  void Kill() { *alive_ = false; }
  Timeline* timeline() const { return timeline_; }

 private:
  Timeline* timeline_;
  SimThreads* threads_ = nullptr;  // nullptr: there is one for all
  size_t thread_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_SIM_EXECUTOR_H_
