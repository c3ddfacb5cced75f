#include "server/document_actor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "proto/codec.h"
#include "server/document_types.h"
#include "server/presence.h"

namespace coedit::server {
namespace {

// How long members wait before they come back after an actor ended; the client adds jitter.
constexpr uint32_t kComeBackMs = 500;
// A copy of the text goes to the store with a batch at least this many revisions after the last
// one; the store decides whether to keep it as a snapshot.
constexpr ot::Revision kOfferTextEvery = 64;
// What one waiting operation counts beside its text against limits.mailbox_bytes.
constexpr int64_t kOperationBytes = 128;

proto::MemberInfo InfoOf(const Member& member, const ot::Document& document,
                         ot::Revision revision) {
  proto::MemberInfo info{.session_id = member.session_id, .author = member.author};
  if (member.shown.has_value()) {
    info.revision = revision;
    info.ranges = CarryRanges(member.shown->ranges, document, member.author, member.shown->revision,
                              revision);
    info.state = member.shown->state;
  }
  return info;
}

}  // namespace

DocumentActor::DocumentActor(const Environment* environment, ActorOwner* owner,
                             std::string document, proto::Channel channel)
    : environment_(environment),
      owner_(owner),
      document_id_(std::move(document)),
      channel_(channel) {}

std::optional<ot::Revision> DocumentActor::durable_revision() const {
  if (phase_ != Phase::kLive) return std::nullopt;
  return durable_revision_;
}

// ---- loading ----

void DocumentActor::Start() {
  environment_->store->Load(
      document_id_, [self = shared_from_this()](absl::StatusOr<storage::StoredDocument> loaded) {
        self->environment_->executor->Post(
            [self, loaded = std::move(loaded)]() mutable { self->OnLoaded(std::move(loaded)); });
      });
}

void DocumentActor::Create(const OpenRequest& wish) {
  creating_ = true;
  const ot::DocumentType type = *ParseDocumentType(*wish.open.create);
  environment_->store->Create(
      document_id_, type, InitialText(type), absl::StrCat("e-", environment_->random->Hex(8)),
      environment_->clock->WallMs(),
      [self = shared_from_this()](absl::StatusOr<storage::StoredDocument> created) {
        self->environment_->executor->Post(
            [self, created = std::move(created)]() mutable { self->OnLoaded(std::move(created)); });
      });
}

void DocumentActor::OnLoaded(absl::StatusOr<storage::StoredDocument> loaded) {
  if (phase_ != Phase::kLoading) return;
  if (absl::IsNotFound(loaded.status()) && !creating_) {
    // Those who did not ask to create it learn that it is not there, even if the next one creates
    // it.
    const auto wish = std::find_if(
        waiting_for_load_.begin(), waiting_for_load_.end(), [](const OpenRequest& request) {
          return request.open.create.has_value() && ParseDocumentType(*request.open.create);
        });
    if (wish != waiting_for_load_.end()) {
      for (auto request = waiting_for_load_.begin(); request != wish; ++request) {
        RefuseOpen(*request, WireCode::kNoSuchDocument,
                   absl::StrCat("there is no document '", document_id_, "'"));
      }
      waiting_for_load_.erase(waiting_for_load_.begin(), wish);
      return Create(waiting_for_load_.front());
    }
    return End(WireCode::kNoSuchDocument, absl::StrCat("there is no document '", document_id_, "'"),
               /*retry=*/false);
  }
  if (!loaded.ok()) {
    const bool damaged = absl::IsDataLoss(loaded.status());
    return End(WireCode::kUnavailable,
               damaged ? absl::StrCat("document '", document_id_, "' is damaged on disk")
                       : absl::StrCat("document '", document_id_, "' can't be read now"),
               /*retry=*/!damaged);
  }
  epoch_ = std::move(loaded->epoch);
  authors_ = AuthorDirectory(loaded->authors);
  absl::flat_hash_map<ot::AuthorNumber, ot::AuthorState> states;
  for (const storage::Author& author : loaded->authors) states[author.number] = author.state;
  document_.emplace(loaded->type, std::move(loaded->snapshot.text), loaded->snapshot.head.revision,
                    loaded->snapshot.head.digest, std::move(states),
                    environment_->limits.document());
  for (const ot::Commit& commit : loaded->tail) {
    if (!document_->Replay(commit).ok()) {
      return End(WireCode::kUnavailable,
                 absl::StrCat("document '", document_id_, "' is damaged on disk"),
                 /*retry=*/false);
    }
  }
  durable_revision_ = document_->head();
  durable_digest_ = document_->digest();
  text_offered_at_ = loaded->snapshot.head.revision;
  phase_ = Phase::kLive;
  std::deque<OpenRequest> waiting = std::move(waiting_for_load_);
  waiting_for_load_.clear();
  for (OpenRequest& request : waiting) AdmitOpen(std::move(request));
  ScheduleUnload();
  MaybeFinishDrain();
}

// ---- opening ----

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
  const auto is_newer = [&](uint64_t attempt) {
    if (attempt <= request.attempt) return false;
    RefuseOpen(
        request, WireCode::kReplaced,
        absl::StrCat("attempt ", request.attempt, " of this client came after attempt ", attempt));
    return true;
  };
  // Opens that still wait are fenced like members.
  const auto fence_waiting = [&](const WaitingOpen& open) {
    return open.request.client_id == request.client_id;
  };
  for (auto& [member, open] : waiting_for_history_) {
    if (!fence_waiting(open)) continue;
    if (is_newer(open.request.attempt)) return false;
    RefuseOpen(open.request, WireCode::kReplaced, "the client opened the document again");
    waiting_for_history_.erase(member);
    break;
  }
  for (Batch* batch : {&gathering_, in_flight_.has_value() ? &*in_flight_ : nullptr}) {
    if (batch == nullptr) continue;
    const auto open = std::find_if(batch->opens.begin(), batch->opens.end(), fence_waiting);
    if (open == batch->opens.end()) continue;
    if (is_newer(open->request.attempt)) return false;
    RefuseOpen(open->request, WireCode::kReplaced, "the client opened the document again");
    --history_pins_;
    batch->opens.erase(open);
  }
  if (const Member* former = room_.FindByClient(request.client_id)) {
    if (is_newer(former->attempt)) return false;
    room_.Tell(*former, Delivery::Kind::kClosed,
               proto::Closed{.channel = channel_,
                             .code = std::string(NameOf(WireCode::kReplaced)),
                             .text = "the document was opened elsewhere under this client id",
                             .retry = false});
    RemoveMember(former->id);
  }
  return true;
}

void DocumentActor::AdmitOpen(OpenRequest request) {
  if (draining_) {
    return RefuseOpen(request, WireCode::kUnavailable, "the server is shutting down");
  }
  if (request.open.create.has_value()) {
    const std::optional<ot::DocumentType> type = ParseDocumentType(*request.open.create);
    if (!type.has_value() || *type != document_->type()) {
      return RefuseOpen(request, WireCode::kTypeMismatch,
                        absl::StrCat("the document is ", TypeName(document_->type()), ", not '",
                                     *request.open.create, "'"));
    }
  }
  const Limits& limits = environment_->limits;
  if (!FenceFormer(request)) return;
  if (limits.members_per_document != 0 &&
      static_cast<int64_t>(room_.size()) >= limits.members_per_document) {
    return RefuseOpen(request, WireCode::kUnavailable,
                      absl::StrCat("the document has ", room_.size(), " members already"));
  }
  if (!authors_.Knows(request.client_id) && limits.authors_per_document != 0 &&
      authors_.size() >= limits.authors_per_document) {
    return RefuseOpen(request, WireCode::kForbidden,
                      absl::StrCat("the document has ", authors_.size(), " authors already"));
  }
  const ot::AuthorNumber author = authors_.Register(request.client_id, request.user);
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
  if (!Busy()) {
    return AnswerOpen(open, document_->head(), document_->digest(), document_->text());
  }
  // What it missed is in memory from the floor of now on, and is to stay there.
  ++history_pins_;
  gathering_.opens.push_back(std::move(open));
}

void DocumentActor::AnswerOpen(const WaitingOpen& open, ot::Revision revision, ot::Digest digest,
                               const ot::Text& text) {
  const OpenRequest& request = open.request;
  const std::optional<proto::Known>& known = request.open.known;
  proto::Opened opened{.request = request.open.request,
                       .channel = channel_,
                       .document = document_id_,
                       .type = std::string(TypeName(document_->type())),
                       .epoch = epoch_,
                       .revision = revision,
                       .digest = ToWire(digest),
                       .role = "writer",
                       .author = open.author};
  const bool same_epoch = known.has_value() && known->epoch == epoch_;
  std::vector<const ot::Commit*> missed;
  if (same_epoch) {
    if (known->revision > revision) {
      return RefuseOpen(
          request, WireCode::kResync,
          absl::StrCat("revision ", known->revision, " is ahead of the head ", revision));
    }
    std::optional<ot::Digest> at_known;
    if (known->revision == 0) {
      at_known = 0;
    } else if (open.history.empty()) {
      at_known = document_->DigestAt(known->revision);
    } else {
      at_known = open.history.front().digest;
    }
    if (!at_known.has_value() || ToWire(*at_known) != known->digest) {
      return RefuseOpen(request, WireCode::kResync,
                        absl::StrCat("revision ", known->revision, " has another digest here"));
    }
    if (!open.too_far_back) {
      for (const ot::Commit& commit : open.history) {
        if (commit.revision > known->revision) missed.push_back(&commit);
      }
      for (ot::Revision next = known->revision + missed.size() + 1; next <= revision; ++next) {
        missed.push_back(&document_->At(next));
      }
    }
  }

  const ot::AuthorState* state = document_->FindAuthor(open.author);
  opened.last_sequence = state != nullptr ? state->last_sequence : 0;
  if (request.open.in_flight.has_value()) {
    // Everything of this client up to now is durable: its former session is fenced and the gate is
    // passed. So what is not here never will be.
    const ot::Sequence sequence = *request.open.in_flight;
    proto::InFlightFate fate{.sequence = sequence};
    if (state != nullptr && state->last_sequence == sequence) {
      fate.committed = true;
      fate.revision = state->last_revision;
    } else {
      for (const ot::Commit* commit : missed) {
        if (commit->author != open.author || commit->sequence != sequence) continue;
        fate.committed = true;
        fate.revision = commit->revision;
      }
    }
    opened.in_flight = fate;
  }

  std::optional<ot::Text> parts;
  if (same_epoch && !open.too_far_back) {
    AddMissedCommits(
        missed,
        {.own = open.author,
         .composed = request.open.composed,
         .single_commits_max = static_cast<size_t>(environment_->limits.catch_up_single_commits)},
        &opened);
  } else if (request.parts && text.bytes() > environment_->limits.part_bytes) {
    opened.more = true;
    parts = text;
  } else {
    opened.snapshot = text.ToDelta();
  }

  auto member = std::make_unique<Member>();
  member->id = request.member;
  member->link = request.link;
  member->session_id = request.session_id;
  member->client_id = request.client_id;
  member->attempt = request.attempt;
  member->user = request.user;
  member->author = open.author;

  std::vector<ot::AuthorNumber> named = {open.author};
  for (const auto& other : room_.members()) {
    opened.members.push_back(InfoOf(*other, *document_, revision));
    named.push_back(other->author);
  }
  opened.members.push_back(InfoOf(*member, *document_, revision));
  for (const ot::Commit* commit : missed) named.push_back(commit->author);
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  for (ot::AuthorNumber author : named) {
    if (const proto::User* user = authors_.FindUser(author)) {
      opened.authors.push_back({author, *user});
    }
  }

  Piece piece = owner_->catch_up_budget().Charge(
      proto::EncodePiece(request.link->encoding(), std::move(opened)));
  if (piece == nullptr) {
    return RefuseOpen(request, WireCode::kUnavailable,
                      "too many clients are catching up at this moment");
  }
  const Member& added = room_.Add(std::move(member));
  added.link->Deliver({.kind = Delivery::Kind::kOpened,
                       .member = added.id,
                       .piece = std::move(piece),
                       .actor = shared_from_this(),
                       .parts = std::move(parts)});
  room_.TellAll(Delivery::Kind::kMessage,
                proto::Joined{.channel = channel_,
                              .session_id = added.session_id,
                              .author = added.author,
                              .user = added.user},
                /*except=*/added.id);
}

void DocumentActor::RefuseOpen(const OpenRequest& request, WireCode code, std::string text) {
  const WireErrorInfo& info = InfoOf(code);
  proto::Refused refused{.request = request.open.request,
                         .code = info.name,
                         .text = std::move(text),
                         .retry = info.retry};
  if (info.retry) refused.after_ms = kComeBackMs;
  request.link->Deliver({.kind = Delivery::Kind::kRefused,
                         .member = request.member,
                         .piece = std::make_shared<const std::string>(
                             proto::EncodePiece(request.link->encoding(), std::move(refused)))});
  ScheduleUnload();
}

// ---- operations ----

void DocumentActor::Submit(MemberId id, proto::Submit submit) {
  Member* member = room_.Find(id);
  if (member == nullptr || phase_ != Phase::kLive || draining_) return;
  ot::Operation operation{.author = member->author,
                          .sequence = submit.sequence,
                          .base = submit.revision,
                          .delta = std::move(submit.delta)};
  member->last_operation = operation;
  Decide(id, operation);
}

void DocumentActor::Decide(MemberId id, const ot::Operation& operation) {
  const auto reject = [&](WireCode code, std::string text) {
    gathering_.notices.push_back(RejectionNotice{id, operation.sequence, code, std::move(text)});
  };
  if (operation.base > durable_revision_) {
    // Nobody was told of a later one.
    reject(WireCode::kInvalidOperation, absl::StrCat("base revision ", operation.base,
                                                     " is ahead of the head ", durable_revision_));
  } else if (gathering_.commits >= environment_->limits.mailbox_operations ||
             gathering_.bytes >= environment_->limits.mailbox_bytes) {
    // The store is far behind. Not a refusal of the operation: the client comes back with it.
    return End(WireCode::kUnavailable, "the document has more operations than it can store now",
               /*retry=*/true);
  } else {
    ot::Submitted submitted = document_->Submit(operation);
    if (auto* committed = std::get_if<ot::Committed>(&submitted)) {
      committed->commit.time_ms = environment_->clock->WallMs();
      ++gathering_.commits;
      gathering_.bytes +=
          kOperationBytes + static_cast<int64_t>(committed->commit.delta.text_bytes());
      gathering_.notices.push_back(CommitNotice{std::move(committed->commit), id});
    } else if (const auto* duplicate = std::get_if<ot::Duplicate>(&submitted)) {
      gathering_.notices.push_back(AckNotice{id, operation.sequence, duplicate->revision});
    } else if (auto* rejected = std::get_if<ot::Rejected>(&submitted)) {
      reject(CodeOf(rejected->reason), std::move(rejected->text));
    } else {
      ++history_pins_;
      environment_->store->ReadCommits(
          document_id_, operation.base + 1, document_->floor(),
          [self = shared_from_this(), id,
           operation](absl::StatusOr<std::vector<ot::Commit>> commits) {
            self->environment_->executor->Post(
                [self, id, operation, commits = std::move(commits)]() mutable {
                  self->OnHistoryForSubmit(id, std::move(operation), std::move(commits));
                });
          });
    }
  }
  FlushBatch();
}

void DocumentActor::OnHistoryForSubmit(MemberId id, ot::Operation operation,
                                       absl::StatusOr<std::vector<ot::Commit>> commits) {
  --history_pins_;
  if (phase_ != Phase::kLive || draining_ || room_.Find(id) == nullptr) return;
  if (!commits.ok()) {
    return End(WireCode::kUnavailable, "the history can't be read now", /*retry=*/true);
  }
  // Another read may have brought a part of it meanwhile.
  while (!commits->empty() && commits->back().revision > document_->floor()) commits->pop_back();
  document_->PrependHistory(*std::move(commits));
  Decide(id, operation);
}

void DocumentActor::RefuseSubmit(MemberId id, uint64_t sequence, std::string text) {
  if (room_.Find(id) == nullptr || phase_ != Phase::kLive) return;
  gathering_.notices.push_back(
      RejectionNotice{id, sequence, WireCode::kInvalidOperation, std::move(text)});
  FlushBatch();
}

// ---- the gate ----

void DocumentActor::FlushBatch() {
  if (in_flight_.has_value() || (gathering_.notices.empty() && gathering_.opens.empty())) return;
  Batch batch = std::exchange(gathering_, Batch());
  batch.revision = document_->head();
  batch.digest = document_->digest();
  if (!batch.opens.empty()) batch.text = document_->text();
  if (batch.commits == 0) return Announce(std::move(batch));

  storage::AppendRequest request;
  request.document = document_id_;
  request.expected = {durable_revision_, durable_digest_};
  request.commits.reserve(batch.commits);
  std::vector<ot::AuthorNumber> authors;
  for (const Notice& notice : batch.notices) {
    const auto* committed = std::get_if<CommitNotice>(&notice);
    if (committed == nullptr) continue;
    request.commits.push_back(committed->commit);
    authors.push_back(committed->commit.author);
  }
  std::sort(authors.begin(), authors.end());
  authors.erase(std::unique(authors.begin(), authors.end()), authors.end());
  for (ot::AuthorNumber author : authors) {
    request.authors.push_back(authors_.ToStore(author, *document_->FindAuthor(author)));
  }
  if (document_->head() - text_offered_at_ >= kOfferTextEvery) {
    request.text = document_->text();
    text_offered_at_ = document_->head();
  }
  in_flight_ = std::move(batch);
  environment_->store->Append(
      std::move(request), [self = shared_from_this()](storage::AppendResult result) {
        self->environment_->executor->Post(
            [self, result = std::move(result)]() mutable { self->OnAppended(std::move(result)); });
      });
}

void DocumentActor::OnAppended(storage::AppendResult result) {
  if (phase_ != Phase::kLive) return;
  COEDIT_CHECK(in_flight_.has_value());
  if (result.outcome != storage::AppendOutcome::kCommitted) {
    // Memory is ahead of the disk and the outcome may be unknown: start over from the log.
    End(result.disk_full ? WireCode::kStorageFull : WireCode::kUnavailable,
        result.disk_full ? "the disk is full; nothing typed is lost while this page stays open"
                         : "the document could not be stored; it is being reopened",
        /*retry=*/true);
    return;
  }
  Batch batch = *std::exchange(in_flight_, std::nullopt);
  Announce(std::move(batch));
  DropOldHistory();
  FlushBatch();
  ScheduleUnload();
  MaybeFinishDrain();
}

void DocumentActor::Announce(Batch batch) {
  for (const Notice& notice : batch.notices) {
    std::visit([this](const auto& told) { Tell(told); }, notice);
  }
  COEDIT_CHECK(durable_revision_ == batch.revision || batch.commits > 0);
  durable_revision_ = batch.revision;
  durable_digest_ = batch.digest;
  for (const WaitingOpen& open : batch.opens) {
    --history_pins_;
    AnswerOpen(open, batch.revision, batch.digest, *batch.text);
  }
  for (const auto& member : room_.members()) {
    if (member->waiting_presence.has_value()) TryShowPresence(*member);
  }
}

void DocumentActor::Tell(const CommitNotice& notice) {
  const ot::Commit& commit = notice.commit;
  durable_revision_ = commit.revision;
  durable_digest_ = commit.digest;
  room_.TellAll(Delivery::Kind::kMessage,
                proto::Committed{.channel = channel_,
                                 .revision = commit.revision,
                                 .digest = ToWire(commit.digest),
                                 .author = commit.author,
                                 .sequence = commit.sequence,
                                 .delta = commit.delta},
                /*except=*/notice.member);
  if (const Member* member = room_.Find(notice.member)) {
    room_.Tell(*member, Delivery::Kind::kAnswer,
               proto::Ack{.channel = channel_,
                          .sequence = commit.sequence,
                          .revision = commit.revision,
                          .digest = ToWire(commit.digest)});
  }
}

void DocumentActor::Tell(const AckNotice& notice) {
  const Member* member = room_.Find(notice.member);
  if (member == nullptr) return;
  const std::optional<ot::Digest> digest = document_->DigestAt(notice.revision);
  room_.Tell(*member, Delivery::Kind::kAnswer,
             proto::Ack{.channel = channel_,
                        .sequence = notice.sequence,
                        .revision = notice.revision,
                        .digest = ToWire(digest.value_or(0))});
}

void DocumentActor::Tell(const RejectionNotice& notice) {
  const Member* member = room_.Find(notice.member);
  if (member == nullptr) return;
  room_.Tell(*member, Delivery::Kind::kAnswer,
             proto::Rejected{.channel = channel_,
                             .sequence = notice.sequence,
                             .code = std::string(NameOf(notice.code)),
                             .text = notice.text});
}

// ---- presence and signals ----

void DocumentActor::ShowPresence(MemberId id, proto::Presence presence) {
  Member* member = room_.Find(id);
  if (member == nullptr || phase_ != Phase::kLive) return;
  member->waiting_presence = std::move(presence);
  TryShowPresence(*member);
}

void DocumentActor::TryShowPresence(Member& member) {
  const proto::Presence& waiting = *member.waiting_presence;
  ot::Revision told = waiting.revision;
  std::optional<ot::Revision> committed;
  if (waiting.after.has_value()) {
    const ot::AuthorState* state = document_->FindAuthor(member.author);
    const bool decided = state != nullptr && state->last_sequence == *waiting.after &&
                         member.last_operation.has_value() &&
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
                                        if (later->waiting_presence.has_value())
                                          self->TryShowPresence(*later);
                                      });
    return;
  }

  proto::Presence presence = *std::exchange(member.waiting_presence, std::nullopt);
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
                                      .session_id = member.session_id,
                                      .author = member.author,
                                      .revision = shown.revision,
                                      .ranges = shown.ranges,
                                      .state = shown.state},
                /*except=*/member.id, /*about=*/member.id);
  member.shown = std::move(shown);
  const int64_t per_second = environment_->limits.presence_per_second;
  if (per_second != 0) member.presence_not_before = now + absl::Seconds(1) / per_second;
}

void DocumentActor::Signal(MemberId id, proto::Signal signal) {
  const Member* member = room_.Find(id);
  if (member == nullptr || phase_ != Phase::kLive) return;
  room_.TellAll(Delivery::Kind::kMessage,
                proto::MemberSignal{.channel = channel_,
                                    .session_id = member->session_id,
                                    .author = member->author,
                                    .topic = std::move(signal.topic),
                                    .payload = std::move(signal.payload)},
                /*except=*/id);
}

// ---- leaving and ending ----

void DocumentActor::Leave(MemberId id) {
  std::erase_if(waiting_for_load_,
                [id](const OpenRequest& request) { return request.member == id; });
  waiting_for_history_.erase(id);
  for (Batch* batch : {&gathering_, in_flight_.has_value() ? &*in_flight_ : nullptr}) {
    if (batch == nullptr) continue;
    std::erase_if(batch->opens, [&](const WaitingOpen& open) {
      if (open.request.member != id) return false;
      --history_pins_;
      return true;
    });
  }
  if (room_.Find(id) != nullptr) RemoveMember(id);
  ScheduleUnload();
}

void DocumentActor::RemoveMember(MemberId id) {
  const Member* member = room_.Find(id);
  const proto::Left left{.channel = channel_,
                         .session_id = member->session_id,
                         .author = member->author,
                         .user = member->user};
  room_.Remove(id);
  empty_since_ = environment_->clock->Steady();
  room_.TellAll(Delivery::Kind::kMessage, left, /*except=*/0);
}

void DocumentActor::DropOldHistory() {
  const uint64_t keep = environment_->limits.history_in_memory;
  const uint64_t held = document_->head() - document_->floor();
  // In strides, so that presence is carried along seldom.
  if (history_pins_ > 0 || held < keep + keep / 4) return;
  const ot::Revision floor = std::min(document_->head() - keep, durable_revision_);
  for (const auto& member : room_.members()) {
    if (!member->shown.has_value() || member->shown->revision >= floor) continue;
    member->shown->ranges = CarryRanges(std::move(member->shown->ranges), *document_,
                                        member->author, member->shown->revision, floor);
    member->shown->revision = floor;
  }
  document_->DropHistory(floor);
}

void DocumentActor::ScheduleUnload() {
  if (phase_ != Phase::kLive || room_.size() > 0 || unload_timer_) return;
  unload_timer_ = true;
  const absl::Duration idle_max = absl::Seconds(environment_->limits.document_idle_seconds);
  // At least a second, or an idle time of zero would spin while something is waited for.
  const absl::Duration check_after = std::max(idle_max, absl::Seconds(1));
  environment_->executor->PostAfter(check_after, [self = shared_from_this(), idle_max] {
    self->unload_timer_ = false;
    if (self->phase_ != Phase::kLive || self->room_.size() > 0) return;
    const bool waited_for =
        self->Busy() || !self->gathering_.opens.empty() || !self->waiting_for_history_.empty();
    if (waited_for || self->environment_->clock->Steady() - self->empty_since_ < idle_max) {
      return self->ScheduleUnload();
    }
    self->End(WireCode::kUnavailable, "unloaded", /*retry=*/true);
  });
}

void DocumentActor::Drain(Task done) {
  draining_ = true;
  drained_ = std::move(done);
  MaybeFinishDrain();
}

void DocumentActor::MaybeFinishDrain() {
  if (!draining_ || drained_ == nullptr) return;
  if (phase_ == Phase::kLoading || (phase_ == Phase::kLive && Busy())) return;
  std::exchange(drained_, nullptr)();
}

void DocumentActor::End(WireCode code, std::string text, bool retry) {
  if (phase_ == Phase::kEnded) return;
  phase_ = Phase::kEnded;
  const auto self = shared_from_this();  // the owner may drop the last reference
  std::vector<OpenRequest> refused;
  for (OpenRequest& request : waiting_for_load_) refused.push_back(std::move(request));
  for (auto& [member, open] : waiting_for_history_) refused.push_back(std::move(open.request));
  if (in_flight_.has_value()) {
    for (WaitingOpen& open : in_flight_->opens) refused.push_back(std::move(open.request));
  }
  for (WaitingOpen& open : gathering_.opens) refused.push_back(std::move(open.request));
  waiting_for_load_.clear();
  waiting_for_history_.clear();
  gathering_ = Batch();
  in_flight_.reset();

  proto::Refused refusal{.code = std::string(NameOf(code)), .text = text, .retry = retry};
  proto::Closed closed{.channel = channel_,
                       .code = std::string(NameOf(code)),
                       .text = std::move(text),
                       .retry = retry};
  if (retry) refusal.after_ms = closed.after_ms = kComeBackMs;
  for (const OpenRequest& request : refused) {
    refusal.request = request.open.request;
    request.link->Deliver({.kind = Delivery::Kind::kRefused,
                           .member = request.member,
                           .piece = std::make_shared<const std::string>(
                               proto::EncodePiece(request.link->encoding(), refusal))});
  }
  room_.TellAll(Delivery::Kind::kClosed, closed, /*except=*/0);
  room_ = Room();
  owner_->OnActorEnded(document_id_, this);
  MaybeFinishDrain();
}

}  // namespace coedit::server
