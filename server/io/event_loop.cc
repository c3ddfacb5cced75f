#include "server/io/event_loop.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "server/io/log.h"

namespace coedit::server {
namespace {

thread_local const EventLoop* current_loop = nullptr;

// So many rounds of tasks that post tasks, then the sockets get their turn.
constexpr int kRoundsMax = 16;

}  // namespace

EventLoop::EventLoop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), wakeup_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  COEDIT_CHECK(epoll_ >= 0 && wakeup_ >= 0);
  // Edge-triggered, so nobody has to read it: each write is told once.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  COEDIT_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event) == 0);
}

EventLoop::~EventLoop() {
  close(wakeup_);
  close(epoll_);
}

absl::Duration EventLoop::Now() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

bool EventLoop::IsCurrent() const { return current_loop == this; }

void EventLoop::Post(Task task) {
  if (IsCurrent()) {
    tasks_.push_back(std::move(task));
    return;
  }
  bool wake;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    posted_.push_back(std::move(task));
    wake = std::exchange(asleep_, false);
  }
  if (wake) eventfd_write(wakeup_, 1);
}

void EventLoop::PostAfter(absl::Duration delay, Task task) {
  const absl::Duration due = Now() + delay;
  if (IsCurrent()) return AddTimer(due, std::move(task));
  Post([this, due, task = std::move(task)]() mutable { AddTimer(due, std::move(task)); });
}

void EventLoop::AddTimer(absl::Duration due, Task task) {
  timers_.push_back({due, ++timers_made_, std::move(task)});
  std::push_heap(timers_.begin(), timers_.end(), Later);
}

absl::Status EventLoop::Watch(int descriptor, Watcher* watcher) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = watcher}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cannot watch a socket: ", strerror(errno)));
}

void EventLoop::Unwatch(int descriptor, Watcher* watcher) {
  epoll_event ignored = {};
  epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, &ignored);
  for (int index = events_told_; index < events_seen_; ++index) {
    if (events_[index].data.ptr == watcher) events_[index].data.ptr = nullptr;
  }
}

template <typename Step>
void EventLoop::Guard(Step step) {
  // Connections catch their own exceptions; this is for a document's task or an allocation that
  // failed between two of them. Losing one step is better than losing every session.
  try {
    step();
  } catch (const std::exception& exception) {
    LogError(absl::StrCat("a step of the event loop failed: ", exception.what()));
  }
}

void EventLoop::TakePosted() {
  const std::lock_guard<std::mutex> lock(mutex_);
  asleep_ = false;
  if (tasks_.empty()) {
    std::swap(tasks_, posted_);
    return;
  }
  std::move(posted_.begin(), posted_.end(), std::back_inserter(tasks_));
  posted_.clear();
}

void EventLoop::RunTasks() {
  for (int round = 0; round < kRoundsMax && !tasks_.empty(); ++round) {
    std::swap(running_, tasks_);
    for (Task& task : running_) {
      Guard([&task] { std::move(task)(); });
      task = nullptr;  // what it holds goes before the next one runs
    }
    running_.clear();
  }
}

void EventLoop::RunTimers() {
  if (timers_.empty()) return;
  const absl::Duration now = Now();
  while (!timers_.empty() && timers_.front().due <= now) {
    std::pop_heap(timers_.begin(), timers_.end(), Later);
    tasks_.push_back(std::move(timers_.back().task));
    timers_.pop_back();
  }
}

int EventLoop::SleepMs() {
  if (!tasks_.empty() || stopped_) return 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!posted_.empty()) return 0;
    asleep_ = true;
  }
  if (timers_.empty()) return -1;
  const absl::Duration left = timers_.front().due - Now();
  // Up, or the loop would spin through the last part of a millisecond.
  return static_cast<int>(
      std::clamp<int64_t>(absl::ToInt64Milliseconds(left + absl::Microseconds(999)), 0, 60'000));
}

void EventLoop::Wait() {
  const int sleep_ms = SleepMs();
  events_told_ = 0;
  events_seen_ = std::max(epoll_wait(epoll_, events_.data(), kEventsMax, sleep_ms), 0);
  while (events_told_ < events_seen_) {
    const epoll_event& event = events_[events_told_++];
    if (event.data.ptr == nullptr) continue;  // the wake-up call, or unwatched in this turn
    const bool ended = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    static_cast<Watcher*>(event.data.ptr)
        ->OnReady({.to_read = ended || (event.events & EPOLLIN) != 0,
                   .to_write = (event.events & EPOLLOUT) != 0,
                   .ended = ended});
  }
}

void EventLoop::Run() {
  current_loop = this;
  while (!stopped_) {
    Wait();
    TakePosted();
    RunTimers();
    RunTasks();
    if (on_turn_end_) Guard(on_turn_end_);
  }
  current_loop = nullptr;
}

void EventLoop::Stop() {
  stopped_ = true;
  eventfd_write(wakeup_, 1);
}

void EventLoop::Clear() {
  on_turn_end_ = nullptr;
  timers_.clear();
  tasks_.clear();
  const std::lock_guard<std::mutex> lock(mutex_);
  posted_.clear();
}

}  // namespace coedit::server
