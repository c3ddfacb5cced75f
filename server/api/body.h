// The body of a request: one JSON object, read strictly. Unknown fields are refused, because a
// field somebody mistyped would otherwise be lost without a word.
#ifndef COEDIT_SERVER_API_BODY_H_
#define COEDIT_SERVER_API_BODY_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ot/document.h"
#include "proto/codec.h"
#include "proto/json_fields.h"
#include "proto/json_tree.h"

namespace coedit::server::api {

// Parses `text`, which is to be an object with no other than the `known` fields.
absl::StatusOr<proto::JsonTree> ParseBody(absl::string_view text,
                                          std::initializer_list<absl::string_view> known);

inline constexpr int64_t kTitleUnitsMax = 256;

// A title, a version's name: at most kTitleUnitsMax units, no control characters. kInvalidArgument
// names the field.
absl::Status CheckTitle(absl::string_view field, absl::string_view title);

// A field of the body: nullopt if absent, null or "".
std::optional<std::string> ReadTitle(proto::JsonFields* fields, absl::string_view name);

// A field that is a document id or a client id, if it stands.
std::optional<std::string> ReadDocumentId(proto::JsonFields* fields, absl::string_view name);
std::string ReadClientId(proto::JsonFields* fields, absl::string_view name);

// What a new document is to hold: a delta of inserts, or a text; absent or empty: what one of that
// type begins with. A rich text gets the line feed at its end if it lacks it. kInvalidArgument if
// it is no such thing, kResourceExhausted if it is too large.
absl::StatusOr<ot::Text> ReadContent(std::optional<proto::JsonValue> value, ot::DocumentType type,
                                     const proto::DecodeLimits& decode,
                                     const ot::DocumentLimits& limits);

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_BODY_H_
