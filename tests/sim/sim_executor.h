// Virtual time: one queue of tasks, run in order of their time, on one thread.
#ifndef COEDIT_TESTS_SIM_SIM_EXECUTOR_H_
#define COEDIT_TESTS_SIM_SIM_EXECUTOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "server/seams.h"

namespace coedit::sim {

// The queue of the whole world. Tasks of one time run in the order they were scheduled.
class Timeline {
 public:
  absl::Duration now() const { return now_; }
  int64_t tasks_run() const { return tasks_run_; }

  void Schedule(absl::Duration delay, server::Task task) {
    tasks_.emplace(std::make_pair(now_ + delay, ++scheduled_), std::move(task));
  }

  // Runs until `end` has come or `stop` says so.
  void RunUntil(absl::Duration end, const std::function<bool()>& stop = nullptr) {
    while (!tasks_.empty() && tasks_.begin()->first.first <= end) {
      if (stop != nullptr && stop()) return;
      auto next = tasks_.extract(tasks_.begin());
      now_ = next.key().first;
      ++tasks_run_;
      std::move(next.mapped())();
    }
    if (stop == nullptr) now_ = std::max(now_, end);
  }

 private:
  absl::Duration now_;
  uint64_t scheduled_ = 0;
  int64_t tasks_run_ = 0;
  std::map<std::pair<absl::Duration, uint64_t>, server::Task> tasks_;
};

// What one life of a server sees of it. After Kill its tasks never run: a crash between any two.
class SimExecutor final : public server::Executor, public server::Clock {
 public:
  explicit SimExecutor(Timeline* timeline) : timeline_(timeline) {}

  void Post(server::Task task) override { PostAfter(absl::ZeroDuration(), std::move(task)); }
  void PostAfter(absl::Duration delay, server::Task task) override {
    timeline_->Schedule(delay, [alive = alive_, task = std::move(task)]() mutable {
      if (*alive) std::move(task)();
    });
  }
  absl::Duration Steady() const override { return timeline_->now(); }
  int64_t WallMs() const override {
    return 1'700'000'000'000 + absl::ToInt64Milliseconds(timeline_->now());
  }
  void Kill() { *alive_ = false; }
  bool alive() const { return *alive_; }

 private:
  Timeline* timeline_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_SIM_EXECUTOR_H_
