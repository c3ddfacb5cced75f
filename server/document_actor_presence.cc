// The part of DocumentActor that relays what is never stored: carets, and signals.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "server/document_actor.h"
#include "server/presence.h"

namespace coedit::server {

void DocumentActor::ShowPresence(MemberId id, proto::Presence presence) {
  Member* member = room_.Find(id);
  if (member == nullptr || phase_ != Phase::kLive) return;
  member->waiting_presence = std::make_unique<proto::Presence>(std::move(presence));
  TryShowPresence(*member);
}

void DocumentActor::TryShowPresence(Member& member) {
  const proto::Presence& waiting = *member.waiting_presence;
  ot::Revision told = waiting.revision;
  std::optional<ot::Revision> committed;
  if (waiting.after.has_value()) {
    const ot::AuthorState* state = document_->FindAuthor(member.author);
    const bool decided = state != nullptr && state->last_sequence == *waiting.after &&
                         member.last_operation != nullptr &&
                         member.last_operation->sequence == *waiting.after;
    if (!decided) {
      member.waiting_presence.reset();  // it refers to an operation that is gone or was refused
      return;
    }
    committed = state->last_revision;
    if (*committed > durable_revision_) return;  // the gate calls again
  }
  const absl::Duration now = environment_->clock->Steady();
  if (now < member.presence_not_before) {
    if (member.presence_timer) return;
    member.presence_timer = true;
    environment_->executor->PostAfter(member.presence_not_before - now,
                                      [self = shared_from_this(), id = member.id] {
                                        Member* later = self->room_.Find(id);
                                        if (later == nullptr || self->phase_ != Phase::kLive)
                                          return;
                                        later->presence_timer = false;
                                        if (later->waiting_presence != nullptr)
                                          self->TryShowPresence(*later);
                                      });
    return;
  }

  proto::Presence presence = std::move(*std::exchange(member.waiting_presence, nullptr));
  if (told > durable_revision_ || told < document_->floor()) return;
  int64_t length = document_->LengthAt(told);
  if (committed.has_value()) length += std::max<int64_t>(0, member.last_operation->delta.growth());
  for (proto::Range& range : presence.ranges) {
    range.anchor = std::min<uint64_t>(range.anchor, length);
    range.head = std::min<uint64_t>(range.head, length);
  }
  if (committed.has_value() && *committed > told) {
    std::optional<std::vector<proto::Range>> carried = CarryRangesAfter(
        std::move(presence.ranges), *document_, *member.last_operation, told, *committed);
    if (!carried.has_value()) return;
    presence.ranges = *std::move(carried);
    told = *committed;
  }
  ShownPresence shown{.revision = durable_revision_,
                      .ranges = CarryRanges(std::move(presence.ranges), *document_, member.author,
                                            told, durable_revision_),
                      .state = std::move(presence.state)};
  room_.TellAll(Delivery::Kind::kPresence,
                proto::MemberPresence{.channel = channel_,
                                      .session_id = member.session->session_id,
                                      .author = member.author,
                                      .revision = shown.revision,
                                      .ranges = shown.ranges,
                                      .state = shown.state},
                /*except=*/member.id, /*about=*/member.id);
  member.shown = std::make_unique<ShownPresence>(std::move(shown));
  const int64_t per_second = environment_->limits.presence_per_second;
  if (per_second != 0) member.presence_not_before = now + absl::Seconds(1) / per_second;
}

void DocumentActor::Signal(MemberId id, proto::Signal signal) {
  const Member* member = room_.Find(id);
  if (member == nullptr || phase_ != Phase::kLive) return;
  room_.TellAll(Delivery::Kind::kMessage,
                proto::MemberSignal{.channel = channel_,
                                    .session_id = member->session->session_id,
                                    .author = member->author,
                                    .topic = std::move(signal.topic),
                                    .payload = std::move(signal.payload)},
                /*except=*/id);
}

}  // namespace coedit::server
