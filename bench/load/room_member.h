// RoomMember: one client of one document on one server, whichever protocol that server speaks.
//
// To compare servers the same load is given to all of them: members insert letters and count what
// comes back. A member keeps no text. Where a server transforms operations, letters go to the front
// of the text, where an insert fits whatever others have done; where it merges replicas, behind
// the member's own last letter, as typing does.
#ifndef COEDIT_BENCH_LOAD_ROOM_MEMBER_H_
#define COEDIT_BENCH_LOAD_ROOM_MEMBER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "bench/load/endpoint.h"
#include "bench/load/event_loop.h"
#include "bench/load/websocket_client.h"

namespace coedit::bench {

// The servers that can be driven. `bench/peers/server` holds those that are not ours.
enum class RoomProtocol : uint8_t { kCoedit, kShareDb, kYWebsocket, kHocuspocus, kSocketIo };

class RoomMember {
 public:
  // Called from the loop; none may destroy the member.
  class Owner {
   public:
    virtual ~Owner() = default;
    // The document is open and holds `letters`.
    virtual void OnOpened(RoomMember* member, uint64_t letters) = 0;
    // The server has taken the next `letters` of this member's own.
    virtual void OnAcked(RoomMember* member, uint64_t letters) = 0;
    // The next `letters` of another member, named by its author(), arrived.
    virtual void OnDelivered(RoomMember* member, uint64_t author, uint64_t letters) = 0;
    // The last call.
    virtual void OnFailed(RoomMember* member, const absl::Status& reason) = 0;
  };

  struct Options {
    RoomProtocol protocol = RoomProtocol::kCoedit;
    Endpoint endpoint;
    std::string document;
    size_t index = 0;  // among all members of the load: the name in protocols that let one choose
  };

  // Begins to connect. `loop` and `owner` outlive the member. The first member of a document opens
  // it before another one is made: with some servers it has to create it.
  static std::unique_ptr<RoomMember> Make(EventLoop* loop, const Options& options, Owner* owner);
  virtual ~RoomMember() = default;

  // Sends one operation of `letters`. Open only (CHECKed), and where one_in_flight() only when the
  // last one is acknowledged.
  virtual void Type(uint64_t letters) = 0;
  // True where the protocol wants the ack of an operation before the next.
  virtual bool one_in_flight() const = 0;
  // How other members' deliveries name this one. Open only.
  virtual uint64_t author() const = 0;
  virtual const WebSocketClient::Traffic& traffic() const = 0;
  virtual void Close() = 0;

  size_t index() const { return index_; }

 protected:
  explicit RoomMember(size_t index) : index_(index) {}

 private:
  const size_t index_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_ROOM_MEMBER_H_
