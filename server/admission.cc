#include "server/admission.h"

namespace coedit::server {

bool Admission::Pass::AwaitHello() {
  const int64_t most = admission_->limits_->connections_before_hello;
  const std::lock_guard<std::mutex> lock(admission_->mutex_);
  if (most != 0 && admission_->awaiting_hello_ >= most) return false;
  ++admission_->awaiting_hello_;
  awaits_hello_ = true;
  return true;
}

bool Admission::Pass::Welcome(const std::string& client_id) {
  GiveBack();
  const int64_t most = admission_->limits_->connections_per_user;
  const std::lock_guard<std::mutex> lock(admission_->mutex_);
  int64_t& taken = admission_->per_client_[client_id];
  if (most != 0 && taken >= most) return false;
  ++taken;
  client_id_ = client_id;
  return true;
}

void Admission::Pass::GiveBack() {
  if (!awaits_hello_ && client_id_.empty()) return;
  const std::lock_guard<std::mutex> lock(admission_->mutex_);
  if (awaits_hello_) --admission_->awaiting_hello_;
  awaits_hello_ = false;
  if (client_id_.empty()) return;
  const auto found = admission_->per_client_.find(client_id_);
  if (--found->second == 0) admission_->per_client_.erase(found);
  client_id_.clear();
}

}  // namespace coedit::server
