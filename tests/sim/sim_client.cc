// What a client does: connects, opens, edits, leaves, dies. What the server tells it is in
// sim_client_messages.cc.
#include "tests/sim/sim_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace coedit::sim {
namespace {

constexpr absl::Duration kPingAfter = absl::Seconds(20);
constexpr absl::Duration kGiveUpAfter = absl::Seconds(30);
constexpr absl::Duration kWatchEvery = absl::Seconds(5);

}  // namespace

SimClient::SimClient(Timeline* timeline, const Faults* faults, ot::testing::Rng rng,
                     std::string client_id, proto::Encoding encoding, bool rich,
                     std::vector<std::string> documents, Outside outside)
    : timeline_(timeline),
      faults_(faults),
      rng_(rng),
      client_id_(std::move(client_id)),
      encoding_(encoding),
      outside_(std::move(outside)) {
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
  timeline_->Schedule(std::max(delay, offline_until_ - timeline_->now()), [this] {
    if (connection_ != nullptr || stopped_) return;
    if (offline_until_ > timeline_->now()) return ConnectSoon(absl::ZeroDuration());
    const uint64_t number = ++connection_number_;
    connection_ = outside_.connect(encoding_, {.on_frame =
                                                   [this, number](const std::string& frame) {
                                                     if (number == connection_number_) {
                                                       OnFrame(frame);
                                                     }
                                                   },
                                               .on_closed =
                                                   [this, number](uint16_t) {
                                                     if (number == connection_number_) OnClosed();
                                                   }});
    if (connection_ == nullptr) return ConnectSoon(absl::Milliseconds(rng_.Between(50, 1000)));
    heard_ = timeline_->now();
    Watch(number);
    Send(proto::Hello{.protocol = 1,
                      .client_id = client_id_,
                      .attempt = ++attempt_,
                      .sdk = "simulator",
                      .name = "Sim",
                      .capabilities = {"parts"}});
  });
}

void SimClient::Watch(uint64_t connection_number) {
  timeline_->Schedule(kWatchEvery, [this, connection_number] {
    if (connection_number != connection_number_ || connection_ == nullptr) return;
    const absl::Duration silent = timeline_->now() - heard_;
    if (silent > kGiveUpAfter) return CutConnection(kCutBoth);
    if (silent > kPingAfter && welcomed_) Send(proto::Ping{.nonce = 1});
    Watch(connection_number);
  });
}

void SimClient::EndChannel(Replica* replica) {
  replica->channel.reset();
  replica->parts_of.reset();
  replica->echo.reset();
}

void SimClient::OnClosed() {
  connection_ = nullptr;
  welcomed_ = false;
  ++connection_number_;
  requests_.clear();
  for (const auto& replica : replicas_) {
    EndChannel(replica.get());
    replica->left_behind.reset();
  }
  ConnectSoon(absl::Milliseconds(rng_.Chance(20) ? 0 : rng_.Between(0, 2000)));
}

void SimClient::CutConnection(CutHow how) {
  if (connection_ != nullptr) std::shared_ptr(connection_)->Cut(how);
}

void SimClient::StayOffline(absl::Duration duration) {
  offline_until_ = std::max(offline_until_, timeline_->now() + duration);
  CutConnection(kCutBoth);
}

void SimClient::BeLate(absl::Duration duration) {
  if (connection_ != nullptr) connection_->HoldToServer(duration);
}

void SimClient::Slow(absl::Duration duration) {
  if (connection_ != nullptr) connection_->SlowFor(duration);
}

void SimClient::Send(const proto::ClientMessage& message) {
  if (connection_ != nullptr) {
    connection_->SendToServer(proto::EncodeClientFrame(encoding_, {&message, 1}));
  }
}

void SimClient::OpenSoon(Replica* replica, absl::Duration delay) {
  timeline_->Schedule(delay, [this, replica, number = connection_number_] {
    if (number == connection_number_ && welcomed_) SendOpen(replica);
  });
}

void SimClient::SendOpen(Replica* replica) {
  proto::Open open{.request = ++last_request_, .document = replica->document};
  open.create = shape_.rich ? "rich-text" : "plain-text";
  if (replica->state.has_value() && !replica->foreign) {
    open.known = {replica->epoch, replica->state->revision(), replica->digest};
    open.composed = !rng_.Chance(static_cast<int>(faults_->never_composed));
  }
  replica->asked_composed = open.composed;
  if (replica->state.has_value() && replica->state->in_flight().has_value()) {
    open.in_flight = replica->state->in_flight()->sequence;
  }
  requests_[open.request] = replica;
  Send(open);
}

void SimClient::Leave(absl::Duration duration) {
  for (const auto& each : replicas_) {
    Replica* replica = each.get();
    if (!replica->channel.has_value()) continue;
    Send(proto::Leave{*replica->channel});
    const auto& in_flight = replica->state->in_flight();
    if (outside_.leave_finishes && in_flight.has_value() && !replica->parts_of.has_value() &&
        !replica->resent && replica->spoiled != in_flight->sequence) {
      // One that failed just now may have ended the document, and the word of it not be here yet.
      replica->left_behind = {in_flight->sequence, outside_.failed_appends(SimThreads::kDelayMax)};
    }
    EndChannel(replica);
    OpenSoon(replica, duration);
  }
}

// ---- its own disk ----

void SimClient::Save(Replica* replica) {
  replica->saved = {*replica->state, replica->epoch, replica->digest};
}

void SimClient::Persist() {
  for (const auto& replica : replicas_) {
    if (replica->state.has_value() && !replica->parts_of.has_value()) Save(replica.get());
  }
}

void SimClient::Crash() {
  ++happened_.restarts;
  CutConnection(rng_.Chance(50) ? kCutHalfOpen : kCutBoth);
  for (const auto& replica : replicas_) {
    replica->state.reset();
    replica->settled.clear();
    replica->foreign = false;
    if (!replica->saved.has_value()) continue;
    replica->state = replica->saved->state;
    replica->epoch = replica->saved->epoch;
    replica->digest = replica->saved->digest;
  }
}

void SimClient::Forget() {
  for (const auto& replica : replicas_) {
    replica->saved.reset();
    // Their numbers may be used again.
    replica->ledger.denied.clear();
    replica->spoiled.reset();
  }
  Crash();
  attempt_ = 0;
  lost_counter_ = true;
}

// ---- editing ----

void SimClient::Type(int64_t document, uint64_t seed) { Branch(document, 1, seed); }

void SimClient::Branch(int64_t document, int64_t count, uint64_t seed) {
  Replica* replica = At(document);
  if (!replica->state.has_value()) return;
  ot::testing::Rng rng(seed);
  for (int64_t i = 0; i < count; ++i) {
    const ot::Delta change = ot::testing::RandomKeystroke(rng, replica->state->view(), shape_);
    if (change.empty()) continue;
    replica->state->Edit(change);
    ++happened_.edits;
  }
  Submit(replica);
}

void SimClient::ShowCaret(uint64_t seed) {
  ot::testing::Rng rng(seed);
  for (const auto& replica : replicas_) {
    if (!replica->channel.has_value() || replica->parts_of.has_value()) continue;
    proto::Presence presence{.channel = *replica->channel, .revision = replica->state->revision()};
    int64_t length = replica->state->confirmed().length();
    if (const auto& in_flight = replica->state->in_flight(); in_flight.has_value()) {
      presence.after = in_flight->sequence;
      length += in_flight->delta.growth();
    }
    const uint64_t at = rng.Below(std::max<int64_t>(length, 0) + 1);
    presence.ranges = {{at, at}};
    Send(presence);
  }
}

void SimClient::Submit(Replica* replica) {
  if (!replica->channel.has_value() || replica->parts_of.has_value()) return;
  if (replica->echo.has_value()) return;  // one in flight on a channel
  const std::optional<ot::Operation> operation = replica->state->TakeSubmit();
  if (!operation.has_value()) return;
  replica->resent = false;
  // What is sent is known after a crash.
  Save(replica);
  SendSubmit(replica, *operation);
}

void SimClient::SendSubmit(Replica* replica, const ot::Operation& operation) {
  proto::Submit submit{.channel = *replica->channel,
                       .sequence = operation.sequence,
                       .revision = operation.base,
                       .delta = operation.delta};
  const bool spoil = std::exchange(replica->spoil_next, false) ||
                     rng_.Chance(static_cast<int>(faults_->bad_submit));
  if (!behaves_ && spoil) {
    replica->spoiled = operation.sequence;
    submit.delta = ot::DeltaBuilder().Retain(1 << 30).Delete(1).Build();
  }
  Send(submit);
}

void SimClient::MaybeEcho(Replica* replica) {
  if (behaves_ || replica->settled.empty() || replica->echo.has_value() ||
      !replica->channel.has_value() || replica->parts_of.has_value() ||
      replica->state->in_flight().has_value() ||
      !rng_.Chance(static_cast<int>(faults_->duplicate))) {
    return;
  }
  const ot::Operation& again = rng_.Chance(80) ? replica->settled.back() : replica->settled.front();
  replica->echo = again.sequence;
  Send(proto::Submit{.channel = *replica->channel,
                     .sequence = again.sequence,
                     .revision = again.base,
                     .delta = again.delta});
}

bool SimClient::Settled() const {
  if (stopped_) return true;
  for (const auto& replica : replicas_) {
    if (!replica->channel.has_value() || replica->parts_of.has_value() ||
        !replica->state.has_value() || !replica->state->synchronised() ||
        replica->echo.has_value()) {
      return false;
    }
  }
  return true;
}

}  // namespace coedit::sim
