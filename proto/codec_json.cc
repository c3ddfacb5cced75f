#include "proto/codec_json.h"

#include "proto/json_writer.h"
#include "proto/message_rules.h"

namespace coedit::proto {

void AppendJsonRanges(const std::vector<Range>& ranges, std::string* out) {
  AppendJsonArray(ranges, out, [out](const Range& range) {
    JsonObjectWriter(out).Number("anchor", range.anchor).Number("head", range.head);
  });
}

std::vector<Range> ReadJsonRanges(JsonFields* fields) {
  std::vector<Range> ranges;
  fields->Items("ranges", [&ranges](JsonValue item) {
    JsonFields range(item);
    const uint64_t anchor = range.Integer("anchor", 0, kWireIntegerMax);
    const uint64_t head = range.Integer("head", 0, kWireIntegerMax);
    ranges.push_back({anchor, head});
    return range.status();
  });
  return ranges;
}

void AppendJsonTexts(const std::vector<std::string>& texts, std::string* out) {
  AppendJsonArray(texts, out, [out](const std::string& text) { AppendJsonString(text, out); });
}

std::vector<std::string> ReadJsonTexts(JsonFields* fields, absl::string_view name) {
  std::vector<std::string> texts;
  fields->Items(name, [&texts](JsonValue item) -> absl::Status {
    if (!item.Is(JsonKind::kString)) {
      return Wrong("", item.Describe(), " is not a string");
    }
    texts.emplace_back(item.string());
    return absl::OkStatus();
  });
  return texts;
}

absl::StatusOr<JsonValue> FindJsonMessages(const JsonTree& tree, int64_t messages_max) {
  JsonFields frame(tree.root());
  const std::optional<JsonValue> messages = frame.Required("messages");
  if (!messages) return In("frame", frame.status());
  if (!messages->Is(JsonKind::kArray)) {
    return Wrong("messages", messages->Describe(), " is not an array");
  }
  if (messages->size() > static_cast<uint64_t>(messages_max)) {
    return Wrong("messages", messages->size(), " messages are more than ", messages_max);
  }
  return *messages;
}

absl::StatusOr<JsonMember> TheOnlyMember(JsonValue message) {
  if (!message.Is(JsonKind::kObject) || message.size() != 1) {
    return Wrong("", message.Describe(), " is not an object with one key, the kind of the message");
  }
  return *message.members().begin();
}

}  // namespace coedit::proto
