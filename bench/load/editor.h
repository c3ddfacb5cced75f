// Editor: one client as an editor's user has it: a Connection, and ot::Client for the text. At most
// one operation is in flight; edits made meanwhile wait and leave as one.
#ifndef COEDIT_BENCH_LOAD_EDITOR_H_
#define COEDIT_BENCH_LOAD_EDITOR_H_

#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "bench/load/connection.h"
#include "bench/load/convergence.h"
#include "ot/client.h"

namespace coedit::bench {

class Editor final : private Connection::Listener {
 public:
  // Called from the loop; none may destroy the editor. OnFailed is the last call.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnOpened(Editor* editor) = 0;
    // Somebody else's commit arrived; `change` is what it did to the view.
    virtual void OnDelivered(Editor* editor, const proto::Committed& committed,
                             const ot::Delta& change) = 0;
    virtual void OnAcked(Editor* editor, const proto::Ack& ack) = 0;
    virtual void OnFailed(Editor* editor, const absl::Status& reason) = 0;
  };

  // `index` is the owner's name for it.
  Editor(EventLoop* loop, const Connection::Options& options, Owner* owner, size_t index);

  // The user changed the view. Open only (CHECKed), as all below.
  void Edit(const ot::Delta& change) { client_->Edit(change); }
  // Sends what was typed if nothing is in flight; the sequence it goes under.
  std::optional<ot::Sequence> SendPending();
  void Close() { connection_.Close(); }

  size_t index() const { return index_; }
  bool open() const { return client_.has_value(); }
  ot::AuthorNumber author() const { return author_; }
  ot::Revision revision() const { return client_->revision(); }
  const ot::Text& view() const { return client_->view(); }
  // Nothing typed that is not acknowledged.
  bool settled() const { return client_->synchronised(); }
  Holding Held() const;
  const WebSocketClient::Traffic& traffic() const { return connection_.traffic(); }

 private:
  void OnOpened(const proto::Opened& opened, ot::Text text) override;
  void OnCommitted(const proto::Committed& committed) override;
  void OnAck(const proto::Ack& ack) override;
  void OnFailed(const absl::Status& reason) override;

  Owner* const owner_;
  const size_t index_;
  std::optional<ot::Client> client_;
  ot::AuthorNumber author_ = 0;
  proto::WireDigest digest_ = 0;
  bool failed_ = false;
  Connection connection_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_EDITOR_H_
