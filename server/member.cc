#include "server/member.h"

#include <utility>

#include "proto/codec.h"

namespace coedit::server {

void Refuse(const OpenRequest& request, proto::Refused refused) {
  refused.request = request.open.request;
  request.link->Deliver(
      {.kind = Delivery::Kind::kRefused,
       .member = request.member,
       .piece = Piece(proto::EncodePiece(request.link->encoding(), std::move(refused)))});
}

}  // namespace coedit::server
