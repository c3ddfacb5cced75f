// Reads the fields of one JSON object of the wire. The first problem is kept and later reads give
// empty values, so that a message is read in a straight line and asked once whether it was right.
// Unknown fields are ignored; an optional field that is null is absent.
#ifndef COEDIT_PROTO_JSON_FIELDS_H_
#define COEDIT_PROTO_JSON_FIELDS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/json_tree.h"
#include "proto/messages.h"

namespace coedit::proto {

class JsonFields {
 public:
  // Fails if `value` is not an object, or has a key twice.
  explicit JsonFields(JsonValue value);

  uint64_t Integer(absl::string_view name, uint64_t min, uint64_t max);
  std::optional<uint64_t> OptionalInteger(absl::string_view name, uint64_t min, uint64_t max);
  std::string Text(absl::string_view name);
  std::optional<std::string> OptionalText(absl::string_view name);
  bool Bool(absl::string_view name);
  bool OptionalBool(absl::string_view name);  // false if absent
  WireDigest Digest(absl::string_view name);  // eight lower-case hex digits

  // nullopt if absent or null, and after a failure.
  std::optional<JsonValue> Optional(absl::string_view name) const;
  // As Optional; absent is a failure, null a value.
  std::optional<JsonValue> Required(absl::string_view name);

  // Calls read(item) -> absl::Status for each item of an array; absent is an empty array.
  template <typename Read>
  void Items(absl::string_view name, const Read& read);

  void Fail(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }
  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }

 private:
  uint64_t ReadInteger(absl::string_view name, JsonValue value, uint64_t min, uint64_t max);
  std::string ReadText(absl::string_view name, JsonValue value);
  bool ReadBool(absl::string_view name, JsonValue value);
  void FailItem(absl::string_view name, size_t index, const absl::Status& status);
  bool CheckArray(absl::string_view name, JsonValue value);

  JsonValue value_;
  absl::Status status_;
};

template <typename Read>
void JsonFields::Items(absl::string_view name, const Read& read) {
  const std::optional<JsonValue> array = Optional(name);
  if (!array || !CheckArray(name, *array)) return;
  size_t index = 0;
  for (const JsonValue item : array->items()) {
    if (const absl::Status status = read(item); !status.ok()) return FailItem(name, index, status);
    ++index;
  }
}

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_JSON_FIELDS_H_
