// OutboundQueue: pieces that wait for one socket, and the frame that is being written.
//
// What waits when the socket is free leaves as one WebSocket message: a gather-write of the shared
// pieces with what the encoding puts around and between them, without copying what is large.
#ifndef COEDIT_SERVER_IO_OUTBOUND_QUEUE_H_
#define COEDIT_SERVER_IO_OUTBOUND_QUEUE_H_

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "proto/codec.h"
#include "server/seams.h"

namespace coedit::server {

// The buffers of a frame. A view: the library copies sequences often, and this is two pointers.
struct FrameBuffers {
  using value_type = boost::asio::const_buffer;
  using const_iterator = const boost::asio::const_buffer*;

  const_iterator first = nullptr;
  const_iterator last = nullptr;

  const_iterator begin() const { return first; }
  const_iterator end() const { return last; }
};

class OutboundQueue {
 public:
  // A frame takes pieces until it has `frame_bytes_max`; a larger piece goes alone. 0: no bound.
  OutboundQueue(proto::FrameGlue glue, size_t frame_bytes_max)
      : glue_(glue), frame_bytes_max_(frame_bytes_max) {}

  void Push(Piece piece);
  // Forgets what has not been begun.
  void DropWaiting();

  bool empty() const { return waiting_.empty(); }
  bool in_flight() const { return in_flight_; }
  // Waiting, and of the frame in flight what the socket has not taken.
  size_t queued_bytes() const { return waiting_bytes_ + flying_bytes_; }

  // Makes a frame of what waits. Its buffers live until OnFrameWritten. Only while something waits
  // and nothing is in flight.
  FrameBuffers TakeFrame();
  // The socket took `count` bytes.
  void OnTaken(size_t count);
  void OnFrameWritten();

 private:
  void Append(absl::string_view bytes);

  const proto::FrameGlue glue_;
  const size_t frame_bytes_max_;
  std::vector<Piece> waiting_;
  size_t waiting_bytes_ = 0;
  bool in_flight_ = false;
  size_t flying_bytes_ = 0;
  std::vector<Piece> flying_;
  std::vector<boost::asio::const_buffer> buffers_;
  std::string copied_;  // small pieces of a frame of many
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_OUTBOUND_QUEUE_H_
