// Who a client says it is, made fit to be shown to others. Without tokens a name is a claim.
#ifndef COEDIT_SERVER_IDENTITY_H_
#define COEDIT_SERVER_IDENTITY_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "proto/messages.h"

namespace coedit::server {

// A user from `hello`: an id that is stable for the client id without telling it, the name without
// control and direction characters (cut at `name_characters_max` code points), the colour if it is
// "#rrggbb" and else one chosen by the client id.
proto::User MakeUser(const proto::Hello& hello, int64_t name_characters_max);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IDENTITY_H_
