#include "server/io/http_router.h"

#include "absl/strings/str_cat.h"

namespace coedit::server {
namespace {

HttpResponse AnswerHealth(const Services& services) {
  const absl::Status store = services.store_probe->Health(EventLoop::Now());
  // Why it fails is for the log: the reason may name files of this machine.
  return {store.ok() ? 200 : 503, "Content-Type: application/json\r\nCache-Control: no-store\r\n",
          std::make_shared<const std::string>(absl::StrCat(
              "{\"status\":\"", store.ok() ? "ok" : "unavailable", "\",\"store\":\"",
              store.ok() ? "ok" : "unavailable", "\",\"connections\":",
              services.slots->connections(), ",\"documents\":", services.shards->open_documents(),
              ",\"server\":\"", services.environment->server_name, "\"}\n"))};
}

}  // namespace

HttpResponse RouteRequest(const Services& services, const HttpRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return RefusalResponse({405, "only GET and HEAD are answered here"});
  }
  if (request.path == "/healthz") return AnswerHealth(services);
  return services.files->Answer(request);
}

}  // namespace coedit::server
