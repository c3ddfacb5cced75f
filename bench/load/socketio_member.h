// A LetterMember of a bare Socket.IO room: the server passes on and acknowledges, and keeps
// nothing, so nobody can come back to what was missed. It speaks Engine.IO 4 over WebSocket.
#ifndef COEDIT_BENCH_LOAD_SOCKETIO_MEMBER_H_
#define COEDIT_BENCH_LOAD_SOCKETIO_MEMBER_H_

#include <cstdint>
#include <string>

#include "bench/load/peer_member.h"

namespace coedit::bench {

class SocketIoMember final : public PeerMember {
 public:
  SocketIoMember(EventLoop* loop, const Options& options, Owner* owner);

  void ShowPresence(uint64_t number) override;

 private:
  void SendOperation(const Operation& operation) override;
  bool one_in_flight() const override { return false; }
  void Greet() override {}
  absl::Status Take(absl::string_view message) override;

  const std::string document_;
  uint64_t acks_ = 0;  // asked for
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_SOCKETIO_MEMBER_H_
