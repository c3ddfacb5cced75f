// What LetterMembers of other makers' servers share: the socket, and how they fail.
#ifndef COEDIT_BENCH_LOAD_PEER_MEMBER_H_
#define COEDIT_BENCH_LOAD_PEER_MEMBER_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "bench/load/letter_member.h"

namespace coedit::bench {

class PeerMember : public LetterMember, private WebSocketClient::Listener {
 public:
  void Cut() override;
  void Reconnect() override;
  void Close() override;
  void PauseReading() override { socket_->PauseReading(); }
  void ResumeReading() override { socket_->ResumeReading(); }
  bool open() const override { return open_; }
  uint64_t author() const override { return index() + 1; }
  Holding Held() const override;
  WebSocketClient::Traffic traffic() const override;

 protected:
  // `endpoint` has the path the protocol wants.
  PeerMember(EventLoop* loop, const Options& options, Endpoint endpoint, bool binary, Owner* owner);

  // Connected: say what comes first.
  virtual void Greet() = 0;
  // One message of the server; a status that is not OK ends the member.
  virtual absl::Status Take(absl::string_view message) = 0;
  // The number of the text's version where the protocol has one.
  virtual uint64_t version() const { return 0; }

  void SendText(absl::string_view message) { socket_->Send(message); }
  // Once for each connection. What is under way after a reconnect is sent again.
  void Opened();
  bool opened_before() const { return opened_before_; }

 private:
  std::unique_ptr<WebSocketClient> MakeSocket();
  void OnConnected() override { Greet(); }
  void OnMessage(absl::string_view bytes) override;
  void OnDisconnected(const absl::Status& reason) override;
  void Fail(const absl::Status& reason);

  EventLoop* const loop_;
  const Endpoint endpoint_;
  const bool binary_;
  bool open_ = false;
  bool opened_before_ = false;
  bool ended_ = false;
  WebSocketClient::Traffic earlier_traffic_;
  std::unique_ptr<WebSocketClient> socket_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_PEER_MEMBER_H_
