// Member: one session in the room of one document, and how the two talk.
#ifndef COEDIT_SERVER_MEMBER_H_
#define COEDIT_SERVER_MEMBER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "ot/document.h"
#include "ot/text.h"
#include "proto/codec.h"
#include "proto/messages.h"
#include "server/identity.h"
#include "server/seams.h"
#include "server/wire_error.h"

namespace coedit::server {

class DocumentActor;

// One per accepted `open`, unique in the process: messages of a session that was replaced are told
// apart from its successor's by it.
using MemberId = uint64_t;

// What an actor hands to a session, encoded.
struct Delivery {
  enum class Kind : uint8_t {
    kOpened,    // the channel is live from here on
    kRefused,   // the open failed
    kMessage,   // a commit, or who came and went: must arrive
    kAnswer,    // ack or rejection: the member's operation in flight is settled
    kPresence,  // only the latest of `about` counts
    kClosed,    // the channel ends with it
    kGivenUp,   // no piece: more was under way than may be, and nothing else comes (RemoteLink)
  };
  Kind kind;
  MemberId member;
  proto::Channel channel = 0;  // not of kRefused
  Piece piece;
  MemberId about = 0;                              // kPresence: whose
  absl::Duration pace;                             // not 0: it goes to many, FrameSink::SendPaced
  std::shared_ptr<DocumentActor> actor = nullptr;  // kOpened
  std::optional<ot::Text> parts = std::nullopt;    // kOpened with `more`: to be streamed
};

// The session's side. Deliver is called on the executor of the actor, in the order in which things
// happen there, and must not call back into it.
class MemberLink {
 public:
  virtual ~MemberLink() = default;
  virtual proto::Encoding encoding() const = 0;
  virtual void Deliver(Delivery delivery) = 0;
};

// What a session said in its hello; one record for all that refer to it.
struct SessionInfo {
  std::string session_id;
  Identity identity;
  uint64_t attempt = 0;
  bool takes_parts = false;  // a snapshot may come in parts
};

// An `open` on its way from a session through the hub to an actor.
struct OpenRequest {
  MemberId member = 0;
  std::shared_ptr<MemberLink> link;
  std::shared_ptr<const SessionInfo> session;
  proto::Open open;

  const std::string& client_id() const { return session->identity.client_id; }
};

// The part of it that outlives the session, where its commits do; keeps the whole record.
inline std::shared_ptr<const Identity> IdentityOf(std::shared_ptr<const SessionInfo> session) {
  const Identity* identity = &session->identity;
  return {std::move(session), identity};
}

// One edit by somebody who does not enter the room (an HTTP request). It takes its place in the
// order and waits at the gate like a member's; a resend gets the first answer.
struct Edited {
  ot::Revision revision = 0;
  ot::AuthorNumber author = 0;
  // Not at hand for a resend of what was committed long ago: it stands in the log.
  std::optional<ot::Digest> digest;
};
struct EditRefused {
  WireCode code;
  std::string text;
  bool retry = false;
};
using EditAnswer = std::variant<Edited, EditRefused>;

struct EditRequest {
  std::string document;
  MemberId member = 0;
  std::shared_ptr<const Identity> identity;
  ot::Sequence sequence = 0;
  // Of the operation. Without a delta, `base` is durable and is what the author wants already: that
  // is answered with it, unless the operation was committed before.
  ot::Revision base = 0;
  ot::Delta delta;
  std::optional<uint64_t> operation_identity;  // as in ot::Operation
  // On the actor's executor; dropped without a call only when the hub goes.
  absl::AnyInvocable<void(EditAnswer) &&> done;
};

// Tells the client of `request` that its open failed; `refused.request` is filled in.
void Refuse(const OpenRequest& request, proto::Refused refused);

// Carets and selections of a member, in units of the text at `revision`.
struct ShownPresence {
  ot::Revision revision = 0;
  std::vector<proto::Range> ranges;
  std::optional<std::string> state;
};

// A member as its actor keeps it.
struct Member {
  MemberId id = 0;
  std::shared_ptr<MemberLink> link;
  std::shared_ptr<const SessionInfo> session;
  ot::AuthorNumber author = 0;

  // A member who only reads has none of these.
  std::unique_ptr<ot::Operation> last_operation;  // as submitted: presence may refer to it
  std::unique_ptr<ShownPresence> shown;
  std::unique_ptr<proto::Presence> waiting_presence;  // for the gate or for its rate
  absl::Duration presence_not_before;                 // steady time
  bool presence_timer = false;

  const std::string& client_id() const { return session->identity.client_id; }
  const proto::User& user() const { return session->identity.user; }
};

// What may be told of a member to those who are not in the room.
struct PresentMember {
  std::string session_id;
  ot::AuthorNumber author = 0;
  proto::User user;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_MEMBER_H_
