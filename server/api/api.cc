#include "server/api/api.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "proto/codec.h"
#include "proto/error_text.h"
#include "proto/json_tree.h"
#include "server/api/handlers.h"
#include "server/api/query.h"

namespace coedit::server::api {
namespace {

constexpr absl::string_view kPrefix = "/v1/";
constexpr absl::string_view kSocketPath = "/v1/ws";

enum class Kind : uint8_t {
  kRead,   // no body
  kWrite,  // a JSON body
  kErase,  // changes something, without a body
};

struct Route {
  absl::string_view method;
  absl::string_view pattern;  // behind /v1/
  Kind kind;
  void (*handler)(ExchangePtr);
};

constexpr Route kRoutes[] = {
    {"GET", "openapi.json", Kind::kRead, GetOpenApi},
    {"GET", "documents", Kind::kRead, ListDocuments},
    {"POST", "documents", Kind::kWrite, CreateDocument},
    {"GET", "documents/{id}", Kind::kRead, GetDocument},
    {"PATCH", "documents/{id}", Kind::kWrite, PatchDocument},
    {"DELETE", "documents/{id}", Kind::kErase, DeleteDocument},
    {"POST", "documents/{id}/copy", Kind::kWrite, CopyDocument},
    {"GET", "documents/{id}/operations", Kind::kRead, ListOperations},
    {"POST", "documents/{id}/operations", Kind::kWrite, PostOperation},
    {"GET", "documents/{id}/blame", Kind::kRead, GetBlame},
    {"GET", "documents/{id}/diff", Kind::kRead, GetDiff},
    {"GET", "documents/{id}/versions", Kind::kRead, ListVersions},
    {"POST", "documents/{id}/versions", Kind::kWrite, AddVersion},
    {"DELETE", "documents/{id}/versions/{version}", Kind::kErase, DeleteVersion},
    {"POST", "documents/{id}/restore", Kind::kWrite, RestoreRevision},
    {"GET", "documents/{id}/members", Kind::kRead, ListMembers},
    {"GET", "documents/{id}/timeline", Kind::kRead, GetTimeline},
};

// The calls that take parameters; the others refuse any.
bool HasQuery(const Route& route) {
  return route.handler == ListDocuments || route.handler == GetDocument ||
         route.handler == ListOperations || route.handler == GetBlame || route.handler == GetDiff ||
         route.handler == GetTimeline;
}

// Where a request leads: a route, or why there is none.
struct Destination {
  const Route* route = nullptr;
  std::string document;
  uint64_t version = 0;
  std::vector<absl::string_view> methods;  // what the path has
};

// True if the path fits; `destination` gets what stands in it.
bool Fits(absl::string_view pattern, const std::vector<absl::string_view>& path,
          Destination* destination) {
  const std::vector<absl::string_view> parts = absl::StrSplit(pattern, '/');
  if (parts.size() != path.size()) return false;
  for (size_t at = 0; at < parts.size(); ++at) {
    if (parts[at] == "{id}") {
      if (!proto::IsDocumentId(path[at])) return false;
      destination->document = std::string(path[at]);
    } else if (parts[at] == "{version}") {
      uint64_t version = 0;
      if (!absl::SimpleAtoi(path[at], &version) || version == 0 || version > proto::kSafeInteger ||
          path[at] != absl::StrCat(version)) {
        return false;
      }
      destination->version = version;
    } else if (parts[at] != path[at]) {
      return false;
    }
  }
  return true;
}

Destination Find(const Request& request) {
  Destination destination;
  absl::string_view rest = request.path;
  if (!absl::ConsumePrefix(&rest, kPrefix)) return destination;
  const std::vector<absl::string_view> path = absl::StrSplit(rest, '/');
  absl::string_view method = request.method;
  if (method == "HEAD") method = "GET";
  for (const Route& route : kRoutes) {
    if (!Fits(route.pattern, path, &destination)) continue;
    destination.methods.push_back(route.method);
    if (route.method == "GET") destination.methods.push_back("HEAD");
    if (route.method == method) destination.route = &route;
  }
  return destination;
}

bool IsJson(absl::string_view content_type) {
  const absl::string_view type = content_type.substr(0, content_type.find(';'));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(type), "application/json");
}

Response Bad(int status, absl::string_view text) {
  return ErrorResponse(WireCode::kBadMessage, status, /*retry=*/false, text);
}

std::string AllowOf(const Destination& destination) {
  return absl::StrCat(absl::StrJoin(destination.methods, ", "), ", OPTIONS");
}

}  // namespace

bool IsApiPath(absl::string_view path) {
  return absl::StartsWith(path, kPrefix) && path != kSocketPath;
}

Api::Api(const Environment* environment, Shards* shards, Compute* compute)
    : documents_(shards, environment->executor),
      context_{.environment = environment,
               .documents = &documents_,
               .compute = compute,
               .blames = &blames_},
      rates_(environment->limits.api_writes_per_second, environment->limits.api_writes_burst) {}

std::optional<Response> Api::RefuseHead(const Request& request, uint64_t body_bytes) const {
  const Destination destination = Find(request);
  if (destination.methods.empty()) {
    return Bad(404, absl::StrCat("there is nothing at ", proto::Quoted(request.path)));
  }
  const auto bytes_max = static_cast<uint64_t>(context_.environment->limits.message_bytes);
  if (body_bytes > bytes_max) {
    return Bad(413,
               absl::StrCat("a body of ", body_bytes, " bytes; at most ", bytes_max, " are taken"));
  }
  const bool options = request.method == "OPTIONS";
  if (destination.route == nullptr && !options) {
    Response response = Bad(405, absl::StrCat("there is no ", proto::Quoted(request.method), " of ",
                                              proto::Quoted(request.path)));
    response.fields.emplace_back("Allow", AllowOf(destination));
    return response;
  }
  if (options || destination.route->kind != Kind::kWrite) {
    if (body_bytes > 0) return Bad(400, absl::StrCat("a ", request.method, " has no body here"));
  } else if (!IsJson(request.content_type)) {
    return Bad(415, "the body has to come as Content-Type: application/json");
  }
  return std::nullopt;
}

void Api::Handle(Request request, Respond respond) {
  if (std::optional<Response> refused = RefuseHead(request, request.body.size())) {
    return std::move(respond)(*std::move(refused));
  }
  const Destination destination = Find(request);
  if (request.method == "OPTIONS") {
    Response response = NoContent();
    response.fields.emplace_back("Allow", AllowOf(destination));
    // For browsers that ask before a page of another origin may write.
    response.fields.emplace_back("Access-Control-Allow-Methods", AllowOf(destination));
    response.fields.emplace_back("Access-Control-Allow-Headers", "Content-Type");
    response.fields.emplace_back("Access-Control-Max-Age", "600");
    return std::move(respond)(std::move(response));
  }
  const Route& route = *destination.route;
  if (route.kind != Kind::kRead) {
    const absl::Duration wait = rates_.Take(request.client, context_.environment->clock->Steady());
    if (wait > absl::ZeroDuration()) {
      return std::move(respond)(
          ErrorResponse(WireCode::kRate, "too many changes from this address"));
    }
  }
  auto exchange = std::make_shared<Exchange>(&context_, std::move(request), std::move(respond));
  exchange->document = destination.document;
  exchange->version = destination.version;
  if (!HasQuery(route)) {
    const Query none(exchange->request.query, {});
    if (!none.status().ok()) return exchange->RefuseBad(none.status());
  }
  route.handler(std::move(exchange));
}

void AddCors(absl::string_view origin, Response* response) {
  response->fields.emplace_back("Access-Control-Allow-Origin", origin);
  response->fields.emplace_back("Access-Control-Expose-Headers",
                                "Coedit-Revision, Location, Retry-After");
  response->fields.emplace_back("Vary", "Origin");
}

}  // namespace coedit::server::api
