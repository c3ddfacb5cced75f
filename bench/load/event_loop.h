// EventLoop: one thread for thousands of connections, and one timer for all that is due later.
#ifndef COEDIT_BENCH_LOAD_EVENT_LOOP_H_
#define COEDIT_BENCH_LOAD_EVENT_LOOP_H_

#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"

namespace boost::asio {
class io_context;
}

namespace coedit::bench {

class EventLoop {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // Nanoseconds of the steady clock; only differences mean something.
  static int64_t NowNs();

  // Runs `task` after what is running now.
  void Post(Task task);
  // Runs `task` at NowNs() >= at_ns; tasks of one instant in the order they were given.
  void At(int64_t at_ns, Task task);

  // Runs until Stop(). Tasks left over are dropped with the loop.
  void Run();
  void Stop();

  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_EVENT_LOOP_H_
