// The head of one HTTP request, parsed strictly. Pure.
//
// Only what HTTP/1.1 clients really send is understood; every form that two parsers could read
// differently is refused, because behind a proxy such a request could smuggle another one in. A
// body has a length that is told; whether one is taken is for the handler to say.
#ifndef COEDIT_SERVER_IO_HTTP_REQUEST_H_
#define COEDIT_SERVER_IO_HTTP_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace coedit::server {

// An answer that ends the connection.
struct HttpRefusal {
  int status = 400;
  std::string text;  // one sentence, for the person who reads it
};

struct HttpField {
  absl::string_view name;   // as sent; compare without case
  absl::string_view value;  // without the blanks around it
};

// "name", "name:port", "192.0.2.1:port" or "[v6]:port".
struct HttpAuthority {
  std::string host;  // lower case, v6 with its brackets
  std::optional<uint16_t> port;
};
std::optional<HttpAuthority> ParseAuthority(absl::string_view text);

// Its views point into the bytes it was parsed from.
struct HttpRequest {
  absl::string_view method;
  std::string path;               // decoded, begins with "/", has no control characters
  absl::string_view query;        // behind the question mark, as sent
  uint64_t content_length = 0;    // of the body; of what no number can hold the greatest there is
  bool expects_continue = false;  // the client waits for 100 before it sends the body
  std::vector<HttpField> fields;
  absl::string_view host_text;
  HttpAuthority host;
  bool keep_alive = true;

  // The only value of a field, or nullopt. Parsing refuses repetitions of fields that may not be
  // repeated, so the first is the only one.
  std::optional<absl::string_view> Field(absl::string_view name) const;
  // Elements of a comma-separated list over all fields of that name, blanks removed, empty ones
  // left out.
  std::vector<absl::string_view> List(absl::string_view name) const;
  // Whether that list has the token, without case.
  bool Lists(absl::string_view name, absl::string_view token) const;
};

struct HttpHeadLimits {
  int64_t header_bytes = 8 << 10;  // request line and fields
  int64_t header_fields = 64;
};

// Looks at what has arrived so far. Answers where the head ends (behind its empty line), nothing if
// more must come, or a refusal if it cannot become a legal head.
struct HeadProgress {
  std::optional<size_t> end;
  std::optional<HttpRefusal> refusal;
};
HeadProgress FindHeadEnd(absl::string_view received, const HttpHeadLimits& limits);

// `head` ends with its empty line and outlives `request`. Returns why it is refused, if it is.
std::optional<HttpRefusal> ParseHttpHead(absl::string_view head, const HttpHeadLimits& limits,
                                         HttpRequest* request);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_HTTP_REQUEST_H_
