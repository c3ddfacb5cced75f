#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/codec_json.h"
#include "proto/delta_rules.h"
#include "proto/json_delta.h"
#include "proto/json_writer.h"
#include "proto/message_rules.h"

namespace coedit::proto {
namespace {

// ---- writing: straight into the piece, without a tree ----

void AppendUser(const User& user, std::string* out) {
  JsonObjectWriter(out).Text("id", user.id).Text("name", user.name).Text("color", user.color);
}

void AppendAuthor(const Author& author, std::string* out) {
  JsonObjectWriter object(out);
  object.Number("author", author.author);
  AppendUser(author.user, object.Key("user"));
}

void AppendMember(const MemberInfo& member, std::string* out) {
  JsonObjectWriter object(out);
  object.Text("sessionId", member.session_id).Number("author", member.author);
  if (!member.revision) return;  // no presence yet
  object.Number("revision", *member.revision);
  AppendJsonRanges(member.ranges, object.Key("ranges"));
  if (member.state) object.Json("state", *member.state);
}

void AppendCommitted(const Committed& message, std::string* out) {
  JsonObjectWriter object(out);
  if (message.channel != 0) object.Number("channel", message.channel);
  object.Number("revision", message.revision).Number("author", message.author);
  if (message.sequence) object.Number("sequence", *message.sequence);
  AppendJsonDelta(message.delta, object.Key("delta"));
}

struct Writer {
  std::string* out;

  void operator()(const Committed& message) const {
    JsonObjectWriter outer(out);
    AppendCommitted(message, outer.Key("committed"));
  }
  void operator()(const Ack& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter(outer.Key("ack"))
        .Number("channel", message.channel)
        .Number("sequence", message.sequence)
        .Number("revision", message.revision);
  }
  void operator()(const MemberPresence& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter object(outer.Key("presence"));
    object.Number("channel", message.channel)
        .Text("sessionId", message.session_id)
        .Number("author", message.author)
        .Number("revision", message.revision);
    AppendJsonRanges(message.ranges, object.Key("ranges"));
    if (message.state) object.Json("state", *message.state);
  }
  void operator()(const Welcome& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter object(outer.Key("welcome"));
    object.Text("sessionId", message.session_id);
    AppendUser(message.user, object.Key("user"));
    JsonObjectWriter(object.Key("limits"))
        .Number("messageBytes", message.limits.message_bytes)
        .Number("deltaComponents", message.limits.delta_components)
        .Number("documentUnits", message.limits.document_units)
        .Number("catchUpRevisions", message.limits.catch_up_revisions)
        .Number("presenceBytes", message.limits.presence_bytes)
        .Number("signalBytes", message.limits.signal_bytes);
    object.Number("heartbeatSeconds", message.heartbeat_seconds).Text("server", message.server);
    AppendJsonTexts(message.capabilities, object.Key("capabilities"));
  }
  void operator()(const Opened& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter object(outer.Key("opened"));
    object.Number("request", message.request)
        .Number("channel", message.channel)
        .Text("document", message.document)
        .Text("type", message.type)
        .Text("epoch", message.epoch)
        .Number("revision", message.revision)
        .Digest("digest", message.digest)
        .Text("role", message.role)
        .Number("author", message.author)
        .Number("lastSequence", message.last_sequence);
    AppendJsonArray(message.authors, object.Key("authors"),
                    [this](const Author& author) { AppendAuthor(author, out); });
    AppendJsonArray(message.members, object.Key("members"),
                    [this](const MemberInfo& member) { AppendMember(member, out); });
    if (message.in_flight) {
      JsonObjectWriter fate(object.Key("inFlight"));
      fate.Number("sequence", message.in_flight->sequence)
          .Bool("committed", message.in_flight->committed);
      if (message.in_flight->revision) fate.Number("revision", *message.in_flight->revision);
    }
    if (message.snapshot) AppendJsonDelta(*message.snapshot, object.Key("snapshot"));
    if (message.commits) {
      AppendJsonArray(*message.commits, object.Key("commits"),
                      [this](const Committed& commit) { AppendCommitted(commit, out); });
    }
    if (message.composed) AppendJsonDelta(*message.composed, object.Key("composed"));
    if (message.more) object.Bool("more", true);
  }
  void operator()(const Part& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter object(outer.Key("part"));
    object.Number("channel", message.channel);
    AppendJsonOps(message.ops, object.Key("ops"));
    object.Bool("last", message.last);
  }
  void operator()(const Refused& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter object(outer.Key("refused"));
    object.Number("request", message.request)
        .Text("code", message.code)
        .Text("text", message.text)
        .Bool("retry", message.retry);
    if (message.after_ms) object.Number("afterMs", *message.after_ms);
  }
  void operator()(const Rejected& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter(outer.Key("rejected"))
        .Number("channel", message.channel)
        .Number("sequence", message.sequence)
        .Text("code", message.code)
        .Text("text", message.text);
  }
  void operator()(const Joined& message) const { JoinedOrLeft("joined", message); }
  void operator()(const Left& message) const { JoinedOrLeft("left", message); }
  void operator()(const MemberSignal& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter(outer.Key("signal"))
        .Number("channel", message.channel)
        .Text("sessionId", message.session_id)
        .Number("author", message.author)
        .Text("topic", message.topic)
        .Json("payload", message.payload);
  }
  void operator()(const Role& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter(outer.Key("role"))
        .Number("channel", message.channel)
        .Text("role", message.role);
  }
  void operator()(const Closed& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter object(outer.Key("closed"));
    object.Number("channel", message.channel)
        .Text("code", message.code)
        .Text("text", message.text)
        .Bool("retry", message.retry);
    if (message.after_ms) object.Number("afterMs", *message.after_ms);
  }
  void operator()(const Error& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter(outer.Key("error")).Text("code", message.code).Text("text", message.text);
  }
  void operator()(const GoAway& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter(outer.Key("goAway"))
        .Number("afterMs", message.after_ms)
        .Text("reason", message.reason);
  }
  void operator()(const Pong& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter(outer.Key("pong")).Number("nonce", message.nonce);
  }

 private:
  template <typename Message>
  void JoinedOrLeft(absl::string_view kind, const Message& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter object(outer.Key(kind));
    object.Number("channel", message.channel)
        .Text("sessionId", message.session_id)
        .Number("author", message.author);
    AppendUser(message.user, object.Key("user"));
  }
};

// ---- reading, for clients in C++ ----

Channel ReadChannel(JsonFields* fields) {
  return static_cast<Channel>(fields->Integer("channel", 1, kChannelMax));
}

uint64_t ReadInteger(JsonFields* fields, absl::string_view name) {
  return fields->Integer(name, 0, kWireIntegerMax);
}

uint32_t ReadMilliseconds(JsonFields* fields, absl::string_view name) {
  return static_cast<uint32_t>(fields->Integer(name, 0, 0xFFFFFFFF));
}

std::optional<uint32_t> ReadAfter(JsonFields* fields) {
  const std::optional<uint64_t> after = fields->OptionalInteger("afterMs", 0, 0xFFFFFFFF);
  if (!after) return std::nullopt;
  return static_cast<uint32_t>(*after);
}

User ReadUser(JsonFields* fields) {
  User user;
  if (const std::optional<JsonValue> value = fields->Required("user")) {
    JsonFields inner(*value);
    user.id = inner.Text("id");
    user.name = inner.Text("name");
    user.color = inner.Text("color");
    fields->Fail(In("user", inner.status()));
  }
  return user;
}

// A JSON value as canonical text.
std::string ReadJsonText(JsonFields* fields, absl::string_view name, JsonValue value) {
  absl::StatusOr<std::string> text =
      ReadJsonField(name, value, NoDecodeLimits().signal_bytes_max, NoDecodeLimits());
  fields->Fail(text.status());
  return text.ok() ? *std::move(text) : std::string();
}

std::optional<std::string> ReadState(JsonFields* fields) {
  const std::optional<JsonValue> value = fields->Optional("state");
  if (!value) return std::nullopt;
  return ReadJsonText(fields, "state", *value);
}

ot::Delta ReadDelta(JsonFields* fields, absl::string_view name, JsonValue value) {
  absl::StatusOr<ot::Delta> delta = ReadJsonDelta(value, NoDecodeLimits());
  if (delta.ok()) return *std::move(delta);
  fields->Fail(In(name, delta.status()));
  return {};
}

std::optional<ot::Delta> ReadOptionalDelta(JsonFields* fields, absl::string_view name) {
  const std::optional<JsonValue> value = fields->Optional(name);
  if (!value) return std::nullopt;
  return ReadDelta(fields, name, *value);
}

// Without the channel.
Committed ReadCommit(JsonFields* fields) {
  Committed message;
  message.revision = ReadInteger(fields, "revision");
  message.author = ReadInteger(fields, "author");
  message.sequence = fields->OptionalInteger("sequence", 0, kWireIntegerMax);
  if (const std::optional<JsonValue> delta = fields->Required("delta")) {
    message.delta = ReadDelta(fields, "delta", *delta);
  }
  return message;
}

MemberInfo ReadMember(JsonFields* fields) {
  MemberInfo member;
  member.session_id = fields->Text("sessionId");
  member.author = ReadInteger(fields, "author");
  member.revision = fields->OptionalInteger("revision", 0, kWireIntegerMax);
  member.ranges = ReadJsonRanges(fields);
  member.state = ReadState(fields);
  return member;
}

InFlightFate ReadFate(JsonFields* fields) {
  InFlightFate fate;
  fate.sequence = ReadInteger(fields, "sequence");
  fate.committed = fields->Bool("committed");
  fate.revision = fields->OptionalInteger("revision", 0, kWireIntegerMax);
  return fate;
}

ServerMessage ReadCommitted(JsonFields* fields) {
  const Channel channel = ReadChannel(fields);
  Committed message = ReadCommit(fields);
  message.channel = channel;
  return message;
}

ServerMessage ReadAck(JsonFields* fields) {
  Ack message;
  message.channel = ReadChannel(fields);
  message.sequence = ReadInteger(fields, "sequence");
  message.revision = ReadInteger(fields, "revision");
  return message;
}

ServerMessage ReadMemberPresence(JsonFields* fields) {
  MemberPresence message;
  message.channel = ReadChannel(fields);
  message.session_id = fields->Text("sessionId");
  message.author = ReadInteger(fields, "author");
  message.revision = ReadInteger(fields, "revision");
  message.ranges = ReadJsonRanges(fields);
  message.state = ReadState(fields);
  return message;
}

ServerMessage ReadWelcome(JsonFields* fields) {
  Welcome message;
  message.session_id = fields->Text("sessionId");
  message.user = ReadUser(fields);
  if (const std::optional<JsonValue> value = fields->Required("limits")) {
    JsonFields limits(*value);
    message.limits.message_bytes = ReadInteger(&limits, "messageBytes");
    message.limits.delta_components = ReadInteger(&limits, "deltaComponents");
    message.limits.document_units = ReadInteger(&limits, "documentUnits");
    message.limits.catch_up_revisions = ReadInteger(&limits, "catchUpRevisions");
    message.limits.presence_bytes = ReadInteger(&limits, "presenceBytes");
    message.limits.signal_bytes = ReadInteger(&limits, "signalBytes");
    fields->Fail(In("limits", limits.status()));
  }
  message.heartbeat_seconds = ReadMilliseconds(fields, "heartbeatSeconds");
  message.server = fields->Text("server");
  message.capabilities = ReadJsonTexts(fields, "capabilities");
  return message;
}

ServerMessage ReadOpened(JsonFields* fields) {
  Opened message;
  message.request = ReadInteger(fields, "request");
  message.channel = ReadChannel(fields);
  message.document = fields->Text("document");
  message.type = fields->Text("type");
  message.epoch = fields->Text("epoch");
  message.revision = ReadInteger(fields, "revision");
  message.digest = fields->Digest("digest");
  message.role = fields->Text("role");
  message.author = ReadInteger(fields, "author");
  message.last_sequence = ReadInteger(fields, "lastSequence");
  fields->Items("authors", [&message](JsonValue item) {
    JsonFields author(item);
    message.authors.push_back({ReadInteger(&author, "author"), ReadUser(&author)});
    return author.status();
  });
  fields->Items("members", [&message](JsonValue item) {
    JsonFields member(item);
    message.members.push_back(ReadMember(&member));
    return member.status();
  });
  if (const std::optional<JsonValue> value = fields->Optional("inFlight")) {
    JsonFields fate(*value);
    message.in_flight = ReadFate(&fate);
    fields->Fail(In("inFlight", fate.status()));
  }
  message.snapshot = ReadOptionalDelta(fields, "snapshot");
  if (message.snapshot) fields->Fail(CheckDocument("snapshot", *message.snapshot));
  if (fields->Optional("commits")) message.commits.emplace();
  fields->Items("commits", [&message](JsonValue item) {
    JsonFields commit(item);
    message.commits->push_back(ReadCommit(&commit));
    return commit.status();
  });
  message.composed = ReadOptionalDelta(fields, "composed");
  message.more = fields->OptionalBool("more");
  return message;
}

ServerMessage ReadPart(JsonFields* fields) {
  Part message;
  message.channel = ReadChannel(fields);
  if (const std::optional<JsonValue> ops = fields->Required("ops")) {
    absl::StatusOr<ot::Delta> delta = ReadJsonOps(*ops, NoDecodeLimits());
    fields->Fail(delta.status());
    if (delta.ok()) message.ops = *std::move(delta);
    fields->Fail(CheckDocument("ops", message.ops));
  }
  message.last = fields->Bool("last");
  return message;
}

ServerMessage ReadRefused(JsonFields* fields) {
  Refused message;
  message.request = ReadInteger(fields, "request");
  message.code = fields->Text("code");
  message.text = fields->Text("text");
  message.retry = fields->Bool("retry");
  message.after_ms = ReadAfter(fields);
  return message;
}

ServerMessage ReadRejected(JsonFields* fields) {
  Rejected message;
  message.channel = ReadChannel(fields);
  message.sequence = ReadInteger(fields, "sequence");
  message.code = fields->Text("code");
  message.text = fields->Text("text");
  return message;
}

template <typename Message>
ServerMessage ReadJoinedOrLeft(JsonFields* fields) {
  Message message;
  message.channel = ReadChannel(fields);
  message.session_id = fields->Text("sessionId");
  message.author = ReadInteger(fields, "author");
  message.user = ReadUser(fields);
  return message;
}

ServerMessage ReadMemberSignal(JsonFields* fields) {
  MemberSignal message;
  message.channel = ReadChannel(fields);
  message.session_id = fields->Text("sessionId");
  message.author = ReadInteger(fields, "author");
  message.topic = fields->Text("topic");
  if (const std::optional<JsonValue> payload = fields->Required("payload")) {
    message.payload = ReadJsonText(fields, "payload", *payload);
  }
  return message;
}

ServerMessage ReadRole(JsonFields* fields) {
  Role message;
  message.channel = ReadChannel(fields);
  message.role = fields->Text("role");
  return message;
}

ServerMessage ReadClosed(JsonFields* fields) {
  Closed message;
  message.channel = ReadChannel(fields);
  message.code = fields->Text("code");
  message.text = fields->Text("text");
  message.retry = fields->Bool("retry");
  message.after_ms = ReadAfter(fields);
  return message;
}

ServerMessage ReadError(JsonFields* fields) {
  Error message;
  message.code = fields->Text("code");
  message.text = fields->Text("text");
  return message;
}

ServerMessage ReadGoAway(JsonFields* fields) {
  GoAway message;
  message.after_ms = ReadMilliseconds(fields, "afterMs");
  message.reason = fields->Text("reason");
  return message;
}

ServerMessage ReadPong(JsonFields* fields) {
  Pong message;
  message.nonce = ReadInteger(fields, "nonce");
  return message;
}

struct Kind {
  absl::string_view name;
  ServerMessage (*read)(JsonFields*);
};
constexpr Kind kKinds[] = {
    {"committed", ReadCommitted},
    {"ack", ReadAck},
    {"presence", ReadMemberPresence},
    {"welcome", ReadWelcome},
    {"opened", ReadOpened},
    {"part", ReadPart},
    {"refused", ReadRefused},
    {"rejected", ReadRejected},
    {"joined", ReadJoinedOrLeft<Joined>},
    {"left", ReadJoinedOrLeft<Left>},
    {"signal", ReadMemberSignal},
    {"role", ReadRole},
    {"closed", ReadClosed},
    {"error", ReadError},
    {"goAway", ReadGoAway},
    {"pong", ReadPong},
};

}  // namespace

std::string EncodePieceJson(const ServerMessage& message) {
  std::string out;
  std::visit(Writer{&out}, message);
  return out;
}

absl::StatusOr<std::vector<ServerMessage>> DecodeServerFrameJson(absl::string_view bytes) {
  return ReadJsonFrame<ServerMessage>(
      bytes, NoDecodeLimits().messages_per_frame_max,
      [](absl::string_view name, JsonValue value) -> absl::StatusOr<ServerMessage> {
        for (const Kind& kind : kKinds) {
          if (kind.name != name) continue;
          JsonFields fields(value);
          ServerMessage message = kind.read(&fields);
          if (!fields.ok()) return In(name, fields.status());
          return message;
        }
        return Wrong("", "unknown message ", Quoted(name));
      });
}

}  // namespace coedit::proto
