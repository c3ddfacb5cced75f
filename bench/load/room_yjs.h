// RoomMembers of the two Yjs servers: y-websocket, and Hocuspocus, which puts the name of the
// document before each message, wants a token first and acknowledges.
#ifndef COEDIT_BENCH_LOAD_ROOM_YJS_H_
#define COEDIT_BENCH_LOAD_ROOM_YJS_H_

#include <cstdint>
#include <deque>
#include <string>

#include "bench/load/room_peer.h"

namespace coedit::bench {

class YjsMember final : public PeerMember {
 public:
  YjsMember(EventLoop* loop, const Options& options, Owner* owner);

  void Type(uint64_t letters) override;
  bool one_in_flight() const override { return false; }

 private:
  void Greet() override;
  absl::Status Take(absl::string_view message) override;
  absl::Status TakeUpdate(absl::string_view update);
  void AskForState();

  const bool hocuspocus_;
  const std::string prefix_;  // of every message
  bool open_ = false;
  uint64_t typed_letters_ = 0;
  std::deque<uint64_t> unacked_letters_;  // Hocuspocus: of the updates under way
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_ROOM_YJS_H_
