#include "proto/json_fields.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "proto/error_text.h"

namespace coedit::proto {

JsonFields::JsonFields(JsonValue value) : value_(value) {
  if (!value.Is(JsonKind::kObject)) {
    Fail(Wrong("", value.Describe(), " is not an object"));
  } else if (const absl::Status fault = value.Fault(); !fault.ok()) {
    Fail(Wrong("", fault.message()));
  }
}

std::optional<JsonValue> JsonFields::Optional(absl::string_view name) const {
  if (!ok()) return std::nullopt;
  const std::optional<JsonValue> found = value_.Find(name);
  if (found && found->Is(JsonKind::kNull)) return std::nullopt;
  return found;
}

std::optional<JsonValue> JsonFields::Required(absl::string_view name) {
  if (!ok()) return std::nullopt;
  const std::optional<JsonValue> found = value_.Find(name);
  if (!found) Fail(Wrong(name, "is missing"));
  return found;
}

uint64_t JsonFields::ReadInteger(absl::string_view name, JsonValue value, uint64_t min,
                                 uint64_t max) {
  const std::optional<uint64_t> integer = value.Integer(min, max);
  if (!integer) {
    Fail(Wrong(name, value.Describe(), " is not an integer from ", min, " to ", max));
  }
  return integer.value_or(0);
}

std::string JsonFields::ReadText(absl::string_view name, JsonValue value) {
  if (value.Is(JsonKind::kString)) return std::string(value.string());
  Fail(Wrong(name, value.Describe(), " is not a string"));
  return {};
}

bool JsonFields::ReadBool(absl::string_view name, JsonValue value) {
  if (!value.Is(JsonKind::kTrue) && !value.Is(JsonKind::kFalse)) {
    Fail(Wrong(name, value.Describe(), " is neither true nor false"));
  }
  return value.Is(JsonKind::kTrue);
}

uint64_t JsonFields::Integer(absl::string_view name, uint64_t min, uint64_t max) {
  const std::optional<JsonValue> value = Required(name);
  return value ? ReadInteger(name, *value, min, max) : 0;
}

std::optional<uint64_t> JsonFields::OptionalInteger(absl::string_view name, uint64_t min,
                                                    uint64_t max) {
  const std::optional<JsonValue> value = Optional(name);
  if (!value) return std::nullopt;
  return ReadInteger(name, *value, min, max);
}

std::string JsonFields::Text(absl::string_view name) {
  const std::optional<JsonValue> value = Required(name);
  return value ? ReadText(name, *value) : std::string();
}

std::optional<std::string> JsonFields::OptionalText(absl::string_view name) {
  const std::optional<JsonValue> value = Optional(name);
  if (!value) return std::nullopt;
  return ReadText(name, *value);
}

bool JsonFields::Bool(absl::string_view name) {
  const std::optional<JsonValue> value = Required(name);
  return value && ReadBool(name, *value);
}

bool JsonFields::OptionalBool(absl::string_view name) {
  const std::optional<JsonValue> value = Optional(name);
  return value && ReadBool(name, *value);
}

WireDigest JsonFields::Digest(absl::string_view name) {
  const std::optional<JsonValue> value = Required(name);
  if (!value) return 0;
  WireDigest digest = 0;
  bool right = value->Is(JsonKind::kString) && value->string().size() == 8;
  if (right) {
    const absl::string_view text = value->string();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), digest, 16);
    right = error == std::errc() && end == text.data() + text.size() &&
            text.find_first_of("ABCDEF") == absl::string_view::npos;
  }
  if (!right) Fail(Wrong(name, value->Describe(), " is not eight lower-case hex digits"));
  return digest;
}

void JsonFields::FailItem(absl::string_view name, size_t index, const absl::Status& status) {
  const std::string place = absl::StrCat(name, "[", index, "]");
  Fail(In(place, status));
}

bool JsonFields::CheckArray(absl::string_view name, JsonValue value) {
  if (value.Is(JsonKind::kArray)) return true;
  Fail(Wrong(name, value.Describe(), " is not an array"));
  return false;
}

}  // namespace coedit::proto
