#include "server/remote_link.h"

#include <utility>

#include "ot/mutation.h"

namespace coedit::server {
namespace {

// What one delivery under way counts beside its piece, which others may share.
constexpr int64_t kDeliveryBytes = 128;

}  // namespace

void RemoteLink::Deliver(Delivery delivery) {
  if (given_up_) return;
  const bool answers_open =
      delivery.kind == Delivery::Kind::kOpened || delivery.kind == Delivery::Kind::kRefused;
  int64_t bytes = answers_open ? 0 : kDeliveryBytes + static_cast<int64_t>(delivery.piece->size());
  if (bytes_max_ != 0 && bytes != 0 &&
      bytes_under_way_.load(std::memory_order_relaxed) > bytes_max_) {
    given_up_ = true;
    bytes = 0;
    delivery = {.kind = Delivery::Kind::kGivenUp,
                .member = delivery.member,
                .channel = delivery.channel,
                .piece = nullptr};
  }
  bytes_under_way_.fetch_add(bytes, std::memory_order_relaxed);
  const bool overtaken =
      Mutated(Mutation::kRemoteDeliveriesOvertake) && delivery.kind == Delivery::Kind::kMessage;
  Task task = [self = shared_from_this(), bytes, delivery = std::move(delivery)]() mutable {
    self->bytes_under_way_.fetch_sub(bytes, std::memory_order_relaxed);
    self->session_->Deliver(std::move(delivery));
  };
  if (overtaken) {
    executor_->Post([executor = executor_, task = std::move(task)]() mutable {
      executor->Post(std::move(task));
    });
    return;
  }
  executor_->Post(std::move(task));
}

}  // namespace coedit::server
