#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/codec_protobuf.h"
#include "proto/coedit.pb.h"
#include "proto/error_text.h"
#include "proto/flat_delta.h"
#include "proto/json_tree.h"
#include "proto/message_rules.h"
#include "proto/wire_format.h"

namespace coedit::proto {
namespace {

// ---- reading what clients send ----

absl::StatusOr<Incoming> Finish(const WireReader& reader, ClientMessage message,
                                const DecodeLimits& limits) {
  if (!reader.status().ok()) return reader.status();
  if (absl::Status status = CheckMessage(message, limits); !status.ok()) return status;
  return Incoming(std::move(message));
}

// A JSON text inside a message, in canonical form.
std::string ReadJson(WireReader* reader, absl::string_view name, int64_t bytes_max,
                     const DecodeLimits& limits) {
  const absl::StatusOr<JsonTree> tree = JsonTree::Parse(reader->Bytes(name));
  if (!tree.ok()) {
    reader->Fail(Wrong(name, tree.status().message()));
    return {};
  }
  absl::StatusOr<std::string> canonical = ReadJsonField(name, tree->root(), bytes_max, limits);
  reader->Fail(canonical.status());
  return canonical.ok() ? *std::move(canonical) : std::string();
}

// Before a vector grows: what is built is in proportion to the limits, not to the frame.
void CheckRoom(absl::string_view name, size_t used, int64_t entries_max, WireReader* reader) {
  if (static_cast<int64_t>(used) < entries_max) return;
  reader->Fail(Wrong(name, "more than ", entries_max, " entries"));
}

absl::StatusOr<Incoming> ReadHello(absl::string_view bytes, const DecodeLimits& limits) {
  Hello message;
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case v1::Hello::kProtocolFieldNumber:
        message.protocol = reader.Uint32("protocol");
        break;
      case v1::Hello::kClientIdFieldNumber:
        message.client_id = reader.Text("clientId");
        break;
      case v1::Hello::kAttemptFieldNumber:
        message.attempt = reader.Varint("attempt");
        break;
      case v1::Hello::kSdkFieldNumber:
        message.sdk = reader.Text("sdk");
        break;
      case v1::Hello::kNameFieldNumber:
        message.name = reader.Text("name");
        break;
      case v1::Hello::kColorFieldNumber:
        message.color = reader.Text("color");
        break;
      case v1::Hello::kTokenFieldNumber:
        message.token = reader.Text("token");
        break;
      case v1::Hello::kCapabilitiesFieldNumber:
        CheckRoom("capabilities", message.capabilities.size(), limits.capabilities_max, &reader);
        message.capabilities.push_back(reader.Text("capabilities"));
        break;
      default:
        break;  // unknown fields are ignored
    }
  }
  return Finish(reader, std::move(message), limits);
}

Known ReadKnown(WireReader* outer) {
  Known known;
  WireReader reader(outer->Bytes("known"));
  while (reader.Next()) {
    switch (reader.field()) {
      case v1::Known::kEpochFieldNumber:
        known.epoch = reader.Text("epoch");
        break;
      case v1::Known::kRevisionFieldNumber:
        known.revision = reader.Varint("revision");
        break;
      case v1::Known::kDigestFieldNumber:
        known.digest = reader.Fixed32("digest");
        break;
      default:
        break;
    }
  }
  outer->Fail(In("known", reader.status()));
  return known;
}

absl::StatusOr<Incoming> ReadOpen(absl::string_view bytes, const DecodeLimits& limits) {
  Open message;
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case v1::Open::kRequestFieldNumber:
        message.request = reader.Varint("request");
        break;
      case v1::Open::kDocumentFieldNumber:
        message.document = reader.Text("document");
        break;
      case v1::Open::kCreateFieldNumber:
        message.create = reader.Text("create");
        break;
      case v1::Open::kKnownFieldNumber:
        message.known = ReadKnown(&reader);
        break;
      case v1::Open::kInFlightFieldNumber:
        message.in_flight = reader.Varint("inFlight");
        break;
      case v1::Open::kComposedFieldNumber:
        message.composed = reader.Bool("composed");
        break;
      default:
        break;
    }
  }
  return Finish(reader, std::move(message), limits);
}

// Once channel and sequence are known, what is wrong is told to the author of that operation alone.
absl::StatusOr<Incoming> ReadSubmit(absl::string_view bytes, const DecodeLimits& limits) {
  Submit message;
  absl::string_view delta_bytes;
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case v1::Submit::kChannelFieldNumber:
        message.channel = reader.Uint32("channel");
        break;
      case v1::Submit::kSequenceFieldNumber:
        message.sequence = reader.Varint("sequence");
        break;
      case v1::Submit::kRevisionFieldNumber:
        message.revision = reader.Varint("revision");
        break;
      case v1::Submit::kDeltaFieldNumber:
        delta_bytes = reader.Bytes("delta");
        break;
      default:
        break;
    }
  }
  if (!reader.status().ok()) return reader.status();
  if (absl::Status status = CheckInteger("channel", message.channel, 1, kChannelMax);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckInteger("sequence", message.sequence, 1, kWireIntegerMax);
      !status.ok()) {
    return status;
  }
  absl::Status problem = CheckInteger("revision", message.revision, 0, kWireIntegerMax);
  if (problem.ok()) {
    absl::StatusOr<ot::Delta> delta = ReadWireDelta(delta_bytes, limits);
    if (delta.ok()) {
      message.delta = *std::move(delta);
    } else {
      problem = In("delta", delta.status());
    }
  }
  if (!problem.ok()) {
    return Incoming(BadSubmit{message.channel, message.sequence, std::string(problem.message())});
  }
  return Incoming(ClientMessage(std::move(message)));
}

Range ReadRange(WireReader* outer) {
  Range range;
  WireReader reader(outer->Bytes("ranges"));
  while (reader.Next()) {
    switch (reader.field()) {
      case v1::Range::kAnchorFieldNumber:
        range.anchor = reader.Varint("anchor");
        break;
      case v1::Range::kHeadFieldNumber:
        range.head = reader.Varint("head");
        break;
      default:
        break;
    }
  }
  outer->Fail(In("ranges", reader.status()));
  return range;
}

absl::StatusOr<Incoming> ReadPresence(absl::string_view bytes, const DecodeLimits& limits) {
  Presence message;
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case v1::Presence::kChannelFieldNumber:
        message.channel = reader.Uint32("channel");
        break;
      case v1::Presence::kRevisionFieldNumber:
        message.revision = reader.Varint("revision");
        break;
      case v1::Presence::kAfterFieldNumber:
        message.after = reader.Varint("after");
        break;
      case v1::Presence::kRangesFieldNumber:
        CheckRoom("ranges", message.ranges.size(), limits.presence_ranges_max, &reader);
        message.ranges.push_back(ReadRange(&reader));
        break;
      case v1::Presence::kStateFieldNumber:
        message.state = ReadJson(&reader, "state", limits.presence_bytes_max, limits);
        break;
      default:
        break;
    }
  }
  // As in JSON, where null stands for an absent state.
  if (message.state == "null") message.state.reset();
  return Finish(reader, std::move(message), limits);
}

absl::StatusOr<Incoming> ReadSignal(absl::string_view bytes, const DecodeLimits& limits) {
  Signal message;
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case v1::Signal::kChannelFieldNumber:
        message.channel = reader.Uint32("channel");
        break;
      case v1::Signal::kTopicFieldNumber:
        message.topic = reader.Text("topic");
        break;
      case v1::Signal::kPayloadFieldNumber:
        message.payload = ReadJson(&reader, "payload", limits.signal_bytes_max, limits);
        break;
      default:
        break;
    }
  }
  if (message.payload.empty()) reader.Fail(Wrong("payload", "is missing"));
  return Finish(reader, std::move(message), limits);
}

absl::StatusOr<Incoming> ReadLeave(absl::string_view bytes, const DecodeLimits& limits) {
  Leave message;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == v1::Leave::kChannelFieldNumber)
      message.channel = reader.Uint32("channel");
  }
  return Finish(reader, message, limits);
}

absl::StatusOr<Incoming> ReadAuthenticate(absl::string_view bytes, const DecodeLimits& limits) {
  Authenticate message;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == v1::Authenticate::kTokenFieldNumber) message.token = reader.Text("token");
  }
  return Finish(reader, std::move(message), limits);
}

absl::StatusOr<Incoming> ReadPing(absl::string_view bytes, const DecodeLimits& limits) {
  Ping message;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == v1::Ping::kNonceFieldNumber) message.nonce = reader.Varint("nonce");
  }
  return Finish(reader, message, limits);
}

struct Kind {
  int field;
  absl::string_view name;
  absl::StatusOr<Incoming> (*read)(absl::string_view, const DecodeLimits&);
};
constexpr Kind kKinds[] = {
    {v1::ClientMessage::kSubmitFieldNumber, "submit", ReadSubmit},
    {v1::ClientMessage::kPresenceFieldNumber, "presence", ReadPresence},
    {v1::ClientMessage::kPingFieldNumber, "ping", ReadPing},
    {v1::ClientMessage::kHelloFieldNumber, "hello", ReadHello},
    {v1::ClientMessage::kOpenFieldNumber, "open", ReadOpen},
    {v1::ClientMessage::kSignalFieldNumber, "signal", ReadSignal},
    {v1::ClientMessage::kLeaveFieldNumber, "leave", ReadLeave},
    {v1::ClientMessage::kAuthenticateFieldNumber, "authenticate", ReadAuthenticate},
};

absl::StatusOr<Incoming> ReadMessage(absl::string_view bytes, const DecodeLimits& limits) {
  WireReader reader(bytes);
  if (!reader.Next()) {
    return reader.status().ok() ? Wrong("", "a message without a kind") : reader.status();
  }
  const uint32_t field = reader.field();
  for (const Kind& kind : kKinds) {
    if (static_cast<uint32_t>(kind.field) != field) continue;
    const absl::string_view body = reader.Bytes(kind.name);
    if (reader.status().ok() && reader.Next()) {
      return Wrong("", "a message of two kinds, fields ", field, " and ", reader.field());
    }
    if (!reader.status().ok()) return reader.status();
    absl::StatusOr<Incoming> message = kind.read(body, limits);
    if (!message.ok()) return In(kind.name, message.status());
    return message;
  }
  return Wrong("", "unknown message, field ", field);
}

// ---- writing what servers send ----

// Writes the body of a message. Each overload appends to the same string.
struct BodyWriter {
  std::string* out;

  void User(int field, const User& user) const {
    WireWriter(out).Message(field, [&] {
      WireWriter(out)
          .Text(v1::User::kIdFieldNumber, user.id)
          .Text(v1::User::kNameFieldNumber, user.name)
          .Text(v1::User::kColorFieldNumber, user.color);
    });
  }
  void Ranges(int field, const std::vector<Range>& ranges) const {
    for (const Range& range : ranges) {
      WireWriter(out).Message(field, [&] {
        WireWriter(out)
            .Varint(v1::Range::kAnchorFieldNumber, range.anchor)
            .Varint(v1::Range::kHeadFieldNumber, range.head);
      });
    }
  }
  void Delta(int field, const ot::Delta& delta) const {
    WireWriter(out).Message(field, [&] { AppendWireDelta(delta, out); });
  }

  void operator()(const Committed& message) const {
    WireWriter(out)
        .Varint(v1::Committed::kChannelFieldNumber, message.channel)
        .Varint(v1::Committed::kRevisionFieldNumber, message.revision)
        .Varint(v1::Committed::kAuthorFieldNumber, message.author)
        .OptionalVarint(v1::Committed::kSequenceFieldNumber, message.sequence);
    AppendWireDelta(message.delta, out, v1::Committed::kOpsFieldNumber);
  }
  void operator()(const Ack& message) const {
    WireWriter(out)
        .Varint(v1::Ack::kChannelFieldNumber, message.channel)
        .Varint(v1::Ack::kSequenceFieldNumber, message.sequence)
        .Varint(v1::Ack::kRevisionFieldNumber, message.revision);
  }
  void operator()(const MemberPresence& message) const {
    WireWriter writer(out);
    writer.Varint(v1::MemberPresence::kChannelFieldNumber, message.channel)
        .Text(v1::MemberPresence::kSessionIdFieldNumber, message.session_id)
        .Varint(v1::MemberPresence::kAuthorFieldNumber, message.author)
        .Varint(v1::MemberPresence::kRevisionFieldNumber, message.revision);
    Ranges(v1::MemberPresence::kRangesFieldNumber, message.ranges);
    writer.OptionalText(v1::MemberPresence::kStateFieldNumber, message.state);
  }
  void operator()(const Welcome& message) const {
    WireWriter writer(out);
    writer.Text(v1::Welcome::kSessionIdFieldNumber, message.session_id);
    User(v1::Welcome::kUserFieldNumber, message.user);
    writer
        .Message(v1::Welcome::kLimitsFieldNumber,
                 [&] {
                   WireWriter(out)
                       .Varint(v1::Limits::kMessageBytesFieldNumber, message.limits.message_bytes)
                       .Varint(v1::Limits::kDeltaComponentsFieldNumber,
                               message.limits.delta_components)
                       .Varint(v1::Limits::kDocumentUnitsFieldNumber, message.limits.document_units)
                       .Varint(v1::Limits::kCatchUpRevisionsFieldNumber,
                               message.limits.catch_up_revisions)
                       .Varint(v1::Limits::kPresenceBytesFieldNumber, message.limits.presence_bytes)
                       .Varint(v1::Limits::kSignalBytesFieldNumber, message.limits.signal_bytes);
                 })
        .Varint(v1::Welcome::kHeartbeatSecondsFieldNumber, message.heartbeat_seconds)
        .Text(v1::Welcome::kServerFieldNumber, message.server)
        .Texts(v1::Welcome::kCapabilitiesFieldNumber, message.capabilities);
  }
  void operator()(const Author& author) const {
    WireWriter(out).Varint(v1::Author::kAuthorFieldNumber, author.author);
    User(v1::Author::kUserFieldNumber, author.user);
  }
  void operator()(const MemberInfo& member) const {
    WireWriter writer(out);
    writer.Text(v1::Member::kSessionIdFieldNumber, member.session_id)
        .Varint(v1::Member::kAuthorFieldNumber, member.author);
    if (!member.revision) return;  // no presence yet
    writer.OptionalVarint(v1::Member::kRevisionFieldNumber, member.revision);
    Ranges(v1::Member::kRangesFieldNumber, member.ranges);
    writer.OptionalText(v1::Member::kStateFieldNumber, member.state);
  }
  void operator()(const InFlightFate& fate) const {
    WireWriter(out)
        .Varint(v1::InFlight::kSequenceFieldNumber, fate.sequence)
        .Bool(v1::InFlight::kCommittedFieldNumber, fate.committed)
        .OptionalVarint(v1::InFlight::kRevisionFieldNumber, fate.revision);
  }
  void operator()(const Opened& message) const {
    WireWriter writer(out);
    writer.Varint(v1::Opened::kRequestFieldNumber, message.request)
        .Varint(v1::Opened::kChannelFieldNumber, message.channel)
        .Text(v1::Opened::kDocumentFieldNumber, message.document)
        .Text(v1::Opened::kTypeFieldNumber, message.type)
        .Text(v1::Opened::kEpochFieldNumber, message.epoch)
        .Varint(v1::Opened::kRevisionFieldNumber, message.revision)
        .Fixed32(v1::Opened::kDigestFieldNumber, message.digest)
        .Text(v1::Opened::kRoleFieldNumber, message.role)
        .Varint(v1::Opened::kAuthorFieldNumber, message.author)
        .Varint(v1::Opened::kLastSequenceFieldNumber, message.last_sequence);
    for (const Author& author : message.authors) {
      writer.Message(v1::Opened::kAuthorsFieldNumber, [&] { (*this)(author); });
    }
    for (const MemberInfo& member : message.members) {
      writer.Message(v1::Opened::kMembersFieldNumber, [&] { (*this)(member); });
    }
    if (message.in_flight) {
      writer.Message(v1::Opened::kInFlightFieldNumber, [&] { (*this)(*message.in_flight); });
    }
    if (message.snapshot) Delta(v1::Opened::kSnapshotFieldNumber, *message.snapshot);
    if (message.commits) {
      writer.Message(v1::Opened::kCommitsFieldNumber, [&] {
        for (const Committed& commit : *message.commits) {
          WireWriter(out).Message(v1::Commits::kCommitsFieldNumber, [&] { (*this)(commit); });
        }
      });
    }
    if (message.composed) Delta(v1::Opened::kComposedFieldNumber, *message.composed);
    writer.Bool(v1::Opened::kMoreFieldNumber, message.more);
  }
  void operator()(const Part& message) const {
    WireWriter writer(out);
    writer.Varint(v1::Part::kChannelFieldNumber, message.channel);
    Delta(v1::Part::kOpsFieldNumber, message.ops);
    writer.Bool(v1::Part::kLastFieldNumber, message.last);
  }
  void operator()(const Refused& message) const {
    WireWriter(out)
        .Varint(v1::Refused::kRequestFieldNumber, message.request)
        .Text(v1::Refused::kCodeFieldNumber, message.code)
        .Text(v1::Refused::kTextFieldNumber, message.text)
        .Bool(v1::Refused::kRetryFieldNumber, message.retry)
        .OptionalVarint(v1::Refused::kAfterMsFieldNumber, message.after_ms);
  }
  void operator()(const Rejected& message) const {
    WireWriter(out)
        .Varint(v1::Rejected::kChannelFieldNumber, message.channel)
        .Varint(v1::Rejected::kSequenceFieldNumber, message.sequence)
        .Text(v1::Rejected::kCodeFieldNumber, message.code)
        .Text(v1::Rejected::kTextFieldNumber, message.text);
  }
  void operator()(const Joined& message) const { JoinedOrLeft<v1::Joined>(message); }
  void operator()(const Left& message) const { JoinedOrLeft<v1::Left>(message); }
  void operator()(const MemberSignal& message) const {
    WireWriter(out)
        .Varint(v1::MemberSignal::kChannelFieldNumber, message.channel)
        .Text(v1::MemberSignal::kSessionIdFieldNumber, message.session_id)
        .Varint(v1::MemberSignal::kAuthorFieldNumber, message.author)
        .Text(v1::MemberSignal::kTopicFieldNumber, message.topic)
        .Text(v1::MemberSignal::kPayloadFieldNumber, message.payload);
  }
  void operator()(const Role& message) const {
    WireWriter(out)
        .Varint(v1::Role::kChannelFieldNumber, message.channel)
        .Text(v1::Role::kRoleFieldNumber, message.role);
  }
  void operator()(const Closed& message) const {
    WireWriter(out)
        .Varint(v1::Closed::kChannelFieldNumber, message.channel)
        .Text(v1::Closed::kCodeFieldNumber, message.code)
        .Text(v1::Closed::kTextFieldNumber, message.text)
        .Bool(v1::Closed::kRetryFieldNumber, message.retry)
        .OptionalVarint(v1::Closed::kAfterMsFieldNumber, message.after_ms);
  }
  void operator()(const Error& message) const {
    WireWriter(out)
        .Text(v1::Error::kCodeFieldNumber, message.code)
        .Text(v1::Error::kTextFieldNumber, message.text);
  }
  void operator()(const GoAway& message) const {
    WireWriter(out)
        .Varint(v1::GoAway::kAfterMsFieldNumber, message.after_ms)
        .Text(v1::GoAway::kReasonFieldNumber, message.reason);
  }
  void operator()(const Pong& message) const {
    WireWriter(out).Varint(v1::Pong::kNonceFieldNumber, message.nonce);
  }

 private:
  template <typename Wire, typename Message>
  void JoinedOrLeft(const Message& message) const {
    WireWriter(out)
        .Varint(Wire::kChannelFieldNumber, message.channel)
        .Text(Wire::kSessionIdFieldNumber, message.session_id)
        .Varint(Wire::kAuthorFieldNumber, message.author);
    User(Wire::kUserFieldNumber, message.user);
  }
};

struct FieldOf {
  int operator()(const Committed&) const { return v1::ServerMessage::kCommittedFieldNumber; }
  int operator()(const Ack&) const { return v1::ServerMessage::kAckFieldNumber; }
  int operator()(const MemberPresence&) const { return v1::ServerMessage::kPresenceFieldNumber; }
  int operator()(const Welcome&) const { return v1::ServerMessage::kWelcomeFieldNumber; }
  int operator()(const Opened&) const { return v1::ServerMessage::kOpenedFieldNumber; }
  int operator()(const Part&) const { return v1::ServerMessage::kPartFieldNumber; }
  int operator()(const Refused&) const { return v1::ServerMessage::kRefusedFieldNumber; }
  int operator()(const Rejected&) const { return v1::ServerMessage::kRejectedFieldNumber; }
  int operator()(const Joined&) const { return v1::ServerMessage::kJoinedFieldNumber; }
  int operator()(const Left&) const { return v1::ServerMessage::kLeftFieldNumber; }
  int operator()(const MemberSignal&) const { return v1::ServerMessage::kSignalFieldNumber; }
  int operator()(const Role&) const { return v1::ServerMessage::kRoleFieldNumber; }
  int operator()(const Closed&) const { return v1::ServerMessage::kClosedFieldNumber; }
  int operator()(const Error&) const { return v1::ServerMessage::kErrorFieldNumber; }
  int operator()(const GoAway&) const { return v1::ServerMessage::kGoAwayFieldNumber; }
  int operator()(const Pong&) const { return v1::ServerMessage::kPongFieldNumber; }
};

}  // namespace

absl::StatusOr<std::vector<Incoming>> DecodeClientFrameProtobuf(absl::string_view bytes,
                                                                const DecodeLimits& limits) {
  std::vector<Incoming> messages;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() != v1::ClientFrame::kMessagesFieldNumber) continue;
    const absl::string_view body = reader.Bytes("messages");
    if (!reader.status().ok()) break;
    if (static_cast<int64_t>(messages.size()) >= limits.messages_per_frame_max) {
      return Wrong("messages", "more than ", limits.messages_per_frame_max, " messages");
    }
    absl::StatusOr<Incoming> message = ReadMessage(body, limits);
    if (!message.ok()) return In(absl::StrCat("messages[", messages.size(), "]"), message.status());
    messages.push_back(*std::move(message));
  }
  if (!reader.status().ok()) return In("frame", reader.status());
  return messages;
}

std::string EncodePieceProtobuf(const ServerMessage& message) {
  std::string out;
  WireWriter(&out).Message(v1::ServerFrame::kMessagesFieldNumber, [&] {
    WireWriter(&out).Message(std::visit(FieldOf{}, message),
                             [&] { std::visit(BodyWriter{&out}, message); });
  });
  return out;
}

}  // namespace coedit::proto
