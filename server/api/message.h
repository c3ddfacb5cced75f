// One request to the HTTP API and its answer, as values: what is left when sockets are taken away.
#ifndef COEDIT_SERVER_API_MESSAGE_H_
#define COEDIT_SERVER_API_MESSAGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "server/wire_error.h"

namespace coedit::server::api {

struct Request {
  std::string method;
  std::string path;          // decoded; begins with /v1/
  std::string query;         // as sent, without the question mark
  std::string content_type;  // header fields, empty if absent
  std::string accept;
  std::string body;
  std::string client;  // whom writes are counted under: the client's address
};

struct Response {
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";  // not sent without a body
  std::vector<std::pair<std::string, std::string>> fields;
  std::shared_ptr<const std::string> body;  // null: none
};

using Respond = absl::AnyInvocable<void(Response) &&>;

Response JsonResponse(int status, std::string json);
Response NoContent();

// {"error":{"code":...,"text":...,"retry":...}} with the status of the code's table, or with
// `status` where HTTP has a more exact one (405, 415, ...). `retry` of a code that may be tried
// again comes with Retry-After.
Response ErrorResponse(WireCode code, absl::string_view text);
Response ErrorResponse(WireCode code, int status, bool retry, absl::string_view text);

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_MESSAGE_H_
