#include "bench/load/websocket_client.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/check.h"

namespace coedit::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;

// A snapshot is as large as a document may be: 4 Mi units of three bytes, and their formats.
constexpr size_t kMessageBytesMax = 256 << 20;

}  // namespace

// Kept alive by the operations under way; `listener_` is null once the owner has gone.
class WebSocketClient::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(EventLoop* loop, const Endpoint& endpoint, const Format& format, Listener* listener)
      : stream_(loop->context()), endpoint_(endpoint), listener_(listener) {
    // No timers per connection: the tool as a whole has a deadline.
    stream_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                       websocket::stream_base::none(), false});
    stream_.set_option(websocket::stream_base::decorator(
        [subprotocol = format.subprotocol](websocket::request_type& request) {
          if (!subprotocol.empty()) {
            request.set(beast::http::field::sec_websocket_protocol, subprotocol);
          }
          request.set(beast::http::field::user_agent, "coedit-load");
        }));
    // The mask is there to keep proxies from being fooled; on loopback any mask will do.
    stream_.secure_prng(false);
    stream_.binary(format.binary);
    stream_.auto_fragment(false);
    stream_.read_message_max(kMessageBytesMax);
  }

  void Connect() {
    error_code error;
    const asio::ip::tcp::endpoint peer(asio::ip::make_address(endpoint_.address, error),
                                       endpoint_.port);
    COEDIT_CHECK(!error);  // ParseEndpoint has seen it
    stream_.next_layer().async_connect(peer, [self = shared_from_this()](error_code failed) {
      if (failed) return self->Disconnected("cannot connect", failed);
      self->Handshake();
    });
  }

  void Send(std::string bytes) {
    COEDIT_CHECK(connected_);
    ++traffic_.messages_sent;
    traffic_.bytes_sent += static_cast<int64_t>(bytes.size());
    waiting_.push_back(std::move(bytes));
    if (!writing_) Write();
  }

  void Close() {
    closing_ = true;
    if (!connected_) return Abandon();
    if (!writing_) Write();
  }

  // The owner has gone: no call leaves this object any more.
  void Abandon() {
    listener_ = nullptr;
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

  const Traffic& traffic() const { return traffic_; }

 private:
  void Handshake() {
    error_code ignored;
    stream_.next_layer().set_option(asio::ip::tcp::no_delay(true), ignored);
    stream_.async_handshake(endpoint_.host, endpoint_.path,
                            [self = shared_from_this()](error_code failed) {
                              if (failed) return self->Disconnected("no WebSocket", failed);
                              self->connected_ = true;
                              if (self->listener_ != nullptr) self->listener_->OnConnected();
                              self->Read();
                            });
  }

  void Read() {
    if (listener_ == nullptr) return;
    stream_.async_read(buffer_, [self = shared_from_this()](error_code failed, size_t) {
      if (failed) return self->Disconnected("connection lost", failed);
      ++self->traffic_.messages_received;
      self->traffic_.bytes_received += static_cast<int64_t>(self->buffer_.size());
      if (self->listener_ != nullptr) {
        const auto bytes = self->buffer_.cdata();
        self->listener_->OnMessage(
            absl::string_view(static_cast<const char*>(bytes.data()), bytes.size()));
      }
      self->buffer_.consume(self->buffer_.size());
      self->Read();
    });
  }

  void Write() {
    if (waiting_.empty()) {
      if (closing_ && !std::exchange(close_sent_, true)) {
        writing_ = true;
        stream_.async_close(websocket::close_code::normal, [self = shared_from_this()](error_code) {
          self->writing_ = false;
          self->Disconnected("closed", websocket::error::closed);
        });
      }
      return;
    }
    writing_ = true;
    stream_.async_write(asio::buffer(waiting_.front()),
                        [self = shared_from_this()](error_code failed, size_t) {
                          self->writing_ = false;
                          self->waiting_.pop_front();
                          if (failed) return self->Disconnected("connection lost", failed);
                          self->Write();
                        });
  }

  void Disconnected(absl::string_view what, error_code error) {
    connected_ = false;
    Listener* listener = std::exchange(listener_, nullptr);
    if (listener == nullptr) return;
    if (closing_) return listener->OnDisconnected(absl::OkStatus());
    const websocket::close_reason& reason = stream_.reason();
    listener->OnDisconnected(absl::UnavailableError(
        reason.code == websocket::close_code::none
            ? absl::StrCat(what, ": ", error.message())
            : absl::StrCat(what, ": the server closed with ", reason.code, " ",
                           absl::string_view(reason.reason.data(), reason.reason.size()))));
  }

  websocket::stream<asio::ip::tcp::socket, /*deflateSupported=*/false> stream_;
  const Endpoint endpoint_;
  Listener* listener_;
  beast::flat_buffer buffer_;
  std::deque<std::string> waiting_;
  Traffic traffic_;
  bool connected_ = false;
  bool writing_ = false;
  bool closing_ = false;
  bool close_sent_ = false;
};

WebSocketClient::WebSocketClient(EventLoop* loop, const Endpoint& endpoint, const Format& format,
                                 Listener* listener)
    : impl_(std::make_shared<Impl>(loop, endpoint, format, listener)) {
  impl_->Connect();
}

WebSocketClient::~WebSocketClient() { impl_->Abandon(); }
void WebSocketClient::Send(std::string bytes) { impl_->Send(std::move(bytes)); }
void WebSocketClient::Close() { impl_->Close(); }
const WebSocketClient::Traffic& WebSocketClient::traffic() const { return impl_->traffic(); }

}  // namespace coedit::bench
