#include "server/api/message.h"

#include "proto/json_writer.h"

namespace coedit::server::api {
namespace {

constexpr const char* kRetryAfterSeconds = "1";

}  // namespace

Response JsonResponse(int status, std::string json) {
  json.push_back('\n');
  Response response{.status = status};
  response.body = std::make_shared<const std::string>(std::move(json));
  return response;
}

Response NoContent() { return {.status = 204, .content_type = {}}; }

Response ErrorResponse(WireCode code, absl::string_view text) {
  const WireErrorInfo& info = InfoOf(code);
  return ErrorResponse(code, info.http_status, info.retry, text);
}

Response ErrorResponse(WireCode code, int status, bool retry, absl::string_view text) {
  std::string json;
  {
    proto::JsonObjectWriter object(&json);
    proto::JsonObjectWriter(object.Key("error"))
        .Text("code", NameOf(code))
        .Text("text", text)
        .Bool("retry", retry);
  }
  Response response = JsonResponse(status, std::move(json));
  if (retry) response.fields.emplace_back("Retry-After", kRetryAfterSeconds);
  return response;
}

}  // namespace coedit::server::api
