#include "bench/load/coedit_member.h"

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ot/delta.h"
#include "proto/document_types.h"

namespace coedit::bench {

CoeditMember::CoeditMember(EventLoop* loop, const Options& options, Owner* owner)
    : LetterMember(options, owner),
      loop_(loop),
      options_({.endpoint = options.endpoint,
                .encoding = options.encoding,
                .document = options.document,
                .create = std::string(proto::TypeName(options.type)),
                .name = absl::StrCat("Member ", options.index),
                .client_id = RandomClientId()}),
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
  ot::DeltaBuilder builder;
  builder.Insert(std::string(operation.letters, 'x'), static_cast<int64_t>(operation.letters), {});
  connection_->Submit(operation.number, base_, builder.Build());
}

void CoeditMember::ShowPresence(uint64_t number) {
  if (!open()) return;
  connection_->ShowPresence(known_.revision, std::nullopt, {{.anchor = 0, .head = 0}},
                            absl::StrCat(number));
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
    if (opened.in_flight.has_value() && opened.in_flight->committed) {
      // It is in the snapshot that came, else it had been among the commits. Its letters are, too.
      const uint64_t units_now = units();
      if (const absl::Status acked = Acked(opened.in_flight->sequence); !acked.ok()) {
        return Judge(acked);
      }
      set_units(units_now);
    } else {
      // Frozen, as it was and on its old base: the server carries it over what came since.
      ot::DeltaBuilder builder;
      const auto letters = static_cast<int64_t>(under_way().front().letters);
      builder.Insert(std::string(under_way().front().letters, 'x'), letters, {});
      connection_->Submit(under_way().front().number, base_, builder.Build());
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
    absl::Status taken = Advance(commit.revision, commit.digest);
    if (taken.ok()) {
      taken = commit.author == author_ ? Acked(commit.sequence)
                                       : Delivered(commit.author, commit.sequence,
                                                   static_cast<uint64_t>(commit.delta.growth()));
    }
    if (!taken.ok()) return taken;
  }
  return known_.revision == opened.revision && known_.digest == opened.digest
             ? absl::OkStatus()
             : absl::DataLossError(absl::StrCat("'opened' leads to revision ", known_.revision,
                                                " and claims ", opened.revision));
}

absl::Status CoeditMember::Advance(uint64_t revision, proto::WireDigest digest) {
  if (revision != known_.revision + 1) {
    return absl::DataLossError(
        absl::StrCat("revision ", revision, " came after ", known_.revision));
  }
  known_.revision = revision;
  known_.digest = digest;
  return absl::OkStatus();
}

void CoeditMember::OnCommitted(const proto::Committed& committed) {
  absl::Status taken = Advance(committed.revision, committed.digest);
  if (taken.ok()) {
    taken = Delivered(committed.author, committed.sequence,
                      static_cast<uint64_t>(committed.delta.growth()));
  }
  Judge(taken);
}

void CoeditMember::OnAck(const proto::Ack& ack) {
  absl::Status taken = Advance(ack.revision, ack.digest);
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
