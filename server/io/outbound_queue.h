// OutboundQueue: pieces that wait for one socket, and the frame that is being written.
//
// What waits when the socket is free leaves as one WebSocket message: a gather-write of its header,
// the shared pieces, and what the encoding puts around and between them, without copying what is
// large. Control frames go before it.
#ifndef COEDIT_SERVER_IO_OUTBOUND_QUEUE_H_
#define COEDIT_SERVER_IO_OUTBOUND_QUEUE_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "proto/codec.h"
#include "server/seams.h"

namespace coedit::server {

class OutboundQueue {
 public:
  // A frame takes pieces until it has `frame_bytes_max`; a larger piece goes alone. 0: no bound.
  OutboundQueue(proto::Encoding encoding, size_t frame_bytes_max)
      : encoding_(encoding), frame_bytes_max_(frame_bytes_max) {}

  void Push(Piece piece);
  // Bytes that are complete: a control frame, or the answer to the handshake.
  void PushControl(absl::string_view bytes) { control_.append(bytes.data(), bytes.size()); }
  // Forgets the pieces that have not been begun.
  void DropWaiting();

  bool empty() const { return waiting_.empty() && control_.empty(); }
  bool in_flight() const { return next_ < buffers_.size(); }
  // Of pieces: waiting, and of the frame in flight what the socket has not taken.
  size_t queued_bytes() const { return waiting_bytes_ + flying_bytes_; }
  size_t control_bytes() const { return control_.size(); }

  // Begins to write what waits. Only while something waits and nothing is in flight.
  void TakeFrame();
  // What is in flight and not taken. Lives until the next call but PushControl and Push.
  absl::Span<const iovec> unsent() const { return absl::MakeConstSpan(buffers_).subspan(next_); }
  // The socket took `count` bytes of it.
  void OnTaken(size_t count);
  // Gives back the room that earlier frames made, where nothing is queued.
  void Trim();

 private:
  static constexpr size_t kHeaderBytesMax = 10;

  // A copy of `bytes` leaves next; the bytes themselves do.
  void Append(absl::string_view bytes);
  void Add(absl::string_view bytes);
  void OnFrameWritten();

  const proto::Encoding encoding_;
  char header_[kHeaderBytesMax];
  const size_t frame_bytes_max_;
  std::vector<Piece> waiting_;
  size_t waiting_bytes_ = 0;
  std::string control_;
  // In flight.
  size_t flying_bytes_ = 0;
  size_t next_ = 0;  // the first buffer that is not taken whole
  std::vector<Piece> flying_;
  std::vector<iovec> buffers_;
  std::string copied_;  // control frames, and small pieces of a frame of many
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_OUTBOUND_QUEUE_H_
