// WatchedSocket: a TCP socket as the WebSocket library uses it, with an observer of the bytes.
//
// The library's own timers do not cover a half-sent message or a peer that never closes, and it
// tells nothing of frames. Whoever stands below it sees all of that in the bytes.
//
// For websocket.cc only.
#ifndef COEDIT_SERVER_IO_WATCHED_SOCKET_H_
#define COEDIT_SERVER_IO_WATCHED_SOCKET_H_

#include <algorithm>
#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "server/io/asio_types.h"

namespace coedit::server {

class ByteObserver {
 public:
  // Bytes as they came, before anyone has unmasked them.
  virtual void OnBytesRead(const uint8_t* bytes, size_t count) = 0;
  // A write was handed to the socket, and came back after taking `count` bytes (0: it failed).
  virtual void OnWriteBegun() = 0;
  virtual void OnBytesWritten(size_t count) = 0;
  // Both sides have said good-bye, or the protocol was violated: what is left is to close TCP.
  virtual void OnTeardown() = 0;

 protected:
  ~ByteObserver() = default;
};

// Runs `observe` with the result of an operation before the handler that waits for it, and passes
// on what is associated with that (allocator, executor, cancellation).
template <typename Observe, typename Handler>
struct ObservingHandler {
  Observe observe;
  Handler handler;

  void operator()(const ErrorCode& error, size_t count) {
    observe(count);
    std::move(handler)(error, count);
  }
};

class WatchedSocket {
 public:
  using executor_type = TcpSocket::executor_type;
  using next_layer_type = TcpSocket;

  // `observer` outlives the socket's operations.
  WatchedSocket(TcpSocket socket, ByteObserver* observer)
      : socket_(std::move(socket)), observer_(observer) {}

  executor_type get_executor() { return socket_.get_executor(); }
  TcpSocket& next_layer() { return socket_; }
  const TcpSocket& next_layer() const { return socket_; }
  ByteObserver* observer() { return observer_; }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return net::async_initiate<Token, void(ErrorCode, size_t)>(
        [](auto handler, WatchedSocket* self, const Buffers& into) {
          auto observe = [observer = self->observer_, into](size_t count) {
            for (auto buffer = net::buffer_sequence_begin(into);
                 count > 0 && buffer != net::buffer_sequence_end(into); ++buffer) {
              const net::mutable_buffer part = *buffer;
              const size_t read = std::min(count, part.size());
              observer->OnBytesRead(static_cast<const uint8_t*>(part.data()), read);
              count -= read;
            }
          };
          self->socket_.async_read_some(
              into, ObservingHandler<decltype(observe), decltype(handler)>{std::move(observe),
                                                                           std::move(handler)});
        },
        token, this, buffers);
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return net::async_initiate<Token, void(ErrorCode, size_t)>(
        [](auto handler, WatchedSocket* self, const Buffers& from) {
          self->observer_->OnWriteBegun();
          auto observe = [observer = self->observer_](size_t count) {
            observer->OnBytesWritten(count);
          };
          self->socket_.async_write_some(
              from, ObservingHandler<decltype(observe), decltype(handler)>{std::move(observe),
                                                                           std::move(handler)});
        },
        token, this, buffers);
  }

 private:
  TcpSocket socket_;
  ByteObserver* observer_;
};

// Ends the TCP connection in order: tells the peer that nothing more comes, then reads what it
// still sends until it closes. Closing at once would send a reset over unread bytes, and the peer
// might never see the close frame that says why. The connection's close deadline bounds the time.
struct DrainOperation {
  static constexpr int64_t kDiscardedBytesMax = 4 << 20;
  enum class Step : uint8_t { kBegin, kDrain, kFailed };

  WatchedSocket& socket;
  Step step = Step::kBegin;
  int64_t discarded_bytes = 0;
  ErrorCode failure = {};

  void operator()(auto& self, ErrorCode error = {}) {
    TcpSocket& tcp = socket.next_layer();
    if (step == Step::kBegin) {
      socket.observer()->OnTeardown();
      tcp.shutdown(net::socket_base::shutdown_send, error);
      if (!error) tcp.non_blocking(true, error);
      step = Step::kDrain;
      if (error) {
        // Not completed inside the call that began it.
        step = Step::kFailed;
        failure = error;
        net::post(tcp.get_executor(), std::move(self));
        return;
      }
    } else if (step == Step::kDrain) {
      char discarded[4096];
      while (!error) {
        discarded_bytes += static_cast<int64_t>(tcp.read_some(net::buffer(discarded), error));
        if (!error && discarded_bytes > kDiscardedBytesMax) error = net::error::message_size;
      }
      if (error == net::error::would_block) error = {};
    } else {
      error = failure;
    }
    if (!error) {
      tcp.async_wait(net::socket_base::wait_read, std::move(self));
      return;
    }
    ErrorCode ignored;
    tcp.close(ignored);
    self.complete(error == net::error::eof ? ErrorCode() : error);
  }
};

// Found by the WebSocket library by its name.
template <typename Handler>
void async_teardown(boost::beast::role_type /*role*/, WatchedSocket& socket, Handler&& handler) {
  net::async_compose<Handler, void(ErrorCode)>(DrainOperation{socket}, handler, socket);
}

}  // namespace coedit::server

template <template <typename, typename> class Associator, typename Observe, typename Handler,
          typename Default>
struct boost::asio::associator<Associator, coedit::server::ObservingHandler<Observe, Handler>,
                               Default> : Associator<Handler, Default> {
  static auto get(const coedit::server::ObservingHandler<Observe, Handler>& observing) noexcept {
    return Associator<Handler, Default>::get(observing.handler);
  }
  static auto get(const coedit::server::ObservingHandler<Observe, Handler>& observing,
                  const Default& fallback) noexcept {
    return Associator<Handler, Default>::get(observing.handler, fallback);
  }
};

#endif  // COEDIT_SERVER_IO_WATCHED_SOCKET_H_
