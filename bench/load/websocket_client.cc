#include "bench/load/websocket_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/load/websocket_frame.h"
#include "ot/check.h"

namespace coedit::bench {
namespace {

// A snapshot is as large as a document may be: 4 Mi units of three bytes, and their formats.
constexpr size_t kMessageBytesMax = 256 << 20;
constexpr size_t kResponseHeadBytesMax = 16 << 10;
// What stays allocated of a buffer that was needed once.
constexpr size_t kKeptBytes = 4 << 10;

struct Address {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

// Of an address that ParseEndpoint has seen.
Address AddressOf(const std::string& text, uint16_t port) {
  Address address;
  auto* four = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (inet_pton(AF_INET, text.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    address.size = sizeof(*four);
    return address;
  }
  auto* six = reinterpret_cast<sockaddr_in6*>(&address.storage);
  COEDIT_CHECK(inet_pton(AF_INET6, text.c_str(), &six->sin6_addr) == 1);
  six->sin6_family = AF_INET6;
  six->sin6_port = htons(port);
  address.size = sizeof(*six);
  return address;
}

void SetOption(int descriptor, int level, int option, int value) {
  setsockopt(descriptor, level, option, &value, sizeof(value));
}

absl::Status Errno(absl::string_view what, int error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(error)));
}

}  // namespace

// The loop and calls under way keep it alive; `listener_` is null once the owner has gone.
class WebSocketClient::Impl final : public EventLoop::Socket,
                                    public std::enable_shared_from_this<Impl> {
 public:
  Impl(EventLoop* loop, const Endpoint& endpoint, const Format& format, Listener* listener)
      : loop_(loop), endpoint_(endpoint), format_(format), listener_(listener) {}

  ~Impl() override {
    if (descriptor_ >= 0) close(descriptor_);
  }

  void Connect() {
    const Address server = AddressOf(endpoint_.address, endpoint_.port);
    descriptor_ = socket(server.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0) return FailLater(Errno("no socket", errno));
    SetOption(descriptor_, IPPROTO_TCP, TCP_NODELAY, 1);
    if (endpoint_.receive_buffer_bytes > 0) {
      SetOption(descriptor_, SOL_SOCKET, SO_RCVBUF, endpoint_.receive_buffer_bytes);
    }
    if (!endpoint_.source_address.empty()) {
      // The port is chosen by connect(), so that one port serves several destinations.
      SetOption(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
      const Address source = AddressOf(endpoint_.source_address, 0);
      if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&source.storage), source.size) != 0) {
        return FailLater(Errno(absl::StrCat("cannot bind ", endpoint_.source_address), errno));
      }
    }
    if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&server.storage), server.size) !=
            0 &&
        errno != EINPROGRESS) {
      return FailLater(Errno("cannot connect", errno));
    }
    interest_ = {.read = false, .write = true};
    loop_->Watch(descriptor_, interest_, shared_from_this());
    watched_ = true;
  }

  void Send(FrameKind kind, absl::string_view payload) { SendBytes(ClientFrame(kind, payload)); }

  void SendMessage(absl::string_view bytes) {
    COEDIT_CHECK(state_ == State::kOpen || state_ == State::kEnded);
    if (state_ == State::kEnded) return;  // lost a moment ago; the listener is about to hear of it
    ++traffic_.messages_sent;
    traffic_.bytes_sent += static_cast<int64_t>(bytes.size());
    Send(format_.binary ? FrameKind::kBinary : FrameKind::kText, bytes);
  }

  void Close() {
    if (state_ != State::kOpen) return Abandon();
    state_ = State::kClosing;
    Send(FrameKind::kClose, absl::string_view("\x03\xe8", 2));  // 1000
  }

  // The owner has gone: no call leaves this object any more.
  void Abandon() {
    listener_ = nullptr;
    End();
  }

  void SetReading(bool reading) {
    COEDIT_CHECK(state_ == State::kOpen);
    SetInterest({.read = reading, .write = interest_.write});
  }

  void OnReady(bool readable, bool writable) override {
    if (state_ == State::kConnecting) return FinishConnecting();
    if (writable) Flush();
    if (readable && state_ != State::kEnded) Receive();
  }

  const Traffic& traffic() const { return traffic_; }

 private:
  enum class State : uint8_t { kConnecting, kUpgrading, kOpen, kClosing, kEnded };

  void FailLater(const absl::Status& reason) {
    loop_->Post([self = shared_from_this(), reason] { self->Fail(reason); });
  }

  void FinishConnecting() {
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return Fail(Errno("cannot connect", error));
    state_ = State::kUpgrading;
    SetInterest({.read = true, .write = false});
    SendBytes(UpgradeRequest(endpoint_.host, endpoint_.path, format_.subprotocol));
  }

  void SetInterest(EventLoop::Interest interest) {
    if (interest.read == interest_.read && interest.write == interest_.write) return;
    interest_ = interest;
    loop_->Change(descriptor_, interest_);
  }

  void SendBytes(absl::string_view bytes) {
    traffic_.wire_bytes_sent += static_cast<int64_t>(bytes.size());
    size_t sent = 0;
    if (outgoing_.empty()) {
      const ssize_t taken = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (taken >= 0) {
        sent = static_cast<size_t>(taken);
      } else if (errno != EAGAIN && errno != EINTR) {
        return FailLater(Errno("connection lost", errno));
      }
      if (sent == bytes.size()) return;
    }
    outgoing_.append(bytes.data() + sent, bytes.size() - sent);
    SetInterest({.read = interest_.read, .write = true});
  }

  void Flush() {
    const ssize_t taken = send(descriptor_, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
    if (taken < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      return Fail(Errno("connection lost", errno));
    }
    outgoing_.erase(0, static_cast<size_t>(taken));
    if (!outgoing_.empty()) return;
    if (outgoing_.capacity() > kKeptBytes) outgoing_ = std::string();
    SetInterest({.read = interest_.read, .write = false});
  }

  void Receive() {
    const ssize_t got = recv(descriptor_, loop_->scratch(), loop_->scratch_size(), 0);
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      return Fail(Errno("connection lost", errno));
    }
    if (got == 0) {
      return Fail(absl::UnavailableError("connection lost: the server closed without a word"));
    }
    traffic_.wire_bytes_received += got;
    const absl::string_view bytes(loop_->scratch(), static_cast<size_t>(got));
    if (incoming_.empty()) {
      const size_t used = Take(bytes);
      if (state_ != State::kEnded) incoming_.assign(bytes.data() + used, bytes.size() - used);
      return;
    }
    incoming_.append(bytes.data(), bytes.size());
    const size_t used = Take(incoming_);
    if (state_ == State::kEnded) return;
    incoming_.erase(0, used);
    if (incoming_.empty() && incoming_.capacity() > kKeptBytes) incoming_ = std::string();
  }

  // Takes what is whole from the front of `bytes`; how much that was.
  size_t Take(absl::string_view bytes) {
    size_t used = 0;
    if (state_ == State::kUpgrading) {
      const size_t end = bytes.find("\r\n\r\n");
      if (end == absl::string_view::npos) {
        if (bytes.size() > kResponseHeadBytesMax) {
          Fail(absl::InternalError("the answer to the handshake does not end"));
        }
        return 0;
      }
      const absl::Status upgraded = CheckUpgraded(bytes.substr(0, end));
      if (!upgraded.ok()) {
        Fail(absl::Status(upgraded.code(), absl::StrCat("no WebSocket: ", upgraded.message())));
        return 0;
      }
      used = end + 4;
      state_ = State::kOpen;
      if (listener_ != nullptr) listener_->OnConnected();
    }
    while (state_ != State::kEnded) {
      const absl::StatusOr<FrameHeader> header = ReadFrameHeader(bytes.substr(used));
      if (!header.ok()) {
        Fail(header.status());
        return used;
      }
      if (!header->complete) return used;
      if (header->payload_bytes > kMessageBytesMax - message_.size()) {
        Fail(absl::ResourceExhaustedError("a message above 256 MiB"));
        return used;
      }
      if (bytes.size() - used < header->header_bytes + header->payload_bytes) return used;
      const absl::string_view payload =
          bytes.substr(used + header->header_bytes, header->payload_bytes);
      used += header->header_bytes + header->payload_bytes;
      TakeFrame(*header, payload);
    }
    return used;
  }

  void TakeFrame(const FrameHeader& header, absl::string_view payload) {
    switch (header.kind) {
      case FrameKind::kPing:
        return Send(FrameKind::kPong, payload);
      case FrameKind::kPong:
        return;
      case FrameKind::kClose:
        return TakeClose(payload);
      default:
        break;
    }
    if (header.last && message_.empty()) return Deliver(payload);
    message_.append(payload.data(), payload.size());
    if (!header.last) return;
    const std::string whole = std::exchange(message_, {});
    Deliver(whole);
  }

  void Deliver(absl::string_view message) {
    ++traffic_.messages_received;
    traffic_.bytes_received += static_cast<int64_t>(message.size());
    if (listener_ != nullptr) listener_->OnMessage(message);
  }

  void TakeClose(absl::string_view payload) {
    if (state_ == State::kOpen) Send(FrameKind::kClose, payload.substr(0, 2));
    const int code = payload.size() < 2 ? 1005
                                        : static_cast<uint8_t>(payload[0]) * 256 +
                                              static_cast<uint8_t>(payload[1]);
    Fail(absl::UnavailableError(absl::StrCat("connection lost: the server closed with ", code, " ",
                                             payload.substr(std::min<size_t>(2, payload.size())))));
  }

  void End() {
    if (std::exchange(watched_, false)) loop_->Forget(descriptor_);
    if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
    state_ = State::kEnded;
  }

  void Fail(const absl::Status& reason) {
    if (state_ == State::kEnded && listener_ == nullptr) return;
    const bool asked_for = state_ == State::kClosing;
    End();
    Listener* listener = std::exchange(listener_, nullptr);
    if (listener != nullptr) listener->OnDisconnected(asked_for ? absl::OkStatus() : reason);
  }

  EventLoop* const loop_;
  const Endpoint endpoint_;
  const Format format_;
  Listener* listener_;
  int descriptor_ = -1;
  bool watched_ = false;
  State state_ = State::kConnecting;
  EventLoop::Interest interest_;
  std::string outgoing_;  // what the socket did not take yet
  std::string incoming_;  // the beginning of a frame
  std::string message_;   // the fragments of a message so far
  Traffic traffic_;
};

WebSocketClient::Traffic& WebSocketClient::Traffic::operator+=(const Traffic& other) {
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  messages_sent += other.messages_sent;
  messages_received += other.messages_received;
  wire_bytes_sent += other.wire_bytes_sent;
  wire_bytes_received += other.wire_bytes_received;
  return *this;
}

WebSocketClient::Traffic operator-(const WebSocketClient::Traffic& all,
                                   const WebSocketClient::Traffic& earlier) {
  return {.bytes_sent = all.bytes_sent - earlier.bytes_sent,
          .bytes_received = all.bytes_received - earlier.bytes_received,
          .messages_sent = all.messages_sent - earlier.messages_sent,
          .messages_received = all.messages_received - earlier.messages_received,
          .wire_bytes_sent = all.wire_bytes_sent - earlier.wire_bytes_sent,
          .wire_bytes_received = all.wire_bytes_received - earlier.wire_bytes_received};
}

WebSocketClient::WebSocketClient(EventLoop* loop, const Endpoint& endpoint, const Format& format,
                                 Listener* listener)
    : impl_(std::make_shared<Impl>(loop, endpoint, format, listener)) {
  impl_->Connect();
}

WebSocketClient::~WebSocketClient() { impl_->Abandon(); }
void WebSocketClient::Send(absl::string_view bytes) { impl_->SendMessage(bytes); }
void WebSocketClient::Close() { impl_->Close(); }
void WebSocketClient::PauseReading() { impl_->SetReading(false); }
void WebSocketClient::ResumeReading() { impl_->SetReading(true); }
const WebSocketClient::Traffic& WebSocketClient::traffic() const { return impl_->traffic(); }

}  // namespace coedit::bench
