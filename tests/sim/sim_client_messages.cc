// What the server tells a simulated client, and what it is not allowed to.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/sim/sim_client.h"

namespace coedit::sim {

Replica* SimClient::ByChannel(proto::Channel channel) {
  for (const auto& replica : replicas_) {
    if (replica->channel == channel) return replica.get();
  }
  return nullptr;
}

void SimClient::OnFrame(const std::string& frame) {
  heard_ = timeline_->now();
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
  if (timeline_->trace != nullptr) {
    timeline_->Tell("client   ", client_id_.substr(0, 4), " ",
                    proto::EncodePiece(proto::Encoding::kJson, message).substr(0, 300));
  }
  if (std::holds_alternative<proto::Welcome>(message)) {
    welcomed_ = true;
    for (const auto& replica : replicas_) SendOpen(replica.get());
    if (!behaves_ && rng_.Chance(static_cast<int>(faults_->abandon_open))) {
      CutConnection(kCutHalfOpen);
    }
  } else if (const auto* opened = std::get_if<proto::Opened>(&message)) {
    Replica* replica = requests_.at(opened->request);
    requests_.erase(opened->request);
    OnOpened(replica, *opened);
  } else if (const auto* refused = std::get_if<proto::Refused>(&message)) {
    OnRefused(*refused);
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
    if (Replica* replica = ByChannel(ack->channel)) OnAckMessage(replica, *ack);
  } else if (const auto* rejected = std::get_if<proto::Rejected>(&message)) {
    if (Replica* replica = ByChannel(rejected->channel)) OnRejected(replica, *rejected);
  } else if (const auto* presence = std::get_if<proto::MemberPresence>(&message)) {
    OnPresence(*presence);
  } else if (const auto* closed = std::get_if<proto::Closed>(&message)) {
    OnClosedChannel(*closed);
  } else if (const auto* error = std::get_if<proto::Error>(&message)) {
    // For a reader that takes nothing at all; where `hello` was long under way; and where too many
    // half-open connections of this client are not given up yet.
    const bool expected = error->code == "too_slow" ||
                          (!welcomed_ && (error->code == "bad_message" || error->code == "rate"));
    if (!expected) Fail(absl::StrCat("error: ", error->code, ": ", error->text));
  }
}

void SimClient::OnRefused(const proto::Refused& refused) {
  Replica* replica = requests_.at(refused.request);
  requests_.erase(refused.request);
  if (refused.code == "resync") {
    replica->foreign = true;
    OpenSoon(replica, absl::ZeroDuration());
  } else if (refused.retry) {
    OpenSoon(replica, absl::Milliseconds(rng_.Between(0, 2 * refused.after_ms.value_or(500))));
  } else if (refused.code == "replaced") {
    OnReplaced();
  } else {
    Fail(absl::StrCat("open refused: ", refused.code, ": ", refused.text));
  }
}

void SimClient::OnClosedChannel(const proto::Closed& closed) {
  Replica* replica = ByChannel(closed.channel);
  if (replica == nullptr) {
    // It crossed a `leave`: whatever ended the channel may have ended the operation too.
    for (const auto& left : replicas_) {
      if (left->last_channel == closed.channel) left->left_behind.reset();
    }
    return;
  }
  EndChannel(replica);
  if (closed.code == "replaced") return OnReplaced();
  if (!closed.retry) Fail(absl::StrCat("closed: ", closed.code, ": ", closed.text));
  OpenSoon(replica, absl::Milliseconds(rng_.Between(0, 2 * closed.after_ms.value_or(500))));
}

// Somebody else has this client id. That may be itself, before it lost its counter: it comes back
// until its attempts are the newer ones or its former session is gone.
void SimClient::OnReplaced() {
  ++happened_.replaced;
  if (has_twin_) {
    stopped_ = true;
    return CutConnection(kCutBoth);
  }
  if (!lost_counter_) return Fail("replaced by nobody");
  StayOffline(absl::Milliseconds(rng_.Between(1, 5000)));
}

void SimClient::OnPresence(const proto::MemberPresence& presence) {
  const Replica* replica = ByChannel(presence.channel);
  if (replica == nullptr || replica->parts_of.has_value()) return;
  if (presence.revision > replica->state->revision()) {
    Fail(absl::StrCat("presence at revision ", presence.revision, " seen at ",
                      replica->state->revision()));
  }
  if (presence.revision != replica->state->revision()) return;
  const auto length = static_cast<uint64_t>(replica->state->confirmed().length());
  for (const proto::Range& range : presence.ranges) {
    if (range.anchor > length || range.head > length) Fail("a caret past the end");
  }
}

// ---- operations ----

void SimClient::OnCommitted(Replica* replica, const proto::Committed& committed) {
  if (replica->parts_of.has_value()) return Fail("a commit in the midst of a snapshot in parts");
  if (!replica->state->OnCommitted(committed.revision, committed.delta).ok()) {
    return Fail(
        absl::StrCat("commit ", committed.revision, " at revision ", replica->state->revision()));
  }
  replica->digest = ot::ExtendReplicaDigest(replica->digest, committed.author, committed.delta);
}

void SimClient::OnAckMessage(Replica* replica, const proto::Ack& ack) {
  if (replica->echo == ack.sequence) {
    ++happened_.echoes;
    replica->echo.reset();
    const ot::Revision before = replica->ledger.acked.at(ack.sequence).revision;
    if (ack.revision != before) {
      return Fail(absl::StrCat("sequence ", ack.sequence, " was acknowledged as revision ", before,
                               ", and sent again as revision ", ack.revision));
    }
    return Submit(replica);
  }
  OnAck(replica, ack.sequence, ack.revision);
  MaybeEcho(replica);
  Submit(replica);
}

void SimClient::OnAck(Replica* replica, ot::Sequence sequence, ot::Revision revision) {
  const std::optional<ot::Operation> operation = replica->state->in_flight();
  const ot::ReplicaDigest digest =
      ot::ExtendReplicaDigest(replica->digest, replica->author, replica->state->in_flight_local());
  if (absl::Status status = replica->state->OnAck(sequence, revision); !status.ok()) {
    return Fail(std::string(status.message()));
  }
  replica->digest = digest;
  OnSettled(replica, *operation, revision);
}

void SimClient::OnSettled(Replica* replica, const ot::Operation& operation, ot::Revision revision) {
  const ot::Sequence sequence = operation.sequence;
  replica->settled.push_back(operation);
  if (replica->settled.size() > 2) replica->settled.erase(replica->settled.begin());
  replica->left_behind.reset();
  const auto [acked, is_new] = replica->ledger.acked.try_emplace(
      sequence, Ledger::Acked{revision, history(), timeline_->now()});
  if (!is_new && acked->second.history == history() && acked->second.revision != revision) {
    Fail(absl::StrCat("sequence ", sequence, " is at revision ", acked->second.revision, " and at ",
                      revision));
  }
  acked->second.revision = revision;
  if (acked->second.history != history()) {
    acked->second = {revision, history(), timeline_->now()};
  }
  replica->ledger.denied.erase(sequence);
}

void SimClient::OnRejected(Replica* replica, const proto::Rejected& rejected) {
  if (replica->echo == rejected.sequence) {
    ++happened_.echoes;
    replica->echo.reset();
    const bool older =
        rejected.code == "stale_sequence" && rejected.sequence < replica->settled.back().sequence;
    if (!older) Fail(absl::StrCat("sent again and rejected: ", rejected.code));
    return Submit(replica);
  }
  ++happened_.rejections;
  const bool expected = rejected.code == "invalid_operation" ? replica->spoiled == rejected.sequence
                                                             : rejected.code == "revision_too_old";
  if (!expected) Fail(absl::StrCat("rejected: ", rejected.code, ": ", rejected.text));
  if (!replica->state->OnRejected(rejected.sequence).ok()) Fail("a rejection of nothing");
  replica->ledger.denied[rejected.sequence] = history();
  Submit(replica);
}

// ---- opening ----

void SimClient::OnOpened(Replica* replica, proto::Opened opened) {
  replica->channel = replica->last_channel = opened.channel;
  if (opened.more) {
    replica->parts = ot::DeltaBuilder();
    replica->parts_of = std::move(opened);
    return;
  }
  FinishOpen(replica, opened, opened.snapshot ? ot::Text(*opened.snapshot) : ot::Text());
}

void SimClient::FinishOpen(Replica* replica, const proto::Opened& opened,
                           const ot::Text& snapshot) {
  bool resend = false;
  const bool other_history = opened.epoch != replica->epoch || replica->foreign;
  replica->author = opened.author;
  if (!replica->state.has_value()) {
    replica->state.emplace(snapshot, opened.revision, opened.last_sequence);
  } else if (other_history) {
    ++happened_.recovery_copies;
    replica->settled.clear();
    replica->left_behind.reset();
    replica->state->Reset(snapshot, opened.revision, opened.last_sequence);
  } else {
    resend = Resume(replica, opened, snapshot);
  }
  replica->foreign = false;
  replica->epoch = opened.epoch;
  replica->digest = opened.digest;
  if (resend) {
    ++happened_.resends;
    replica->resent = true;
    return SendSubmit(replica, *replica->state->in_flight());
  }
  MaybeEcho(replica);
  Submit(replica);
}

bool SimClient::Resume(Replica* replica, const proto::Opened& opened, const ot::Text& snapshot) {
  ot::Client& state = *replica->state;
  const bool has_snapshot = opened.snapshot.has_value() || opened.more;
  bool own_was_last = false;
  for (const proto::Committed& commit : opened.commits.value_or(std::vector<proto::Committed>())) {
    own_was_last = commit.author == opened.author && state.in_flight().has_value() &&
                   state.in_flight()->sequence == commit.sequence;
    if (own_was_last) {
      ++happened_.fates_committed;
      OnAck(replica, *commit.sequence, commit.revision);
    } else {
      OnCommitted(replica, commit);
    }
  }
  bool resend = false;
  if (state.in_flight().has_value()) {
    const ot::Sequence sequence = state.in_flight()->sequence;
    if (!opened.in_flight.has_value()) {
      Fail("the fate of an operation was not told");
      return false;
    }
    if (!opened.in_flight->committed) {
      ++happened_.fates_never;
      if (replica->left_behind.has_value() &&
          replica->left_behind->failed_appends == outside_.failed_appends(absl::ZeroDuration())) {
        Fail(absl::StrCat("sequence ", sequence, " was sent before `leave`, and not finished"));
      }
      // On its old base it is carried over the single commits just received: legal, unless more
      // follows as one change.
      resend = !has_snapshot && !opened.composed.has_value() &&
               rng_.Chance(static_cast<int>(faults_->resend_frozen));
      if (resend) {
        replica->ledger.denied.erase(sequence);
      } else {
        replica->ledger.denied[sequence] = history();
        state.OnNeverCommitted();
      }
    } else if (has_snapshot) {
      ++happened_.fates_committed;
      const ot::Operation operation = *state.in_flight();
      state.OnSettled();
      OnSettled(replica, operation, *opened.in_flight->revision);
    } else {
      Fail(absl::StrCat("sequence ", sequence, " is said to be committed but did not come"));
      return false;
    }
  }
  replica->left_behind.reset();
  if (opened.composed.has_value()) {
    if (!replica->asked_composed) Fail("a composed gap, and nobody asked for it");
    ++happened_.composed_gaps;
    happened_.composed_behind_own += own_was_last;
    state.OnComposed(opened.revision, *opened.composed);
  }
  if (has_snapshot) {
    ++happened_.snapshots;
    state.OnSnapshot(opened.revision, snapshot);
  }
  state.RaiseSequence(opened.last_sequence);
  if (state.revision() != opened.revision) {
    Fail(absl::StrCat("resume ended at revision ", state.revision(), ", not ", opened.revision));
  }
  if (!has_snapshot && !opened.composed.has_value() && replica->digest != opened.digest) {
    Fail(absl::StrCat("resume ended at revision ", state.revision(), " with another digest"));
  }
  return resend;
}

}  // namespace coedit::sim
