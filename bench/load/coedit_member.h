// A LetterMember of coedit itself. It follows the revisions and computes the digest, for which it
// needs no text but the place its letters have come to, so at the end all members prove that they
// got one and the same log.
#ifndef COEDIT_BENCH_LOAD_COEDIT_MEMBER_H_
#define COEDIT_BENCH_LOAD_COEDIT_MEMBER_H_

#include <memory>
#include <optional>

#include "bench/load/connection.h"
#include "bench/load/letter_member.h"

namespace coedit::bench {

class CoeditMember final : public LetterMember, private Connection::Listener {
 public:
  CoeditMember(EventLoop* loop, const Options& options, Owner* owner);

  void ShowPresence(uint64_t number) override;
  void Cut() override;
  void Reconnect() override;
  void Close() override { connection_->Close(); }
  void PauseReading() override { connection_->PauseReading(); }
  void ResumeReading() override { connection_->ResumeReading(); }
  bool open() const override { return ready_ && connection_->open(); }
  uint64_t author() const override { return author_; }
  Holding Held() const override;
  WebSocketClient::Traffic traffic() const override;

 private:
  Connection::Listener* listener() { return this; }

  void SendOperation(const Operation& operation) override;
  bool one_in_flight() const override { return true; }

  void OnWelcomed() override;
  void OnOpened(const proto::Opened& opened, std::optional<ot::Text> text) override;
  void OnCommitted(const proto::Committed& committed) override;
  void OnAck(const proto::Ack& ack) override;
  void OnPresence(const proto::MemberPresence& presence) override;
  void OnFailed(const absl::Status& reason) override { owner()->OnFailed(this, reason); }

  absl::Status Advance(uint64_t revision, uint64_t author, const ot::Delta& delta);
  absl::Status TakeCommit(const proto::Committed& committed);
  absl::Status TakeCommits(const proto::Opened& opened);
  // Lets go of the connection after what it says cannot be.
  void Judge(const absl::Status& status);

  EventLoop* const loop_;
  Connection::Options options_;
  std::unique_ptr<Connection> connection_;
  WebSocketClient::Traffic earlier_traffic_;
  bool ready_ = false;  // open and caught up
  uint64_t author_ = 0;
  proto::Known known_;
  // Of the operation under way: the revision it was sent on, and where its letters stand now.
  uint64_t base_ = 0;
  int64_t place_ = 0;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_COEDIT_MEMBER_H_
