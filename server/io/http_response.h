// One HTTP answer as a value, and its head as bytes. Pure but for the date.
#ifndef COEDIT_SERVER_IO_HTTP_RESPONSE_H_
#define COEDIT_SERVER_IO_HTTP_RESPONSE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "server/io/http_request.h"

namespace coedit::server {

struct HttpResponse {
  int status = 200;
  std::string fields;                       // "Name: value\r\n", besides those every answer has
  std::shared_ptr<const std::string> body;  // shared with the file it stands for; may be null
};

// "Not Found" for 404.
absl::string_view ReasonOf(int status);

// A sentence as text/plain, never stored by a cache.
HttpResponse TextResponse(int status, absl::string_view sentence);
HttpResponse RefusalResponse(const HttpRefusal& refusal);

// Status line, fields and empty line. `body_bytes` is told even where the body is not sent (HEAD).
std::string SerializeHead(const HttpResponse& response, int64_t body_bytes, bool keep_alive);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_HTTP_RESPONSE_H_
