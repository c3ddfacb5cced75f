// The part of DocumentActor that lets clients in: the fence around a former session, the history a
// returning client missed, and the answer that is atomic with the stream that follows it.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ot/mutation.h"
#include "proto/codec.h"
#include "proto/document_types.h"
#include "server/document_actor.h"
#include "server/presence.h"

namespace coedit::server {
namespace {

proto::MemberInfo InfoOf(const Member& member) {
  proto::MemberInfo info{.session_id = member.session->session_id, .author = member.author};
  if (member.shown != nullptr) {
    info.revision = member.shown->revision;
    info.ranges = member.shown->ranges;
    info.state = member.shown->state;
  }
  return info;
}

// Everything of the client up to now is durable: its former session is fenced and the gate is
// passed. So what is not here never will be.
proto::InFlightFate FateOf(ot::Sequence sequence, ot::AuthorNumber author,
                           const ot::AuthorState* state, const MissedCommits& missed) {
  if (state != nullptr && state->last_sequence == sequence) {
    return {.sequence = sequence, .committed = true, .revision = state->last_revision};
  }
  proto::InFlightFate fate = {.sequence = sequence, .committed = false};
  missed.ForEach([&](const ot::CommitView& commit) {
    if (commit.author != author || commit.sequence != sequence) return;
    fate.committed = true;
    fate.revision = commit.revision;
  });
  return fate;
}

}  // namespace

void DocumentActor::Open(OpenRequest request) {
  switch (phase_) {
    case Phase::kLoading:
      if (static_cast<int64_t>(waiting_for_load_.size()) >=
          environment_->limits.members_per_document) {
        return RefuseOpen(request, WireCode::kUnavailable,
                          "too many clients wait for this document to load");
      }
      waiting_for_load_.push_back(std::move(request));
      return;
    case Phase::kLive:
      return AdmitOpen(std::move(request));
    case Phase::kEnded:
      return RefuseOpen(request, WireCode::kUnavailable, "the document is being reopened");
  }
}

bool DocumentActor::FenceFormer(const OpenRequest& request) {
  if (Mutated(Mutation::kNoFence)) return true;
  const auto is_newer = [&](uint64_t attempt) {
    if (attempt <= request.session->attempt || Mutated(Mutation::kIgnoreAttempt)) return false;
    RefuseOpen(request, WireCode::kReplaced,
               absl::StrCat("attempt ", request.session->attempt,
                            " of this client came after attempt ", attempt));
    return true;
  };
  // Opens that still wait are fenced like members.
  const auto fence_waiting = [&](const WaitingOpen& open) {
    return open.request.client_id() == request.client_id();
  };
  for (auto& [member, open] : waiting_for_history_) {
    if (!fence_waiting(open)) continue;
    if (is_newer(open.request.session->attempt)) return false;
    RefuseOpen(open.request, WireCode::kReplaced, "the client opened the document again");
    waiting_for_history_.erase(member);
    break;
  }
  bool newer_waits = false;
  DropWaitingOpens([&](const WaitingOpen& open) {
    if (newer_waits || !fence_waiting(open)) return false;
    newer_waits = is_newer(open.request.session->attempt);
    if (newer_waits) return false;
    RefuseOpen(open.request, WireCode::kReplaced, "the client opened the document again");
    return true;
  });
  if (newer_waits) return false;
  if (const Member* former = room_.FindByClient(request.client_id())) {
    if (is_newer(former->session->attempt)) return false;
    room_.Tell(*former, Delivery::Kind::kClosed,
               proto::Closed{.channel = channel_,
                             .code = std::string(NameOf(WireCode::kReplaced)),
                             .text = "the document was opened elsewhere under this client id",
                             .retry = false});
    RemoveMember(former->id);
  }
  // Of members that have left, too: their client is about to be told what became of it.
  std::erase_if(operations_waiting_for_history_,
                [&](const auto& waiting) { return waiting.second == request.client_id(); });
  return true;
}

void DocumentActor::AdmitOpen(OpenRequest request) {
  if (draining_) {
    return RefuseOpen(request, WireCode::kUnavailable, "the server is shutting down");
  }
  if (request.open.create.has_value()) {
    const std::optional<ot::DocumentType> type = proto::ParseDocumentType(*request.open.create);
    if (!type.has_value() || *type != document_->type()) {
      return RefuseOpen(request, WireCode::kTypeMismatch,
                        absl::StrCat("the document is ", proto::TypeName(document_->type()),
                                     ", not '", *request.open.create, "'"));
    }
  }
  const Limits& limits = environment_->limits;
  if (!FenceFormer(request)) return;
  if (limits.members_per_document != 0 &&
      static_cast<int64_t>(room_.size()) >= limits.members_per_document) {
    return RefuseOpen(request, WireCode::kUnavailable,
                      absl::StrCat("the document has ", room_.size(), " members already"));
  }
  if (const absl::Status fits = CheckNewAuthor(request.client_id()); !fits.ok()) {
    return RefuseOpen(request, WireCode::kForbidden, std::string(fits.message()));
  }
  const ot::AuthorNumber author = authors_.Register(IdentityOf(request.session));
  WaitingOpen open{.request = std::move(request), .author = author, .history = {}};

  const std::optional<proto::Known>& known = open.request.open.known;
  const bool same_epoch = known.has_value() && known->epoch == epoch_;
  // In memory is what is missed, and the digest at the revision the client names.
  const bool in_memory = !same_epoch || known->revision > document_->head() ||
                         (known->revision == 0 ? document_->floor() == 0
                                               : document_->DigestAt(known->revision).has_value());
  if (in_memory) return QueueOpen(std::move(open));
  const int64_t far =
      open.request.open.composed ? limits.catch_up_composed_revisions : limits.catch_up_revisions;
  open.too_far_back = document_->head() - known->revision > static_cast<uint64_t>(far);
  // Older than memory: from one before the first commit missed, whose digest tells whether the
  // client is of this history.
  ++history_pins_;
  const MemberId member = open.request.member;
  const ot::Revision first = std::max<ot::Revision>(known->revision, 1);
  const ot::Revision last = open.too_far_back ? first : document_->floor();
  waiting_for_history_.emplace(member, std::move(open));
  environment_->store->ReadCommits(
      document_id_, first, last,
      [self = shared_from_this(), member](absl::StatusOr<std::vector<ot::Commit>> commits) {
        self->environment_->executor->Post([self, member, commits = std::move(commits)]() mutable {
          self->OnHistoryForOpen(member, std::move(commits));
        });
      });
}

void DocumentActor::OnHistoryForOpen(MemberId member,
                                     absl::StatusOr<std::vector<ot::Commit>> commits) {
  --history_pins_;
  if (phase_ != Phase::kLive) return;
  auto waiting = waiting_for_history_.extract(member);
  if (waiting.empty()) return;  // it was fenced or left
  WaitingOpen open = std::move(waiting.mapped());
  if (!commits.ok()) {
    return RefuseOpen(open.request, WireCode::kUnavailable, "the history can't be read now");
  }
  open.history = *std::move(commits);
  QueueOpen(std::move(open));
}

void DocumentActor::QueueOpen(WaitingOpen open) {
  if (!Busy() || Mutated(Mutation::kFateFromMemory)) {
    return AnswerOpen(open, document_->head(), document_->digest(), document_->text());
  }
  // What it missed is in memory from the floor of now on, and is to stay there.
  ++history_pins_;
  gathering_.opens.push_back(std::move(open));
  FlushSoon();
}

absl::StatusOr<MissedCommits> DocumentActor::MissedBy(const WaitingOpen& open,
                                                      ot::Revision revision) const {
  const proto::Known& known = *open.request.open.known;
  if (known.revision > revision) {
    return absl::NotFoundError(
        absl::StrCat("revision ", known.revision, " is ahead of the head ", revision));
  }
  std::optional<ot::Digest> at_known;
  if (known.revision == 0) {
    at_known = 0;
  } else if (open.history.empty()) {
    at_known = document_->DigestAt(known.revision);
  } else {
    at_known = open.history.front().digest;
  }
  if (!at_known.has_value() || ot::ToReplica(*at_known) != known.digest) {
    return absl::NotFoundError(
        absl::StrCat("revision ", known.revision, " has another digest here"));
  }
  if (open.too_far_back) return MissedCommits();
  return MissedCommits(open.history, *document_, known.revision, revision);
}

void DocumentActor::NamePeople(const Member& joining, const MissedCommits& missed,
                               proto::Opened* opened) const {
  std::vector<ot::AuthorNumber> named = {joining.author};
  for (const auto& other : room_.members()) {
    opened->members.push_back(InfoOf(*other));
    named.push_back(other->author);
  }
  opened->members.push_back(InfoOf(joining));
  missed.ForEach([&named](const ot::CommitView& commit) {
    if (commit.author != named.back()) named.push_back(commit.author);
  });
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  for (ot::AuthorNumber author : named) {
    if (const proto::User* user = authors_.FindUser(author)) {
      opened->authors.push_back({author, *user});
    }
  }
}

void DocumentActor::AnswerOpen(const WaitingOpen& open, ot::Revision revision, ot::Digest digest,
                               const ot::Text& text) {
  const OpenRequest& request = open.request;
  const bool same_epoch = request.open.known.has_value() && request.open.known->epoch == epoch_;
  MissedCommits missed;
  if (same_epoch) {
    absl::StatusOr<MissedCommits> found = MissedBy(open, revision);
    if (!found.ok()) {
      return RefuseOpen(request, WireCode::kResync, std::string(found.status().message()));
    }
    missed = *found;
  }

  const ot::AuthorState* state = document_->FindAuthor(open.author);
  proto::Opened opened{.request = request.open.request,
                       .channel = channel_,
                       .document = document_id_,
                       .type = std::string(proto::TypeName(document_->type())),
                       .epoch = epoch_,
                       .revision = revision,
                       .digest = ot::ToReplica(digest),
                       .role = "writer",
                       .author = open.author,
                       .last_sequence = state != nullptr ? state->last_sequence : 0};
  if (request.open.in_flight.has_value()) {
    opened.in_flight = FateOf(*request.open.in_flight, open.author, state, missed);
  }
  std::optional<ot::Text> parts;
  if (same_epoch && !open.too_far_back) {
    AddMissedCommits(
        missed,
        {.own = open.author,
         .composed = request.open.composed,
         .single_commits_max = static_cast<size_t>(environment_->limits.catch_up_single_commits)},
        &opened);
  } else if (request.session->takes_parts && text.bytes() > environment_->limits.part_bytes) {
    opened.more = true;
    parts = text;
  } else {
    opened.snapshot = text.ToDelta();
  }

  auto member = std::make_unique<Member>();
  member->id = request.member;
  member->link = request.link;
  member->session = request.session;
  member->author = open.author;
  CarryShown(room_.members(), *document_, revision);
  NamePeople(*member, missed, &opened);

  Piece piece = owner_->catch_up_budget().Charge(
      proto::EncodePiece(request.link->encoding(), std::move(opened)));
  if (piece == nullptr) {
    return RefuseOpen(request, WireCode::kUnavailable,
                      "too many clients are catching up at this moment");
  }
  const Member& added = room_.Add(std::move(member));
  added.link->Deliver({.kind = Delivery::Kind::kOpened,
                       .member = added.id,
                       .channel = channel_,
                       .piece = std::move(piece),
                       .actor = shared_from_this(),
                       .parts = std::move(parts)});
  room_.TellAll(Delivery::Kind::kMessage,
                proto::Joined{.channel = channel_,
                              .session_id = added.session->session_id,
                              .author = added.author,
                              .user = added.user()},
                /*except=*/added.id);
}

void DocumentActor::RefuseOpen(const OpenRequest& request, WireCode code, std::string text) {
  const WireErrorInfo& info = InfoOf(code);
  proto::Refused refused{.code = info.name, .text = std::move(text), .retry = info.retry};
  if (info.retry) refused.after_ms = kComeBackMs;
  Refuse(request, std::move(refused));
  ScheduleUnload();
}

}  // namespace coedit::server
