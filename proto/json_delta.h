// Deltas as JSON, exactly as Quill writes them: {"ops":[{"retain":5},{"insert":"x"}]}.
#ifndef COEDIT_PROTO_JSON_DELTA_H_
#define COEDIT_PROTO_JSON_DELTA_H_

#include <string>

#include "absl/status/statusor.h"
#include "ot/attributes.h"
#include "ot/delta.h"
#include "proto/codec.h"
#include "proto/json_tree.h"

namespace coedit::proto {

// {"bold":true}
void AppendJsonAttributes(const ot::Attributes& attributes, std::string* out);
// [{"retain":5},...]
void AppendJsonOps(const ot::Delta& delta, std::string* out);
// {"ops":[...]}
void AppendJsonDelta(const ot::Delta& delta, std::string* out);

// `limits` bounds the delta; kInvalidArgument names what is not legal.
absl::StatusOr<ot::Delta> ReadJsonOps(JsonValue array, const DecodeLimits& limits);
absl::StatusOr<ot::Delta> ReadJsonDelta(JsonValue object, const DecodeLimits& limits);

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_JSON_DELTA_H_
