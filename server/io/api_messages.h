// Between HTTP and the API: requests and answers of the one as those of the other. Pure.
#ifndef COEDIT_SERVER_IO_API_MESSAGES_H_
#define COEDIT_SERVER_IO_API_MESSAGES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/api/api.h"
#include "server/api/message.h"
#include "server/io/http_request.h"
#include "server/io/http_response.h"
#include "server/io/ip_address.h"

namespace coedit::server {

// What is kept of a head while its body is read.
struct ApiCall {
  api::Request request;  // without the body
  uint64_t body_bytes = 0;
  bool expects_continue = false;
  std::string origin;  // of the page that asks; empty if none is told
};

ApiCall ApiCallOf(const HttpRequest& request, const IpAddress& client);

HttpResponse FromApi(api::Response response, absl::string_view origin);
// What the gate or the parser says of a request for the API.
HttpResponse ApiRefusal(const HttpRefusal& refusal);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_API_MESSAGES_H_
