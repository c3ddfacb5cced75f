// Worker: one thread's event loop with the WebSockets pinned to it.
//
// It sweeps their deadlines once a second and gathers what they want to send, so that everything
// one turn of the loop queued for a client leaves in one write.
#ifndef COEDIT_SERVER_IO_WORKER_H_
#define COEDIT_SERVER_IO_WORKER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/io/connection.h"
#include "server/io/connections.h"
#include "server/io/event_loop.h"
#include "server/io/outbound_frame.h"

namespace coedit::server {

class Worker {
 public:
  Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  EventLoop& loop() { return loop_; }

  // Runs the loop until it is stopped.
  void Run();
  // Drops what waits in the queue, and the connections. After Run has returned, while what the
  // tasks refer to still stands.
  void Clear();

  // Any thread.
  size_t connection_count() const { return connection_count_; }
  // Called on the worker's thread when its last connection has gone. Before Run.
  void set_on_empty(std::function<void()> on_empty) { on_empty_ = std::move(on_empty); }

  // The rest: on the worker's thread.

  void Add(std::shared_ptr<Connection> connection);
  void Remove(Connection* connection);

  // Connection::OnGoAway for all, spread over that time, and by `leaving` for those that come
  // later.
  void GoAway(absl::Duration come_back_after, absl::Duration spread);
  bool leaving() const { return come_back_after_.has_value(); }
  absl::Duration come_back_after() const { return *come_back_after_; }
  // Connection::OnEnd for all.
  void End();

  // For bytes that are taken before anybody else is called.
  absl::Span<uint8_t> read_buffer() { return {read_buffer_.get(), kReadBufferBytes}; }

  // An empty frame for a connection to write with; given back once the socket has taken all of it.
  std::unique_ptr<OutboundFrame> TakeFrame();
  void GiveBack(std::unique_ptr<OutboundFrame> frame) { frame_ = std::move(frame); }

  // Calls connection->OnFlush() at the end of this turn of the loop.
  void FlushSoon(std::shared_ptr<Connection> connection);
  // The same, but not before `pace` has passed since it was done for this pace: for what many
  // connections are sent at once. There are few paces.
  void FlushPaced(std::shared_ptr<Connection> connection, absl::Duration pace);

 private:
  static constexpr size_t kReadBufferBytes = 64 << 10;

  void SweepLater();
  void Flush();
  void FlushPacedNow(absl::Duration pace);

  const std::unique_ptr<uint8_t[]> read_buffer_ = std::make_unique<uint8_t[]>(kReadBufferBytes);
  std::unique_ptr<OutboundFrame> frame_;  // the last one given back
  std::vector<std::shared_ptr<Connection>> to_flush_;
  std::vector<std::shared_ptr<Connection>> flushing_;  // empty but for its room
  struct Paced {
    std::vector<std::shared_ptr<Connection>> to_flush;
    absl::Duration flushed = -absl::InfiniteDuration();
  };
  std::map<absl::Duration, Paced> paced_;
  std::optional<absl::Duration> come_back_after_;
  std::function<void()> on_empty_;
  Connections connections_;
  std::atomic<size_t> connection_count_ = 0;
  EventLoop loop_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_WORKER_H_
