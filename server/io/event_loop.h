// EventLoop: one thread that waits for sockets, tasks and times, on Linux's epoll.
//
// A turn of the loop: tell watchers what their sockets are ready for, run what was posted and what
// is due, then call the end of the turn, where everything that the turn has queued for a client
// leaves in one write. What the thread posts to itself takes no lock; what others post takes one
// for all that came since the last turn, and wakes the thread only if it sleeps.
//
// Sockets are watched edge-triggered, both ways, with one system call for the whole life of a
// socket: Asio's reactor, which the HTTP side uses, tries each read once in vain before it waits,
// or asks the kernel anew for each (docs/performance.md has what that costs).
#ifndef COEDIT_SERVER_IO_EVENT_LOOP_H_
#define COEDIT_SERVER_IO_EVENT_LOOP_H_

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/seams.h"

namespace coedit::server {

class EventLoop final : public Executor {
 public:
  // Who owns a watched socket. Called on the loop's thread; lets no exception out.
  class Watcher {
   public:
    struct Ready {
      bool to_read = false;   // bytes have come, or the end, or an error
      bool to_write = false;  // there is room again
      bool ended = false;     // the peer sends no more, or the socket failed: read up to the end
    };
    virtual void OnReady(Ready ready) = 0;

   protected:
    ~Watcher() = default;
  };

  EventLoop();
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until Stop. What a task throws ends neither the loop nor the process.
  void Run();
  // Any thread.
  void Stop();
  // Drops the tasks that wait. After Run has returned, while what they refer to still stands.
  void Clear();

  // Executor. Any thread.
  void Post(Task task) override;
  void PostAfter(absl::Duration delay, Task task) override;

  // The rest: the loop's thread only.

  // `watcher` is told whenever something has changed since it was told last: it must read until
  // there is no more, or write until there is no room, before it may expect another call. kInternal
  // if the kernel watches no more sockets.
  absl::Status Watch(int descriptor, Watcher* watcher);
  // Nothing is told afterwards, not even of what this turn has seen.
  void Unwatch(int descriptor, Watcher* watcher);

  // Called at the end of each turn that did anything.
  void set_on_turn_end(std::function<void()> on_turn_end) { on_turn_end_ = std::move(on_turn_end); }

  static absl::Duration Now();

 private:
  struct Timer {
    absl::Duration due;
    uint64_t number;  // those due at one time run in order
    Task task;
  };
  static bool Later(const Timer& a, const Timer& b) {
    return a.due != b.due ? a.due > b.due : a.number > b.number;
  }

  static constexpr int kEventsMax = 256;

  bool IsCurrent() const;
  void AddTimer(absl::Duration due, Task task);
  void TakePosted();
  void RunTasks();
  void RunTimers();
  // How long the loop may sleep: milliseconds, -1 for ever.
  int SleepMs();
  void Wait();
  template <typename Step>
  void Guard(Step step);

  int epoll_;
  int wakeup_;  // an eventfd

  // Of the loop's thread.
  std::vector<Task> tasks_;
  std::vector<Task> running_;
  std::vector<Timer> timers_;  // a heap
  uint64_t timers_made_ = 0;
  std::array<epoll_event, kEventsMax> events_;
  int events_seen_ = 0;
  int events_told_ = 0;
  std::function<void()> on_turn_end_;

  std::mutex mutex_;
  std::vector<Task> posted_;  // by other threads
  bool asleep_ = false;       // and nobody has woken it
  std::atomic<bool> stopped_ = false;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_EVENT_LOOP_H_
