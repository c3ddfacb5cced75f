#include "server/io/http_request.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/io/ip_address.h"
#include "server/io/log.h"

namespace coedit::server {
namespace {

bool IsTokenCharacter(char character) {
  return absl::ascii_isalnum(static_cast<unsigned char>(character)) ||
         absl::string_view("!#$%&'*+-.^_`|~").find(character) != absl::string_view::npos;
}

bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter);
}

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char character) {
    return absl::ascii_isdigit(static_cast<unsigned char>(character));
  });
}

// Blanks, tabs, what prints, and bytes above ASCII: nothing that could end a line.
bool IsFieldValue(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

absl::string_view StripBlanks(absl::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

HttpRefusal Bad(std::string text) { return {400, std::move(text)}; }

// Fields whose repetition would leave open which of them counts.
bool IsSingle(absl::string_view name) {
  static constexpr absl::string_view kSingle[] = {
      "host",          "content-length",    "origin",
      "content-type",  "sec-websocket-key", "sec-websocket-version",
      "authorization", "if-none-match",     "expect"};
  return std::any_of(std::begin(kSingle), std::end(kSingle), [name](absl::string_view single) {
    return absl::EqualsIgnoreCase(single, name);
  });
}

std::optional<HttpRefusal> ParseTarget(absl::string_view target, HttpRequest* request) {
  if (target.empty() || target.front() != '/') {
    return Bad(absl::StrCat("the target ", Quoted(target), " does not begin with a slash"));
  }
  const absl::string_view path = target.substr(0, target.find('?'));
  for (size_t at = 0; at < target.size(); ++at) {
    const auto byte = static_cast<unsigned char>(target[at]);
    if (byte <= 0x20 || byte >= 0x7f || byte == '#' || byte == '\\') {
      return Bad(
          absl::StrCat("the target ", Quoted(target), " has a character that is not allowed"));
    }
  }
  std::string decoded;
  for (size_t at = 0; at < path.size(); ++at) {
    if (path[at] != '%') {
      decoded.push_back(path[at]);
      continue;
    }
    int byte = 0;
    if (at + 2 >= path.size() || !absl::SimpleHexAtoi(path.substr(at + 1, 2), &byte) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(path[at + 1])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(path[at + 2]))) {
      return Bad(absl::StrCat("the path ", Quoted(path), " has a broken escape"));
    }
    // An escaped slash would make one name look like two.
    if (byte < 0x20 || byte == 0x7f || byte == '/' || byte == '\\') {
      return Bad(absl::StrCat("the path ", Quoted(path), " hides a character that is not allowed"));
    }
    decoded.push_back(static_cast<char>(byte));
    at += 2;
  }
  request->path = std::move(decoded);
  if (path.size() < target.size()) request->query = target.substr(path.size() + 1);
  return std::nullopt;
}

std::optional<HttpRefusal> ParseRequestLine(absl::string_view line, HttpRequest* request) {
  const std::vector<absl::string_view> parts = absl::StrSplit(line, ' ');
  if (parts.size() != 3) {
    return Bad(absl::StrCat("the request line ", Quoted(line), " is not `METHOD target HTTP/1.1`"));
  }
  if (!IsToken(parts[0])) return Bad(absl::StrCat("the method ", Quoted(parts[0]), " is no word"));
  if (parts[2] != "HTTP/1.1") {
    const bool version = absl::StartsWith(parts[2], "HTTP/") && parts[2].size() == 8 &&
                         absl::ascii_isdigit(static_cast<unsigned char>(parts[2][5])) &&
                         parts[2][6] == '.' &&
                         absl::ascii_isdigit(static_cast<unsigned char>(parts[2][7]));
    if (!version) return Bad(absl::StrCat(Quoted(parts[2]), " is no version of HTTP"));
    return HttpRefusal{505, absl::StrCat("this server speaks HTTP/1.1, not ", parts[2])};
  }
  request->method = parts[0];
  return ParseTarget(parts[1], request);
}

std::optional<HttpRefusal> ParseField(absl::string_view line, HttpRequest* request) {
  // Continuation lines were taken out of HTTP because parsers disagree on them.
  if (line.front() == ' ' || line.front() == '\t') return Bad("a header field is folded");
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) {
    return Bad(absl::StrCat("the header line ", Quoted(line), " has no colon"));
  }
  const HttpField field = {line.substr(0, colon), StripBlanks(line.substr(colon + 1))};
  if (!IsToken(field.name)) {
    return Bad(absl::StrCat("the header name ", Quoted(field.name), " is no word"));
  }
  if (!IsFieldValue(field.value)) {
    return Bad(absl::StrCat("the header ", Quoted(field.name), " has a control character"));
  }
  if (IsSingle(field.name) && request->Field(field.name).has_value()) {
    return Bad(absl::StrCat("the header ", Quoted(field.name), " stands there twice"));
  }
  request->fields.push_back(field);
  return std::nullopt;
}

// What the fields say about the message itself.
std::optional<HttpRefusal> CheckMessage(HttpRequest* request) {
  const std::optional<absl::string_view> host = request->Field("host");
  if (!host.has_value()) return Bad("the header Host is missing");
  request->host_text = *host;
  std::optional<HttpAuthority> authority = ParseAuthority(*host);
  if (!authority.has_value()) {
    return Bad(absl::StrCat("the header Host is ", Quoted(*host), ", which is no host"));
  }
  request->host = *std::move(authority);

  if (request->Field("transfer-encoding").has_value()) {
    return Bad("requests with Transfer-Encoding are not accepted");
  }
  if (const std::optional<absl::string_view> length = request->Field("content-length")) {
    if (!IsDigits(*length)) {
      return Bad(absl::StrCat("Content-Length is ", Quoted(*length), ", which is no number"));
    }
    if (!absl::SimpleAtoi(*length, &request->content_length)) {
      request->content_length = std::numeric_limits<uint64_t>::max();
    }
  }
  if (const std::optional<absl::string_view> expect = request->Field("expect")) {
    if (!absl::EqualsIgnoreCase(*expect, "100-continue")) {
      return HttpRefusal{417, absl::StrCat("the expectation ", Quoted(*expect), " is not met")};
    }
    request->expects_continue = true;
  }
  request->keep_alive = !request->Lists("connection", "close");
  return std::nullopt;
}

}  // namespace

std::optional<HttpAuthority> ParseAuthority(absl::string_view text) {
  HttpAuthority authority;
  absl::string_view rest;
  if (absl::StartsWith(text, "[")) {
    const size_t end = text.find(']');
    if (end == absl::string_view::npos) return std::nullopt;
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(text.substr(1, end - 1));
    if (!address.ok() || text.substr(1, end - 1).find(':') == absl::string_view::npos) {
      return std::nullopt;
    }
    authority.host = address->ToHost();
    rest = text.substr(end + 1);
  } else {
    const size_t colon = text.find(':');
    const absl::string_view name = text.substr(0, colon);
    const bool legal = !name.empty() && name.size() <= 253 &&
                       std::all_of(name.begin(), name.end(), [](char character) {
                         return absl::ascii_isalnum(static_cast<unsigned char>(character)) ||
                                character == '-' || character == '.' || character == '_';
                       });
    if (!legal) return std::nullopt;
    authority.host = absl::AsciiStrToLower(name);
    rest = colon == absl::string_view::npos ? absl::string_view() : text.substr(colon);
  }
  if (rest.empty()) return authority;
  if (!absl::ConsumePrefix(&rest, ":")) return std::nullopt;
  int port = 0;
  if (!IsDigits(rest) || rest.size() > 5 || !absl::SimpleAtoi(rest, &port) || port == 0 ||
      port > 65535) {
    return std::nullopt;
  }
  authority.port = static_cast<uint16_t>(port);
  return authority;
}

std::optional<absl::string_view> HttpRequest::Field(absl::string_view name) const {
  for (const HttpField& field : fields) {
    if (absl::EqualsIgnoreCase(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::vector<absl::string_view> HttpRequest::List(absl::string_view name) const {
  std::vector<absl::string_view> elements;
  for (const HttpField& field : fields) {
    if (!absl::EqualsIgnoreCase(field.name, name)) continue;
    for (const absl::string_view element : absl::StrSplit(field.value, ',')) {
      const absl::string_view stripped = StripBlanks(element);
      if (!stripped.empty()) elements.push_back(stripped);
    }
  }
  return elements;
}

bool HttpRequest::Lists(absl::string_view name, absl::string_view token) const {
  const std::vector<absl::string_view> elements = List(name);
  return std::any_of(elements.begin(), elements.end(), [token](absl::string_view element) {
    return absl::EqualsIgnoreCase(element, token);
  });
}

HeadProgress FindHeadEnd(absl::string_view received, const HttpHeadLimits& limits) {
  if (received.empty()) return {};
  if (!IsTokenCharacter(received.front())) {
    return {.end = std::nullopt, .refusal = Bad("this port speaks plain HTTP/1.1")};
  }
  for (size_t line = received.find('\n'); line != absl::string_view::npos;
       line = received.find('\n', line + 1)) {
    if (line == 0 || received[line - 1] != '\r') {
      return {.end = std::nullopt, .refusal = Bad("a line ends without a carriage return")};
    }
    if (line >= 3 && received[line - 2] == '\n') {
      if (static_cast<int64_t>(line) >= limits.header_bytes) break;
      return {.end = line + 1, .refusal = std::nullopt};
    }
  }
  if (static_cast<int64_t>(received.size()) >= limits.header_bytes) {
    return {.end = std::nullopt,
            .refusal = HttpRefusal{
                431, absl::StrCat("the header has more than ", limits.header_bytes, " bytes")}};
  }
  return {};
}

std::optional<HttpRefusal> ParseHttpHead(absl::string_view head, const HttpHeadLimits& limits,
                                         HttpRequest* request) {
  *request = HttpRequest();
  if (!absl::ConsumeSuffix(&head, "\r\n\r\n")) return Bad("the header has no end");
  bool first = true;
  for (const absl::string_view line : absl::StrSplit(head, "\r\n")) {
    if (line.empty() || line.find_first_of("\r\n") != absl::string_view::npos) {
      return Bad("a line of the header ends in the wrong place");
    }
    std::optional<HttpRefusal> refusal;
    if (first) {
      refusal = ParseRequestLine(line, request);
      first = false;
    } else {
      if (static_cast<int64_t>(request->fields.size()) >= limits.header_fields) {
        return HttpRefusal{
            431, absl::StrCat("the header has more than ", limits.header_fields, " fields")};
      }
      refusal = ParseField(line, request);
    }
    if (refusal.has_value()) return refusal;
  }
  return CheckMessage(request);
}

}  // namespace coedit::server
