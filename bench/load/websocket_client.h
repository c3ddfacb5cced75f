// WebSocketClient: one WebSocket connection to the server, light enough for thousands in a process.
//
// Lives on the loop's thread. The connection ends when the object goes.
#ifndef COEDIT_BENCH_LOAD_WEBSOCKET_CLIENT_H_
#define COEDIT_BENCH_LOAD_WEBSOCKET_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "bench/load/endpoint.h"
#include "bench/load/event_loop.h"

namespace coedit::bench {

class WebSocketClient {
 public:
  // Called from the loop, never from within a call of WebSocketClient. Each of them may destroy the
  // client.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnConnected() = 0;
    virtual void OnMessage(absl::string_view bytes) = 0;
    // At most once, the last call; OK after Close().
    virtual void OnDisconnected(const absl::Status& reason) = 0;
  };

  // What went over the socket, WebSocket headers not counted.
  struct Traffic {
    int64_t bytes_sent = 0;
    int64_t bytes_received = 0;
    int64_t messages_sent = 0;
    int64_t messages_received = 0;
  };

  // How messages are sent.
  struct Format {
    bool binary = true;
    std::string subprotocol;  // empty: none is offered
  };

  // Begins to connect. `listener` outlives this.
  WebSocketClient(EventLoop* loop, const Endpoint& endpoint, const Format& format,
                  Listener* listener);
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;
  ~WebSocketClient();

  // Sends one message, after those given before. Connected only (CHECKed).
  void Send(std::string bytes);

  // Sends what waits, then closes in the order WebSocket wants.
  void Close();

  const Traffic& traffic() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_WEBSOCKET_CLIENT_H_
