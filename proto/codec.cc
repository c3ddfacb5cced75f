#include "proto/codec.h"

#include "proto/codec_json.h"
#include "proto/codec_protobuf.h"

namespace coedit::proto {

absl::StatusOr<std::vector<Incoming>> DecodeClientFrame(Encoding encoding, absl::string_view bytes,
                                                        const DecodeLimits& limits) {
  return encoding == Encoding::kProtobuf ? DecodeClientFrameProtobuf(bytes, limits)
                                         : DecodeClientFrameJson(bytes, limits);
}

std::string EncodePiece(Encoding encoding, const ServerMessage& message) {
  return encoding == Encoding::kProtobuf ? EncodePieceProtobuf(message) : EncodePieceJson(message);
}

FrameGlue GlueFor(Encoding encoding) {
  if (encoding == Encoding::kProtobuf) return {"", "", ""};
  return {"{\"messages\":[", ",", "]}"};
}

std::string EncodeClientFrame(Encoding encoding, absl::Span<const ClientMessage> messages) {
  return encoding == Encoding::kProtobuf ? EncodeClientFrameProtobuf(messages)
                                         : EncodeClientFrameJson(messages);
}

absl::StatusOr<std::vector<ServerMessage>> DecodeServerFrame(Encoding encoding,
                                                             absl::string_view bytes) {
  return encoding == Encoding::kProtobuf ? DecodeServerFrameProtobuf(bytes)
                                         : DecodeServerFrameJson(bytes);
}

}  // namespace coedit::proto
