#include "server/io/websocket.h"

#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "server/io/frame_reader.h"
#include "server/io/log.h"
#include "server/io/outbound_queue.h"
#include "server/io/worker.h"
#include "server/session.h"

namespace coedit::server {
namespace {

// WebSocket's own close codes that this file sends.
constexpr uint16_t kProtocolError = 1002;
constexpr uint16_t kWrongKind = 1003;
constexpr uint16_t kNotUtf8 = 1007;
constexpr uint16_t kPolicy = 1008;
constexpr uint16_t kTooLarge = 1009;
constexpr uint16_t kOurFault = 1011;
constexpr uint16_t kRestarting = 1012;
constexpr uint16_t kTooSlow = 4408;

constexpr char kCloseFrame = '\x88';
constexpr char kPingFrame = '\x89';
constexpr char kPongFrame = '\x8a';
// A frame of control has room for so much; a reason stands behind two bytes of code.
constexpr size_t kControlBytesMax = 125;
constexpr size_t kCloseReasonBytesMax = kControlBytesMax - 2;
// Answers to pings that nobody takes are not queued beyond this.
constexpr size_t kPongsBytesMax = 1 << 10;

// A larger piece is written at once: where hundreds open a document in one turn of the loop, what
// they are answered need not wait in memory for its end.
constexpr size_t kLargePieceBytes = 4 << 10;
// How often one connection reads before others get their turn.
constexpr int kReadsMax = 4;
// What a peer may still send after we said good-bye: what may have been under way.
constexpr int64_t kAfterCloseBytesMax = 4 << 20;

absl::Duration Seconds(int64_t limit) { return absl::Seconds(limit); }

std::string ControlFrame(char first, absl::string_view payload) {
  return absl::StrCat(absl::string_view(&first, 1),
                      std::string(1, static_cast<char>(payload.size())), payload);
}

std::string CloseFrame(uint16_t code, absl::string_view reason) {
  if (code == 0) return ControlFrame(kCloseFrame, "");
  const char big_endian[] = {static_cast<char>(code >> 8), static_cast<char>(code)};
  return ControlFrame(kCloseFrame, absl::StrCat(absl::string_view(big_endian, 2),
                                                reason.substr(0, kCloseReasonBytesMax)));
}

// A connection after its handshake, on the thread of its shard's worker. It lives until its socket
// is closed:
//
//   open ──Close──> closing ──all written──> close frame sent ──the peer's──> teardown ──EOF──> end
//     └──the peer's close frame, or frames that break the protocol──────────────^
//
// Teardown: we send nothing more and read until the peer ends too. Closing at once would reset the
// connection over unread bytes, and the peer might never see the close frame that says why. Each
// step has a deadline, after which the connection is cut.
//
// While it is open it may go to another worker, once (MoveTo): at the end of a turn, when nothing
// of the old one refers to it any more.
class WebSocketConnection final : public Connection,
                                  public FrameSink,
                                  private EventLoop::Watcher,
                                  private FrameHandler {
 public:
  WebSocketConnection(const Services* services, size_t shard, StreamSocket socket,
                      ConnectionTicket ticket, proto::Encoding encoding)
      : services_(*services),
        limits_(services->limits()),
        encoding_(encoding),
        shard_(shard),
        ticket_(std::move(ticket)),
        socket_(std::move(socket)),
        reader_(/*expects_text=*/encoding == proto::Encoding::kJson),
        queue_(encoding, static_cast<size_t>(limits_.outbound_bytes)),
        heard_(EventLoop::Now()) {}

  void Start(absl::string_view handshake_answer) {
    queue_.PushControl(handshake_answer);
    next_ping_ = heard_ + PingInterval();
    Guard([&] {
      session_ = Session::Make(services_.shards, shard_, this, encoding_);
      Settle();
      if (worker().leaving()) OnGoAway(worker().come_back_after());
      Flush();
    });
  }

  // FrameSink.
  void Send(Piece piece) override {
    const bool large = piece->size() > kLargePieceBytes;
    if (!Queue(std::move(piece))) return;
    if (large) WriteFrame();
    FlushSoon();
  }

  void SendPaced(Piece piece, absl::Duration pace) override {
    if (!Queue(std::move(piece)) || flush_scheduled_ || flush_paced_) return;
    flush_paced_ = true;
    worker().FlushPaced(shared_from_this(), pace);
  }

  size_t queued_bytes() const override { return queue_.queued_bytes(); }

  void Close(uint16_t close_code, absl::string_view reason) override {
    if (!socket_.is_open() || closing()) return;
    BeginEnding(CloseFrame(close_code, reason));
  }

  bool MoveTo(size_t shard) override {
    moving_to_ = shard;
    FlushSoon();
    return true;
  }

  // Connection.
  void OnTick(absl::Duration now) override {
    Guard([&] { CheckDeadlines(now); });
    queue_.Trim();
  }

  void OnFlush() override {
    // Of a connection that both lists hold, the second call finds nothing.
    flush_scheduled_ = false;
    flush_paced_ = false;
    Guard([&] { Flush(); });
    if (moving_to_.has_value() && !flush_scheduled_) Depart();
  }

  void OnGoAway(absl::Duration come_back_after) override {
    Guard([&] {
      if (session_ != nullptr && !closing()) session_->OnShutdown(come_back_after);
    });
  }

  void OnEnd() override { Close(kRestarting, "the server is going down"); }

 private:
  struct Ending {
    std::string good_bye;  // the close frame that waits for what is queued before it
    // InfiniteDuration: not yet.
    absl::Duration since;
    absl::Duration good_bye_since = absl::InfiniteDuration();  // it was given away
    absl::Duration teardown_since = absl::InfiniteDuration();
    int64_t bytes = 0;  // the peer has sent since

    bool said_good_bye() const { return good_bye_since != absl::InfiniteDuration(); }
  };

  // ---- reading ----

  // EventLoop::Watcher.
  void OnReady(Ready ready) override {
    if (ready.to_write && waits_for_room_) {
      waits_for_room_ = false;
      Guard([&] { Flush(); });
    }
    if (ready.to_read) Read(ready.ended);
  }

  // Reads what has come; `to_the_end` if an end or error has come too, which a short read could
  // hide.
  void Read(bool to_the_end) {
    const absl::Span<uint8_t> buffer = worker().read_buffer();
    for (int reads = 0; reads < kReadsMax; ++reads) {
      // A connection that moves is read where it goes: there it is told once more what there is.
      if (!socket_.is_open() || moving_to_.has_value()) return;
      const StreamSocket::Moved moved = socket_.Read(buffer);
      if (moved.not_now()) return;
      if (moved.bytes == 0) return OnPeerGone(moved.error);
      Guard([&] { OnBytes(buffer.data(), moved.bytes); });
      // What comes after a short read is told anew.
      if (moved.bytes < buffer.size() && !to_the_end) return;
    }
    // A task must not stay behind when the connection goes.
    if (moving_to_.has_value()) return;
    worker().loop().Post([self = shared_self(), to_the_end] { self->Read(to_the_end); });
  }

  void OnBytes(uint8_t* bytes, size_t count) {
    heard_ = EventLoop::Now();
    if (closing()) {
      ending_->bytes += static_cast<int64_t>(count);
      if (ending_->bytes > kAfterCloseBytesMax) return Abort();
    }
    if (tears_down_) return;
    using Fault = FrameReader::Fault;
    const Fault fault =
        reader_.Take(bytes, count, heard_,
                     {.fragments_per_message = limits_.fragments_per_message,
                      .control_frames_per_second = limits_.control_frames_per_second},
                     this);
    switch (fault) {
      case Fault::kNone:
        break;
      case Fault::kProtocol:
        return Break(kProtocolError);
      case Fault::kTooLarge:
        return Break(kTooLarge);
      case Fault::kNotUtf8:
        return Break(kNotUtf8);
      case Fault::kWrongKind:
        return Close(kWrongKind, encoding_ == proto::Encoding::kJson
                                     ? "coedit.v1.json takes text messages"
                                     : "coedit.v1.protobuf takes binary messages");
      case Fault::kFragments:
        return Close(kPolicy, absl::StrCat("a message may have ", limits_.fragments_per_message,
                                           " fragments"));
      case Fault::kControlFrames:
        return Close(kPolicy, absl::StrCat("only ", limits_.control_frames_per_second,
                                           " control frames a second are taken"));
    }
  }

  // FrameHandler.
  void OnMessage(absl::string_view message) override {
    // Here and not further out, so that the reader goes on behind this message.
    Guard([&] {
      if (!closing()) session_->OnFrame(message);
    });
  }

  void OnPing(absl::string_view payload) override {
    if (closing() || queue_.control_bytes() > kPongsBytesMax) return;
    queue_.PushControl(ControlFrame(kPongFrame, payload));
    FlushSoon();
  }

  // The peer says good-bye, or answers ours.
  void OnCloseFrame(uint16_t code) override { Part(CloseFrame(code, "")); }

  size_t MessageBytesMax() const override {
    return static_cast<size_t>(session_->welcomed() ? limits_.message_bytes : limits_.hello_bytes);
  }

  // The peer broke the protocol: nothing it says is understood any more, an answer to our close
  // frame least of all.
  void Break(uint16_t close_code) { Part(CloseFrame(close_code, "")); }

  // What waits is not sent any more; the close frame, unless ours has been, and then the end.
  void Part(std::string good_bye) {
    tears_down_ = true;
    if (closing() && ending_->said_good_bye()) return FlushSoon();
    queue_.DropWaiting();
    BeginEnding(std::move(good_bye));
  }

  // The close frame leaves behind what waits.
  void BeginEnding(std::string good_bye) {
    if (!closing()) ending_ = std::make_unique<Ending>(Ending{.since = EventLoop::Now()});
    ending_->good_bye = std::move(good_bye);
    reader_.SkipMessages();
    FlushSoon();
  }

  // ---- writing ----

  // False if nothing is taken any more.
  bool Queue(Piece piece) {
    if (!socket_.is_open() || closing()) return false;
    queue_.Push(std::move(piece));
    // The session keeps its own bound; this one holds even if it did not.
    if (limits_.outbound_bytes == 0 || static_cast<int64_t>(queue_.queued_bytes()) <=
                                           4 * limits_.outbound_bytes + limits_.catch_up_bytes) {
      return true;
    }
    queue_.DropWaiting();
    Close(kTooSlow, "the queue to this client is full");
    return false;
  }

  void FlushSoon() {
    if (flush_scheduled_) return;
    flush_scheduled_ = true;
    worker().FlushSoon(shared_from_this());
  }

  // Gives the socket what it takes now. One frame a turn, so that a large queue keeps nobody
  // waiting; what gathers behind a frame that is not taken at once leaves together with the next.
  void Flush() {
    if (!socket_.is_open() || waits_for_room_) return;
    if (closing() && !queue_.in_flight() && queue_.empty()) {
      if (ending_->said_good_bye()) {
        if (tears_down_) TearDown();
        return;
      }
      ending_->good_bye_since = EventLoop::Now();
      queue_.PushControl(ending_->good_bye);
    }
    WriteFrame();
    if (!socket_.is_open() || waits_for_room_) return;
    if (queue_.empty() && !closing()) session_->OnDrained();
    if (!queue_.empty() || closing()) FlushSoon();
  }

  void WriteFrame() {
    if (!socket_.is_open() || waits_for_room_) return;
    if (!queue_.in_flight()) {
      if (queue_.empty()) return;
      queue_.TakeFrame(worker().TakeFrame());
    }
    const StreamSocket::Moved moved = socket_.Write(queue_.unsent());
    if (moved.error != 0 && !moved.not_now()) return Abort();
    std::unique_ptr<OutboundFrame> written = queue_.OnTaken(moved.bytes);
    if (written == nullptr) {
      if (writing_since_ == absl::InfiniteDuration() || moved.bytes > 0) {
        writing_since_ = EventLoop::Now();
      }
      waits_for_room_ = true;
      return;
    }
    worker().GiveBack(std::move(written));
    writing_since_ = absl::InfiniteDuration();
  }

  void TearDown() {
    if (ending_->teardown_since != absl::InfiniteDuration()) return;
    ending_->teardown_since = EventLoop::Now();
    if (!socket_.EndWriting()) Abort();
  }

  void SendPing(absl::Duration now) {
    next_ping_ = now + PingInterval();
    queue_.PushControl(ControlFrame(kPingFrame, ""));
    FlushSoon();
  }

  absl::Duration PingInterval() const {
    // A tenth more or less, so that connections that came together do not ping together.
    const std::string random = services_.environment->random->Hex(1);
    const double tenth = static_cast<double>(std::stoi(random, nullptr, 16)) / 255 * 0.2 - 0.1;
    return Seconds(limits_.heartbeat_seconds) * (1 + tenth);
  }

  void CheckDeadlines(absl::Duration now) {
    const auto overdue = [now](absl::Duration since, int64_t seconds) {
      return seconds != 0 && now - since >= Seconds(seconds);
    };
    if (!socket_.is_open()) return;
    if ((closing() && (overdue(ending_->teardown_since, limits_.close_seconds) ||
                       overdue(ending_->good_bye_since, limits_.close_seconds) ||
                       overdue(ending_->since, limits_.write_seconds + limits_.close_seconds))) ||
        overdue(heard_, limits_.silence_seconds) ||
        overdue(writing_since_, limits_.write_seconds)) {
      LogDebug("a connection was cut: a deadline passed");
      return Abort();
    }
    if (closing()) return;
    if (overdue(reader_.unfinished_since(), limits_.assembly_seconds)) {
      return Close(kPolicy, absl::StrCat("a message must be finished within ",
                                         limits_.assembly_seconds, " seconds"));
    }
    // One that has not been taken is enough.
    if (limits_.heartbeat_seconds != 0 && now >= next_ping_ && queue_.control_bytes() == 0) {
      SendPing(now);
    }
    session_->OnTick();
  }

  // ---- the end ----

  // Ends the connection without a word. The rest follows in a task of its own, because whoever
  // calls stands in the midst of something.
  void Abort() {
    if (!socket_.is_open()) return;
    worker().loop().Unwatch(socket_.descriptor(), this);
    socket_.Close();
    worker().loop().Post([self = shared_self()] { self->OnEnded(); });
  }

  template <typename Step>
  void Guard(Step step) {
    // What a message of this client threw must not end the others' sessions.
    try {
      step();
    } catch (const std::exception& exception) {
      LogError(absl::StrCat("a connection failed: ", exception.what()));
      queue_.DropWaiting();
      Close(kOurFault, "internal error");
    }
  }

  void OnPeerGone(int error) {
    if (LogsAt(LogLevel::kDebug)) {
      LogDebug(absl::StrCat("a connection ends: ",
                            error == 0 ? std::string("end of file") : std::strerror(error)));
    }
    Abort();
  }

  void OnEnded() {
    const std::shared_ptr<WebSocketConnection> self = shared_self();
    worker().Remove(this);
    Guard([&] {
      if (session_ != nullptr) session_->OnDisconnected();
    });
    session_.reset();
  }

  // ---- between workers ----

  // The worker of shard_ has it from here on.
  void Settle() {
    worker().Add(shared_from_this());
    if (const absl::Status watched = worker().loop().Watch(socket_.descriptor(), this);
        !watched.ok()) {
      LogError(watched.message());
      Abort();
    }
  }

  // Nothing of this thread touches the connection once it is posted.
  void Depart() {
    const size_t shard = *std::exchange(moving_to_, std::nullopt);
    // Of one that ends the session has ended too: it stays, and reads what it has put off.
    if (!socket_.is_open() || closing()) return Read(/*to_the_end=*/true);
    const std::shared_ptr<WebSocketConnection> self = shared_self();
    worker().loop().Unwatch(socket_.descriptor(), this);
    worker().Remove(this);
    shard_ = shard;
    worker().loop().Post([self] { self->Arrive(); });
  }

  void Arrive() {
    Settle();
    Guard([&] {
      if (worker().leaving()) return OnGoAway(worker().come_back_after());
      session_->OnMoved(shard_);
    });
  }

  Worker& worker() const { return *services_.workers[shard_]; }
  bool closing() const { return ending_ != nullptr; }
  std::shared_ptr<WebSocketConnection> shared_self() {
    return std::static_pointer_cast<WebSocketConnection>(shared_from_this());
  }

  const Services& services_;
  const Limits& limits_;
  const proto::Encoding encoding_;
  bool flush_scheduled_ = false;
  bool flush_paced_ = false;
  bool waits_for_room_ = false;  // the socket's buffer is full
  bool tears_down_ = false;      // once what is left is written
  size_t shard_;
  std::optional<size_t> moving_to_;
  ConnectionTicket ticket_;
  StreamSocket socket_;
  FrameReader reader_;
  OutboundQueue queue_;
  std::shared_ptr<Session> session_;  // to the end
  std::unique_ptr<Ending> ending_;    // once either side wants to end it

  // When things happened; InfiniteDuration: not yet.
  absl::Duration heard_;                                     // the last byte
  absl::Duration writing_since_ = absl::InfiniteDuration();  // the socket has owed us progress
  absl::Duration next_ping_ = absl::InfiniteDuration();
};

}  // namespace

void StartWebSocket(const Services* services, StreamSocket socket, ConnectionTicket ticket,
                    const WebSocketHandshake& handshake) {
  // Any will do: with its first document a connection goes where that is.
  const size_t shard = static_cast<size_t>(socket.descriptor()) % services->workers.size();
  const auto connection = std::make_shared<WebSocketConnection>(
      services, shard, std::move(socket), std::move(ticket), handshake.encoding);
  services->workers[shard]->loop().Post(
      [connection, answer = HandshakeAnswer(handshake, services->environment->server_name)] {
        connection->Start(answer);
      });
}

}  // namespace coedit::server
