// A RoomMember of a bare Socket.IO room: the server passes on and acknowledges, and keeps nothing.
// It speaks Engine.IO 4 over WebSocket.
#ifndef COEDIT_BENCH_LOAD_ROOM_SOCKETIO_H_
#define COEDIT_BENCH_LOAD_ROOM_SOCKETIO_H_

#include <cstdint>
#include <deque>
#include <string>

#include "bench/load/room_peer.h"

namespace coedit::bench {

class SocketIoMember final : public PeerMember {
 public:
  SocketIoMember(EventLoop* loop, const Options& options, Owner* owner);

  void Type(uint64_t letters) override;
  bool one_in_flight() const override { return false; }

 private:
  void Greet() override {}
  absl::Status Take(absl::string_view message) override;

  const std::string document_;
  uint64_t acks_ = 0;                     // asked for
  std::deque<uint64_t> unacked_letters_;  // of the operations under way
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_ROOM_SOCKETIO_H_
