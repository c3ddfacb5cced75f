// Editor: one client as an editor's user has it: a Connection, and ot::Client for the text. At most
// one operation is in flight; edits made meanwhile wait and leave as one. A lost connection is
// followed by another one that resumes by revision; edits go on in between.
#ifndef COEDIT_BENCH_LOAD_EDITOR_H_
#define COEDIT_BENCH_LOAD_EDITOR_H_

#include <cstddef>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "bench/load/connection.h"
#include "bench/load/convergence.h"
#include "ot/client.h"

namespace coedit::bench {

class Editor final : private Connection::Listener {
 public:
  // Called from the loop; none may destroy the editor or its connection. OnFailed is the last call
  // until Reconnect().
  class Owner {
   public:
    virtual ~Owner() = default;
    // Open, after Reconnect() caught up.
    virtual void OnOpened(Editor* editor) = 0;
    // Somebody else's commit arrived; `change` is what it did to the view.
    virtual void OnDelivered(Editor* editor, const proto::Committed& committed,
                             const ot::Delta& change) = 0;
    virtual void OnAcked(Editor* editor, ot::Sequence sequence) = 0;
    virtual void OnPresence(Editor*, const proto::MemberPresence&) {}
    // The operation in flight when the connection was lost never became a commit; it waits again.
    virtual void OnWithdrawn(Editor*) {}
    // What was missed came as a text; `change` is what it did to the view.
    virtual void OnSkipped(Editor*, const ot::Delta& change) { static_cast<void>(change); }
    virtual void OnFailed(Editor* editor, const absl::Status& reason) = 0;
  };

  // `index` is the owner's name for it.
  Editor(EventLoop* loop, const Connection::Options& options, Owner* owner, size_t index);

  // The user changed the view. Not before the first OnOpened (CHECKed), as all below.
  void Edit(const ot::Delta& change) { client_->Edit(change); }
  // Sends what was typed if it is open and nothing is in flight; the sequence it goes under.
  std::optional<ot::Sequence> SendPending();
  // Shows a caret of the view, as well as it can be said; nothing where it is not open.
  void ShowCaret(int64_t position, std::string state);
  // Loses the connection without a word.
  void Cut();
  void Reconnect();
  void Close() { connection_->Close(); }
  void PauseReading() { connection_->PauseReading(); }
  void ResumeReading() { connection_->ResumeReading(); }

  size_t index() const { return index_; }
  // Caught up, too: not from within what it reports on the way there.
  bool open() const { return ready_ && connection_->open(); }
  ot::AuthorNumber author() const { return author_; }
  ot::Revision revision() const { return client_->revision(); }
  const ot::Text& view() const { return client_->view(); }
  // Nothing typed that is not acknowledged.
  bool settled() const { return client_->synchronised(); }
  Holding Held() const;
  // Of all its connections.
  WebSocketClient::Traffic traffic() const;

 private:
  Connection::Listener* listener() { return this; }

  void OnOpened(const proto::Opened& opened, std::optional<ot::Text> text) override;
  void OnCommitted(const proto::Committed& committed) override;
  void OnAck(const proto::Ack& ack) override;
  void OnPresence(const proto::MemberPresence& presence) override;
  void OnFailed(const absl::Status& reason) override;

  absl::Status TakeCommits(const proto::Opened& opened);
  absl::Status TakeCommit(const proto::Committed& committed);
  absl::Status TakeAck(ot::Sequence sequence, ot::Revision revision);
  void Judge(const absl::Status& status);

  EventLoop* const loop_;
  Connection::Options options_;
  Owner* const owner_;
  const size_t index_;
  std::optional<ot::Client> client_;
  ot::AuthorNumber author_ = 0;
  std::string epoch_;
  proto::WireDigest digest_ = 0;
  bool failed_ = false;
  bool ready_ = false;
  WebSocketClient::Traffic earlier_traffic_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_EDITOR_H_
