// The binary encoding; codec.h says what each function promises.
#ifndef COEDIT_PROTO_CODEC_PROTOBUF_H_
#define COEDIT_PROTO_CODEC_PROTOBUF_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proto/codec.h"

namespace coedit::proto {

// codec_protobuf_server.cc: the server's half, field by field (wire_format.h says why).
absl::StatusOr<std::vector<Incoming>> DecodeClientFrameProtobuf(absl::string_view bytes,
                                                                const DecodeLimits& limits);
std::string EncodePieceProtobuf(const ServerMessage& message);

// codec_protobuf_client.cc: the client's half, through the generated classes.
std::string EncodeClientFrameProtobuf(absl::Span<const ClientMessage> messages);
absl::StatusOr<std::vector<ServerMessage>> DecodeServerFrameProtobuf(absl::string_view bytes);

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_CODEC_PROTOBUF_H_
