// RemoteLink: how an actor of one shard delivers to a session of another.
#ifndef COEDIT_SERVER_REMOTE_LINK_H_
#define COEDIT_SERVER_REMOTE_LINK_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "proto/codec.h"
#include "server/member.h"
#include "server/seams.h"

namespace coedit::server {

// Carries each delivery to the session's executor, which keeps their order. What is under way is
// bounded: if that executor falls too far behind, the channel is given up (kGivenUp), and its
// client resumes by revision.
//
// Like the session's own link it holds on to the session until the actor lets go of the member.
class RemoteLink final : public MemberLink, public std::enable_shared_from_this<RemoteLink> {
 public:
  // `bytes_max` of what is under way, 0: no bound. What an `open` is answered with does not count.
  RemoteLink(std::shared_ptr<MemberLink> session, Executor* executor, int64_t bytes_max)
      : session_(std::move(session)),
        executor_(executor),
        encoding_(session_->encoding()),
        bytes_max_(bytes_max) {}

  proto::Encoding encoding() const override { return encoding_; }
  // On the actor's executor.
  void Deliver(Delivery delivery) override;

 private:
  const std::shared_ptr<MemberLink> session_;
  Executor* const executor_;  // the session's
  const proto::Encoding encoding_;
  const int64_t bytes_max_;
  bool given_up_ = false;  // of the actor's executor
  std::atomic<int64_t> bytes_under_way_ = 0;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_REMOTE_LINK_H_
