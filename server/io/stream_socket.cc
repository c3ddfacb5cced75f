#include "server/io/stream_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace coedit::server {
namespace {

// The kernel takes 1,024; so many are worth one call.
constexpr size_t kBuffersMax = 256;

// Repeats a call that a signal interrupted.
template <typename Call>
StreamSocket::Moved Try(Call call) {
  for (;;) {
    const ssize_t count = call();
    if (count >= 0) return {.bytes = static_cast<size_t>(count)};
    if (errno != EINTR) return {.error = errno};
  }
}

}  // namespace

bool StreamSocket::Moved::not_now() const { return error == EAGAIN || error == EWOULDBLOCK; }

StreamSocket::StreamSocket(int descriptor) : descriptor_(descriptor) {
  const int flags = fcntl(descriptor_, F_GETFL);
  if ((flags & O_NONBLOCK) == 0) fcntl(descriptor_, F_SETFL, flags | O_NONBLOCK);
}

StreamSocket::Moved StreamSocket::Read(absl::Span<uint8_t> buffer) {
  return Try([&] { return recv(descriptor_, buffer.data(), buffer.size(), 0); });
}

StreamSocket::Moved StreamSocket::Write(absl::Span<const iovec> buffers) {
  if (buffers.size() == 1) {
    return Try(
        [&] { return send(descriptor_, buffers[0].iov_base, buffers[0].iov_len, MSG_NOSIGNAL); });
  }
  msghdr message = {};
  message.msg_iov = const_cast<iovec*>(buffers.data());  // sendmsg only reads it
  message.msg_iovlen = std::min(buffers.size(), kBuffersMax);
  return Try([&] { return sendmsg(descriptor_, &message, MSG_NOSIGNAL); });
}

bool StreamSocket::EndWriting() { return shutdown(descriptor_, SHUT_WR) == 0; }

void StreamSocket::Close() {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
}

}  // namespace coedit::server
