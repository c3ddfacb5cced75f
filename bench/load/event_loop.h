// EventLoop: one thread for thousands of sockets (epoll), and one timer for all that is due later.
//
// It is as plain as it is because it must not be what is measured: one epoll_wait for up to 512
// ready sockets, no allocation per event.
#ifndef COEDIT_BENCH_LOAD_EVENT_LOOP_H_
#define COEDIT_BENCH_LOAD_EVENT_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace coedit::bench {

class EventLoop {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  // A socket the loop watches. It lives as long as it is watched or an event of it is being told.
  class Socket {
   public:
    virtual ~Socket() = default;
    // `readable` also when the connection has ended or failed: reading says which.
    virtual void OnReady(bool readable, bool writable) = 0;
  };

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // Nanoseconds of the steady clock; only differences mean something.
  static int64_t NowNs();

  // When the loop last turned to a socket: the time at which what it brought is seen.
  int64_t told_ns() const { return told_ns_; }

  // Runs `task` after what is running now.
  void Post(Task task);
  // Runs `task` at NowNs() >= at_ns; tasks of one instant in the order they were given.
  void At(int64_t at_ns, Task task);

  // What of a socket is told, level-triggered; errors always are.
  struct Interest {
    bool read = true;
    bool write = false;
  };
  void Watch(int descriptor, Interest interest, std::shared_ptr<Socket> socket);
  void Change(int descriptor, Interest interest);
  // Before the descriptor is closed. No event of it is told any more, not even one already here.
  void Forget(int descriptor);

  // Where sockets read to, one at a time: an idle connection holds no buffer.
  char* scratch() { return scratch_.data(); }
  size_t scratch_size() const { return scratch_.size(); }

  // Runs until Stop(). Tasks left over are dropped with the loop.
  void Run();
  void Stop() { stopped_ = true; }

 private:
  struct Due {
    int64_t at_ns;
    uint64_t order;
    Task task;
    // The earliest on top of a heap that keeps the greatest there.
    friend bool operator<(const Due& a, const Due& b) {
      return a.at_ns != b.at_ns ? a.at_ns > b.at_ns : a.order > b.order;
    }
  };
  struct Watched {
    std::shared_ptr<Socket> socket;
    uint32_t generation = 0;  // tells an event of an earlier owner of the descriptor
  };

  void FireDue();
  void RunPosted();
  void Arm();
  void Tell(uint64_t token, uint32_t events);

  const int epoll_;
  const int timer_;
  std::vector<char> scratch_;
  std::vector<Watched> watched_;  // by descriptor
  std::vector<Due> due_;          // a heap
  std::vector<Task> posted_;
  uint64_t next_order_ = 0;
  int64_t armed_ns_ = INT64_MAX;
  int64_t told_ns_ = 0;
  bool stopped_ = false;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_EVENT_LOOP_H_
