#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/codec_json.h"
#include "proto/json_delta.h"
#include "proto/json_writer.h"
#include "proto/message_rules.h"

namespace coedit::proto {
namespace {

// ---- reading ----

absl::StatusOr<Incoming> Finish(const JsonFields& fields, ClientMessage message,
                                const DecodeLimits& limits) {
  if (!fields.ok()) return fields.status();
  if (absl::Status status = CheckMessage(message, limits); !status.ok()) return status;
  return Incoming(std::move(message));
}

Channel ReadChannel(JsonFields* fields) {
  return static_cast<Channel>(fields->Integer("channel", 1, kChannelMax));
}

absl::StatusOr<Incoming> ReadHello(JsonFields fields, const DecodeLimits& limits) {
  Hello message;
  message.protocol = static_cast<uint32_t>(fields.Integer("protocol", 0, 0xFFFFFFFF));
  message.client_id = fields.Text("clientId");
  message.attempt = fields.Integer("attempt", 0, kWireIntegerMax);
  message.sdk = fields.Text("sdk");
  message.name = fields.OptionalText("name");
  message.color = fields.OptionalText("color");
  message.token = fields.OptionalText("token");
  message.capabilities = ReadJsonTexts(&fields, "capabilities");
  return Finish(fields, std::move(message), limits);
}

absl::StatusOr<Incoming> ReadOpen(JsonFields fields, const DecodeLimits& limits) {
  Open message;
  message.request = fields.Integer("request", 0, kWireIntegerMax);
  message.document = fields.Text("document");
  message.create = fields.OptionalText("create");
  if (const std::optional<JsonValue> value = fields.Optional("known")) {
    JsonFields known(*value);
    message.known.emplace();
    message.known->epoch = known.Text("epoch");
    message.known->revision = known.Integer("revision", 0, kWireIntegerMax);
    message.known->digest = known.Digest("digest");
    fields.Fail(In("known", known.status()));
  }
  message.in_flight = fields.OptionalInteger("inFlight", 1, kWireIntegerMax);
  message.composed = fields.OptionalBool("composed");
  return Finish(fields, std::move(message), limits);
}

// Once channel and sequence are known, what is wrong is told to the author of that operation alone.
absl::StatusOr<Incoming> ReadSubmit(JsonFields fields, const DecodeLimits& limits) {
  Submit message;
  message.channel = ReadChannel(&fields);
  message.sequence = fields.Integer("sequence", 1, kWireIntegerMax);
  if (!fields.ok()) return fields.status();
  message.revision = fields.Integer("revision", 0, kWireIntegerMax);
  if (const std::optional<JsonValue> value = fields.Required("delta")) {
    absl::StatusOr<ot::Delta> delta = ReadJsonDelta(*value, limits);
    if (delta.ok()) {
      message.delta = *std::move(delta);
    } else {
      fields.Fail(In("delta", delta.status()));
    }
  }
  if (!fields.ok()) {
    return Incoming(
        BadSubmit{message.channel, message.sequence, std::string(fields.status().message())});
  }
  return Finish(fields, std::move(message), limits);
}

absl::StatusOr<Incoming> ReadPresence(JsonFields fields, const DecodeLimits& limits) {
  Presence message;
  message.channel = ReadChannel(&fields);
  message.revision = fields.Integer("revision", 0, kWireIntegerMax);
  message.after = fields.OptionalInteger("after", 1, kWireIntegerMax);
  message.ranges = ReadJsonRanges(&fields);
  if (const std::optional<JsonValue> value = fields.Optional("state")) {
    absl::StatusOr<std::string> state =
        ReadJsonField("state", *value, limits.presence_bytes_max, limits);
    fields.Fail(state.status());
    if (state.ok()) message.state = *std::move(state);
  }
  return Finish(fields, std::move(message), limits);
}

absl::StatusOr<Incoming> ReadSignal(JsonFields fields, const DecodeLimits& limits) {
  Signal message;
  message.channel = ReadChannel(&fields);
  message.topic = fields.Text("topic");
  if (const std::optional<JsonValue> value = fields.Required("payload")) {
    absl::StatusOr<std::string> payload =
        ReadJsonField("payload", *value, limits.signal_bytes_max, limits);
    fields.Fail(payload.status());
    if (payload.ok()) message.payload = *std::move(payload);
  }
  return Finish(fields, std::move(message), limits);
}

absl::StatusOr<Incoming> ReadLeave(JsonFields fields, const DecodeLimits& limits) {
  Leave message;
  message.channel = ReadChannel(&fields);
  return Finish(fields, message, limits);
}

absl::StatusOr<Incoming> ReadAuthenticate(JsonFields fields, const DecodeLimits& limits) {
  Authenticate message;
  message.token = fields.Text("token");
  return Finish(fields, std::move(message), limits);
}

absl::StatusOr<Incoming> ReadPing(JsonFields fields, const DecodeLimits& limits) {
  Ping message;
  message.nonce = fields.Integer("nonce", 0, kWireIntegerMax);
  return Finish(fields, message, limits);
}

struct Kind {
  absl::string_view name;
  absl::StatusOr<Incoming> (*read)(JsonFields, const DecodeLimits&);
};
constexpr Kind kKinds[] = {
    {"submit", ReadSubmit}, {"presence", ReadPresence},
    {"ping", ReadPing},     {"hello", ReadHello},
    {"open", ReadOpen},     {"signal", ReadSignal},
    {"leave", ReadLeave},   {"authenticate", ReadAuthenticate},
};

// ---- writing ----

struct Writer {
  std::string* out;

  void operator()(const Hello& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter object(outer.Key("hello"));
    object.Number("protocol", message.protocol)
        .Text("clientId", message.client_id)
        .Number("attempt", message.attempt)
        .Text("sdk", message.sdk);
    if (message.name) object.Text("name", *message.name);
    if (message.color) object.Text("color", *message.color);
    if (message.token) object.Text("token", *message.token);
    if (!message.capabilities.empty()) {
      AppendJsonTexts(message.capabilities, object.Key("capabilities"));
    }
  }
  void operator()(const Open& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter object(outer.Key("open"));
    object.Number("request", message.request).Text("document", message.document);
    if (message.create) object.Text("create", *message.create);
    if (message.known) {
      JsonObjectWriter(object.Key("known"))
          .Text("epoch", message.known->epoch)
          .Number("revision", message.known->revision)
          .Digest("digest", message.known->digest);
    }
    if (message.in_flight) object.Number("inFlight", *message.in_flight);
    if (message.composed) object.Bool("composed", true);
  }
  void operator()(const Submit& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter object(outer.Key("submit"));
    object.Number("channel", message.channel)
        .Number("sequence", message.sequence)
        .Number("revision", message.revision);
    AppendJsonDelta(message.delta, object.Key("delta"));
  }
  void operator()(const Presence& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter object(outer.Key("presence"));
    object.Number("channel", message.channel).Number("revision", message.revision);
    if (message.after) object.Number("after", *message.after);
    AppendJsonRanges(message.ranges, object.Key("ranges"));
    if (message.state) object.Json("state", *message.state);
  }
  void operator()(const Signal& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter(outer.Key("signal"))
        .Number("channel", message.channel)
        .Text("topic", message.topic)
        .Json("payload", message.payload);
  }
  void operator()(const Leave& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter(outer.Key("leave")).Number("channel", message.channel);
  }
  void operator()(const Authenticate& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter(outer.Key("authenticate")).Text("token", message.token);
  }
  void operator()(const Ping& message) const {
    JsonObjectWriter outer(out);
    JsonObjectWriter(outer.Key("ping")).Number("nonce", message.nonce);
  }
};

}  // namespace

absl::StatusOr<std::vector<Incoming>> DecodeClientFrameJson(absl::string_view bytes,
                                                            const DecodeLimits& limits) {
  return ReadJsonFrame<Incoming>(
      bytes, limits.messages_per_frame_max,
      [&limits](absl::string_view name, JsonValue value) -> absl::StatusOr<Incoming> {
        for (const Kind& kind : kKinds) {
          if (kind.name != name) continue;
          absl::StatusOr<Incoming> message = kind.read(JsonFields(value), limits);
          if (!message.ok()) return In(name, message.status());
          return message;
        }
        return Wrong("", "unknown message ", Quoted(name));
      });
}

std::string EncodeClientFrameJson(absl::Span<const ClientMessage> messages) {
  const FrameGlue glue = GlueFor(Encoding::kJson);
  std::string out;
  absl::string_view before = glue.prefix;
  for (const ClientMessage& message : messages) {
    absl::StrAppend(&out, before);
    std::visit(Writer{&out}, message);
    before = glue.separator;
  }
  absl::StrAppend(&out, messages.empty() ? glue.prefix : "", glue.suffix);
  return out;
}

}  // namespace coedit::proto
