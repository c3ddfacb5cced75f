// A connection as it begins: HTTP/1.1 requests one after another, until one of them becomes a
// WebSocket.
#ifndef COEDIT_SERVER_IO_HTTP_CONNECTION_H_
#define COEDIT_SERVER_IO_HTTP_CONNECTION_H_

#include "server/io/asio_types.h"
#include "server/io/connection.h"
#include "server/io/services.h"

namespace coedit::server {

// Serves `socket`, whose other end is `peer`, until either side ends it. On the door's thread.
void StartHttp(const Services* services, TcpSocket socket, ConnectionTicket ticket, IpAddress peer);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_HTTP_CONNECTION_H_
