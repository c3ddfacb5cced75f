#include "server/io/http_connection.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/io/api_messages.h"
#include "server/io/http_request.h"
#include "server/io/http_router.h"
#include "server/io/log.h"
#include "server/io/websocket.h"
#include "server/io/websocket_handshake.h"

namespace coedit::server {
namespace {

constexpr size_t kReadBytes = 2 << 10;
constexpr size_t kReadBodyBytes = 16 << 10;
// How long the API may take. Its own work is done in a second; this is for a disk that hangs.
constexpr std::chrono::seconds kAnswerTime(30);
constexpr int kRequestsMax = 1000;  // on one connection; then the client makes a new one
// What a client may still send after an answer that ends the connection.
constexpr int64_t kLingerBytesMax = 1 << 20;

class HttpConnection final : public Connection {
 public:
  HttpConnection(const Services* services, TcpSocket socket, ConnectionTicket ticket,
                 IpAddress peer)
      : services_(*services),
        limits_(services->limits()),
        socket_(std::move(socket)),
        ticket_(std::move(ticket)),
        peer_(peer),
        answer_timer_(socket_.get_executor()) {
    WaitFor(limits_.handshake_seconds);
  }

  static void Start(std::shared_ptr<HttpConnection> self) {
    HttpConnection& connection = *self;
    connection.services_.door->Add(self);
    net::co_spawn(connection.socket_.get_executor(), Run(self),
                  [self](std::exception_ptr exception) { self->OnRunEnded(exception); });
  }

  // Connection.
  void OnTick(absl::Duration now) override {
    if (now >= deadline_) Cancel();
  }
  void OnGoAway(absl::Duration /*come_back_after*/) override {
    leaving_ = true;
    if (!answering_) Cancel();
  }
  void OnEnd() override {
    Cancel();
    answer_timer_.cancel();
  }

 private:
  static Awaitable<void> Run(std::shared_ptr<HttpConnection> self) {
    for (int count = 1; count <= kRequestsMax; ++count) {
      const std::optional<HttpRefusal> refusal = co_await self->ReadHead();
      if (self->received_.empty()) co_return;
      self->answering_ = true;
      HttpRequest request;
      bool keep_alive = false;
      HttpResponse response = self->Answer(refusal, count, &request, &keep_alive);
      if (self->handshake_.has_value()) co_return;
      const bool head_only = request.method == "HEAD";
      if (self->api_call_.has_value()) {
        response =
            co_await self->AskApi(*std::exchange(self->api_call_, std::nullopt), &keep_alive);
        if (self->received_.empty()) co_return;
      }
      const bool written = co_await self->Write(std::move(response), head_only, keep_alive);
      self->answering_ = false;
      if (!written) co_return;
      if (!keep_alive) break;
      self->received_.erase(0, self->head_bytes_ + self->body_bytes_);
      if (self->received_.empty()) std::string().swap(self->received_);
      self->head_bytes_ = 0;
      self->body_bytes_ = 0;
      self->WaitFor(self->limits_.handshake_seconds);
    }
    co_await self->Linger();
  }

  // Reads until a whole head is here (head_bytes_) or it is clear that none comes; a client that
  // goes away leaves received_ empty.
  Awaitable<std::optional<HttpRefusal>> ReadHead() {
    const HttpHeadLimits head_limits = HeadLimits();
    for (;;) {
      HeadProgress progress = FindHeadEnd(received_, head_limits);
      if (progress.refusal.has_value()) co_return std::move(progress.refusal);
      if (progress.end.has_value()) {
        head_bytes_ = *progress.end;
        co_return std::nullopt;
      }
      const size_t have = received_.size();
      received_.resize(have + kReadBytes);
      const auto [error, count] = co_await socket_.async_read_some(
          net::buffer(received_.data() + have, kReadBytes), kAwait);
      received_.resize(have + count);
      if (error && timed_out_ && !received_.empty() && !leaving_) {
        co_return HttpRefusal{408, absl::StrCat("no whole request came within ",
                                                limits_.handshake_seconds, " seconds")};
      }
      if (error) {
        received_.clear();
        co_return std::nullopt;
      }
    }
  }

  // What the request gets. Sets handshake_ if it becomes a WebSocket instead, api_call_ if the API
  // answers. `request` points into received_.
  HttpResponse Answer(const std::optional<HttpRefusal>& refusal, int count, HttpRequest* request,
                      bool* keep_alive) {
    if (refusal.has_value()) return RefusalResponse(*refusal);
    const absl::string_view head = absl::string_view(received_).substr(0, head_bytes_);
    if (const auto wrong = ParseHttpHead(head, HeadLimits(), request); wrong.has_value()) {
      return RefusalResponse(*wrong);
    }
    if (const auto forbidden = services_.gate->Check(*request); forbidden.has_value()) {
      if (LogsAt(LogLevel::kInfo)) LogInfo(absl::StrCat("refused: ", forbidden->text));
      if (api::IsApiPath(request->path)) return ApiRefusal(*forbidden);
      return RefusalResponse(*forbidden);
    }
    if (api::IsApiPath(request->path)) {
      *keep_alive = request->keep_alive && !leaving_ && count < kRequestsMax;
      api_call_ = ApiCallOf(*request, ClientAddress(*request));
      return {};
    }
    if (request->content_length > 0) {
      return RefusalResponse({413, "requests with a body are not accepted here"});
    }
    if (request->expects_continue) {
      return RefusalResponse({417, "requests with Expect are not accepted here"});
    }
    if (request->path == kWebSocketPath) {
      WebSocketHandshake handshake;
      const std::optional<HttpRefusal> wrong = CheckUpgrade(*request, &handshake);
      if (wrong.has_value()) return RefusalResponse(*wrong);
      handshake_ = std::move(handshake);
      return {};
    }
    const bool readable = request->method == "GET" || request->method == "HEAD";
    *keep_alive = readable && request->keep_alive && !leaving_ && count < kRequestsMax;
    return RouteRequest(services_, *request);
  }

  // Whose rate a request counts under.
  IpAddress ClientAddress(const HttpRequest& request) const {
    return services_.slots->ClientBehind(peer_, request.List("x-forwarded-for")).CountedAs();
  }

  // Reads the body, if there is to be one, and waits for the answer. A client that goes away leaves
  // received_ empty.
  Awaitable<HttpResponse> AskApi(ApiCall call, bool* keep_alive) {
    const auto last = [&](api::Response response) {
      *keep_alive = false;
      return FromApi(std::move(response), call.origin);
    };
    if (std::optional<api::Response> refused =
            services_.api->RefuseHead(call.request, call.body_bytes)) {
      if (call.body_bytes > 0) co_return last(*std::move(refused));
      co_return FromApi(*std::move(refused), call.origin);
    }
    if (leaving_) {
      co_return last(api::ErrorResponse(WireCode::kUnavailable, "the server is going down"));
    }
    switch (co_await ReadBody(call)) {
      case BodyRead::kWhole:
        break;
      case BodyRead::kGone:
        received_.clear();
        co_return HttpResponse();
      case BodyRead::kLate:
        co_return last(api::ErrorResponse(
            WireCode::kTooSlow,
            absl::StrCat("no whole body came within ", limits_.assembly_seconds, " seconds")));
    }
    body_bytes_ = call.body_bytes;
    call.request.body = received_.substr(head_bytes_, body_bytes_);
    WaitFor(0);
    answer_timer_.expires_after(kAnswerTime);
    // The answer must not keep the connection alive: it may come when all is being taken down.
    services_.api->Handle(std::move(call.request),
                          [weak = weak_from_this(), this](api::Response response) {
                            const std::shared_ptr<Connection> self = weak.lock();
                            if (self != nullptr) OnApiAnswer(std::move(response));
                          });
    if (!api_answer_.has_value()) co_await answer_timer_.async_wait(kAwait);
    if (!api_answer_.has_value()) {
      co_return last(api::ErrorResponse(WireCode::kUnavailable, leaving_
                                                                    ? "the server is going down"
                                                                    : "the answer takes too long"));
    }
    if (leaving_) *keep_alive = false;
    co_return FromApi(*std::exchange(api_answer_, std::nullopt), call.origin);
  }

  void OnApiAnswer(api::Response response) {
    api_answer_ = std::move(response);
    answer_timer_.cancel();
  }

  enum class BodyRead : uint8_t { kWhole, kGone, kLate };

  Awaitable<BodyRead> ReadBody(const ApiCall& call) {
    const size_t whole = head_bytes_ + call.body_bytes;
    WaitFor(limits_.assembly_seconds);
    if (call.expects_continue && received_.size() < whole) {
      constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      net::const_buffer rest = net::buffer(kContinue.data(), kContinue.size());
      while (rest.size() > 0) {
        const auto [error, count] = co_await socket_.async_write_some(rest, kAwait);
        if (error) co_return BodyRead::kGone;
        rest += count;
      }
    }
    while (received_.size() < whole) {
      const size_t have = received_.size();
      const size_t more = std::min(whole - have, kReadBodyBytes);
      received_.resize(have + more);
      const auto [error, count] =
          co_await socket_.async_read_some(net::buffer(received_.data() + have, more), kAwait);
      received_.resize(have + count);
      if (error) co_return timed_out_ ? BodyRead::kLate : BodyRead::kGone;
    }
    co_return BodyRead::kWhole;
  }

  std::optional<HttpRefusal> CheckUpgrade(const HttpRequest& request,
                                          WebSocketHandshake* handshake) {
    if (std::optional<HttpRefusal> wrong = CheckHandshake(request, handshake); wrong.has_value()) {
      return wrong;
    }
    // A client may not speak before it has read the answer; what stands here is no frame.
    if (received_.size() > head_bytes_) {
      return HttpRefusal{400, "there are bytes behind the request for a WebSocket"};
    }
    if (leaving_) return HttpRefusal{503, "the server is going down"};
    // A proxy's connections are its clients'. Direct ones were counted when they were accepted.
    if (services_.slots->IsTrustedProxy(peer_)) {
      const IpAddress client =
          services_.slots->ClientBehind(peer_, request.List("x-forwarded-for"));
      if (!ticket_.CountUnder(client)) {
        return HttpRefusal{429, "there are too many connections from this address"};
      }
    }
    return std::nullopt;
  }

  Awaitable<bool> Write(HttpResponse response, bool head_only, bool keep_alive) {
    const int64_t body_bytes =
        response.body == nullptr ? 0 : static_cast<int64_t>(response.body->size());
    const std::string head = SerializeHead(response, body_bytes, keep_alive);
    std::array<net::const_buffer, 2> buffers = {net::buffer(head), net::const_buffer()};
    if (!head_only && response.body != nullptr) buffers[1] = net::buffer(*response.body);
    while (buffers[0].size() + buffers[1].size() > 0) {
      WaitFor(limits_.write_seconds);  // for the next byte
      auto [error, count] = co_await socket_.async_write_some(buffers, kAwait);
      if (error) co_return false;
      for (net::const_buffer& buffer : buffers) {
        const size_t taken = std::min<size_t>(count, buffer.size());
        buffer += taken;
        count -= taken;
      }
    }
    co_return true;
  }

  // Closing over unread bytes would reset the connection, and the client might never see the
  // answer.
  Awaitable<void> Linger() {
    ErrorCode ignored;
    socket_.shutdown(net::socket_base::shutdown_send, ignored);
    WaitFor(limits_.close_seconds);
    received_.resize(kReadBytes);
    int64_t discarded = 0;
    while (discarded < kLingerBytesMax) {
      const auto [error, count] =
          co_await socket_.async_read_some(net::buffer(received_.data(), kReadBytes), kAwait);
      if (error) co_return;
      discarded += static_cast<int64_t>(count);
    }
  }

  void OnRunEnded(std::exception_ptr exception) {
    services_.door->Remove(this);
    try {
      if (exception != nullptr) std::rethrow_exception(exception);
      if (handshake_.has_value()) {
        StartWebSocket(&services_, StreamSocket(socket_.release()), std::move(ticket_),
                       *handshake_);
      }
    } catch (const std::exception& failure) {
      LogError(absl::StrCat("a connection failed: ", failure.what()));
    }
    Close();
  }

  // What waits completes with an error.
  void Cancel() {
    timed_out_ = true;
    ErrorCode ignored;
    socket_.cancel(ignored);
  }

  void Close() {
    ErrorCode ignored;
    socket_.close(ignored);
  }

  void WaitFor(int64_t seconds) {
    timed_out_ = false;
    deadline_ = seconds == 0 ? absl::InfiniteDuration() : EventLoop::Now() + absl::Seconds(seconds);
  }

  HttpHeadLimits HeadLimits() const {
    return {.header_bytes = limits_.header_bytes, .header_fields = limits_.header_fields};
  }

  const Services& services_;
  const Limits& limits_;
  TcpSocket socket_;
  ConnectionTicket ticket_;
  const IpAddress peer_;
  std::string received_;
  size_t head_bytes_ = 0;  // of received_, once a head is whole
  size_t body_bytes_ = 0;  // behind the head
  std::optional<WebSocketHandshake> handshake_;
  std::optional<ApiCall> api_call_;
  std::optional<api::Response> api_answer_;
  SteadyTimer answer_timer_;  // runs while the API is asked; cancelled by the answer
  absl::Duration deadline_;
  bool timed_out_ = false;
  bool answering_ = false;
  bool leaving_ = false;
};

}  // namespace

void StartHttp(const Services* services, TcpSocket socket, ConnectionTicket ticket,
               IpAddress peer) {
  HttpConnection::Start(
      std::make_shared<HttpConnection>(services, std::move(socket), std::move(ticket), peer));
}

}  // namespace coedit::server
