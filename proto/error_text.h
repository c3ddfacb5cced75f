// How the checks of foreign input word their refusals: a path to the place, then what is wrong with
// the value that stands there.
//
//   messages[2].submit.channel: 0 is not an integer from 1 to 4294967295
#ifndef COEDIT_PROTO_ERROR_TEXT_H_
#define COEDIT_PROTO_ERROR_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace coedit::proto {

// A foreign string as it may stand in an error text: in quotes, escaped, cut after 48 bytes. Any
// bytes; the result is well-formed UTF-8 on one line.
std::string Quoted(absl::string_view bytes);

// kInvalidArgument "<name>: <problem>". With an empty name the place is told by In() alone.
template <typename... Parts>
absl::Status Wrong(absl::string_view name, const Parts&... problem) {
  return absl::InvalidArgumentError(absl::StrCat(name, ": ", problem...));
}

// The same problem seen from one level above: "<place>.<name>: <problem>". OK stays
// OK.
absl::Status In(absl::string_view place, const absl::Status& status);

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_ERROR_TEXT_H_
