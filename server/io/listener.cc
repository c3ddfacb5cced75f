#include "server/io/listener.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <exception>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/io/asio_types.h"
#include "server/io/http_connection.h"
#include "server/io/http_response.h"
#include "server/io/log.h"

namespace coedit::server {
namespace {

using net::ip::tcp;

constexpr int kBacklog = 4096;
// Without descriptors accept fails at once for as long as somebody waits: without a pause it would
// spin.
constexpr std::chrono::milliseconds kPause(200);
constexpr absl::Duration kComplaintInterval = absl::Seconds(30);

IpAddress AddressOf(const tcp::endpoint& endpoint) {
  if (endpoint.address().is_v4()) {
    return IpAddress::FromBytes(endpoint.address().to_v4().to_bytes().data(), false);
  }
  return IpAddress::FromBytes(endpoint.address().to_v6().to_bytes().data(), true);
}

}  // namespace

struct Listener::State {
  State(const Services* services_in, net::io_context* context)
      : services(*services_in), acceptor(context->get_executor()), pause(context->get_executor()) {}

  // A cap is told about now and then, not for each connection it turns away.
  void Complain(absl::string_view text) {
    const absl::Duration now = EventLoop::Now();
    if (now - complained < kComplaintInterval) return;
    complained = now;
    LogWarning(text);
  }

  void Refuse(TcpSocket& socket, int status, absl::string_view text) {
    const HttpResponse response = RefusalResponse({status, std::string(text)});
    const std::string answer =
        SerializeHead(response, static_cast<int64_t>(response.body->size()), false) +
        *response.body;
    ErrorCode ignored;
    socket.non_blocking(true, ignored);
    // It fits into an empty send buffer; if not, the client learns less.
    socket.write_some(net::buffer(answer), ignored);
    socket.shutdown(net::socket_base::shutdown_send, ignored);
  }

  void OnAccepted(TcpSocket socket) {
    ErrorCode error;
    const tcp::endpoint remote = socket.remote_endpoint(error);
    if (error) return;  // gone already
    const IpAddress peer = AddressOf(remote);
    if (!services.slots->TakeConnection()) {
      Complain("all connections are taken; new ones are refused");
      return Refuse(socket, 503, "this server has all the connections it can take");
    }
    ConnectionTicket ticket(services.slots);
    if (!ticket.CountUnder(peer)) {
      Complain(absl::StrCat("too many connections from ", peer.ToString(), "; more are refused"));
      return Refuse(socket, 429, "there are too many connections from this address");
    }
    // Messages are small and waited for; what can be gathered, we gather ourselves.
    socket.set_option(tcp::no_delay(true), error);
    StartHttp(&services, std::move(socket), std::move(ticket), peer);
  }

  const Services& services;
  TcpAcceptor acceptor;
  SteadyTimer pause;
  absl::Duration complained = -absl::InfiniteDuration();
};

namespace {

bool IsExhaustion(const ErrorCode& error) {
  return error == net::error::no_descriptors || error == net::error::no_memory ||
         error == net::error::no_buffer_space ||
         error == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Bind(const Services* services,
                                                         const Endpoint& endpoint) {
  auto state = std::make_shared<State>(services, &services->door->context());
  const tcp::endpoint local(net::ip::make_address(endpoint.address.ToString()), endpoint.port);
  ErrorCode error;
  const auto step = [&error](auto action) {
    if (!error) action();
  };
  state->acceptor.open(local.protocol(), error);
  step([&] { state->acceptor.set_option(TcpAcceptor::reuse_address(true), error); });
  // [::] takes IPv4 in too.
  step([&] {
    if (endpoint.address.is_v6()) {
      state->acceptor.set_option(net::ip::v6_only(!endpoint.address.is_any()), error);
    }
  });
  step([&] { state->acceptor.bind(local, error); });
  step([&] { state->acceptor.listen(kBacklog, error); });
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", endpoint.ToString(), ": ", error.message()));
  }
  return std::unique_ptr<Listener>(new Listener(std::move(state)));
}

Listener::~Listener() = default;

uint16_t Listener::port() const {
  ErrorCode error;
  return state_->acceptor.local_endpoint(error).port();
}

void Listener::Start() {
  struct Loop {
    static Awaitable<void> Run(std::shared_ptr<State> state) {
      while (state->acceptor.is_open()) {
        auto [error, socket] = co_await state->acceptor.async_accept(kAwait);
        if (!error) {
          state->OnAccepted(std::move(socket));
        } else if (IsExhaustion(error)) {
          state->Complain(absl::StrCat("cannot accept connections: ", error.message()));
          state->pause.expires_after(kPause);
          const auto [interrupted] = co_await state->pause.async_wait(kAwait);
          if (interrupted) co_return;
        }
      }
    }
  };
  net::co_spawn(state_->acceptor.get_executor(), Loop::Run(state_),
                [state = state_, this](std::exception_ptr exception) {
                  if (exception == nullptr) return;
                  // An allocation failed: the socket is still there, go on with it.
                  LogError("the accept loop failed and starts again");
                  Start();
                });
}

void Listener::Stop() {
  ErrorCode ignored;
  state_->acceptor.close(ignored);
  state_->pause.cancel();
}

}  // namespace coedit::server
