// Session: one client's conversation over one connection, whatever the transport.
//
// It decodes what comes in, keeps the protocol's order (hello first, a channel live from `opened`
// until `leave` or `closed`), hands requests to the documents' actors, and slows down who sends too
// fast. What goes out passes its Outbox, which decides what a slow reader still gets.
//
// Everything on the environment's executor. A transport makes it, feeds it, and tells it when the
// connection is gone.
#ifndef COEDIT_SERVER_SESSION_H_
#define COEDIT_SERVER_SESSION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "proto/codec.h"
#include "proto/messages.h"
#include "server/admission.h"
#include "server/document_actor.h"
#include "server/environment.h"
#include "server/hub.h"
#include "server/member.h"
#include "server/outbox.h"
#include "server/token_bucket.h"
#include "server/wire_error.h"

namespace coedit::server {

class Session final : public MemberLink, public std::enable_shared_from_this<Session> {
 public:
  // `sink` is used until Close was called on it or OnDisconnected, whichever comes first.
  static std::shared_ptr<Session> Make(const Environment* environment, Hub* hub, FrameSink* sink,
                                       proto::Encoding encoding);

  // One whole message of the transport.
  void OnFrame(absl::string_view bytes);
  // The transport took what was queued (all or nearly all of it).
  void OnDrained();
  // About once a second: deadlines.
  void OnTick();
  // The transport is gone. Nothing is sent afterwards.
  void OnDisconnected();
  // The process goes down: asks the client to come back after a while, and closes.
  void OnShutdown(absl::Duration come_back_after);

  // Hello was accepted: from here on the larger limits hold.
  bool welcomed() const { return state_ == State::kLive; }

  // MemberLink.
  proto::Encoding encoding() const override { return outbox_.encoding(); }
  void Deliver(Delivery delivery) override;

 private:
  enum class State : uint8_t { kAwaitingHello, kLive, kEnded };

  struct Channel {
    std::shared_ptr<DocumentActor> actor;
    MemberId member;
    TokenBucket submits;
    bool awaits_answer = false;           // one operation in flight
    std::unique_ptr<proto::Submit> held;  // waits for the bucket
  };
  struct PendingOpen {
    std::string document;
    uint64_t request;
  };

  Session(const Environment* environment, Hub* hub, FrameSink* sink, proto::Encoding encoding);

  void On(const proto::Hello& hello);
  void On(proto::Open& open);
  void On(proto::Submit& submit);
  void On(const proto::BadSubmit& submit);
  void On(proto::Presence& presence);
  void On(proto::Signal& signal);
  void On(const proto::Leave& leave);
  void On(const proto::Authenticate& authenticate);
  void On(const proto::Ping& ping);

  // nullptr if the channel is over (its messages are ignored) or, ending the session, never was.
  Channel* FindChannel(proto::Channel channel);
  // False, ending the session, if the client floods.
  bool TakeControlToken();
  // True if the channel may take a submit now; refuses one that breaks the one-in-flight rule.
  bool BeginSubmit(Channel& channel, proto::Channel number, uint64_t sequence);
  void PassOn(Channel& channel, proto::Submit submit);
  void ReleaseHeld(proto::Channel number, MemberId member);
  void EndChannel(proto::Channel number);
  void LeaveActor(const std::shared_ptr<DocumentActor>& actor, MemberId member);
  void Send(const proto::ServerMessage& message);
  // Tells the client why and ends the connection.
  void Fail(WireCode code, std::string text, uint16_t close_code = 0);
  void LeaveAll();

  const Environment* environment_;
  Hub* hub_;
  FrameSink* sink_;
  Outbox outbox_;
  State state_ = State::kAwaitingHello;
  bool transport_open_ = true;
  absl::Duration connected_at_;

  Admission::Pass pass_;

  std::string session_id_;
  std::string client_id_;
  uint64_t attempt_ = 0;
  proto::User user_;
  bool parts_ = false;
  TokenBucket control_;

  // Those that are walked over have an order: one run is like another.
  std::map<MemberId, PendingOpen> pending_opens_;
  std::map<proto::Channel, Channel> channels_;
  absl::flat_hash_map<MemberId, proto::Channel> channel_of_member_;
  absl::flat_hash_set<std::string> documents_;          // open or being opened
  absl::flat_hash_set<proto::Channel> ended_channels_;  // messages that cross the end are ignored
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_SESSION_H_
