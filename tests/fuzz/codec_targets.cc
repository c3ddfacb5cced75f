#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "proto/codec.h"
#include "tests/fuzz/fuzz_targets.h"

namespace coedit::fuzz {
namespace {

using proto::ClientMessage;
using proto::DecodeLimits;
using proto::Encoding;
using proto::Incoming;
using proto::ServerMessage;

// What passed the limits in one encoding may be larger in the other.
DecodeLimits Roomy() {
  DecodeLimits limits;
  limits.presence_bytes_max = 1 << 20;
  limits.signal_bytes_max = 1 << 20;
  return limits;
}

void CheckClient(Encoding encoding, absl::string_view bytes) {
  const auto decoded = proto::DecodeClientFrame(encoding, bytes, DecodeLimits());
  if (!decoded.ok()) {
    COEDIT_CHECK(absl::IsInvalidArgument(decoded.status()));
    return;
  }
  for (const Incoming& incoming : *decoded) {
    const auto* message = std::get_if<ClientMessage>(&incoming);
    if (message == nullptr) continue;
    for (const Encoding other : {Encoding::kProtobuf, Encoding::kJson}) {
      const auto again =
          proto::DecodeClientFrame(other, proto::EncodeClientFrame(other, {*message}), Roomy());
      COEDIT_CHECK(again.ok());
      COEDIT_CHECK(std::get<ClientMessage>(again->front()) == *message);
    }
  }
}

ServerMessage SaidAgain(Encoding encoding, const ServerMessage& message) {
  const proto::FrameGlue glue = proto::GlueFor(encoding);
  const std::string frame =
      absl::StrCat(glue.prefix, proto::EncodePiece(encoding, message), glue.suffix);
  auto again = proto::DecodeServerFrame(encoding, frame);
  COEDIT_CHECK(again.ok());
  COEDIT_CHECK_EQ(again->size(), 1u);
  return std::move(again->front());
}

// A client believes its server: it also reads what no server says (a member who has shown no caret
// but has ranges), and such things are not written. What is left must stay.
void CheckServer(Encoding encoding, absl::string_view bytes) {
  const auto decoded = proto::DecodeServerFrame(encoding, bytes);
  if (!decoded.ok()) return;
  for (const ServerMessage& message : *decoded) {
    const ServerMessage said = SaidAgain(Encoding::kProtobuf, message);
    COEDIT_CHECK(SaidAgain(Encoding::kJson, message) == said);
    COEDIT_CHECK(SaidAgain(Encoding::kProtobuf, said) == said);
    COEDIT_CHECK(SaidAgain(Encoding::kJson, said) == said);
  }
}

}  // namespace

void ClientProtobuf(absl::string_view bytes) { CheckClient(Encoding::kProtobuf, bytes); }
void ClientJson(absl::string_view bytes) { CheckClient(Encoding::kJson, bytes); }
void ServerProtobuf(absl::string_view bytes) { CheckServer(Encoding::kProtobuf, bytes); }
void ServerJson(absl::string_view bytes) { CheckServer(Encoding::kJson, bytes); }

}  // namespace coedit::fuzz
