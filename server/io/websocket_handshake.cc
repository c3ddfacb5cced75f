#include "server/io/websocket_handshake.h"

#include <sha1.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ot/check.h"
#include "server/io/log.h"

namespace coedit::server {
namespace {

struct Subprotocol {
  absl::string_view name;
  proto::Encoding encoding;
};
constexpr Subprotocol kSubprotocols[] = {
    {"coedit.v1.protobuf", proto::Encoding::kProtobuf},
    {"coedit.v1.json", proto::Encoding::kJson},
};

// Proves that the key was read by somebody who speaks WebSocket (RFC 6455, 4.2.2).
std::string Accept(absl::string_view key) {
  const std::string salted = absl::StrCat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  SHA1_CTX context;
  SHA1Init(&context);
  SHA1Update(&context, reinterpret_cast<const uint8_t*>(salted.data()), salted.size());
  uint8_t digest[SHA1_DIGEST_LENGTH];
  SHA1Final(digest, &context);
  return absl::Base64Escape(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
}

// Exactly 16 bytes: 22 characters that carry them and two that pad.
bool IsKey(absl::string_view key) {
  std::string bytes;
  return key.size() == 24 && key.substr(22) == "==" && absl::Base64Unescape(key, &bytes) &&
         bytes.size() == 16;
}

}  // namespace

std::optional<HttpRefusal> CheckHandshake(const HttpRequest& request,
                                          WebSocketHandshake* handshake) {
  if (request.method != "GET") return HttpRefusal{405, "a WebSocket begins with GET"};
  if (!request.Lists("upgrade", "websocket") || !request.Lists("connection", "upgrade")) {
    return HttpRefusal{426,
                       "this address is for WebSockets: ask with Upgrade: websocket and "
                       "Connection: upgrade"};
  }
  const std::optional<absl::string_view> version = request.Field("sec-websocket-version");
  if (version != "13") {
    return HttpRefusal{426, absl::StrCat("Sec-WebSocket-Version is ",
                                         version.has_value() ? Quoted(*version) : "missing",
                                         "; this server speaks 13")};
  }
  const std::optional<absl::string_view> key = request.Field("sec-websocket-key");
  if (!key.has_value() || !IsKey(*key)) {
    return HttpRefusal{400, "Sec-WebSocket-Key is not 16 bytes in base64"};
  }
  handshake->key = std::string(*key);
  handshake->subprotocol.clear();
  handshake->encoding = proto::Encoding::kJson;

  const std::vector<absl::string_view> offered = request.List("sec-websocket-protocol");
  for (const absl::string_view offer : offered) {
    for (const Subprotocol& known : kSubprotocols) {
      if (offer != known.name) continue;
      handshake->subprotocol = std::string(known.name);
      handshake->encoding = known.encoding;
      return std::nullopt;
    }
  }
  if (offered.empty()) return std::nullopt;
  return HttpRefusal{
      400, absl::StrCat("none of the subprotocols ", Quoted(absl::StrJoin(offered, ", ")),
                        " is known; this server speaks coedit.v1.protobuf and coedit.v1.json")};
}

std::string HandshakeAnswer(const WebSocketHandshake& handshake, absl::string_view server_name) {
  return absl::StrCat(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
      "Sec-WebSocket-Accept: ", Accept(handshake.key), "\r\n",
      handshake.subprotocol.empty()
          ? ""
          : absl::StrCat("Sec-WebSocket-Protocol: ", handshake.subprotocol, "\r\n"),
      "Server: ", server_name, "\r\n\r\n");
}

}  // namespace coedit::server
