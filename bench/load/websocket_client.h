// WebSocketClient: one WebSocket connection to the server, light enough for thousands in a process:
// an idle one holds no buffer and no timer, and a message costs one recv or one send.
//
// Lives on the loop's thread. The connection ends when the object goes, without a word to the
// server: as when a cable is cut.
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
    // At most once, the last call; OK after Close(). kUnavailable when it cannot connect, is not
    // let in or loses the connection; else the server broke the protocol.
    virtual void OnDisconnected(const absl::Status& reason) = 0;
  };

  struct Traffic {
    int64_t bytes_sent = 0;  // of messages
    int64_t bytes_received = 0;
    int64_t messages_sent = 0;
    int64_t messages_received = 0;
    int64_t wire_bytes_sent = 0;  // with WebSocket's headers, control frames and handshake
    int64_t wire_bytes_received = 0;

    Traffic& operator+=(const Traffic& other);
    friend Traffic operator-(const Traffic& all, const Traffic& earlier);
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
  void Send(absl::string_view bytes);

  // Sends what waits, then closes in the order WebSocket wants.
  void Close();

  // Stops to read, as a program that hangs does, and goes on. Connected only (CHECKed).
  void PauseReading();
  void ResumeReading();

  const Traffic& traffic() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_WEBSOCKET_CLIENT_H_
