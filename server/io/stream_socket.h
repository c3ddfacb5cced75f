// StreamSocket: a connected TCP socket that never blocks; four calls without an event loop.
#ifndef COEDIT_SERVER_IO_STREAM_SOCKET_H_
#define COEDIT_SERVER_IO_STREAM_SOCKET_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/types/span.h"

namespace coedit::server {

class StreamSocket {
 public:
  // Of a read or write: how many bytes, or why none.
  struct Moved {
    size_t bytes = 0;
    int error = 0;  // errno; EAGAIN: not now
    bool not_now() const;
  };

  StreamSocket() = default;
  // Takes the descriptor over and makes it non-blocking.
  explicit StreamSocket(int descriptor);
  StreamSocket(StreamSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  StreamSocket& operator=(StreamSocket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~StreamSocket() { Close(); }

  int descriptor() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

  // No bytes and no error: the peer has ended its half.
  Moved Read(absl::Span<uint8_t> buffer);
  Moved Write(absl::Span<const iovec> buffers);
  // Nothing is written any more; the peer reads the end. False if the connection is broken.
  bool EndWriting();
  void Close();

 private:
  int descriptor_ = -1;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_STREAM_SOCKET_H_
