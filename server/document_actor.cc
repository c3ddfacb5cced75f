#include "server/document_actor.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "ot/mutation.h"
#include "proto/codec.h"
#include "proto/document_types.h"
#include "server/document_types.h"
#include "server/epoch.h"
#include "server/presence.h"
#include "storage/failpoint.h"

namespace coedit::server {
namespace {

// A copy of the text goes to the store with a batch at least this many revisions after the last
// one; the store decides whether to keep it as a snapshot.
constexpr ot::Revision kOfferTextEvery = 64;
// What one waiting operation counts beside its text against limits.mailbox_bytes.
constexpr int64_t kOperationBytes = 128;

}  // namespace

DocumentActor::DocumentActor(const Environment* environment, ActorOwner* owner,
                             std::string document, proto::Channel channel)
    : environment_(environment),
      owner_(owner),
      document_id_(std::move(document)),
      channel_(channel),
      room_(channel) {}

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
  const ot::DocumentType type = *proto::ParseDocumentType(*wish.open.create);
  environment_->store->Create(
      document_id_, type, InitialText(type), NewEpoch(environment_->random),
      environment_->clock->WallMs(),
      [self = shared_from_this()](absl::StatusOr<storage::StoredDocument> created) {
        self->environment_->executor->Post(
            [self, created = std::move(created)]() mutable { self->OnLoaded(std::move(created)); });
      });
}

void DocumentActor::OnLoaded(absl::StatusOr<storage::StoredDocument> loaded) {
  if (phase_ != Phase::kLoading) return;
  if (absl::IsNotFound(loaded.status()) && !creating_) {
    // An edit creates nothing, and came before whoever does.
    RefuseWaitingEdits(WireCode::kNoSuchDocument,
                       absl::StrCat("there is no document '", document_id_, "'"), false);
    // Those who did not ask to create it learn that it is not there, even if the next one creates
    // it.
    const auto wish = std::find_if(
        waiting_for_load_.begin(), waiting_for_load_.end(), [](const OpenRequest& request) {
          return request.open.create.has_value() && proto::ParseDocumentType(*request.open.create);
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
  for (OpenRequest& request : std::exchange(waiting_for_load_, {})) AdmitOpen(std::move(request));
  for (EditRequest& request : std::exchange(edits_waiting_for_load_, {})) {
    Edit(std::move(request));
  }
  ScheduleUnload();
  MaybeFinishDrain();
}

// ---- operations ----

void DocumentActor::Submit(MemberId id, proto::Submit submit) {
  Member* member = room_.Find(id);
  if (member == nullptr || phase_ != Phase::kLive || draining_) return;
  ot::Operation operation{.author = member->author,
                          .sequence = submit.sequence,
                          .base = submit.revision,
                          .delta = std::move(submit.delta)};
  member->last_operation = std::make_unique<ot::Operation>(operation);
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
  } else if (unsettled_commits_ >= environment_->limits.mailbox_operations ||
             unsettled_bytes_ >= environment_->limits.mailbox_bytes) {
    // The store is far behind. Not a refusal of the operation: the client comes back with it.
    return End(WireCode::kUnavailable, "the document has more operations than it can store now",
               /*retry=*/true);
  } else {
    ot::Submitted submitted = document_->Submit(operation);
    if (auto* committed = std::get_if<ot::Committed>(&submitted)) {
      committed->commit.time_ms = environment_->clock->WallMs();
      const int64_t bytes =
          kOperationBytes + static_cast<int64_t>(committed->commit.delta.text_bytes());
      ++gathering_.commits;
      gathering_.bytes += bytes;
      ++unsettled_commits_;
      unsettled_bytes_ += bytes;
      gathering_.notices.push_back(CommitNotice{std::move(committed->commit), id});
    } else if (const auto* duplicate = std::get_if<ot::Duplicate>(&submitted)) {
      gathering_.notices.push_back(AckNotice{id, operation.sequence, duplicate->revision});
    } else if (auto* rejected = std::get_if<ot::Rejected>(&submitted)) {
      reject(CodeOf(rejected->reason), std::move(rejected->text));
    } else {
      ++history_pins_;
      // A member that was in the room when it sent this; Decide is called for others only after.
      if (const Member* member = room_.Find(id)) {
        operations_waiting_for_history_[id] = member->client_id();
      } else if (const auto editor = editors_.find(id); editor != editors_.end()) {
        operations_waiting_for_history_[id] = editor->second.identity->client_id;
      }
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
  FlushSoon();
}

void DocumentActor::OnHistoryForSubmit(MemberId id, ot::Operation operation,
                                       absl::StatusOr<std::vector<ot::Commit>> commits) {
  --history_pins_;
  const bool fenced = operations_waiting_for_history_.erase(id) == 0;
  if (phase_ != Phase::kLive) return;
  if (draining_ || fenced) {
    AnswerEditor(id, fenced ? EditRefused{WireCode::kReplaced,
                                          "the document was opened under this client id"}
                            : EditRefused{WireCode::kUnavailable, "the server is shutting down",
                                          /*retry=*/true});
    return;
  }
  if (!commits.ok()) {
    return End(WireCode::kUnavailable, "the history can't be read now", /*retry=*/true);
  }
  // Another read may have brought a part of it meanwhile.
  while (!commits->empty() && commits->back().revision > document_->floor()) commits->pop_back();
  document_->PrependHistory(*commits);
  Decide(id, operation);
}

void DocumentActor::RefuseSubmit(MemberId id, uint64_t sequence, std::string text) {
  if (room_.Find(id) == nullptr || phase_ != Phase::kLive) return;
  gathering_.notices.push_back(
      RejectionNotice{id, sequence, WireCode::kInvalidOperation, std::move(text)});
  FlushSoon();
}

// ---- the gate ----

void DocumentActor::FlushSoon() {
  if (flush_posted_) return;
  flush_posted_ = true;
  environment_->executor->Post([self = shared_from_this()] {
    self->flush_posted_ = false;
    if (self->phase_ != Phase::kLive) return;
    self->FlushBatch();
    self->MaybeFinishDrain();
  });
}

storage::Head DocumentActor::HeadBeforeGathering() const {
  if (in_flight_.empty()) return {durable_revision_, durable_digest_};
  return {in_flight_.back().revision, in_flight_.back().digest};
}

void DocumentActor::FlushBatch() {
  if (gathering_.notices.empty() && gathering_.opens.empty()) return;
  storage::AppendRequest request;
  request.document = document_id_;
  request.expected = HeadBeforeGathering();
  Batch batch = std::exchange(gathering_, Batch());
  batch.revision = document_->head();
  batch.digest = document_->digest();
  if (!batch.opens.empty()) batch.text = document_->text();
  if (batch.commits == 0) return AnnounceBehind(std::move(batch));

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
  if (Mutated(Mutation::kAckBeforeCommit)) Announce(Batch(batch));
  if (Mutated(Mutation::kBroadcastBeforeCommit)) {
    for (const Notice& notice : batch.notices) {
      if (const auto* told = std::get_if<CommitNotice>(&notice)) Broadcast(*told);
    }
  }
  in_flight_.push_back(std::move(batch));
  PassFailpoint(Failpoint::kBeforeAppend);
  environment_->store->Append(
      std::move(request), [self = shared_from_this()](storage::AppendResult result) {
        self->environment_->executor->Post(
            [self, result = std::move(result)]() mutable { self->OnAppended(std::move(result)); });
      });
}

void DocumentActor::OnAppended(storage::AppendResult result) {
  if (phase_ != Phase::kLive) return;
  COEDIT_CHECK(!in_flight_.empty());
  if (Mutated(Mutation::kRejectUnknown) && result.outcome == storage::AppendOutcome::kUnknown) {
    for (const Notice& notice : in_flight_.front().notices) {
      const auto* told = std::get_if<CommitNotice>(&notice);
      if (told == nullptr) continue;
      Tell(RejectionNotice{told->member, told->commit.sequence, WireCode::kInvalidOperation, ""});
    }
  }
  if (result.outcome != storage::AppendOutcome::kCommitted &&
      !Mutated(Mutation::kGoOnAfterFailedAppend)) {
    // Memory is ahead of the disk and the outcome may be unknown: start over from the log.
    End(result.disk_full ? WireCode::kStorageFull : WireCode::kUnavailable,
        result.disk_full ? "the disk is full; nothing typed is lost while this page stays open"
                         : "the document could not be stored; it is being reopened",
        /*retry=*/true);
    return;
  }
  Batch batch = std::move(in_flight_.front());
  in_flight_.erase(in_flight_.begin());
  unsettled_commits_ -= batch.commits;
  unsettled_bytes_ -= batch.bytes;
  if (!Mutated(Mutation::kAckBeforeCommit)) Announce(std::move(batch));
  DropOldHistory();
  ScheduleUnload();
  MaybeFinishDrain();
}

void DocumentActor::AnnounceBehind(Batch batch) {
  if (in_flight_.empty() || Mutated(Mutation::kOpenOvertakesAppends) ||
      Mutated(Mutation::kAckBeforeCommit)) {
    return Announce(std::move(batch));
  }
  Batch& last = in_flight_.back();
  std::move(batch.notices.begin(), batch.notices.end(), std::back_inserter(last.notices));
  std::move(batch.opens.begin(), batch.opens.end(), std::back_inserter(last.opens));
  if (batch.text.has_value()) last.text = std::move(batch.text);
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
    if (member->waiting_presence != nullptr) TryShowPresence(*member);
  }
}

void DocumentActor::Tell(const CommitNotice& notice) {
  const ot::Commit& commit = notice.commit;
  durable_revision_ = commit.revision;
  durable_digest_ = commit.digest;
  PassFailpoint(Failpoint::kBeforeBroadcast);
  if (!Mutated(Mutation::kBroadcastBeforeCommit)) Broadcast(notice);
  PassFailpoint(Failpoint::kAfterBroadcast);
  PassFailpoint(Failpoint::kBeforeAck);
  if (const Member* member = room_.Find(notice.member)) {
    room_.Tell(
        *member, Delivery::Kind::kAnswer,
        proto::Ack{.channel = channel_, .sequence = commit.sequence, .revision = commit.revision});
  } else {
    AnswerEditor(
        notice.member,
        Edited{.revision = commit.revision, .author = commit.author, .digest = commit.digest});
  }
  PassFailpoint(Failpoint::kAfterAck);
}

void DocumentActor::Broadcast(const CommitNotice& notice) {
  const ot::Commit& commit = notice.commit;
  room_.TellAll(Delivery::Kind::kMessage,
                proto::Committed{.channel = channel_,
                                 .revision = commit.revision,
                                 .author = commit.author,
                                 .sequence = std::nullopt,
                                 .delta = commit.delta},
                /*except=*/notice.member);
}

void DocumentActor::Tell(const AckNotice& notice) {
  const Member* member = room_.Find(notice.member);
  if (member == nullptr) {
    AnswerEditor(notice.member, Edited{.revision = notice.revision,
                                       .digest = document_->DigestAt(notice.revision)});
    return;
  }
  room_.Tell(
      *member, Delivery::Kind::kAnswer,
      proto::Ack{.channel = channel_, .sequence = notice.sequence, .revision = notice.revision});
}

void DocumentActor::Tell(const RejectionNotice& notice) {
  const Member* member = room_.Find(notice.member);
  if (member == nullptr) {
    AnswerEditor(notice.member, EditRefused{notice.code, notice.text});
    return;
  }
  room_.Tell(*member, Delivery::Kind::kAnswer,
             proto::Rejected{.channel = channel_,
                             .sequence = notice.sequence,
                             .code = std::string(NameOf(notice.code)),
                             .text = notice.text});
}

// ---- leaving and ending ----

void DocumentActor::Leave(MemberId id) {
  std::erase_if(waiting_for_load_,
                [id](const OpenRequest& request) { return request.member == id; });
  waiting_for_history_.erase(id);
  DropWaitingOpens([id](const WaitingOpen& open) { return open.request.member == id; });
  if (room_.Find(id) != nullptr) RemoveMember(id);
  ScheduleUnload();
}

void DocumentActor::RemoveMember(MemberId id) {
  const Member* member = room_.Find(id);
  const proto::Left left{.channel = channel_,
                         .session_id = member->session->session_id,
                         .author = member->author,
                         .user = member->user()};
  room_.Remove(id);
  empty_since_ = environment_->clock->Steady();
  room_.TellAll(Delivery::Kind::kMessage, left, /*except=*/0);
}

void DocumentActor::DropOldHistory() {
  const uint64_t keep = environment_->limits.history_in_memory;
  const bool pinned = history_pins_ > 0 && !Mutated(Mutation::kDropHistoryUnderWaitingOpen);
  // In strides, so that presence is carried along seldom.
  if (pinned || document_->head() - document_->floor() < keep + keep / 4) return;
  const ot::Revision floor = std::min(document_->head() - keep, durable_revision_);
  CarryShown(room_.members(), *document_, floor);
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
    const bool waited_for = self->Busy() || !self->gathering_.opens.empty() ||
                            !self->waiting_for_history_.empty() ||
                            !self->operations_waiting_for_history_.empty();
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

void DocumentActor::Forget() {
  phase_ = Phase::kEnded;
  waiting_for_load_.clear();
  waiting_for_history_.clear();
  operations_waiting_for_history_.clear();
  edits_waiting_for_load_.clear();
  editors_.clear();
  gathering_ = Batch();
  in_flight_.clear();
  room_ = Room(channel_);
}

void DocumentActor::End(WireCode code, std::string text, bool retry) {
  if (phase_ == Phase::kEnded) return;
  phase_ = Phase::kEnded;
  const auto self = shared_from_this();  // the owner may drop the last reference
  std::vector<OpenRequest> refused;
  for (OpenRequest& request : waiting_for_load_) refused.push_back(std::move(request));
  for (auto& [member, open] : waiting_for_history_) refused.push_back(std::move(open.request));
  in_flight_.push_back(std::exchange(gathering_, Batch()));
  for (Batch& batch : in_flight_) {
    for (WaitingOpen& open : batch.opens) refused.push_back(std::move(open.request));
  }
  Room room = std::exchange(room_, Room(channel_));
  std::map<MemberId, Editor> editors = std::exchange(editors_, {});
  RefuseWaitingEdits(code, text, retry);
  Forget();

  proto::Refused refusal{.code = std::string(NameOf(code)), .text = text, .retry = retry};
  proto::Closed closed{.channel = channel_,
                       .code = std::string(NameOf(code)),
                       .text = std::move(text),
                       .retry = retry};
  if (retry) refusal.after_ms = closed.after_ms = kComeBackMs;
  for (const OpenRequest& request : refused) {
    Refuse(request, refusal);
  }
  for (auto& [member, editor] : editors) {
    std::move(editor.done)(EditRefused{code, refusal.text, retry});
  }
  room.TellAll(Delivery::Kind::kClosed, closed, /*except=*/0);
  owner_->OnActorEnded(document_id_, this);
  MaybeFinishDrain();
}

}  // namespace coedit::server
