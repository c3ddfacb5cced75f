// The query of a request: `a=1&b=two`. Strict: each parameter once, known ones only. The first
// problem is kept and later reads give nothing, so that a handler reads in a straight line and asks
// once whether all was right.
#ifndef COEDIT_SERVER_API_QUERY_H_
#define COEDIT_SERVER_API_QUERY_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace coedit::server::api {

class Query {
 public:
  // `raw` as it stands in the request, percent-encoded.
  Query(absl::string_view raw, std::initializer_list<absl::string_view> known);

  std::optional<std::string> Text(absl::string_view name) const;
  std::optional<uint64_t> Integer(absl::string_view name, uint64_t min, uint64_t max);

  void Fail(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }
  // kInvalidArgument names the parameter.
  const absl::Status& status() const { return status_; }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
  absl::Status status_;
};

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_QUERY_H_
