// The Asio types this server uses, named once. For .cc files and the few headers that only .cc
// files of this folder include.
//
// The executor is the concrete one of io_context: a connection is pinned to the context it was
// accepted for, and no call goes through a type-erased executor.
#ifndef COEDIT_SERVER_IO_ASIO_TYPES_H_
#define COEDIT_SERVER_IO_ASIO_TYPES_H_

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>

namespace coedit::server {

namespace net = boost::asio;
using ErrorCode = boost::system::error_code;
using IoExecutor = net::io_context::executor_type;
using TcpSocket = net::basic_stream_socket<net::ip::tcp, IoExecutor>;
using TcpAcceptor = net::basic_socket_acceptor<net::ip::tcp, IoExecutor>;
using SteadyTimer =
    net::basic_waitable_timer<std::chrono::steady_clock,
                              net::wait_traits<std::chrono::steady_clock>, IoExecutor>;
template <typename T>
using Awaitable = net::awaitable<T, IoExecutor>;
// Errors come back as values: `auto [error, size] = co_await socket.async_read_some(buffer,
// kAwait)`.
inline constexpr auto kAwait = net::as_tuple(net::use_awaitable_t<IoExecutor>());

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_ASIO_TYPES_H_
