// The messages of the wire as plain values. docs/protocol.md says what they mean.
//
// A decoded message is checked in itself (ids, sizes, JSON, normal form of deltas); whether it fits
// the state of a session or a document is for those to say.
#ifndef COEDIT_PROTO_MESSAGES_H_
#define COEDIT_PROTO_MESSAGES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ot/delta.h"

namespace coedit::proto {

using Channel = uint32_t;
// An ot::ReplicaDigest, "%08x" in JSON.
using WireDigest = uint32_t;

struct User {
  std::string id;
  std::string name;
  std::string color;  // "#rrggbb"
  friend bool operator==(const User&, const User&) = default;
};

struct Range {
  uint64_t anchor = 0;  // units
  uint64_t head = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

struct Known {
  std::string epoch;
  uint64_t revision = 0;
  WireDigest digest = 0;
  friend bool operator==(const Known&, const Known&) = default;
};

// ---- client to server ----

struct Hello {
  uint32_t protocol = 0;
  std::string client_id;
  uint64_t attempt = 0;
  std::string sdk;
  std::optional<std::string> name;
  std::optional<std::string> color;
  std::optional<std::string> token;
  std::vector<std::string> capabilities;
  friend bool operator==(const Hello&, const Hello&) = default;
};

struct Open {
  uint64_t request = 0;
  std::string document;
  std::optional<std::string> create;  // a type name; Session judges whether it is one it knows
  std::optional<Known> known;
  std::optional<uint64_t> in_flight;
  bool composed = false;
  friend bool operator==(const Open&, const Open&) = default;
};

struct Submit {
  Channel channel = 0;
  uint64_t sequence = 0;
  uint64_t revision = 0;
  ot::Delta delta;
  friend bool operator==(const Submit&, const Submit&) = default;
};

struct Presence {
  Channel channel = 0;
  uint64_t revision = 0;
  std::optional<uint64_t> after;
  std::vector<Range> ranges;
  std::optional<std::string> state;  // canonical JSON
  friend bool operator==(const Presence&, const Presence&) = default;
};

struct Signal {
  Channel channel = 0;
  std::string topic;
  std::string payload;  // canonical JSON
  friend bool operator==(const Signal&, const Signal&) = default;
};

struct Leave {
  Channel channel = 0;
  friend bool operator==(const Leave&, const Leave&) = default;
};

struct Authenticate {
  std::string token;
  friend bool operator==(const Authenticate&, const Authenticate&) = default;
};

struct Ping {
  uint64_t nonce = 0;
  friend bool operator==(const Ping&, const Ping&) = default;
};

using ClientMessage =
    std::variant<Hello, Open, Submit, Presence, Signal, Leave, Authenticate, Ping>;

// ---- server to client ----

struct WireLimits {
  uint64_t message_bytes = 0;
  uint64_t delta_components = 0;
  uint64_t document_units = 0;
  uint64_t catch_up_revisions = 0;
  uint64_t presence_bytes = 0;
  uint64_t signal_bytes = 0;
  friend bool operator==(const WireLimits&, const WireLimits&) = default;
};

struct Welcome {
  std::string session_id;
  User user;
  WireLimits limits;
  uint32_t heartbeat_seconds = 0;
  std::string server;
  std::vector<std::string> capabilities;
  friend bool operator==(const Welcome&, const Welcome&) = default;
};

struct Author {
  uint64_t author = 0;
  User user;
  friend bool operator==(const Author&, const Author&) = default;
};

struct MemberInfo {
  std::string session_id;
  uint64_t author = 0;
  std::optional<uint64_t> revision;  // set once presence was sent
  std::vector<Range> ranges;
  std::optional<std::string> state;
  friend bool operator==(const MemberInfo&, const MemberInfo&) = default;
};

struct InFlightFate {
  uint64_t sequence = 0;
  bool committed = false;
  std::optional<uint64_t> revision;
  friend bool operator==(const InFlightFate&, const InFlightFate&) = default;
};

struct Committed {
  Channel channel = 0;  // 0 (absent) inside Opened::commits
  uint64_t revision = 0;
  uint64_t author = 0;
  std::optional<uint64_t> sequence;  // of the client's own, which stand only in Opened::commits
  ot::Delta delta;
  friend bool operator==(const Committed&, const Committed&) = default;
};

struct Opened {
  uint64_t request = 0;
  Channel channel = 0;
  std::string document;
  std::string type;
  std::string epoch;
  uint64_t revision = 0;
  WireDigest digest = 0;
  std::string role;
  uint64_t author = 0;
  uint64_t last_sequence = 0;
  std::vector<Author> authors;
  std::vector<MemberInfo> members;
  std::optional<InFlightFate> in_flight;
  // One of: snapshot; commits; commits and composed; more.
  std::optional<ot::Delta> snapshot;
  std::optional<std::vector<Committed>> commits;
  std::optional<ot::Delta> composed;
  bool more = false;
  friend bool operator==(const Opened&, const Opened&) = default;
};

struct Part {
  Channel channel = 0;
  ot::Delta ops;  // inserts only
  bool last = false;
  friend bool operator==(const Part&, const Part&) = default;
};

struct Refused {
  uint64_t request = 0;
  std::string code;
  std::string text;
  bool retry = false;
  std::optional<uint32_t> after_ms;
  friend bool operator==(const Refused&, const Refused&) = default;
};

struct Ack {
  Channel channel = 0;
  uint64_t sequence = 0;
  uint64_t revision = 0;
  friend bool operator==(const Ack&, const Ack&) = default;
};

struct Rejected {
  Channel channel = 0;
  uint64_t sequence = 0;
  std::string code;
  std::string text;
  friend bool operator==(const Rejected&, const Rejected&) = default;
};

struct MemberPresence {
  Channel channel = 0;
  std::string session_id;
  uint64_t author = 0;
  uint64_t revision = 0;
  std::vector<Range> ranges;
  std::optional<std::string> state;
  friend bool operator==(const MemberPresence&, const MemberPresence&) = default;
};

struct Joined {
  Channel channel = 0;
  std::string session_id;
  uint64_t author = 0;
  User user;
  friend bool operator==(const Joined&, const Joined&) = default;
};

struct Left {
  Channel channel = 0;
  std::string session_id;
  uint64_t author = 0;
  User user;
  friend bool operator==(const Left&, const Left&) = default;
};

struct MemberSignal {
  Channel channel = 0;
  std::string session_id;
  uint64_t author = 0;
  std::string topic;
  std::string payload;
  friend bool operator==(const MemberSignal&, const MemberSignal&) = default;
};

struct Role {
  Channel channel = 0;
  std::string role;
  friend bool operator==(const Role&, const Role&) = default;
};

struct Closed {
  Channel channel = 0;
  std::string code;
  std::string text;
  bool retry = false;
  std::optional<uint32_t> after_ms;
  friend bool operator==(const Closed&, const Closed&) = default;
};

struct Error {
  std::string code;
  std::string text;
  friend bool operator==(const Error&, const Error&) = default;
};

struct GoAway {
  uint32_t after_ms = 0;
  std::string reason;
  friend bool operator==(const GoAway&, const GoAway&) = default;
};

struct Pong {
  uint64_t nonce = 0;
  friend bool operator==(const Pong&, const Pong&) = default;
};

using ServerMessage =
    std::variant<Committed, Ack, MemberPresence, Welcome, Opened, Part, Refused, Rejected, Joined,
                 Left, MemberSignal, Role, Closed, Error, GoAway, Pong>;

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_MESSAGES_H_
