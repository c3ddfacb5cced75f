// Door: the thread that connections come in by. It accepts them and serves HTTP, the API and the
// files of the demo, on an Asio context; a connection that becomes a WebSocket goes to a worker.
//
// It stands apart from the workers so that a page or a slow request holds up nobody who types.
#ifndef COEDIT_SERVER_IO_DOOR_H_
#define COEDIT_SERVER_IO_DOOR_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "server/io/connections.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace coedit::server {

class Door {
 public:
  Door();
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  boost::asio::io_context& context() { return *context_; }

  // Runs until Stop. What a handler throws ends neither the loop nor the process.
  void Run();
  // Any thread.
  void Stop();
  // Drops what waits in the queue, and with it the connections. After Run has returned, while what
  // the tasks refer to still stands.
  void Clear();

  // On the door's thread.
  void Add(std::shared_ptr<Connection> connection) { connections_.Add(std::move(connection)); }
  void Remove(Connection* connection);
  Connections& connections() { return connections_; }

  // Called after each sweep over the connections, about once a second, and when the last one has
  // gone.
  void set_on_sweep(std::function<void()> on_sweep) { on_sweep_ = std::move(on_sweep); }

 private:
  struct Timer;
  void SweepLater();

  Connections connections_;
  std::function<void()> on_sweep_;
  std::unique_ptr<boost::asio::io_context> context_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_DOOR_H_
