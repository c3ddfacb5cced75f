// A RoomMember of ShareDB (JSON messages of sharedb 5, type rich-text).
#ifndef COEDIT_BENCH_LOAD_ROOM_SHAREDB_H_
#define COEDIT_BENCH_LOAD_ROOM_SHAREDB_H_

#include <string>

#include "bench/load/room_peer.h"

namespace coedit::bench {

class ShareDbMember final : public PeerMember {
 public:
  ShareDbMember(EventLoop* loop, const Options& options, Owner* owner);

  void Type(uint64_t letters) override;
  bool one_in_flight() const override { return true; }

 private:
  void Greet() override;
  absl::Status Take(absl::string_view message) override;

  const std::string document_;
  uint64_t version_ = 0;   // of the document, as far as this member has heard
  uint64_t sequence_ = 0;  // of the last operation sent
  uint64_t in_flight_letters_ = 0;
  bool creating_ = false;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_ROOM_SHAREDB_H_
