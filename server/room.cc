#include "server/room.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "ot/check.h"
#include "proto/codec.h"

namespace coedit::server {
namespace {

// In a room of so many what is told to all waits for more of it: a message costs far more system
// calls than anything else the server does for it. The more members, the more one flush costs and
// the longer is waited for the next one; never as long as a screen shows one picture.
struct Pace {
  size_t members;
  absl::Duration pace;
};
constexpr Pace kPaces[] = {
    {150, absl::Milliseconds(15)}, {100, absl::Milliseconds(10)}, {64, absl::Milliseconds(5)}};

absl::Duration PaceOf(size_t members) {
  for (const Pace& large : kPaces) {
    if (members >= large.members) return large.pace;
  }
  return absl::ZeroDuration();
}

}  // namespace

Member* Room::Find(MemberId id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

Member* Room::FindByClient(absl::string_view client_id) {
  const auto found = by_client_.find(client_id);
  return found == by_client_.end() ? nullptr : found->second;
}

Member& Room::Add(std::unique_ptr<Member> member) {
  Member& added = *member;
  COEDIT_CHECK(by_client_.emplace(added.client_id(), &added).second);
  COEDIT_CHECK(by_id_.emplace(added.id, &added).second);
  members_.push_back(std::move(member));
  return added;
}

void Room::Remove(MemberId id) {
  const auto found = by_id_.find(id);
  COEDIT_CHECK(found != by_id_.end());
  by_client_.erase(found->second->client_id());
  by_id_.erase(found);
  std::erase_if(members_, [id](const auto& member) { return member->id == id; });
}

void Room::Tell(const Member& member, Delivery::Kind kind,
                const proto::ServerMessage& message) const {
  member.link->Deliver({.kind = kind,
                        .member = member.id,
                        .channel = channel_,
                        .piece = Piece(proto::EncodePiece(member.link->encoding(), message))});
}

void Room::TellAll(Delivery::Kind kind, const proto::ServerMessage& message, MemberId except,
                   MemberId about) const {
  const absl::Duration pace = PaceOf(members_.size());
  std::array<Piece, proto::kEncodingCount> pieces;  // made when the first member needs them
  for (const auto& member : members_) {
    if (member->id == except) continue;
    const proto::Encoding encoding = member->link->encoding();
    Piece& piece = pieces[static_cast<size_t>(encoding)];
    if (piece == nullptr) {
      piece = Piece(proto::EncodePiece(encoding, message));
    }
    member->link->Deliver({.kind = kind,
                           .member = member->id,
                           .channel = channel_,
                           .piece = piece,
                           .about = about,
                           .pace = pace});
  }
}

}  // namespace coedit::server
