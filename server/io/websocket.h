// One WebSocket: frames of the wire on one side, a Session on the other.
#ifndef COEDIT_SERVER_IO_WEBSOCKET_H_
#define COEDIT_SERVER_IO_WEBSOCKET_H_

#include "server/io/connection.h"
#include "server/io/services.h"
#include "server/io/stream_socket.h"
#include "server/io/websocket_handshake.h"

namespace coedit::server {

// Answers the handshake on `socket`, which is read up to the end of the request, and runs the
// session on a worker until either side ends it. Any thread.
void StartWebSocket(const Services* services, StreamSocket socket, ConnectionTicket ticket,
                    const WebSocketHandshake& handshake);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_WEBSOCKET_H_
