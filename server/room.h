// Room: the members of one document, and telling them things encoded once.
#ifndef COEDIT_SERVER_ROOM_H_
#define COEDIT_SERVER_ROOM_H_

#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "proto/messages.h"
#include "server/member.h"

namespace coedit::server {

class Room {
 public:
  explicit Room(proto::Channel channel) : channel_(channel) {}

  size_t size() const { return members_.size(); }
  // nullptr if absent. Pointers stay valid until that member is removed.
  Member* Find(MemberId id);
  Member* FindByClient(absl::string_view client_id);
  bool HasClient(absl::string_view client_id) const { return by_client_.contains(client_id); }
  Member& Add(std::unique_ptr<Member> member);
  void Remove(MemberId id);

  // In the order they joined.
  const std::vector<std::unique_ptr<Member>>& members() const { return members_; }

  void Tell(const Member& member, Delivery::Kind kind, const proto::ServerMessage& message) const;
  // Everyone but `except` (0: nobody is left out). `about` as in Delivery.
  void TellAll(Delivery::Kind kind, const proto::ServerMessage& message, MemberId except,
               MemberId about = 0) const;

 private:
  proto::Channel channel_;
  std::vector<std::unique_ptr<Member>> members_;
  absl::flat_hash_map<MemberId, Member*> by_id_;
  absl::flat_hash_map<absl::string_view, Member*> by_client_;  // keys stand in the members
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_ROOM_H_
