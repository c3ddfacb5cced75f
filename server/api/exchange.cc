#include "server/api/exchange.h"

#include "absl/strings/str_cat.h"

namespace coedit::server::api {

void Exchange::RefuseFor(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return Refuse(WireCode::kNoSuchDocument,
                    absl::StrCat("there is no document '", document, "'"));
    case absl::StatusCode::kAlreadyExists:
      return Refuse(WireCode::kAlreadyExists, status.message());
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return RefuseBad(status);
    case absl::StatusCode::kDataLoss:
      return Answer(ErrorResponse(WireCode::kUnavailable, 503, /*retry=*/false,
                                  absl::StrCat("document '", document, "' is damaged on disk")));
    case absl::StatusCode::kResourceExhausted:
      return Refuse(WireCode::kStorageFull, "the disk is full; nothing was changed");
    default:
      // Why is for the log: it may name files of this machine.
      return Refuse(WireCode::kUnavailable, "the documents cannot be read or written now");
  }
}

}  // namespace coedit::server::api
