// Who a client says it is, made fit to be shown to others. Without tokens a name is a claim.
#ifndef COEDIT_SERVER_IDENTITY_H_
#define COEDIT_SERVER_IDENTITY_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "proto/messages.h"

namespace coedit::server {

// One record for all that refer to it: a connection, the documents it has open, their authors.
struct Identity {
  std::string client_id;  // of one editor, which no other client is told
  proto::User user;
};

// A user from `hello`: an id that is stable for the client id without telling it, the name without
// control and direction characters (cut at `name_characters_max` code points), the colour if it is
// "#rrggbb" and else one chosen by the client id.
proto::User MakeUser(const proto::Hello& hello, int64_t name_characters_max);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IDENTITY_H_
