// Whether a request at /v1/ws may become a WebSocket, and what it will speak. Pure.
#ifndef COEDIT_SERVER_IO_WEBSOCKET_HANDSHAKE_H_
#define COEDIT_SERVER_IO_WEBSOCKET_HANDSHAKE_H_

#include <optional>
#include <string>

#include "proto/codec.h"
#include "server/io/http_request.h"

namespace coedit::server {

inline constexpr absl::string_view kWebSocketPath = "/v1/ws";

struct WebSocketHandshake {
  std::string key;          // Sec-WebSocket-Key, 16 bytes in base64
  std::string subprotocol;  // chosen; empty if the client offered none
  proto::Encoding encoding = proto::Encoding::kJson;
};

// The first subprotocol of the client's list that is known is chosen; a client that offers none
// speaks JSON. Returns why the request is refused, if it is.
std::optional<HttpRefusal> CheckHandshake(const HttpRequest& request,
                                          WebSocketHandshake* handshake);

// The 101 that makes the connection a WebSocket, as it goes over the wire.
std::string HandshakeAnswer(const WebSocketHandshake& handshake, absl::string_view server_name);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_WEBSOCKET_HANDSHAKE_H_
