// What RoomMembers of other servers share: the socket, and how they fail.
#ifndef COEDIT_BENCH_LOAD_ROOM_PEER_H_
#define COEDIT_BENCH_LOAD_ROOM_PEER_H_

#include <string>

#include "bench/load/room_member.h"

namespace coedit::bench {

class PeerMember : public RoomMember, private WebSocketClient::Listener {
 public:
  uint64_t author() const override { return index() + 1; }
  const WebSocketClient::Traffic& traffic() const override { return socket_.traffic(); }
  void Close() override;

 protected:
  // `endpoint` has the path the protocol wants.
  PeerMember(EventLoop* loop, const Options& options, const Endpoint& endpoint, bool binary,
             Owner* owner);

  // Connected: say what comes first.
  virtual void Greet() = 0;
  // One message of the server; a status that is not OK ends the member.
  virtual absl::Status Take(absl::string_view message) = 0;

  void Send(std::string message) { socket_.Send(std::move(message)); }
  void Opened(uint64_t letters) { owner_->OnOpened(this, letters); }
  void Acked(uint64_t letters) { owner_->OnAcked(this, letters); }
  void Delivered(uint64_t author, uint64_t letters) { owner_->OnDelivered(this, author, letters); }

 private:
  void OnConnected() override { Greet(); }
  void OnMessage(absl::string_view bytes) override;
  void OnDisconnected(const absl::Status& reason) override;

  Owner* const owner_;
  bool ended_ = false;
  WebSocketClient socket_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_ROOM_PEER_H_
