#include "server/io/api_messages.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace coedit::server {

ApiCall ApiCallOf(const HttpRequest& request, const IpAddress& client) {
  return {.request = {.method = std::string(request.method),
                      .path = request.path,
                      .query = std::string(request.query),
                      .content_type = std::string(request.Field("content-type").value_or("")),
                      .accept = absl::StrJoin(request.List("accept"), ","),
                      .body = {},
                      .client = client.ToString()},
          .body_bytes = request.content_length,
          .expects_continue = request.expects_continue,
          .origin = std::string(request.Field("origin").value_or(""))};
}

HttpResponse FromApi(api::Response response, absl::string_view origin) {
  if (!origin.empty()) api::AddCors(origin, &response);
  HttpResponse out{.status = response.status, .fields = "Cache-Control: no-store\r\n", .body = {}};
  if (response.body != nullptr) {
    absl::StrAppend(&out.fields, "Content-Type: ", response.content_type, "\r\n");
  }
  for (const auto& [name, value] : response.fields) {
    absl::StrAppend(&out.fields, name, ": ", value, "\r\n");
  }
  out.body = std::move(response.body);
  return out;
}

HttpResponse ApiRefusal(const HttpRefusal& refusal) {
  const WireCode code = refusal.status == 403 ? WireCode::kForbidden : WireCode::kBadMessage;
  return FromApi(api::ErrorResponse(code, refusal.status, /*retry=*/false, refusal.text), "");
}

}  // namespace coedit::server
