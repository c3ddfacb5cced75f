#include "proto/message_rules.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "proto/canonical_json.h"
#include "proto/error_text.h"

namespace coedit::proto {
namespace {

// The lengths of secrets are told, never what they hold.
absl::Status CheckBytes(absl::string_view field, absl::string_view value, int64_t bytes_max) {
  if (static_cast<int64_t>(value.size()) <= bytes_max) return absl::OkStatus();
  return Wrong(field, value.size(), " bytes are more than ", bytes_max);
}

bool IsColor(absl::string_view color) {
  return color.size() == 7 && color[0] == '#' &&
         std::all_of(color.begin() + 1, color.end(), absl::ascii_isxdigit);
}

// Collects the first problem of a message.
class Checker {
 public:
  explicit Checker(const DecodeLimits& limits) : limits_(limits) {}

  void operator()(const Hello& message) {
    Integer("protocol", message.protocol, 0, 0xFFFFFFFF);
    if (!IsClientId(message.client_id)) {
      Fail(Wrong("clientId", message.client_id.size(),
                 " bytes that are not 32 lower-case hex digits"));
    }
    Integer("attempt", message.attempt, 0, kWireIntegerMax);
    Text("sdk", message.sdk);
    if (message.name) Text("name", *message.name);
    if (message.color && !IsColor(*message.color)) {
      Fail(Wrong("color", Quoted(*message.color), " is not of the form #rrggbb"));
    }
    if (message.token) Bytes("token", *message.token, limits_.token_bytes_max);
    if (static_cast<int64_t>(message.capabilities.size()) > limits_.capabilities_max) {
      Fail(Wrong("capabilities", "more than ", limits_.capabilities_max, " entries"));
    }
    for (const std::string& capability : message.capabilities) Text("capabilities", capability);
  }

  void operator()(const Open& message) {
    Integer("request", message.request, 0, kWireIntegerMax);
    if (!IsDocumentId(message.document)) {
      Fail(Wrong("document", Quoted(message.document),
                 " is not 1 to 128 characters of [A-Za-z0-9][A-Za-z0-9._~-]*"));
    }
    if (message.create) Text("create", *message.create);
    if (message.known) {
      Text("known.epoch", message.known->epoch);
      Integer("known.revision", message.known->revision, 0, kWireIntegerMax);
    }
    if (message.in_flight) Integer("inFlight", *message.in_flight, 1, kWireIntegerMax);
  }

  void operator()(const Submit& message) {
    Channel(message.channel);
    Integer("sequence", message.sequence, 1, kWireIntegerMax);
    Integer("revision", message.revision, 0, kWireIntegerMax);
  }

  void operator()(const Presence& message) {
    Channel(message.channel);
    Integer("revision", message.revision, 0, kWireIntegerMax);
    if (message.after) Integer("after", *message.after, 1, kWireIntegerMax);
    if (static_cast<int64_t>(message.ranges.size()) > limits_.presence_ranges_max) {
      Fail(Wrong("ranges", "more than ", limits_.presence_ranges_max, " entries"));
    }
    for (const Range& range : message.ranges) {
      Integer("ranges.anchor", range.anchor, 0, kWireIntegerMax);
      Integer("ranges.head", range.head, 0, kWireIntegerMax);
    }
  }

  void operator()(const Signal& message) {
    Channel(message.channel);
    Bytes("topic", message.topic, limits_.signal_topic_bytes_max);
  }

  void operator()(const Leave& message) { Channel(message.channel); }
  void operator()(const Authenticate& message) {
    Bytes("token", message.token, limits_.token_bytes_max);
  }
  void operator()(const Ping& message) { Integer("nonce", message.nonce, 0, kWireIntegerMax); }

  const absl::Status& status() const { return status_; }

 private:
  void Fail(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }
  void Integer(absl::string_view field, uint64_t value, uint64_t min, uint64_t max) {
    Fail(CheckInteger(field, value, min, max));
  }
  void Bytes(absl::string_view field, absl::string_view value, int64_t bytes_max) {
    Fail(CheckBytes(field, value, bytes_max));
  }
  void Text(absl::string_view field, absl::string_view value) {
    Bytes(field, value, limits_.string_bytes_max);
  }
  void Channel(uint64_t channel) { Integer("channel", channel, 1, kChannelMax); }

  const DecodeLimits& limits_;
  absl::Status status_;
};

}  // namespace

absl::Status CheckInteger(absl::string_view field, uint64_t value, uint64_t min, uint64_t max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return Wrong(field, value, " is not an integer from ", min, " to ", max);
}

absl::Status CheckMessage(const ClientMessage& message, const DecodeLimits& limits) {
  Checker checker(limits);
  std::visit(checker, message);
  return checker.status();
}

absl::Status CheckDocument(absl::string_view field, const ot::Delta& delta) {
  if (delta.IsDocument()) return absl::OkStatus();
  return Wrong(field, "a document that retains or deletes ", delta.base_length(), " units");
}

absl::StatusOr<std::string> ReadJsonField(absl::string_view field, JsonValue value,
                                          int64_t bytes_max, const DecodeLimits& limits) {
  std::string canonical;
  if (absl::Status status = AppendCanonicalJson(value, limits.json_depth_max, &canonical);
      !status.ok()) {
    return Wrong(field, status.message());
  }
  if (absl::Status status = CheckBytes(field, canonical, bytes_max); !status.ok()) return status;
  return canonical;
}

bool IsDocumentId(absl::string_view id) {
  if (id.empty() || id.size() > 128 || !absl::ascii_isalnum(id[0])) return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '~' || c == '-';
  });
}

bool IsClientId(absl::string_view id) {
  return id.size() == 32 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace coedit::proto
