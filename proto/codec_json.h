// The JSON encoding; codec.h says what each function promises.
#ifndef COEDIT_PROTO_CODEC_JSON_H_
#define COEDIT_PROTO_CODEC_JSON_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proto/codec.h"
#include "proto/error_text.h"
#include "proto/json_fields.h"
#include "proto/json_tree.h"

namespace coedit::proto {

// codec_json_client.cc: what clients send.
absl::StatusOr<std::vector<Incoming>> DecodeClientFrameJson(absl::string_view bytes,
                                                            const DecodeLimits& limits);
std::string EncodeClientFrameJson(absl::Span<const ClientMessage> messages);

// codec_json_server.cc: what servers send.
std::string EncodePieceJson(const ServerMessage& message);
absl::StatusOr<std::vector<ServerMessage>> DecodeServerFrameJson(absl::string_view bytes);

// codec_json.cc: what both directions have in common.

// Takes {"messages":[{"<kind>":{...}},...]} apart: read(kind, value) -> absl::StatusOr<Message>.
template <typename Message, typename Read>
absl::StatusOr<std::vector<Message>> ReadJsonFrame(absl::string_view bytes, int64_t messages_max,
                                                   const Read& read);

void AppendJsonRanges(const std::vector<Range>& ranges, std::string* out);
std::vector<Range> ReadJsonRanges(JsonFields* fields);
std::vector<std::string> ReadJsonTexts(JsonFields* fields, absl::string_view name);
void AppendJsonTexts(const std::vector<std::string>& texts, std::string* out);

// The "messages" of a frame; `tree` outlives the result.
absl::StatusOr<JsonValue> FindJsonMessages(const JsonTree& tree, int64_t messages_max);
// The only member of an object of "messages".
absl::StatusOr<JsonMember> TheOnlyMember(JsonValue message);

template <typename Message, typename Read>
absl::StatusOr<std::vector<Message>> ReadJsonFrame(absl::string_view bytes, int64_t messages_max,
                                                   const Read& read) {
  const absl::StatusOr<JsonTree> tree = JsonTree::Parse(bytes);
  if (!tree.ok()) return tree.status();
  const absl::StatusOr<JsonValue> array = FindJsonMessages(*tree, messages_max);
  if (!array.ok()) return array.status();
  std::vector<Message> messages;
  messages.reserve(array->size());
  for (const JsonValue item : array->items()) {
    const std::string place = absl::StrCat("messages[", messages.size(), "]");
    const absl::StatusOr<JsonMember> member = TheOnlyMember(item);
    if (!member.ok()) return In(place, member.status());
    absl::StatusOr<Message> message = read(member->key, member->value);
    if (!message.ok()) return In(place, message.status());
    messages.push_back(*std::move(message));
  }
  return messages;
}

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_CODEC_JSON_H_
