#include "server/api/openapi.h"

#include <memory>
#include <string>

#include "server/api/handlers.h"

namespace coedit::server::api {

void GetOpenApi(ExchangePtr exchange) {
  static const auto& body =
      *new std::shared_ptr<const std::string>(std::make_shared<const std::string>(OpenApiJson()));
  Response response;
  response.body = body;
  exchange->Answer(std::move(response));
}

}  // namespace coedit::server::api
