#include "server/admission.h"

#include <utility>

namespace coedit::server {

bool Admission::Pass::AwaitHello() {
  const int64_t most = admission_->limits_->connections_before_hello;
  const std::lock_guard<std::mutex> lock(admission_->mutex_);
  if (most != 0 && admission_->awaiting_hello_ >= most) return false;
  ++admission_->awaiting_hello_;
  awaits_hello_ = true;
  return true;
}

bool Admission::Pass::Welcome(std::shared_ptr<const Identity> identity) {
  GiveBack();
  const int64_t most = admission_->limits_->connections_per_user;
  const std::lock_guard<std::mutex> lock(admission_->mutex_);
  const auto [client, is_new] = admission_->per_client_.try_emplace(identity->client_id);
  if (is_new) client->second.first = identity;
  if (most != 0 && client->second.connections >= most) return false;
  ++client->second.connections;
  identity_ = std::move(identity);
  return true;
}

void Admission::Pass::GiveBack() {
  if (!awaits_hello_ && identity_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(admission_->mutex_);
  if (awaits_hello_) --admission_->awaiting_hello_;
  awaits_hello_ = false;
  if (identity_ == nullptr) return;
  const auto found = admission_->per_client_.find(identity_->client_id);
  if (--found->second.connections == 0) admission_->per_client_.erase(found);
  identity_.reset();
}

}  // namespace coedit::server
