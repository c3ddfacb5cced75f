#include "bench/load/coedit_member.h"

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ot/algebra.h"
#include "ot/delta.h"
#include "ot/document.h"
#include "proto/document_types.h"

namespace coedit::bench {
namespace {

ot::Delta Letters(int64_t place, uint64_t letters) {
  ot::DeltaBuilder builder;
  builder.Retain(place);
  builder.Insert(std::string(letters, 'x'), static_cast<int64_t>(letters), {});
  return builder.Build();
}

}  // namespace

CoeditMember::CoeditMember(EventLoop* loop, const Options& options, Owner* owner)
    : LetterMember(options, owner),
      loop_(loop),
      options_({.endpoint = options.endpoint,
                .encoding = options.encoding,
                .document = options.document,
                .create = std::string(proto::TypeName(options.type)),
                .name = absl::StrCat("Member ", options.index),
                .client_id = RandomClientId(),
                .cache = options.cache}),
      connection_(std::make_unique<Connection>(loop, options_, listener())) {}

void CoeditMember::Cut() {
  if (connection_ == nullptr) return;
  earlier_traffic_ += connection_->traffic();
  connection_.reset();
  ready_ = false;
}

void CoeditMember::Reconnect() {
  Cut();
  ++options_.attempt;
  if (!known_.epoch.empty()) options_.known = known_;
  options_.in_flight =
      under_way().empty() ? std::nullopt : std::make_optional(under_way().front().number);
  connection_ = std::make_unique<Connection>(loop_, options_, listener());
}

Holding CoeditMember::Held() const {
  return {.who = absl::StrCat("client ", index()),
          .revision = known_.revision,
          .digest = known_.digest,
          .units = units()};
}

WebSocketClient::Traffic CoeditMember::traffic() const {
  WebSocketClient::Traffic all = earlier_traffic_;
  if (connection_ != nullptr) all += connection_->traffic();
  return all;
}

void CoeditMember::SendOperation(const Operation& operation) {
  base_ = known_.revision;
  place_ = 0;
  connection_->Submit(operation.number, base_, Letters(0, operation.letters));
}

void CoeditMember::ShowPresence(uint64_t number) {
  if (!open()) return;
  connection_->ShowPresence(known_.revision, std::nullopt, {{.anchor = 0, .head = 0}},
                            absl::StrCat(number));
}

void CoeditMember::OnWelcomed() {
  ready_ = true;
  owner()->OnOpened(this);
}

void CoeditMember::OnOpened(const proto::Opened& opened, std::optional<ot::Text> text) {
  author_ = opened.author;
  known_.epoch = opened.epoch;
  const bool returns = options_.attempt > 1;
  if (text.has_value()) {
    known_.revision = opened.revision;
    known_.digest = opened.digest;
    set_units(static_cast<uint64_t>(text->length()));
    if (returns) owner()->OnSkipped(this);
  } else if (const absl::Status taken = TakeCommits(opened); !taken.ok()) {
    return Judge(taken);
  }
  if (!under_way().empty()) {
    const Operation operation = under_way().front();
    if (opened.in_flight.has_value() && opened.in_flight->committed) {
      // It is in the text that came, else it had been among the commits. So are its letters.
      set_units(units() - operation.letters);
      if (const absl::Status acked = Acked(opened.in_flight->sequence); !acked.ok()) {
        return Judge(acked);
      }
    } else if (text.has_value()) {
      // What came in between is not known, so its old base is of no use any more.
      SendOperation(operation);
    } else {
      // Frozen, as it was and on its old base: the server carries it over what came since.
      connection_->Submit(operation.number, base_, Letters(0, operation.letters));
    }
  }
  ready_ = true;
  owner()->OnOpened(this);
}

absl::Status CoeditMember::TakeCommits(const proto::Opened& opened) {
  if (!opened.commits.has_value() || opened.composed.has_value()) {
    return absl::InternalError("'opened' carries neither a snapshot nor single commits");
  }
  for (const proto::Committed& commit : *opened.commits) {
    absl::Status taken;
    if (commit.author != author_) {
      taken = TakeCommit(commit);
    } else if (taken = Advance(commit.revision, commit.author, commit.delta); taken.ok()) {
      taken = Acked(commit.sequence.value_or(0));
    }
    if (!taken.ok()) return taken;
  }
  return known_.revision == opened.revision && known_.digest == opened.digest
             ? absl::OkStatus()
             : absl::DataLossError(absl::StrFormat(
                   "'opened' claims revision %d with digest %08x, its commits lead to %d with %08x",
                   opened.revision, opened.digest, known_.revision, known_.digest));
}

absl::Status CoeditMember::Advance(uint64_t revision, uint64_t author, const ot::Delta& delta) {
  if (revision != known_.revision + 1) {
    return absl::DataLossError(
        absl::StrCat("revision ", revision, " came after ", known_.revision));
  }
  known_.revision = revision;
  known_.digest = ot::ExtendReplicaDigest(known_.digest, author, delta);
  return absl::OkStatus();
}

absl::Status CoeditMember::TakeCommit(const proto::Committed& committed) {
  absl::Status taken = Advance(committed.revision, committed.author, committed.delta);
  if (!taken.ok()) return taken;
  // Earlier commits stand left, also of what is inserted at one place.
  if (!under_way().empty()) {
    place_ = ot::TransformPosition(place_, committed.delta, ot::AtInsert::kMove);
  }
  return Delivered(committed.author, kNextNumber, static_cast<uint64_t>(committed.delta.growth()));
}

void CoeditMember::OnCommitted(const proto::Committed& committed) { Judge(TakeCommit(committed)); }

void CoeditMember::OnAck(const proto::Ack& ack) {
  if (under_way().empty()) return Judge(absl::DataLossError("an ack of nothing"));
  absl::Status taken = Advance(ack.revision, author_, Letters(place_, under_way().front().letters));
  if (taken.ok()) taken = Acked(ack.sequence);
  Judge(taken);
}

void CoeditMember::OnPresence(const proto::MemberPresence& presence) {
  uint64_t number = 0;
  if (presence.state.has_value() && absl::SimpleAtoi(*presence.state, &number)) {
    owner()->OnPresence(this, presence.author, number);
  }
}

void CoeditMember::Judge(const absl::Status& status) {
  if (status.ok()) return;
  connection_->Close();
  OnFailed(status);
}

}  // namespace coedit::bench
