// Connection: one client of the wire protocol with one document open on one WebSocket.
//
// It says hello, opens the document, puts a snapshot together, and from then on hands over what the
// server sends, in order. It keeps no text: that is its listener's. A connection that is lost is
// followed by another one, with the same client id, a higher attempt and what is known.
#ifndef COEDIT_BENCH_LOAD_CONNECTION_H_
#define COEDIT_BENCH_LOAD_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bench/load/commit_cache.h"
#include "bench/load/endpoint.h"
#include "bench/load/event_loop.h"
#include "bench/load/websocket_client.h"
#include "ot/delta.h"
#include "ot/text.h"
#include "proto/codec.h"
#include "proto/messages.h"

namespace coedit::bench {

class Connection final : private WebSocketClient::Listener {
 public:
  // Called from the loop. OnFailed may be the answer to anything and is the last call; the others
  // come only while the document is open. None of them may destroy the connection.
  class Listener {
   public:
    virtual ~Listener() = default;
    // Where no document is to be opened: instead of OnOpened.
    virtual void OnWelcomed() {}
    // `text` is the document at opened.revision; without it, opened.commits lead there from what
    // was known.
    virtual void OnOpened(const proto::Opened& opened, std::optional<ot::Text> text) = 0;
    virtual void OnCommitted(const proto::Committed& committed) = 0;
    virtual void OnAck(const proto::Ack& ack) = 0;
    // Where others are is of no interest to most.
    virtual void OnPresence(const proto::MemberPresence&) {}
    // A refusal, a closed channel, a lost connection, bytes that are no message: nothing a healthy
    // server would send to a healthy client. kUnavailable where coming back may help.
    virtual void OnFailed(const absl::Status& reason) = 0;
  };

  struct Options {
    Endpoint endpoint;
    proto::Encoding encoding = proto::Encoding::kProtobuf;
    std::string document;               // empty: it says hello and opens none
    std::optional<std::string> create;  // the type to create it with; else it has to exist
    std::string name;                   // the user's, for others to see
    std::string client_id = {};         // empty: a new one
    CommitCache* cache = nullptr;  // shared by connections that get the same commits; outlives them
    uint64_t attempt = 1;
    std::optional<proto::Known> known = std::nullopt;  // what the listener has already
    std::optional<uint64_t> in_flight = std::nullopt;  // a sequence of unknown fate
  };

  // Begins to connect. `loop` and `listener` outlive this.
  Connection(EventLoop* loop, const Options& options, Listener* listener);

  // Open only (CHECKed).
  void Submit(uint64_t sequence, uint64_t revision, const ot::Delta& delta);

  void ShowPresence(uint64_t revision, std::optional<uint64_t> after,
                    std::vector<proto::Range> ranges, std::string state);

  // Ends the connection; the listener hears no more.
  void Close();

  // Stops to read what the server sends, and goes on.
  void PauseReading() { socket_.PauseReading(); }
  void ResumeReading() { socket_.ResumeReading(); }

  bool open() const { return state_ == State::kOpen; }
  const WebSocketClient::Traffic& traffic() const { return socket_.traffic(); }

 private:
  enum class State : uint8_t { kConnecting, kGreeting, kOpening, kParts, kOpen, kEnded };

  void OnConnected() override;
  void OnMessage(absl::string_view bytes) override;
  void OnDisconnected(const absl::Status& reason) override;

  absl::Status OnServerFrame(absl::string_view frame);
  absl::Status OnServerMessage(proto::ServerMessage&& message);
  absl::Status OnSnapshot(ot::Text text);
  void Opened(std::optional<ot::Text> text);
  void Send(const proto::ClientMessage& message);
  void SendOpen();
  void Fail(const absl::Status& reason);

  const Options options_;
  Listener* const listener_;
  State state_ = State::kConnecting;
  proto::Opened opened_;
  ot::DeltaBuilder parts_;
  WebSocketClient socket_;
};

// 128 random bits as a client id.
std::string RandomClientId();

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_CONNECTION_H_
