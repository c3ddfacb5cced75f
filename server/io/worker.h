// Worker: one thread's event loop with the connections pinned to it.
//
// It sweeps their deadlines once a second and gathers what they want to send, so that everything
// one turn of the loop queued for a client leaves in one write.
#ifndef COEDIT_SERVER_IO_WORKER_H_
#define COEDIT_SERVER_IO_WORKER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/io/connection.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace coedit::server {

class Worker {
 public:
  Worker();
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  boost::asio::io_context& context() { return *context_; }

  // Runs until Stop. What a handler throws ends neither the loop nor the process.
  void Run();
  // Any thread.
  void Stop();
  // Drops what waits in the queue, and with it the connections. After Run has returned, while what
  // the tasks refer to still stands.
  void Clear();

  // Connections; on the worker's thread. A connection is added once and removes itself.
  void Add(Connection* connection);
  void Remove(Connection* connection);
  size_t connections() const { return connections_.size(); }
  // Goes over all, in no order; `visit` may end connections.
  void ForEach(const std::function<void(Connection&)>& visit);

  // For bytes that are taken before anybody else is called.
  absl::Span<uint8_t> read_buffer() { return {read_buffer_.get(), kReadBufferBytes}; }

  // Calls connection->OnFlush() at the end of this turn of the loop.
  void FlushSoon(std::shared_ptr<Connection> connection);
  // The same, but not within kPace of the last time: for what many connections are sent at once.
  void FlushPaced(std::shared_ptr<Connection> connection);

  // Called after each sweep and whenever the last connection has gone.
  void set_on_sweep(std::function<void()> on_sweep) { on_sweep_ = std::move(on_sweep); }

  static absl::Duration Now();

 private:
  static constexpr size_t kReadBufferBytes = 64 << 10;

  struct Timer;
  void ScheduleSweep();
  void Sweep();
  void Flush();
  void FlushPacedNow();

  const std::unique_ptr<uint8_t[]> read_buffer_ = std::make_unique<uint8_t[]>(kReadBufferBytes);
  std::vector<Connection*> connections_;
  std::vector<std::shared_ptr<Connection>> to_flush_;
  std::vector<std::shared_ptr<Connection>> to_flush_paced_;
  absl::Duration flushed_paced_ = -absl::InfiniteDuration();
  std::function<void()> on_sweep_;
  std::unique_ptr<boost::asio::io_context> context_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_WORKER_H_
