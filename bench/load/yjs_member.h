// LetterMembers of the two Yjs servers: y-websocket, and Hocuspocus, which puts the name of the
// document before each message, wants a token first and acknowledges.
#ifndef COEDIT_BENCH_LOAD_YJS_MEMBER_H_
#define COEDIT_BENCH_LOAD_YJS_MEMBER_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "bench/load/peer_member.h"
#include "bench/load/yjs_update.h"

namespace coedit::bench {

class YjsMember final : public PeerMember {
 public:
  YjsMember(EventLoop* loop, const Options& options, Owner* owner);

  void ShowPresence(uint64_t number) override;

 private:
  void SendOperation(const Operation& operation) override;
  bool one_in_flight() const override { return false; }
  void Greet() override;
  absl::Status Take(absl::string_view message) override;
  absl::Status TakeSync(YjsReader& reader);
  absl::Status TakeState(absl::string_view state);
  absl::Status TakeUpdate(absl::string_view update);
  absl::Status TakeAwareness(absl::string_view update);
  void AskForState();

  const bool hocuspocus_;
  const std::string prefix_;  // of every message
  // Letters of each author, this one's own as far as they are acknowledged: the state vector.
  absl::flat_hash_map<uint64_t, uint64_t> known_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_YJS_MEMBER_H_
