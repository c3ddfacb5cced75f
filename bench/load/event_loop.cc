#include "bench/load/event_loop.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "ot/check.h"

namespace coedit::bench {
namespace {

constexpr size_t kScratchBytes = 256 << 10;
constexpr int kEventsAtOnce = 512;
constexpr uint64_t kTimerToken = UINT64_MAX;
constexpr int64_t kNever = INT64_MAX;
constexpr int64_t kNsPerSecond = 1'000'000'000;

uint32_t EventsOf(EventLoop::Interest interest) {
  return (interest.read ? EPOLLIN | EPOLLRDHUP : 0U) | (interest.write ? EPOLLOUT : 0U);
}

uint64_t TokenOf(int descriptor, uint32_t generation) {
  return (static_cast<uint64_t>(generation) << 32) | static_cast<uint32_t>(descriptor);
}

}  // namespace

EventLoop::EventLoop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      scratch_(kScratchBytes) {
  COEDIT_CHECK(epoll_ >= 0 && timer_ >= 0);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kTimerToken}};
  COEDIT_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event) == 0);
}

EventLoop::~EventLoop() {
  // A socket may let go of its descriptor as it goes: it finds the loop whole.
  std::vector<Watched> watched = std::exchange(watched_, {});
  watched_.resize(watched.size());
  watched.clear();
  due_.clear();
  posted_.clear();
  close(timer_);
  close(epoll_);
}

int64_t EventLoop::NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void EventLoop::Post(Task task) { posted_.push_back(std::move(task)); }

void EventLoop::At(int64_t at_ns, Task task) {
  due_.push_back({at_ns, next_order_++, std::move(task)});
  std::push_heap(due_.begin(), due_.end());
}

void EventLoop::Watch(int descriptor, Interest interest, std::shared_ptr<Socket> socket) {
  const auto place = static_cast<size_t>(descriptor);
  if (place >= watched_.size()) watched_.resize(place + 1);
  Watched& watched = watched_[place];
  COEDIT_CHECK(watched.socket == nullptr);
  watched.socket = std::move(socket);
  ++watched.generation;
  epoll_event event{.events = EventsOf(interest),
                    .data = {.u64 = TokenOf(descriptor, watched.generation)}};
  COEDIT_CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0);
}

void EventLoop::Change(int descriptor, Interest interest) {
  const Watched& watched = watched_[static_cast<size_t>(descriptor)];
  epoll_event event{.events = EventsOf(interest),
                    .data = {.u64 = TokenOf(descriptor, watched.generation)}};
  COEDIT_CHECK(epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event) == 0);
}

void EventLoop::Forget(int descriptor) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
  // Whoever forgets itself must outlive this call.
  const std::shared_ptr<Socket> last = std::move(watched_[static_cast<size_t>(descriptor)].socket);
  watched_[static_cast<size_t>(descriptor)].socket = nullptr;
}

void EventLoop::Arm() {
  const int64_t at_ns = due_.empty() ? kNever : due_.front().at_ns;
  // An alarm that comes too early is harmless; there is no need to take it back.
  if (at_ns >= armed_ns_) return;
  armed_ns_ = at_ns;
  const int64_t wait_ns = std::max<int64_t>(at_ns - NowNs(), 1);
  const itimerspec when{
      .it_interval = {},
      .it_value = {.tv_sec = wait_ns / kNsPerSecond, .tv_nsec = wait_ns % kNsPerSecond}};
  COEDIT_CHECK(timerfd_settime(timer_, 0, &when, nullptr) == 0);
}

void EventLoop::FireDue() {
  const int64_t now_ns = NowNs();
  while (!stopped_ && !due_.empty() && due_.front().at_ns <= now_ns) {
    std::pop_heap(due_.begin(), due_.end());
    Task task = std::move(due_.back().task);
    due_.pop_back();
    std::move(task)();
  }
}

void EventLoop::RunPosted() {
  // What these post in turn waits for the sockets.
  std::vector<Task> posted = std::exchange(posted_, {});
  for (Task& task : posted) {
    if (stopped_) return;
    std::move(task)();
  }
}

void EventLoop::Tell(uint64_t token, uint32_t events) {
  if (token == kTimerToken) {
    uint64_t expirations = 0;
    const ssize_t taken = read(timer_, &expirations, sizeof(expirations));
    static_cast<void>(taken);  // nothing to take after an alarm that was put off
    armed_ns_ = kNever;
    return;
  }
  const auto descriptor = static_cast<size_t>(token & UINT32_MAX);
  const Watched& watched = watched_[descriptor];
  if (watched.socket == nullptr || watched.generation != static_cast<uint32_t>(token >> 32)) return;
  const std::shared_ptr<Socket> socket = watched.socket;
  told_ns_ = NowNs();
  socket->OnReady((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
                  (events & EPOLLOUT) != 0);
}

void EventLoop::Run() {
  stopped_ = false;
  epoll_event events[kEventsAtOnce];
  while (!stopped_) {
    FireDue();
    RunPosted();
    if (stopped_) return;
    Arm();
    const int count = epoll_wait(epoll_, events, kEventsAtOnce, posted_.empty() ? -1 : 0);
    COEDIT_CHECK(count >= 0 || errno == EINTR);
    for (int i = 0; i < count && !stopped_; ++i) Tell(events[i].data.u64, events[i].events);
  }
}

}  // namespace coedit::bench
