#include "bench/load/room_peer.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace coedit::bench {

PeerMember::PeerMember(EventLoop* loop, const Options& options, const Endpoint& endpoint,
                       bool binary, Owner* owner)
    : RoomMember(options.index), owner_(owner), socket_(loop, endpoint, {binary, ""}, this) {}

void PeerMember::Close() {
  ended_ = true;
  socket_.Close();
}

void PeerMember::OnMessage(absl::string_view bytes) {
  if (ended_) return;
  const absl::Status taken = Take(bytes);
  if (taken.ok()) return;
  ended_ = true;
  owner_->OnFailed(
      this, absl::Status(taken.code(), absl::StrCat(taken.message(), ", in a message that begins ",
                                                    absl::CHexEscape(bytes.substr(0, 200)))));
}

void PeerMember::OnDisconnected(const absl::Status& reason) {
  if (ended_) return;
  ended_ = true;
  owner_->OnFailed(this, reason.ok() ? absl::UnavailableError("the server closed") : reason);
}

}  // namespace coedit::bench
