#include "server/io/websocket.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/io/frame_watch.h"
#include "server/io/log.h"
#include "server/io/outbound_queue.h"
#include "server/io/watched_socket.h"
#include "server/session.h"

namespace coedit::server {
namespace {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

// WebSocket's own close codes that this file sends.
constexpr uint16_t kWrongKind = 1003;
constexpr uint16_t kPolicy = 1008;
constexpr uint16_t kOurFault = 1011;
constexpr uint16_t kRestarting = 1012;
constexpr uint16_t kTooSlow = 4408;

// Most messages fit in here, so that an idle connection holds no other buffer of ours for reading.
constexpr size_t kSmallMessageBytes = 256;
// A longer message is read in steps of at least and at most this.
constexpr size_t kReadBytesMin = 2 << 10;
constexpr size_t kReadBytesMax = 64 << 10;
// What a peer may still send after we said good-bye: what may have been under way.
constexpr int64_t kAfterCloseBytesMax = 4 << 20;

absl::Duration Seconds(int64_t limit) { return absl::Seconds(limit); }

class WebSocketConnection final : public Connection, public FrameSink, private ByteObserver {
 public:
  WebSocketConnection(const Services* services, TcpSocket socket, ConnectionTicket ticket,
                      WebSocketHandshake handshake)
      : services_(*services),
        limits_(services->limits()),
        encoding_(handshake.encoding),
        ticket_(std::move(ticket)),
        stream_(std::move(socket), static_cast<ByteObserver*>(this)),
        queue_(proto::GlueFor(encoding_), static_cast<size_t>(limits_.outbound_bytes)),
        began_(Worker::Now()),
        heard_(began_) {
    SetUpStream(handshake.subprotocol);
    services_.worker->Add(this);
  }

  void Start(const std::string& key) {
    // No coroutine here: its frame would hold the request for as long as the connection lives.
    stream_.async_accept(MakeUpgrade(key), [self = shared_self()](ErrorCode error) {
      if (error) return self->OnReadingEnded(nullptr);
      self->Guard([&] { self->OnAccepted(); });
      net::co_spawn(self->stream_.get_executor(), ReadMessages(self),
                    [self](std::exception_ptr exception) { self->OnReadingEnded(exception); });
    });
  }

  // FrameSink.
  void Send(Piece piece) override {
    if (ended_ || closing()) return;
    queue_.Push(std::move(piece));
    // The session keeps its own bound; this one holds even if it did not.
    if (limits_.outbound_bytes != 0 && static_cast<int64_t>(queue_.queued_bytes()) >
                                           4 * limits_.outbound_bytes + limits_.catch_up_bytes) {
      queue_.DropWaiting();
      Close(kTooSlow, "the queue to this client is full");
      return;
    }
    FlushSoon();
  }

  size_t queued_bytes() const override { return queue_.queued_bytes(); }

  void Close(uint16_t close_code, absl::string_view reason) override {
    if (ended_ || closing()) return;
    close_code_ = close_code;
    // The frame has room for 123 bytes; the texts are ASCII, so no character is cut.
    close_reason_ = std::string(reason.substr(0, 123));
    closing_since_ = Worker::Now();
    FlushSoon();
  }

  // Connection.
  void OnTick(absl::Duration now) override {
    Guard([&] { CheckDeadlines(now); });
  }

  void OnFlush() override {
    flush_scheduled_ = false;
    Guard([&] { Flush(); });
  }

  void OnGoAway(absl::Duration come_back_after) override {
    Guard([&] {
      if (session_ != nullptr && !closing()) session_->OnShutdown(come_back_after);
    });
  }

  void OnEnd() override { Close(kRestarting, "the server is going down"); }

 private:
  using Stream = websocket::stream<WatchedSocket, /*deflateSupported=*/false>;

  void SetUpStream(const std::string& subprotocol) {
    stream_.set_option(
        websocket::stream_base::decorator([subprotocol, name = services_.environment->server_name](
                                              websocket::response_type& response) {
          // The library writes its own name and version where none stands.
          response.set(http::field::server, name);
          if (!subprotocol.empty()) {
            response.set(http::field::sec_websocket_protocol, subprotocol);
          }
        }));
    stream_.auto_fragment(false);
    stream_.binary(encoding_ == proto::Encoding::kProtobuf);
  }

  // The request as the library wants to see it. It has been checked; nothing of what the client
  // wrote but the key is in it, so that nothing is parsed a second time in another way.
  static http::request<http::empty_body> MakeUpgrade(const std::string& key) {
    http::request<http::empty_body> request(http::verb::get, "/", 11);
    request.set(http::field::host, "coedit");
    request.set(http::field::connection, "Upgrade");
    request.set(http::field::upgrade, "websocket");
    request.set(http::field::sec_websocket_version, "13");
    request.set(http::field::sec_websocket_key, key);
    return request;
  }

  static Awaitable<void> ReadMessages(std::shared_ptr<WebSocketConnection> self) {
    char small[kSmallMessageBytes];
    for (;;) {
      self->SetReadLimit();
      const auto [error, count] =
          co_await self->stream_.async_read_some(net::buffer(small), kAwait);
      if (error) co_return self->LogEnd(error);
      if (!self->Wants()) continue;
      if (self->stream_.is_message_done()) {
        self->Deliver(absl::string_view(small, count));
        continue;
      }
      std::string message(small, count);
      while (!self->stream_.is_message_done()) {
        const size_t have = message.size();
        message.resize(have + self->NextReadBytes(have));
        const auto [more_error, more] = co_await self->stream_.async_read_some(
            net::buffer(message.data() + have, message.size() - have), kAwait);
        if (more_error) co_return self->LogEnd(more_error);
        message.resize(have + more);
      }
      self->Deliver(message);
    }
  }

  void OnAccepted() {
    // Done with; it holds memory.
    stream_.set_option(websocket::stream_base::decorator([](websocket::response_type&) {}));
    heard_ = Worker::Now();
    next_ping_ = heard_ + PingInterval();
    session_ = Session::Make(services_.environment, services_.hub, this, encoding_);
    if (!queue_.empty() || closing()) FlushSoon();
  }

  void SetReadLimit() {
    // Zero is "no limit" to the library too.
    const bool welcomed = session_ != nullptr && session_->welcomed();
    stream_.read_message_max(
        static_cast<size_t>(welcomed ? limits_.message_bytes : limits_.hello_bytes));
  }

  // The next step of a message of which `have` bytes are here: what the current frame announces,
  // and no more memory than the peer has earned by sending.
  size_t NextReadBytes(size_t have) const {
    const size_t announced = stream_.read_size_hint(kReadBytesMin);
    return std::clamp(std::min(announced, std::max(have, kReadBytesMin)), kReadBytesMin,
                      kReadBytesMax);
  }

  // Whether the message that begins is of the right kind and still wanted.
  bool Wants() {
    if (closing()) return false;
    const bool is_json = encoding_ == proto::Encoding::kJson;
    if (stream_.got_text() == is_json) return true;
    Close(kWrongKind, is_json ? "coedit.v1.json takes text messages"
                              : "coedit.v1.protobuf takes binary messages");
    return false;
  }

  void Deliver(absl::string_view message) {
    // What a message of this client threw must not end the others' sessions.
    Guard([&] {
      if (!closing() && session_ != nullptr) session_->OnFrame(message);
    });
  }

  // ByteObserver.
  void OnBytesRead(const uint8_t* bytes, size_t count) override {
    heard_ = Worker::Now();
    if (closing()) {
      after_close_bytes_ += static_cast<int64_t>(count);
      if (after_close_bytes_ > kAfterCloseBytesMax) Abort();
      return;
    }
    watch_.OnBytes(bytes, count, heard_,
                   {.fragments_per_message = limits_.fragments_per_message,
                    .control_frames_per_second = limits_.control_frames_per_second});
    switch (watch_.excess()) {
      case FrameWatch::Excess::kNone:
        break;
      case FrameWatch::Excess::kFragments:
        Close(kPolicy,
              absl::StrCat("a message may have ", limits_.fragments_per_message, " fragments"));
        break;
      case FrameWatch::Excess::kControlFrames:
        Close(kPolicy, absl::StrCat("only ", limits_.control_frames_per_second,
                                    " control frames a second are taken"));
        break;
    }
  }

  void OnWriteBegun() override { writing_since_ = Worker::Now(); }

  void OnBytesWritten(size_t count) override {
    writing_since_ = absl::InfiniteDuration();
    // Now and then these are bytes of a control frame: the count is a little low for a moment.
    queue_.OnTaken(count);
  }

  void OnTeardown() override { teardown_since_ = Worker::Now(); }

  void FlushSoon() {
    if (flush_scheduled_ || !accepted()) return;
    flush_scheduled_ = true;
    services_.worker->FlushSoon(shared_from_this());
  }

  void Flush() {
    if (ended_ || !accepted() || queue_.in_flight()) return;
    if (!queue_.empty()) {
      stream_.async_write(queue_.TakeFrame(), [self = shared_self()](ErrorCode error, size_t) {
        self->Guard([&] { self->OnWritten(error); });
      });
    } else if (closing() && closed_since_ == absl::InfiniteDuration()) {
      closed_since_ = Worker::Now();
      stream_.async_close(
          websocket::close_reason(static_cast<websocket::close_code>(close_code_), close_reason_),
          [self = shared_self()](ErrorCode) {});
    }
  }

  void OnWritten(ErrorCode error) {
    queue_.OnFrameWritten();
    if (error) return Abort();
    if (ended_) return;
    if (queue_.empty() && !closing()) session_->OnDrained();
    // What gathered behind the write leaves at once, together.
    Flush();
  }

  void SendPing(absl::Duration now) {
    next_ping_ = now + PingInterval();
    ping_under_way_ = true;
    stream_.async_ping({}, [self = shared_self()](ErrorCode error) {
      self->ping_under_way_ = false;
      if (error) self->Abort();
    });
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
    if (ended_) return;
    if (!accepted()) {
      if (overdue(began_, limits_.handshake_seconds)) Abort();
      return;
    }
    if (overdue(teardown_since_, limits_.close_seconds) ||
        overdue(closed_since_, limits_.close_seconds) ||
        overdue(closing_since_, limits_.write_seconds + limits_.close_seconds) ||
        overdue(heard_, limits_.silence_seconds) ||
        overdue(writing_since_, limits_.write_seconds)) {
      LogDebug("a connection was cut: a deadline passed");
      return Abort();
    }
    if (closing()) return;
    if (overdue(watch_.unfinished_since(), limits_.assembly_seconds)) {
      return Close(kPolicy, absl::StrCat("a message must be finished within ",
                                         limits_.assembly_seconds, " seconds"));
    }
    if (limits_.heartbeat_seconds != 0 && now >= next_ping_ && !ping_under_way_) SendPing(now);
    session_->OnTick();
  }

  // Ends the connection without a word. What is under way completes with an error, ReadMessages
  // last.
  void Abort() {
    ErrorCode ignored;
    boost::beast::get_lowest_layer(stream_).close(ignored);
  }

  template <typename Step>
  void Guard(Step step) {
    try {
      step();
    } catch (const std::exception& exception) {
      LogError(absl::StrCat("a connection failed: ", exception.what()));
      queue_.DropWaiting();
      Close(kOurFault, "internal error");
    }
  }

  void LogEnd(ErrorCode error) {
    if (LogsAt(LogLevel::kDebug)) {
      LogDebug(absl::StrCat("a connection ends: ", error.message()));
    }
  }

  void OnReadingEnded(std::exception_ptr exception) {
    Guard([&] {
      if (exception != nullptr) std::rethrow_exception(exception);
    });
    ended_ = true;
    Abort();
    services_.worker->Remove(this);
    Guard([&] {
      if (session_ != nullptr) session_->OnDisconnected();
    });
    session_.reset();
  }

  bool accepted() const { return session_ != nullptr || ended_; }
  bool closing() const { return closing_since_ != absl::InfiniteDuration(); }
  std::shared_ptr<WebSocketConnection> shared_self() {
    return std::static_pointer_cast<WebSocketConnection>(shared_from_this());
  }

  const Services& services_;
  const Limits& limits_;
  const proto::Encoding encoding_;
  ConnectionTicket ticket_;
  Stream stream_;
  OutboundQueue queue_;
  FrameWatch watch_;
  std::shared_ptr<Session> session_;  // from the handshake to the end

  // When things happened; InfiniteDuration: not yet.
  absl::Duration began_;
  absl::Duration heard_;                                     // the last byte
  absl::Duration writing_since_ = absl::InfiniteDuration();  // the socket has owed us progress
  absl::Duration next_ping_ = absl::InfiniteDuration();
  absl::Duration closing_since_ = absl::InfiniteDuration();  // Close was called
  absl::Duration closed_since_ = absl::InfiniteDuration();   // the close frame was given away
  absl::Duration teardown_since_ = absl::InfiniteDuration();
  int64_t after_close_bytes_ = 0;
  std::string close_reason_;
  uint16_t close_code_ = 0;
  bool flush_scheduled_ = false;
  bool ping_under_way_ = false;
  bool ended_ = false;
};

}  // namespace

void StartWebSocket(const Services* services, TcpSocket socket, ConnectionTicket ticket,
                    WebSocketHandshake handshake) {
  const std::string key = std::move(handshake.key);
  const auto connection = std::make_shared<WebSocketConnection>(
      services, std::move(socket), std::move(ticket), std::move(handshake));
  connection->Start(key);
}

}  // namespace coedit::server
