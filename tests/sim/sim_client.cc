#include "tests/sim/sim_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/apply.h"

namespace coedit::sim {

SimClient::SimClient(Timeline* timeline, const Faults* faults, ot::testing::Rng rng,
                     std::string client_id, proto::Encoding encoding, bool rich,
                     std::vector<std::string> documents, Connect connect)
    : timeline_(timeline),
      faults_(faults),
      rng_(rng),
      client_id_(std::move(client_id)),
      encoding_(encoding),
      connect_(std::move(connect)) {
  shape_.rich = rich;
  for (std::string& document : documents) {
    replicas_.push_back(std::make_unique<Replica>());
    replicas_.back()->document = std::move(document);
  }
}

void SimClient::Start() { ConnectSoon(absl::ZeroDuration()); }

void SimClient::Fail(std::string what) {
  if (failure_.empty()) failure_ = absl::StrCat("client ", client_id_, ": ", what);
}

// ---- the connection ----

void SimClient::ConnectSoon(absl::Duration delay) {
  timeline_->Schedule(delay, [this] {
    if (connection_ != nullptr) return;
    const uint64_t number = ++connection_number_;
    connection_ = connect_(encoding_, {.on_frame =
                                           [this, number](const std::string& frame) {
                                             if (number == connection_number_) OnFrame(frame);
                                           },
                                       .on_closed =
                                           [this, number](uint16_t) {
                                             if (number == connection_number_) OnClosed();
                                           }});
    if (connection_ == nullptr) return ConnectSoon(absl::Milliseconds(rng_.Between(50, 1000)));
    Send(proto::Hello{.protocol = 1,
                      .client_id = client_id_,
                      .attempt = ++attempt_,
                      .sdk = "simulator",
                      .name = "Sim",
                      .capabilities = {"parts"}});
  });
}

void SimClient::OnClosed() {
  connection_ = nullptr;
  welcomed_ = false;
  ++connection_number_;
  requests_.clear();
  for (const auto& replica : replicas_) {
    replica->channel.reset();
    replica->opening = false;
    replica->parts_of.reset();
  }
  ConnectSoon(absl::Milliseconds(rng_.Chance(20) ? 0 : rng_.Between(0, 2000)));
}

void SimClient::CutConnection(bool half_open) {
  if (connection_ != nullptr) std::shared_ptr(connection_)->Cut(half_open);
}

void SimClient::Send(const proto::ClientMessage& message) {
  if (connection_ != nullptr) {
    connection_->SendToServer(proto::EncodeClientFrame(encoding_, {&message, 1}));
  }
}

void SimClient::OpenSoon(Replica* replica, absl::Duration delay) {
  replica->opening = true;
  timeline_->Schedule(delay, [this, replica, number = connection_number_] {
    if (number == connection_number_ && welcomed_) SendOpen(replica);
  });
}

void SimClient::SendOpen(Replica* replica) {
  proto::Open open{.request = ++last_request_, .document = replica->document};
  open.create = shape_.rich ? "rich-text" : "plain-text";
  if (replica->state.has_value() && !replica->foreign) {
    open.known = {replica->epoch, replica->state->revision(), replica->digest};
    open.composed = !rng_.Chance(faults_->never_composed);
  }
  if (replica->state.has_value() && replica->state->in_flight().has_value()) {
    open.in_flight = replica->state->in_flight()->sequence;
  }
  requests_[open.request] = replica;
  Send(open);
}

// ---- editing ----

void SimClient::Type() {
  Replica* replica = replicas_[rng_.Below(static_cast<int64_t>(replicas_.size()))].get();
  if (!replica->state.has_value()) return;
  const ot::Delta change = ot::testing::RandomKeystroke(rng_, replica->state->view(), shape_);
  if (change.empty()) return;
  replica->state->Edit(change);
  ++edits_;
  Submit(replica);
}

void SimClient::ShowCaret() {
  for (const auto& replica : replicas_) {
    if (!replica->channel.has_value() || replica->parts_of.has_value()) continue;
    proto::Presence presence{.channel = *replica->channel, .revision = replica->state->revision()};
    int64_t length = replica->state->confirmed().length();
    if (const auto& in_flight = replica->state->in_flight(); in_flight.has_value()) {
      presence.after = in_flight->sequence;
      length += in_flight->delta.growth();
    }
    const uint64_t at = rng_.Below(std::max<int64_t>(length, 0) + 1);
    presence.ranges = {{at, at}};
    Send(presence);
  }
}

void SimClient::Submit(Replica* replica) {
  if (!replica->channel.has_value() || replica->parts_of.has_value()) return;
  const std::optional<ot::Operation> operation = replica->state->TakeSubmit();
  if (!operation.has_value()) return;
  SendSubmit(replica, *operation);
}

void SimClient::SendSubmit(Replica* replica, const ot::Operation& operation) {
  proto::Submit submit{.channel = *replica->channel,
                       .sequence = operation.sequence,
                       .revision = operation.base,
                       .delta = operation.delta};
  if (!behaves_ && rng_.Chance(faults_->bad_submit)) {
    submit.delta = ot::DeltaBuilder().Retain(1 << 30).Delete(1).Build();
  }
  Send(submit);
}

// ---- what the server says ----

Replica* SimClient::ByChannel(proto::Channel channel) {
  for (const auto& replica : replicas_) {
    if (replica->channel == channel) return replica.get();
  }
  return nullptr;
}

void SimClient::OnFrame(const std::string& frame) {
  absl::StatusOr<std::vector<proto::ServerMessage>> messages =
      proto::DecodeServerFrame(encoding_, frame);
  if (!messages.ok()) return Fail(absl::StrCat("bad frame: ", messages.status().message()));
  const uint64_t number = connection_number_;
  for (const proto::ServerMessage& message : *messages) {
    if (number != connection_number_) return;
    On(message);
  }
}

void SimClient::On(const proto::ServerMessage& message) {
  if (std::holds_alternative<proto::Welcome>(message)) {
    welcomed_ = true;
    for (const auto& replica : replicas_) SendOpen(replica.get());
    if (!behaves_ && rng_.Chance(faults_->abandon_open)) CutConnection(/*half_open=*/true);
  } else if (const auto* opened = std::get_if<proto::Opened>(&message)) {
    Replica* replica = requests_.at(opened->request);
    requests_.erase(opened->request);
    OnOpened(replica, *opened);
  } else if (const auto* refused = std::get_if<proto::Refused>(&message)) {
    Replica* replica = requests_.at(refused->request);
    requests_.erase(refused->request);
    if (refused->code == "resync") {
      replica->foreign = true;
      OpenSoon(replica, absl::ZeroDuration());
    } else if (refused->retry) {
      OpenSoon(replica, absl::Milliseconds(rng_.Between(0, 2 * refused->after_ms.value_or(500))));
    } else {
      Fail(absl::StrCat("open refused: ", refused->code, ": ", refused->text));
    }
  } else if (const auto* part = std::get_if<proto::Part>(&message)) {
    Replica* replica = ByChannel(part->channel);
    if (replica == nullptr) return;
    if (!replica->parts_of.has_value()) return Fail("a part that was not announced");
    for (const ot::Component component : part->ops) replica->parts.Push(component);
    if (part->last) {
      const proto::Opened of = *std::exchange(replica->parts_of, std::nullopt);
      FinishOpen(replica, of, ot::Text(replica->parts.Build()));
    }
  } else if (const auto* committed = std::get_if<proto::Committed>(&message)) {
    if (Replica* replica = ByChannel(committed->channel)) OnCommitted(replica, *committed);
  } else if (const auto* ack = std::get_if<proto::Ack>(&message)) {
    Replica* replica = ByChannel(ack->channel);
    if (replica == nullptr) return;
    OnAck(replica, ack->sequence, ack->revision, ack->digest);
    Submit(replica);
  } else if (const auto* rejected = std::get_if<proto::Rejected>(&message)) {
    Replica* replica = ByChannel(rejected->channel);
    if (replica == nullptr) return;
    const bool expected =
        rejected->code == "invalid_operation" || rejected->code == "revision_too_old";
    if (!expected) {
      Fail(absl::StrCat("rejected: ", rejected->code, ": ", rejected->text));
    }
    if (!replica->state->OnRejected(rejected->sequence).ok()) Fail("a rejection of nothing");
    ++replica->refused;
    Submit(replica);
  } else if (const auto* presence = std::get_if<proto::MemberPresence>(&message)) {
    Replica* replica = ByChannel(presence->channel);
    if (replica == nullptr || replica->parts_of.has_value()) return;
    if (presence->revision > replica->state->revision()) {
      Fail(absl::StrCat("presence at revision ", presence->revision, " seen at ",
                        replica->state->revision()));
    }
    if (presence->revision == replica->state->revision()) {
      for (const proto::Range& range : presence->ranges) {
        const auto length = static_cast<uint64_t>(replica->state->confirmed().length());
        if (range.anchor > length || range.head > length) Fail("a caret past the end");
      }
    }
  } else if (const auto* closed = std::get_if<proto::Closed>(&message)) {
    Replica* replica = ByChannel(closed->channel);
    if (replica == nullptr) return;
    replica->channel.reset();
    replica->parts_of.reset();
    if (!closed->retry) Fail(absl::StrCat("closed: ", closed->code, ": ", closed->text));
    OpenSoon(replica, absl::Milliseconds(rng_.Between(0, 2 * closed->after_ms.value_or(500))));
  } else if (const auto* error = std::get_if<proto::Error>(&message)) {
    Fail(absl::StrCat("error: ", error->code, ": ", error->text));
  }
}

void SimClient::OnCommitted(Replica* replica, const proto::Committed& committed) {
  if (replica->parts_of.has_value()) {
    return Fail("a commit in the midst of a snapshot in parts");
  }
  if (!replica->state->OnCommitted(committed.revision, committed.delta).ok()) {
    return Fail(
        absl::StrCat("commit ", committed.revision, " at revision ", replica->state->revision()));
  }
  replica->digest = committed.digest;
}

void SimClient::OnAck(Replica* replica, ot::Sequence sequence, ot::Revision revision,
                      proto::WireDigest digest) {
  if (absl::Status status = replica->state->OnAck(sequence, revision); !status.ok()) {
    return Fail(std::string(status.message()));
  }
  replica->digest = digest;
  replica->acked[sequence] = revision;
}

void SimClient::OnOpened(Replica* replica, proto::Opened opened) {
  replica->channel = opened.channel;
  replica->opening = false;
  replica->author = opened.author;
  if (opened.more) {
    replica->parts = ot::DeltaBuilder();
    replica->parts_of = std::move(opened);
    return;
  }
  FinishOpen(replica, opened, opened.snapshot ? ot::Text(*opened.snapshot) : ot::Text());
}

void SimClient::FinishOpen(Replica* replica, const proto::Opened& opened,
                           const ot::Text& snapshot) {
  const bool first = !replica->state.has_value();
  bool resend = false;
  const bool has_snapshot = opened.snapshot.has_value() || opened.more;
  const bool other_history = !first && (opened.epoch != replica->epoch || replica->foreign);
  if (first) {
    replica->state.emplace(snapshot, opened.revision, opened.last_sequence);
  } else if (other_history) {
    ++replica->recovery_copies;
    replica->state->Reset(snapshot, opened.revision, opened.last_sequence);
  } else {
    ot::Client& state = *replica->state;
    for (const proto::Committed& commit :
         opened.commits.value_or(std::vector<proto::Committed>())) {
      const bool own = commit.author == opened.author && state.in_flight().has_value() &&
                       state.in_flight()->sequence == commit.sequence;
      if (own) {
        OnAck(replica, commit.sequence, commit.revision, commit.digest);
      } else {
        OnCommitted(replica, commit);
      }
    }
    if (state.in_flight().has_value()) {
      const ot::Sequence sequence = state.in_flight()->sequence;
      if (!opened.in_flight.has_value()) {
        Fail("the fate of an operation was not told");
      } else if (!opened.in_flight->committed) {
        // On its old base it is carried over the single commits just received: legal, unless more
        // follows as one change.
        resend =
            !has_snapshot && !opened.composed.has_value() && rng_.Chance(faults_->resend_frozen);
        if (!resend) state.OnNeverCommitted();
      } else if (has_snapshot) {
        state.OnSettled();
        replica->acked[sequence] = *opened.in_flight->revision;
      } else {
        Fail(absl::StrCat("sequence ", sequence, " is said to be committed but did not come"));
        return;
      }
    }
    if (opened.composed.has_value()) state.OnComposed(opened.revision, *opened.composed);
    if (has_snapshot) state.OnSnapshot(opened.revision, snapshot);
    state.RaiseSequence(opened.last_sequence);
    if (state.revision() != opened.revision) {
      Fail(absl::StrCat("resume ended at revision ", state.revision(), ", not ", opened.revision));
    }
  }
  replica->foreign = false;
  replica->epoch = opened.epoch;
  replica->digest = opened.digest;
  if (resend) return SendSubmit(replica, *replica->state->in_flight());
  Submit(replica);
}

bool SimClient::Settled() const {
  for (const auto& replica : replicas_) {
    if (!replica->channel.has_value() || replica->parts_of.has_value() ||
        !replica->state.has_value() || !replica->state->synchronised()) {
      return false;
    }
  }
  return true;
}

}  // namespace coedit::sim
