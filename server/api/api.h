// Api: the HTTP API without HTTP. A request goes in, an answer comes out, later.
//
//   Api api(&environment, &shards, &compute);
//   api.Handle({.method = "GET", .path = "/v1/documents/notes"}, [](Response response) { ... });
//
// It knows the routes, what every request has to have, how fast one address may write, and who may
// read the answer across origins; what each call does stands in handlers.h. On the environment's
// executor; the answer comes there, perhaps inside the call, wherever the document lives. An answer
// to a request that is on its way when the document's hub goes never comes.
#ifndef COEDIT_SERVER_API_API_H_
#define COEDIT_SERVER_API_API_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "server/api/blame_cache.h"
#include "server/api/compute.h"
#include "server/api/documents.h"
#include "server/api/exchange.h"
#include "server/api/message.h"
#include "server/api/write_rates.h"
#include "server/environment.h"
#include "server/shards.h"

namespace coedit::server::api {

// True for paths that the API answers: everything below /v1/ but the WebSocket.
bool IsApiPath(absl::string_view path);

class Api {
 public:
  // All outlive it. `environment` is that of the shard on which it is called.
  Api(const Environment* environment, Shards* shards, Compute* compute);

  // Why the request would be refused whatever its body says, if it would: asked before the body is
  // read. `body_bytes` is its length as declared.
  std::optional<Response> RefuseHead(const Request& request, uint64_t body_bytes) const;

  void Handle(Request request, Respond respond);

 private:
  BlameCache blames_;
  Documents documents_;
  Context context_;
  WriteRates rates_;
};

// What a page of `origin`, which the gate let in, may see of `response` from another origin.
void AddCors(absl::string_view origin, Response* response);

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_API_H_
