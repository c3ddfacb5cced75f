#include "server/io/http_response.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace coedit::server {

absl::string_view ReasonOf(int status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

HttpResponse TextResponse(int status, absl::string_view sentence) {
  return {status, "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n",
          std::make_shared<const std::string>(absl::StrCat(sentence, "\n"))};
}

HttpResponse RefusalResponse(const HttpRefusal& refusal) {
  HttpResponse response = TextResponse(refusal.status, refusal.text);
  if (refusal.status == 405) absl::StrAppend(&response.fields, "Allow: GET, HEAD\r\n");
  if (refusal.status == 426) {
    absl::StrAppend(&response.fields, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
  }
  if (refusal.status == 429 || refusal.status == 503) {
    absl::StrAppend(&response.fields, "Retry-After: 5\r\n");
  }
  return response;
}

std::string SerializeHead(const HttpResponse& response, int64_t body_bytes, bool keep_alive) {
  std::string head = absl::StrCat(
      "HTTP/1.1 ", response.status, " ", ReasonOf(response.status),
      "\r\nDate: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()),
      "\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\n",
      response.fields);
  // A 304 has no body, and a length would be read as that of the file. A 204 has none either.
  const bool bodiless = response.status == 304 || response.status == 204;
  if (!bodiless) absl::StrAppend(&head, "Content-Length: ", body_bytes, "\r\n");
  absl::StrAppend(&head, "Connection: ", keep_alive ? "keep-alive" : "close", "\r\n\r\n");
  return head;
}

}  // namespace coedit::server
