// Bytes of the wire <-> messages. Every check of foreign bytes stands behind this interface.
//
// Two encodings carry the same things: protobuf (binary WebSocket messages) and JSON (text ones).
// A server frame is made of pieces, one per message: a piece is encoded once for a whole room and
// frames are built by joining pieces, without encoding again.
#ifndef COEDIT_PROTO_CODEC_H_
#define COEDIT_PROTO_CODEC_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proto/messages.h"

namespace coedit::proto {

enum class Encoding : uint8_t { kProtobuf, kJson };
inline constexpr int kEncodingCount = 2;

// Bounds that hold while decoding, before anything is built (server/limits.h gives the values).
struct DecodeLimits {
  int64_t messages_per_frame_max = 256;
  int64_t delta_components_max = 4096;
  int64_t attributes_per_component_max = 32;
  int64_t attribute_key_bytes_max = 64;
  int64_t attribute_value_bytes_max = 2048;
  int64_t embed_bytes_max = 16 << 10;
  int64_t json_depth_max = 8;  // of attribute values, embeds, presence state and signal payloads
  int64_t presence_bytes_max = 1024;
  int64_t presence_ranges_max = 64;
  int64_t signal_bytes_max = 4096;
  int64_t signal_topic_bytes_max = 64;
  int64_t string_bytes_max = 1024;  // names, ids, versions, capability names
  int64_t token_bytes_max = 6144;
  int64_t capabilities_max = 32;
};

// Why a message was not understood. A frame that cannot be taken apart ends the connection
// (kBadMessage); a submit whose delta is not legal is refused alone: it is delivered as
// BadSubmit so that its author gets `rejected` by channel and sequence.
struct BadSubmit {
  Channel channel = 0;
  uint64_t sequence = 0;
  std::string text;  // names the offending value
};
using Incoming = std::variant<ClientMessage, BadSubmit>;

// What a client sent, in order. kInvalidArgument (wire code `bad_message`) names what is wrong.
absl::StatusOr<std::vector<Incoming>> DecodeClientFrame(Encoding encoding, absl::string_view bytes,
                                                        const DecodeLimits& limits);

// One server message as a piece of a frame.
std::string EncodePiece(Encoding encoding, const ServerMessage& message);

// What stands around and between joined pieces: protobuf needs nothing, JSON {"messages":[a,b]}.
struct FrameGlue {
  absl::string_view prefix;
  absl::string_view separator;
  absl::string_view suffix;
};
FrameGlue GlueFor(Encoding encoding);

// For clients in C++ (load tool, simulator, tests).
std::string EncodeClientFrame(Encoding encoding, absl::Span<const ClientMessage> messages);
absl::StatusOr<std::vector<ServerMessage>> DecodeServerFrame(Encoding encoding,
                                                             absl::string_view bytes);

// Documents ids: 1 to 128 characters, [A-Za-z0-9][A-Za-z0-9._~-]*. Client ids: 32 lower-case hex.
bool IsDocumentId(absl::string_view id);
bool IsClientId(absl::string_view id);

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_CODEC_H_
