#include <google/protobuf/arena.h>
#include <google/protobuf/stubs/logging.h>

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "proto/canonical_json.h"
#include "proto/codec_protobuf.h"
#include "proto/coedit.pb.h"
#include "proto/delta_rules.h"
#include "proto/error_text.h"
#include "proto/flat_delta.h"
#include "proto/message_rules.h"

namespace coedit::proto {
namespace {

// ---- writing what clients send ----

void Fill(const ot::Delta& delta, v1::Delta* wire) {
  FlatDelta flat = Flatten(delta);
  wire->mutable_ops()->Add(flat.ops.begin(), flat.ops.end());
  wire->set_text(std::move(flat.text));
  for (const absl::string_view embed : flat.embeds) wire->add_embeds(embed.data(), embed.size());
  for (std::string& set : flat.attributes) wire->add_attributes(std::move(set));
}

struct Filler {
  v1::ClientMessage* wire;

  void operator()(const Hello& message) const {
    v1::Hello* hello = wire->mutable_hello();
    hello->set_protocol(message.protocol);
    hello->set_client_id(message.client_id);
    hello->set_attempt(message.attempt);
    hello->set_sdk(message.sdk);
    if (message.name) hello->set_name(*message.name);
    if (message.color) hello->set_color(*message.color);
    if (message.token) hello->set_token(*message.token);
    for (const std::string& capability : message.capabilities) hello->add_capabilities(capability);
  }
  void operator()(const Open& message) const {
    v1::Open* open = wire->mutable_open();
    open->set_request(message.request);
    open->set_document(message.document);
    if (message.create) open->set_create(*message.create);
    if (message.known) {
      open->mutable_known()->set_epoch(message.known->epoch);
      open->mutable_known()->set_revision(message.known->revision);
      open->mutable_known()->set_digest(message.known->digest);
    }
    if (message.in_flight) open->set_in_flight(*message.in_flight);
    if (message.composed) open->set_composed(true);
  }
  void operator()(const Submit& message) const {
    v1::Submit* submit = wire->mutable_submit();
    submit->set_channel(message.channel);
    submit->set_sequence(message.sequence);
    submit->set_revision(message.revision);
    Fill(message.delta, submit->mutable_delta());
  }
  void operator()(const Presence& message) const {
    v1::Presence* presence = wire->mutable_presence();
    presence->set_channel(message.channel);
    presence->set_revision(message.revision);
    if (message.after) presence->set_after(*message.after);
    for (const Range& range : message.ranges) {
      v1::Range* added = presence->add_ranges();
      added->set_anchor(range.anchor);
      added->set_head(range.head);
    }
    if (message.state) presence->set_state(*message.state);
  }
  void operator()(const Signal& message) const {
    v1::Signal* signal = wire->mutable_signal();
    signal->set_channel(message.channel);
    signal->set_topic(message.topic);
    signal->set_payload(message.payload);
  }
  void operator()(const Leave& message) const {
    wire->mutable_leave()->set_channel(message.channel);
  }
  void operator()(const Authenticate& message) const {
    wire->mutable_authenticate()->set_token(message.token);
  }
  void operator()(const Ping& message) const { wire->mutable_ping()->set_nonce(message.nonce); }
};

// ---- reading what servers send ----

// Keeps the first problem of a frame.
class Problems {
 public:
  void Fail(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }
  uint64_t Integer(absl::string_view name, uint64_t value, uint64_t min = 0,
                   uint64_t max = kWireIntegerMax) {
    Fail(CheckInteger(name, value, min, max));
    return value;
  }
  Channel ReadChannel(uint32_t channel) {
    return static_cast<Channel>(Integer("channel", channel, 1, kChannelMax));
  }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

// `Wire` is v1::Delta, or v1::Committed with the same fields.
template <typename Wire>
ot::Delta ReadDelta(absl::string_view name, const Wire& wire, Problems* problems) {
  FlatDeltaView flat;
  flat.ops.assign(wire.ops().begin(), wire.ops().end());
  flat.text = wire.text();
  flat.embeds.assign(wire.embeds().begin(), wire.embeds().end());
  flat.attributes.assign(wire.attributes().begin(), wire.attributes().end());
  absl::StatusOr<ot::Delta> delta = Unflatten(flat, NoDecodeLimits());
  if (delta.ok()) return *std::move(delta);
  problems->Fail(In(name, delta.status()));
  return {};
}

std::string ReadJson(absl::string_view name, absl::string_view text, Problems* problems) {
  absl::StatusOr<std::string> canonical = CanonicalJson(text, NoDecodeLimits().json_depth_max);
  if (canonical.ok()) return *std::move(canonical);
  problems->Fail(Wrong(name, canonical.status().message()));
  return {};
}

User ReadUser(const v1::User& wire) { return {wire.id(), wire.name(), wire.color()}; }

template <typename Wire>
std::vector<Range> ReadRanges(const Wire& wire, Problems* problems) {
  std::vector<Range> ranges;
  for (const v1::Range& range : wire.ranges()) {
    ranges.push_back(
        {problems->Integer("anchor", range.anchor()), problems->Integer("head", range.head())});
  }
  return ranges;
}

template <typename Wire>
std::optional<std::string> ReadState(const Wire& wire, Problems* problems) {
  if (!wire.has_state()) return std::nullopt;
  return ReadJson("state", wire.state(), problems);
}

template <typename Wire>
std::optional<uint32_t> ReadAfter(const Wire& wire) {
  return wire.has_after_ms() ? std::optional<uint32_t>(wire.after_ms()) : std::nullopt;
}

// Without the channel.
Committed Read(const v1::Committed& wire, Problems* problems) {
  Committed message;
  message.revision = problems->Integer("revision", wire.revision());
  message.author = problems->Integer("author", wire.author());
  if (wire.has_sequence()) message.sequence = problems->Integer("sequence", wire.sequence());
  message.delta = ReadDelta("delta", wire, problems);
  return message;
}

MemberInfo Read(const v1::Member& wire, Problems* problems) {
  MemberInfo member;
  member.session_id = wire.session_id();
  member.author = problems->Integer("author", wire.author());
  if (wire.has_revision()) member.revision = problems->Integer("revision", wire.revision());
  member.ranges = ReadRanges(wire, problems);
  member.state = ReadState(wire, problems);
  return member;
}

Welcome Read(const v1::Welcome& wire) {
  Welcome message;
  message.session_id = wire.session_id();
  message.user = ReadUser(wire.user());
  message.limits = {wire.limits().message_bytes(),  wire.limits().delta_components(),
                    wire.limits().document_units(), wire.limits().catch_up_revisions(),
                    wire.limits().presence_bytes(), wire.limits().signal_bytes()};
  message.heartbeat_seconds = wire.heartbeat_seconds();
  message.server = wire.server();
  message.capabilities.assign(wire.capabilities().begin(), wire.capabilities().end());
  return message;
}

Opened Read(const v1::Opened& wire, Problems* problems) {
  Opened message;
  message.request = problems->Integer("request", wire.request());
  message.channel = problems->ReadChannel(wire.channel());
  message.document = wire.document();
  message.type = wire.type();
  message.epoch = wire.epoch();
  message.revision = problems->Integer("revision", wire.revision());
  message.digest = wire.digest();
  message.role = wire.role();
  message.author = problems->Integer("author", wire.author());
  message.last_sequence = problems->Integer("lastSequence", wire.last_sequence());
  for (const v1::Author& author : wire.authors()) {
    message.authors.push_back(
        {problems->Integer("authors.author", author.author()), ReadUser(author.user())});
  }
  for (const v1::Member& member : wire.members()) {
    message.members.push_back(Read(member, problems));
  }
  if (wire.has_in_flight()) {
    message.in_flight.emplace();
    message.in_flight->sequence =
        problems->Integer("inFlight.sequence", wire.in_flight().sequence());
    message.in_flight->committed = wire.in_flight().committed();
    if (wire.in_flight().has_revision()) {
      message.in_flight->revision =
          problems->Integer("inFlight.revision", wire.in_flight().revision());
    }
  }
  if (wire.has_snapshot()) {
    message.snapshot = ReadDelta("snapshot", wire.snapshot(), problems);
    problems->Fail(CheckDocument("snapshot", *message.snapshot));
  }
  if (wire.has_commits()) {
    message.commits.emplace();
    for (const v1::Committed& commit : wire.commits().commits()) {
      message.commits->push_back(Read(commit, problems));
    }
  }
  if (wire.has_composed()) message.composed = ReadDelta("composed", wire.composed(), problems);
  message.more = wire.more();
  return message;
}

template <typename Message, typename Wire>
Message ReadJoinedOrLeft(const Wire& wire, Problems* problems) {
  return {problems->ReadChannel(wire.channel()), wire.session_id(),
          problems->Integer("author", wire.author()), ReadUser(wire.user())};
}

absl::StatusOr<ServerMessage> Read(const v1::ServerMessage& wire) {
  Problems problems;
  ServerMessage message;
  switch (wire.kind_case()) {
    case v1::ServerMessage::kCommitted: {
      Committed committed = Read(wire.committed(), &problems);
      committed.channel = problems.ReadChannel(wire.committed().channel());
      message = std::move(committed);
      break;
    }
    case v1::ServerMessage::kAck:
      message = Ack{problems.ReadChannel(wire.ack().channel()),
                    problems.Integer("sequence", wire.ack().sequence()),
                    problems.Integer("revision", wire.ack().revision())};
      break;
    case v1::ServerMessage::kPresence: {
      const v1::MemberPresence& presence = wire.presence();
      message = MemberPresence{problems.ReadChannel(presence.channel()),
                               presence.session_id(),
                               problems.Integer("author", presence.author()),
                               problems.Integer("revision", presence.revision()),
                               ReadRanges(presence, &problems),
                               ReadState(presence, &problems)};
      break;
    }
    case v1::ServerMessage::kWelcome:
      message = Read(wire.welcome());
      break;
    case v1::ServerMessage::kOpened:
      message = Read(wire.opened(), &problems);
      break;
    case v1::ServerMessage::kPart: {
      Part part{problems.ReadChannel(wire.part().channel()),
                ReadDelta("ops", wire.part().ops(), &problems), wire.part().last()};
      problems.Fail(CheckDocument("ops", part.ops));
      message = std::move(part);
      break;
    }
    case v1::ServerMessage::kRefused:
      message =
          Refused{problems.Integer("request", wire.refused().request()), wire.refused().code(),
                  wire.refused().text(), wire.refused().retry(), ReadAfter(wire.refused())};
      break;
    case v1::ServerMessage::kRejected:
      message = Rejected{problems.ReadChannel(wire.rejected().channel()),
                         problems.Integer("sequence", wire.rejected().sequence()),
                         wire.rejected().code(), wire.rejected().text()};
      break;
    case v1::ServerMessage::kJoined:
      message = ReadJoinedOrLeft<Joined>(wire.joined(), &problems);
      break;
    case v1::ServerMessage::kLeft:
      message = ReadJoinedOrLeft<Left>(wire.left(), &problems);
      break;
    case v1::ServerMessage::kSignal: {
      const v1::MemberSignal& signal = wire.signal();
      message = MemberSignal{problems.ReadChannel(signal.channel()), signal.session_id(),
                             problems.Integer("author", signal.author()), signal.topic(),
                             ReadJson("payload", signal.payload(), &problems)};
      break;
    }
    case v1::ServerMessage::kRole:
      message = Role{problems.ReadChannel(wire.role().channel()), wire.role().role()};
      break;
    case v1::ServerMessage::kClosed:
      message = Closed{problems.ReadChannel(wire.closed().channel()), wire.closed().code(),
                       wire.closed().text(), wire.closed().retry(), ReadAfter(wire.closed())};
      break;
    case v1::ServerMessage::kError:
      message = Error{wire.error().code(), wire.error().text()};
      break;
    case v1::ServerMessage::kGoAway:
      message = GoAway{wire.go_away().after_ms(), wire.go_away().reason()};
      break;
    case v1::ServerMessage::kPong:
      message = Pong{problems.Integer("nonce", wire.pong().nonce())};
      break;
    case v1::ServerMessage::KIND_NOT_SET:
      return Wrong("", "a message without a known kind");
  }
  if (!problems.status().ok()) return problems.status();
  return message;
}

}  // namespace

std::string EncodeClientFrameProtobuf(absl::Span<const ClientMessage> messages) {
  google::protobuf::Arena arena;
  auto* frame = google::protobuf::Arena::CreateMessage<v1::ClientFrame>(&arena);
  for (const ClientMessage& message : messages) {
    std::visit(Filler{frame->add_messages()}, message);
  }
  std::string bytes;
  COEDIT_CHECK(frame->SerializeToString(&bytes));
  return bytes;
}

absl::StatusOr<std::vector<ServerMessage>> DecodeServerFrameProtobuf(absl::string_view bytes) {
  google::protobuf::LogSilencer silence;  // what is wrong is in the status
  google::protobuf::Arena arena;
  auto* frame = google::protobuf::Arena::CreateMessage<v1::ServerFrame>(&arena);
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()) ||
      !frame->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Wrong("frame", bytes.size(), " bytes that are no ServerFrame");
  }
  std::vector<ServerMessage> messages;
  messages.reserve(frame->messages_size());
  for (const v1::ServerMessage& wire : frame->messages()) {
    absl::StatusOr<ServerMessage> message = Read(wire);
    if (!message.ok()) return In(absl::StrCat("messages[", messages.size(), "]"), message.status());
    messages.push_back(*std::move(message));
  }
  return messages;
}

}  // namespace coedit::proto
