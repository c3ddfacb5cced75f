#include "bench/load/peer_member.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace coedit::bench {

PeerMember::PeerMember(EventLoop* loop, const Options& options, Endpoint endpoint, bool binary,
                       Owner* owner)
    : LetterMember(options, owner),
      loop_(loop),
      endpoint_(std::move(endpoint)),
      binary_(binary),
      socket_(MakeSocket()) {}

std::unique_ptr<WebSocketClient> PeerMember::MakeSocket() {
  WebSocketClient::Listener* const listener = this;
  const WebSocketClient::Format format{.binary = binary_, .subprotocol = ""};
  return std::make_unique<WebSocketClient>(loop_, endpoint_, format, listener);
}

void PeerMember::Cut() {
  if (socket_ == nullptr) return;
  earlier_traffic_ += socket_->traffic();
  socket_.reset();
  open_ = false;
}

void PeerMember::Reconnect() {
  Cut();
  ended_ = false;
  socket_ = MakeSocket();
}

void PeerMember::Close() {
  ended_ = true;
  open_ = false;
  if (socket_ != nullptr) socket_->Close();
}

Holding PeerMember::Held() const {
  return {.who = absl::StrCat("client ", index()), .revision = version(), .units = units()};
}

WebSocketClient::Traffic PeerMember::traffic() const {
  WebSocketClient::Traffic all = earlier_traffic_;
  if (socket_ != nullptr) all += socket_->traffic();
  return all;
}

void PeerMember::Opened() {
  open_ = true;
  if (std::exchange(opened_before_, true)) {
    for (const Operation& operation : under_way()) SendOperation(operation);
  }
  owner()->OnOpened(this);
}

void PeerMember::OnMessage(absl::string_view bytes) {
  if (ended_) return;
  const absl::Status taken = Take(bytes);
  if (taken.ok()) return;
  Fail(absl::Status(taken.code(), absl::StrCat(taken.message(), ", in a message that begins ",
                                               absl::CHexEscape(bytes.substr(0, 200)))));
}

void PeerMember::OnDisconnected(const absl::Status& reason) {
  if (ended_) return;
  Fail(reason.ok() ? absl::UnavailableError("the server closed") : reason);
}

void PeerMember::Fail(const absl::Status& reason) {
  ended_ = true;
  open_ = false;
  owner()->OnFailed(this, reason);
}

}  // namespace coedit::bench
