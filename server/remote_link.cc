#include "server/remote_link.h"

#include <utility>

namespace coedit::server {

void RemoteLink::Deliver(Delivery delivery) {
  executor_->Post([session = session_, delivery = std::move(delivery)]() mutable {
    session->Deliver(std::move(delivery));
  });
}

}  // namespace coedit::server
