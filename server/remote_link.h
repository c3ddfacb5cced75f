// RemoteLink: how an actor of one shard delivers to a session of another.
#ifndef COEDIT_SERVER_REMOTE_LINK_H_
#define COEDIT_SERVER_REMOTE_LINK_H_

#include <memory>

#include "proto/codec.h"
#include "server/member.h"
#include "server/seams.h"

namespace coedit::server {

// Carries each delivery to the session's executor, which keeps their order. Like the session's own
// link it holds on to the session until the actor lets go of the member.
class RemoteLink final : public MemberLink {
 public:
  RemoteLink(std::shared_ptr<MemberLink> session, Executor* executor)
      : session_(std::move(session)), executor_(executor), encoding_(session_->encoding()) {}

  proto::Encoding encoding() const override { return encoding_; }
  // On the actor's executor.
  void Deliver(Delivery delivery) override;

 private:
  const std::shared_ptr<MemberLink> session_;
  Executor* const executor_;  // the session's
  const proto::Encoding encoding_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_REMOTE_LINK_H_
