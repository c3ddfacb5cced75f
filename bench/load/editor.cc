#include "bench/load/editor.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace coedit::bench {

Editor::Editor(EventLoop* loop, const Connection::Options& options, Owner* owner, size_t index)
    : owner_(owner), index_(index), connection_(loop, options, this) {}

std::optional<ot::Sequence> Editor::SendPending() {
  const std::optional<ot::Operation> operation = client_->TakeSubmit();
  if (!operation.has_value()) return std::nullopt;
  connection_.Submit(operation->sequence, operation->base, operation->delta);
  return operation->sequence;
}

Holding Editor::Held() const {
  return {absl::StrCat("client ", index_), client_->revision(), digest_, client_->view()};
}

void Editor::OnOpened(const proto::Opened& opened, ot::Text text) {
  author_ = opened.author;
  digest_ = opened.digest;
  client_.emplace(std::move(text), opened.revision, opened.last_sequence);
  owner_->OnOpened(this);
}

void Editor::OnCommitted(const proto::Committed& committed) {
  const absl::StatusOr<ot::Delta> change =
      client_->OnCommitted(committed.revision, committed.delta);
  if (!change.ok()) return OnFailed(change.status());
  digest_ = ot::ExtendReplicaDigest(digest_, committed.author, committed.delta);
  owner_->OnDelivered(this, committed, *change);
}

void Editor::OnAck(const proto::Ack& ack) {
  const ot::ReplicaDigest digest =
      ot::ExtendReplicaDigest(digest_, author_, client_->in_flight_local());
  if (absl::Status status = client_->OnAck(ack.sequence, ack.revision); !status.ok()) {
    return OnFailed(status);
  }
  digest_ = digest;
  owner_->OnAcked(this, ack);
}

void Editor::OnFailed(const absl::Status& reason) {
  if (std::exchange(failed_, true)) return;
  connection_.Close();
  owner_->OnFailed(this, reason);
}

}  // namespace coedit::bench
