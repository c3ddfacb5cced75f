// Hub: which documents are open. It loads a document on the first `open` and forgets it when its
// actor ends.
//
// Everything on the environment's executor. The hub outlives every session and actor's last task.
#ifndef COEDIT_SERVER_HUB_H_
#define COEDIT_SERVER_HUB_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/admission.h"
#include "server/catch_up.h"
#include "server/document_actor.h"
#include "server/environment.h"
#include "server/member.h"

namespace coedit::server {

class Hub final : public ActorOwner {
 public:
  explicit Hub(const Environment* environment);
  // Members and actors hold each other; here the circle is cut.
  ~Hub() override;

  Admission* admission() { return &admission_; }
  MemberId NextMemberId() { return ++last_member_; }
  std::string NextSessionId();

  // Sends the request to the document's actor, which it starts if need be.
  void Open(OpenRequest request);

  // Sends the edit to the document's actor, which it starts if need be.
  void Edit(EditRequest request);

  // Ends the document's actor and deletes the document. `done` is as of
  // Store::Delete, but kUnavailable comes inside the call.
  void Delete(std::string document, storage::Store::Callback<absl::Status> done);

  // Takes no more operations and calls `done` once everything accepted is with the disk (or known
  // not to be). Posted, at most once.
  void Shutdown(Task done);

  size_t open_documents() const { return actors_.size(); }
  // For tests and metrics; nullptr if the document is not open.
  DocumentActor* Find(absl::string_view document);

  // ActorOwner.
  void OnActorEnded(const std::string& document, const DocumentActor* actor) override;
  CatchUpBudget& catch_up_budget() override { return catch_up_budget_; }

 private:
  // The open document's actor, started if need be. kUnavailable says why there is none.
  absl::StatusOr<std::shared_ptr<DocumentActor>> ActorOf(const std::string& document);

  const Environment* environment_;
  Admission admission_;
  CatchUpBudget catch_up_budget_;
  absl::flat_hash_map<std::string, std::shared_ptr<DocumentActor>> actors_;
  proto::Channel last_channel_ = 0;
  MemberId last_member_ = 0;
  bool shutting_down_ = false;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_HUB_H_
