// DocumentActor: one open document. It owns the order of its commits and who is in the room.
//
// The way of an operation: Submit gives it a revision in memory (ot::Document) and puts what must
// be told about it into the batch that gathers. What one turn of the executor brings goes to the
// store together, behind what is with it already: the store makes one row of all that waits there.
//
//                    Submit                FlushBatch            OnAppended
//      client  ----> gathering_ (memory) ----> in_flight_ (store) ----> announced: ack, broadcast
//                                                               `----> or the actor ends
//
// The gate: nothing is told before it is durable. Acks, commits, rejections and what a joiner is
// shown all wait in one ordered list, so none overtakes a commit of a lower revision. If an append
// fails, memory is ahead of the disk: the actor ends, its members are told to come back, and the
// next open loads what is durable.
//
// All calls on the environment's executor; sessions post to it, from wherever they are. The last of
// them may destroy it on another: nothing is done there. Deterministic.
#ifndef COEDIT_SERVER_DOCUMENT_ACTOR_H_
#define COEDIT_SERVER_DOCUMENT_ACTOR_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "ot/document.h"
#include "proto/messages.h"
#include "server/authors.h"
#include "server/catch_up.h"
#include "server/environment.h"
#include "server/member.h"
#include "server/room.h"
#include "server/wire_error.h"
#include "storage/store.h"

namespace coedit::server {

class DocumentActor;

// Who is told that an actor is done and may be forgotten.
class ActorOwner {
 public:
  virtual ~ActorOwner() = default;
  virtual void OnActorEnded(const std::string& document, const DocumentActor* actor) = 0;
  // Bytes of snapshots and catch-ups queued in the whole process, shared by all shards.
  virtual CatchUpBudget& catch_up_budget() = 0;
};

class DocumentActor final : public std::enable_shared_from_this<DocumentActor> {
 public:
  DocumentActor(const Environment* environment, ActorOwner* owner, std::string document,
                proto::Channel channel);

  // Begins to load; opens given meanwhile wait.
  void Start();

  // Answered by a Delivery of kind kOpened or kRefused.
  void Open(OpenRequest request);
  // The rest is ignored silently if `member` is not (or no longer) in the room.
  void Submit(MemberId member, proto::Submit submit);
  // A submit whose delta was not legal in itself: refused in its place in the order.
  void RefuseSubmit(MemberId member, uint64_t sequence, std::string text);
  void ShowPresence(MemberId member, proto::Presence presence);
  void Signal(MemberId member, proto::Signal signal);
  void Leave(MemberId member);
  // An edit from outside the room.
  void Edit(EditRequest request);
  // The document is being deleted: everyone is told so, and nothing more goes to the store.
  void EndDeleted();
  // The process goes down: takes no more operations; `done` once nothing is with the store.
  void Drain(Task done);

  // The hub goes, and with it all: lets go of members and waiting clients without a word.
  void Forget();

  const Room& room() const { return room_; }

  // Any thread.
  const std::string& document() const { return document_id_; }
  proto::Channel channel() const { return channel_; }
  // Where its calls are posted.
  Executor* executor() const { return environment_->executor; }

 private:
  // How long members wait before they come back after an actor ended; the client adds jitter.
  static constexpr uint32_t kComeBackMs = 500;

  enum class Phase : uint8_t { kLoading, kLive, kEnded };

  // What is told once everything before it is durable.
  struct CommitNotice {
    ot::Commit commit;
    MemberId member;
  };
  struct AckNotice {  // of a resend
    MemberId member;
    ot::Sequence sequence;
    ot::Revision revision;
  };
  struct RejectionNotice {
    MemberId member;
    ot::Sequence sequence;
    WireCode code;
    std::string text;
  };
  using Notice = std::variant<CommitNotice, AckNotice, RejectionNotice>;

  // An open that passed its checks and waits for history or for the gate.
  struct WaitingOpen {
    OpenRequest request;
    ot::AuthorNumber author;
    // From the revision the client knows (or 1) to the floor of memory, if that is not enough.
    std::vector<ot::Commit> history;
    // More commits behind than are handed over: it gets a snapshot; `history` holds just the commit
    // it knows, whose digest tells whether it is of this history.
    bool too_far_back = false;
  };

  struct Batch {
    std::vector<Notice> notices;
    std::vector<WaitingOpen> opens;
    std::optional<ot::Text> text;  // at the end of the batch, if an open needs it
    ot::Revision revision = 0;
    ot::Digest digest = 0;
    int64_t commits = 0;
    int64_t bytes = 0;
  };

  void OnLoaded(absl::StatusOr<storage::StoredDocument> loaded);
  void Create(const OpenRequest& wish);
  void AdmitOpen(OpenRequest request);
  void OnHistoryForOpen(MemberId member, absl::StatusOr<std::vector<ot::Commit>> commits);
  void QueueOpen(WaitingOpen open);
  // What the client of `open` missed up to `revision`, its epoch being ours. kNotFound if what it
  // knows is not of this history.
  absl::StatusOr<MissedCommits> MissedBy(const WaitingOpen& open, ot::Revision revision) const;
  void NamePeople(const Member& joining, const MissedCommits& missed, proto::Opened* opened) const;
  void AnswerOpen(const WaitingOpen& open, ot::Revision revision, ot::Digest digest,
                  const ot::Text& text);
  void RefuseOpen(const OpenRequest& request, WireCode code, std::string text);
  // Ends whatever an earlier session of this client id has here. False if that session is newer
  // than the request, which then was refused.
  bool FenceFormer(const OpenRequest& request);

  // Who edits without being in the room, until the answer.
  struct Editor {
    std::shared_ptr<const Identity> identity;
    ot::AuthorNumber author;
    absl::AnyInvocable<void(EditAnswer) &&> done;
  };

  void AdmitEdit(EditRequest request);
  // True if the client is in the room or waits at its door.
  bool IsHere(absl::string_view client_id) const;
  // Nothing happens if there is no such editor.
  void AnswerEditor(MemberId editor, EditAnswer answer);
  void RefuseWaitingEdits(WireCode code, absl::string_view text, bool retry);
  // Why an author who was never seen may not be added; OK if it may.
  absl::Status CheckNewAuthor(absl::string_view client_id) const;

  void Decide(MemberId member, const ot::Operation& operation);
  void OnHistoryForSubmit(MemberId member, ot::Operation operation,
                          absl::StatusOr<std::vector<ot::Commit>> commits);
  // Once this turn has brought all it has.
  void FlushSoon();
  void FlushBatch();
  // The head that the next append is to find.
  storage::Head HeadBeforeGathering() const;
  void OnAppended(storage::AppendResult result);
  void Announce(Batch batch);
  // Of a batch without commits: once what is with the store has been announced.
  void AnnounceBehind(Batch batch);
  void Tell(const CommitNotice& notice);
  // To everyone but its author.
  void Broadcast(const CommitNotice& notice);
  void Tell(const AckNotice& notice);
  void Tell(const RejectionNotice& notice);

  void RemoveMember(MemberId member);
  void TryShowPresence(Member& member);
  void DropOldHistory();
  // True if an append is out or something is to be told.
  bool Busy() const { return !in_flight_.empty() || !gathering_.notices.empty(); }
  // Opens of a batch that has not been announced are forgotten where `is_over` says so.
  template <typename IsOver>
  void DropWaitingOpens(IsOver is_over);
  void ScheduleUnload();
  void MaybeFinishDrain();
  void End(WireCode code, std::string text, bool retry);

  const Environment* environment_;
  ActorOwner* owner_;
  const std::string document_id_;
  const proto::Channel channel_;
  Phase phase_ = Phase::kLoading;
  bool draining_ = false;
  Task drained_;

  std::string epoch_;
  std::optional<ot::Document> document_;
  ot::Revision durable_revision_ = 0;
  ot::Digest durable_digest_ = 0;
  ot::Revision text_offered_at_ = 0;
  AuthorDirectory authors_;
  Room room_;

  std::vector<OpenRequest> waiting_for_load_;
  std::vector<EditRequest> edits_waiting_for_load_;
  std::map<MemberId, Editor> editors_;
  bool creating_ = false;
  std::map<MemberId, WaitingOpen> waiting_for_history_;
  // Operations that wait for history, by the member (perhaps gone by now) and its client id: they
  // are finished, unless the client opens again before.
  std::map<MemberId, std::string> operations_waiting_for_history_;
  int64_t history_pins_ = 0;  // reads under way that end at the floor: it must not rise
  Batch gathering_;
  bool flush_posted_ = false;
  std::vector<Batch> in_flight_;  // with the store, which answers in their order; few
  // Of both; bounded by limits.mailbox_operations and mailbox_bytes.
  int64_t unsettled_commits_ = 0;
  int64_t unsettled_bytes_ = 0;
  bool unload_timer_ = false;
  absl::Duration empty_since_;  // steady time at which the last member left
};

template <typename IsOver>
void DocumentActor::DropWaitingOpens(IsOver is_over) {
  const auto drop = [&](Batch& batch) {
    history_pins_ -= static_cast<int64_t>(std::erase_if(batch.opens, is_over));
  };
  drop(gathering_);
  for (Batch& batch : in_flight_) drop(batch);
}

}  // namespace coedit::server

#endif  // COEDIT_SERVER_DOCUMENT_ACTOR_H_
