#include "bench/load/editor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace coedit::bench {
namespace {

Connection::Options WithClientId(Connection::Options options) {
  if (options.client_id.empty()) options.client_id = RandomClientId();
  return options;
}

}  // namespace

Editor::Editor(EventLoop* loop, const Connection::Options& options, Owner* owner, size_t index)
    : loop_(loop),
      options_(WithClientId(options)),
      owner_(owner),
      index_(index),
      connection_(std::make_unique<Connection>(loop, options_, listener())) {}

std::optional<ot::Sequence> Editor::SendPending() {
  if (!open()) return std::nullopt;
  const std::optional<ot::Operation> operation = client_->TakeSubmit();
  if (!operation.has_value()) return std::nullopt;
  connection_->Submit(operation->sequence, operation->base, operation->delta);
  return operation->sequence;
}

void Editor::ShowCaret(int64_t position, std::string state) {
  if (!open()) return;
  std::optional<uint64_t> after;
  if (client_->in_flight().has_value()) after = client_->in_flight()->sequence;
  // Edits that have not left cannot be named; the caret may stand behind the text without them.
  const auto place =
      static_cast<uint64_t>(std::clamp<int64_t>(position, 0, client_->confirmed().length()));
  connection_->ShowPresence(client_->revision(), after, {{.anchor = place, .head = place}},
                            std::move(state));
}

void Editor::Cut() {
  if (connection_ == nullptr) return;
  earlier_traffic_ += connection_->traffic();
  connection_.reset();
  ready_ = false;
}

void Editor::Reconnect() {
  Cut();
  failed_ = false;
  ++options_.attempt;
  if (client_.has_value()) {
    options_.known =
        proto::Known{.epoch = epoch_, .revision = client_->revision(), .digest = digest_};
    options_.in_flight = client_->in_flight().has_value()
                             ? std::make_optional(client_->in_flight()->sequence)
                             : std::nullopt;
  }
  connection_ = std::make_unique<Connection>(loop_, options_, listener());
}

Holding Editor::Held() const {
  return {.who = absl::StrCat("client ", index_),
          .revision = client_->revision(),
          .digest = digest_,
          .units = static_cast<uint64_t>(client_->view().length()),
          .text = client_->view()};
}

WebSocketClient::Traffic Editor::traffic() const {
  WebSocketClient::Traffic all = earlier_traffic_;
  if (connection_ != nullptr) all += connection_->traffic();
  return all;
}

void Editor::OnOpened(const proto::Opened& opened, std::optional<ot::Text> text) {
  author_ = opened.author;
  epoch_ = opened.epoch;
  if (!client_.has_value()) {
    client_.emplace(*std::move(text), opened.revision, opened.last_sequence);
    digest_ = opened.digest;
    ready_ = true;
    return owner_->OnOpened(this);
  }
  if (!text.has_value()) {
    if (const absl::Status taken = TakeCommits(opened); !taken.ok()) return Judge(taken);
  }
  if (client_->in_flight().has_value()) {
    const ot::Sequence sequence = client_->in_flight()->sequence;
    if (opened.in_flight.has_value() && opened.in_flight->committed) {
      // Not among commits, which would have settled it: it is in the text that came.
      client_->OnSettled();
      owner_->OnAcked(this, sequence);
    } else {
      client_->OnNeverCommitted();
      owner_->OnWithdrawn(this);
    }
  }
  client_->RaiseSequence(opened.last_sequence);
  if (text.has_value()) {
    digest_ = opened.digest;
    owner_->OnSkipped(this, client_->OnSnapshot(opened.revision, *text));
  }
  ready_ = true;
  owner_->OnOpened(this);
}

absl::Status Editor::TakeCommits(const proto::Opened& opened) {
  if (opened.composed.has_value()) {
    return absl::InternalError("'opened' carries a composed change nobody asked for");
  }
  for (const proto::Committed& commit : *opened.commits) {
    const absl::Status taken = commit.author == author_
                                   ? TakeAck(commit.sequence.value_or(0), commit.revision)
                                   : TakeCommit(commit);
    if (!taken.ok()) return taken;
  }
  return client_->revision() == opened.revision && digest_ == opened.digest
             ? absl::OkStatus()
             : absl::DataLossError(absl::StrCat("'opened' leads to revision ", client_->revision(),
                                                " and claims ", opened.revision));
}

absl::Status Editor::TakeCommit(const proto::Committed& committed) {
  const absl::StatusOr<ot::Delta> change =
      client_->OnCommitted(committed.revision, committed.delta);
  if (!change.ok()) return change.status();
  digest_ = ot::ExtendReplicaDigest(digest_, committed.author, committed.delta);
  owner_->OnDelivered(this, committed, *change);
  return absl::OkStatus();
}

absl::Status Editor::TakeAck(ot::Sequence sequence, ot::Revision revision) {
  const ot::ReplicaDigest digest =
      ot::ExtendReplicaDigest(digest_, author_, client_->in_flight_local());
  if (absl::Status status = client_->OnAck(sequence, revision); !status.ok()) return status;
  digest_ = digest;
  owner_->OnAcked(this, sequence);
  return absl::OkStatus();
}

void Editor::OnCommitted(const proto::Committed& committed) { Judge(TakeCommit(committed)); }

void Editor::OnAck(const proto::Ack& ack) { Judge(TakeAck(ack.sequence, ack.revision)); }

void Editor::OnPresence(const proto::MemberPresence& presence) {
  owner_->OnPresence(this, presence);
}

void Editor::OnFailed(const absl::Status& reason) {
  if (std::exchange(failed_, true)) return;
  connection_->Close();
  owner_->OnFailed(this, reason);
}

void Editor::Judge(const absl::Status& status) {
  if (!status.ok()) OnFailed(status);
}

}  // namespace coedit::bench
