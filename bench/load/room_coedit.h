// A RoomMember of coedit itself.
#ifndef COEDIT_BENCH_LOAD_ROOM_COEDIT_H_
#define COEDIT_BENCH_LOAD_ROOM_COEDIT_H_

#include "bench/load/connection.h"
#include "bench/load/room_member.h"

namespace coedit::bench {

class CoeditMember final : public RoomMember, private Connection::Listener {
 public:
  CoeditMember(EventLoop* loop, const Options& options, Owner* owner);

  void Type(uint64_t letters) override;
  bool one_in_flight() const override { return true; }
  uint64_t author() const override { return author_; }
  const WebSocketClient::Traffic& traffic() const override { return connection_.traffic(); }
  void Close() override { connection_.Close(); }

 private:
  void OnOpened(const proto::Opened& opened, ot::Text text) override;
  void OnCommitted(const proto::Committed& committed) override;
  void OnAck(const proto::Ack& ack) override;
  void OnFailed(const absl::Status& reason) override;

  Owner* const owner_;
  uint64_t author_ = 0;
  uint64_t revision_ = 0;
  uint64_t sequence_ = 0;
  uint64_t in_flight_letters_ = 0;
  Connection connection_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_ROOM_COEDIT_H_
