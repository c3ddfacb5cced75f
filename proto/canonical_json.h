// Canonical JSON (RFC 8785): one text for one value.
//
// Attribute values, embeds, presence state and signal payloads are kept in this form from the door
// on, so that everything inside compares them as bytes. Keys stand in the order of their UTF-16
// units, numbers as ECMAScript prints them, strings with the fewest escapes, no white space.
//
// Refused, because some reader of the same text would see another value or be harmed: a key twice
// in one object, a lone surrogate, an integer beyond 2^53, a number beyond the range of a double,
// and the names of Object.prototype as keys at any depth.
#ifndef COEDIT_PROTO_CANONICAL_JSON_H_
#define COEDIT_PROTO_CANONICAL_JSON_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/json_tree.h"

namespace coedit::proto {

// Appends the canonical form of `value`. At most `depth_max` objects and arrays stand inside each
// other. kInvalidArgument names what is refused; `out` is unspecified then.
absl::Status AppendCanonicalJson(JsonValue value, int64_t depth_max, std::string* out);

// The canonical form of a JSON text.
absl::StatusOr<std::string> CanonicalJson(absl::string_view text, int64_t depth_max);

// True for the names that every JavaScript object already has: as keys of foreign data they get
// lost or change what others see.
bool IsPrototypeName(absl::string_view key);

// True if `a` stands before `b` in the order of UTF-16 code units; both are well-formed UTF-8.
bool LessUtf16(absl::string_view a, absl::string_view b);

// Appends a finite number as ECMAScript's Number::toString prints it.
void AppendJsonNumber(double value, std::string* out);

// Appends well-formed UTF-8 as a JSON string with the fewest escapes.
void AppendJsonString(absl::string_view utf8, std::string* out);

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_CANONICAL_JSON_H_
