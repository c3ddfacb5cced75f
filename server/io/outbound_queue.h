// OutboundQueue: pieces and control frames that wait for one socket, and the frame it is taking.
//
// What waits when the socket is free leaves as one WebSocket message.
#ifndef COEDIT_SERVER_IO_OUTBOUND_QUEUE_H_
#define COEDIT_SERVER_IO_OUTBOUND_QUEUE_H_

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proto/codec.h"
#include "server/io/outbound_frame.h"
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
  bool in_flight() const { return frame_ != nullptr; }
  // Of pieces: waiting, and of the frame in flight what the socket has not taken.
  size_t queued_bytes() const {
    return waiting_bytes_ + (frame_ != nullptr ? frame_->piece_bytes() : 0);
  }
  size_t control_bytes() const { return control_.size(); }

  // Begins to write what waits, by way of `frame`, an empty one. Only while something waits and
  // nothing is in flight.
  void TakeFrame(std::unique_ptr<OutboundFrame> frame);
  // What is in flight and not taken. Lives until the next call but PushControl and Push.
  absl::Span<const iovec> unsent() const { return frame_->unsent(); }
  // The socket took `count` bytes of it. Answers the frame, empty, if that was all of it.
  std::unique_ptr<OutboundFrame> OnTaken(size_t count);
  // Gives back the room that earlier pieces made, where none is queued.
  void Trim();

 private:
  const proto::Encoding encoding_;
  const size_t frame_bytes_max_;
  std::vector<Piece> waiting_;
  size_t waiting_bytes_ = 0;
  std::string control_;
  std::unique_ptr<OutboundFrame> frame_;  // in flight
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_OUTBOUND_QUEUE_H_
