// Session: one client's conversation over one connection, whatever the transport.
//
// It decodes what comes in, keeps the protocol's order (hello first, a channel live from `opened`
// until `leave` or `closed`), hands requests to the documents' actors, and slows down who sends too
// fast. What goes out passes its Outbox, which decides what a slow reader still gets.
//
// Everything on the executor of its shard. A transport makes it, feeds it, and tells it when the
// connection is gone. With its first `open` it may move to another shard, if the transport can
// (FrameSink::MoveTo): until then nothing but the transport refers to it.
#ifndef COEDIT_SERVER_SESSION_H_
#define COEDIT_SERVER_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/codec.h"
#include "proto/messages.h"
#include "server/admission.h"
#include "server/document_actor.h"
#include "server/environment.h"
#include "server/member.h"
#include "server/outbox.h"
#include "server/shards.h"
#include "server/token_bucket.h"
#include "server/wire_error.h"

namespace coedit::server {

class Session final : public MemberLink, public std::enable_shared_from_this<Session> {
  struct Key {};  // of Make

 public:
  // On the executor of `shard`. `sink` is used until Close was called on it or OnDisconnected,
  // whichever comes first.
  static std::shared_ptr<Session> Make(Shards* shards, size_t shard, FrameSink* sink,
                                       proto::Encoding encoding);

  Session(Key, Shards* shards, size_t shard, FrameSink* sink, proto::Encoding encoding);

  // One whole message of the transport.
  void OnFrame(absl::string_view bytes);
  // The transport has moved to that shard, as MoveTo asked it: on the executor there, where all
  // later calls come too. Goes on with what was held back.
  void OnMoved(size_t shard);
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
    proto::Channel number;
    std::shared_ptr<DocumentActor> actor;
    MemberId member;
    TokenBucket submits;
    bool awaits_answer = false;           // one operation in flight
    std::unique_ptr<proto::Submit> held;  // waits for the bucket
  };
  struct PendingOpen {
    MemberId member;
    std::string document;
  };
  // What came since the transport was asked to move: the rest of one message from the first `open`
  // on, and whole ones behind it.
  struct Held {
    std::vector<proto::Incoming> decoded;
    std::vector<std::string> frames;
  };

  void Take(std::vector<proto::Incoming> incoming);
  // True if the session moves to where this document is, and `open` is held back until it has.
  bool MovesFor(const proto::Open& open);

  void On(const proto::Hello& hello);
  void On(proto::Open& open);
  void On(proto::Submit& submit);
  void On(const proto::BadSubmit& submit);
  void On(proto::Presence& presence);
  void On(proto::Signal& signal);
  void On(const proto::Leave& leave);
  void On(const proto::Authenticate& authenticate);
  void On(const proto::Ping& ping);

  // Where the channel of that number is, or would be.
  std::vector<Channel>::iterator ChannelAt(proto::Channel number);
  // nullptr if it is over, or another member's by now.
  Channel* FindChannel(proto::Channel number, MemberId member);
  // nullptr if the channel is over (its messages are ignored) or, ending the session, never was.
  Channel* ChannelOfMessage(proto::Channel number);
  bool HasOpen(absl::string_view document) const;
  // False, ending the session, if the client floods.
  bool TakeControlToken();
  // True if the channel may take a submit now; refuses one that breaks the one-in-flight rule.
  bool BeginSubmit(Channel& channel, uint64_t sequence);
  void PassOn(Channel& channel, proto::Submit submit);
  void ReleaseHeld(proto::Channel number, MemberId member);
  void EndChannel(proto::Channel number);
  // The client is too slow for this channel; it may resume by revision.
  void GiveUp(const Channel& channel);
  void LeaveActor(const std::shared_ptr<DocumentActor>& actor, MemberId member);
  void Send(const proto::ServerMessage& message);
  // Tells the client why and ends the connection.
  void Fail(WireCode code, std::string text, uint16_t close_code = 0);
  void LeaveAll();

  Shards* shards_;
  size_t shard_;
  const Environment* environment_;  // of that shard
  FrameSink* sink_;
  Outbox outbox_;
  absl::Duration connected_at_;
  State state_ = State::kAwaitingHello;
  bool transport_open_ = true;
  bool opened_before_ = false;  // once an `open` has come, others refer to it: it moves no more

  std::unique_ptr<Held> moving_;  // nullptr: it does not

  Admission::Pass pass_;

  std::shared_ptr<const SessionInfo> info_;  // nullptr before hello
  TokenBucket control_;

  // Together at most limits.documents_per_connection.
  std::vector<PendingOpen> pending_opens_;  // in the order they came
  std::vector<Channel> channels_;           // by their numbers
  // The last that ended, so many as may be open: messages that cross the end are ignored.
  std::vector<proto::Channel> ended_channels_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_SESSION_H_
