// What makes a client's message legal in itself, apart from its delta: ids, sizes, counts. One set
// of rules for both encodings; kInvalidArgument names the field.
#ifndef COEDIT_PROTO_MESSAGE_RULES_H_
#define COEDIT_PROTO_MESSAGE_RULES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/codec.h"
#include "proto/json_tree.h"
#include "proto/messages.h"

namespace coedit::proto {

// Revisions, sequences, requests and other integers of the wire are below 2^53.
inline constexpr uint64_t kWireIntegerMax = kSafeInteger - 1;
inline constexpr uint64_t kChannelMax = 0xFFFFFFFF;

absl::Status CheckInteger(absl::string_view field, uint64_t value, uint64_t min, uint64_t max);

// Everything but the delta of a Submit.
absl::Status CheckMessage(const ClientMessage& message, const DecodeLimits& limits);

// A snapshot, whole or in part, holds inserts only.
absl::Status CheckDocument(absl::string_view field, const ot::Delta& delta);

// The canonical form of a presence state or signal payload.
absl::StatusOr<std::string> ReadJsonField(absl::string_view field, JsonValue value,
                                          int64_t bytes_max, const DecodeLimits& limits);

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_MESSAGE_RULES_H_
