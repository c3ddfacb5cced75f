#include "bench/load/event_loop.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>
#include <vector>

namespace coedit::bench {
namespace asio = boost::asio;

struct EventLoop::Impl {
  struct Due {
    int64_t at_ns;
    uint64_t order;
    Task task;
    // The earliest on top of a heap that keeps the greatest there.
    friend bool operator<(const Due& a, const Due& b) {
      return a.at_ns != b.at_ns ? a.at_ns > b.at_ns : a.order > b.order;
    }
  };

  void Arm() {
    if (heap.empty() || heap.front().at_ns >= armed_ns) return;
    armed_ns = heap.front().at_ns;
    timer.expires_at(
        std::chrono::steady_clock::time_point(std::chrono::nanoseconds(heap.front().at_ns)));
    timer.async_wait([this](boost::system::error_code error) {
      if (!error) Fire();
    });
  }

  void Fire() {
    const int64_t now_ns = NowNs();
    while (!heap.empty() && heap.front().at_ns <= now_ns) {
      std::pop_heap(heap.begin(), heap.end());
      Task task = std::move(heap.back().task);
      heap.pop_back();
      std::move(task)();
    }
    armed_ns = kNever;
    Arm();
  }

  static constexpr int64_t kNever = INT64_MAX;

  // One thread: no lock inside.
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::steady_timer timer{context};
  std::vector<Due> heap;
  uint64_t next_order = 0;
  int64_t armed_ns = kNever;
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

int64_t EventLoop::NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void EventLoop::Post(Task task) {
  asio::post(impl_->context, [task = std::move(task)]() mutable { std::move(task)(); });
}

void EventLoop::At(int64_t at_ns, Task task) {
  impl_->heap.push_back({at_ns, impl_->next_order++, std::move(task)});
  std::push_heap(impl_->heap.begin(), impl_->heap.end());
  impl_->Arm();
}

void EventLoop::Run() {
  impl_->context.restart();
  impl_->context.run();
}

void EventLoop::Stop() { impl_->context.stop(); }

asio::io_context& EventLoop::context() { return impl_->context; }

}  // namespace coedit::bench
