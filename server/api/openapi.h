// The description of the API, openapi.json as it stood when this was built.
#ifndef COEDIT_SERVER_API_OPENAPI_H_
#define COEDIT_SERVER_API_OPENAPI_H_

#include "absl/strings/string_view.h"

namespace coedit::server::api {

absl::string_view OpenApiJson();

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_OPENAPI_H_
