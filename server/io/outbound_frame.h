// OutboundFrame: one WebSocket message on its way into a socket, with the control frames before it.
//
// A gather-write of its header, the shared pieces, and what the encoding puts around and between
// them, without copying what is large. Nearly always the socket takes all of it at once, so a
// thread needs but one for all its connections; one that was not taken whole stays with its
// connection.
#ifndef COEDIT_SERVER_IO_OUTBOUND_FRAME_H_
#define COEDIT_SERVER_IO_OUTBOUND_FRAME_H_

#include <sys/uio.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proto/codec.h"
#include "server/seams.h"

namespace coedit::server {

class OutboundFrame {
 public:
  OutboundFrame() = default;
  // Buffers point into it.
  OutboundFrame(const OutboundFrame&) = delete;
  OutboundFrame& operator=(const OutboundFrame&) = delete;

  // Of an empty one. `control`: bytes that are complete; `pieces` are moved from.
  void Begin(absl::string_view control, proto::Encoding encoding, absl::Span<Piece> pieces);

  bool empty() const { return next_ == buffers_.size(); }
  // Of the pieces, what the socket has not taken.
  size_t piece_bytes() const { return piece_bytes_; }
  // What is not taken. Lives until the next call.
  absl::Span<const iovec> unsent() const { return absl::MakeConstSpan(buffers_).subspan(next_); }
  // The socket took `count` bytes of it. With the last of them the pieces are let go.
  void OnTaken(size_t count);

 private:
  static constexpr size_t kHeaderBytesMax = 10;

  // A copy of `bytes` leaves next; the bytes themselves do.
  void Append(absl::string_view bytes);
  void Add(absl::string_view bytes);

  char header_[kHeaderBytesMax];
  size_t piece_bytes_ = 0;
  size_t next_ = 0;  // the first buffer that is not taken whole
  std::vector<Piece> pieces_;
  std::vector<iovec> buffers_;
  std::string copied_;  // control frames, and small pieces of a frame of many
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_OUTBOUND_FRAME_H_
