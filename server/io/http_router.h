// Which handler answers a request that passed the gate. On the door's thread.
#ifndef COEDIT_SERVER_IO_HTTP_ROUTER_H_
#define COEDIT_SERVER_IO_HTTP_ROUTER_H_

#include "server/io/http_request.h"
#include "server/io/http_response.h"
#include "server/io/services.h"

namespace coedit::server {

// GET and HEAD of /healthz and of the demo's files; 405 for other methods, 404 for other paths.
HttpResponse RouteRequest(const Services& services, const HttpRequest& request);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_HTTP_ROUTER_H_
