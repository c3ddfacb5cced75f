// Hub: which documents of one shard are open. It loads a document on the first `open` and forgets
// it when its actor ends.
//
// Everything on the environment's executor. The hub outlives every session and actor's last task.
#ifndef COEDIT_SERVER_HUB_H_
#define COEDIT_SERVER_HUB_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/catch_up.h"
#include "server/document_actor.h"
#include "server/environment.h"
#include "server/member.h"
#include "server/process_counts.h"

namespace coedit::server {

class Hub final : public ActorOwner {
 public:
  // Both outlive it.
  Hub(const Environment* environment, ProcessCounts* counts);
  // Members and actors hold each other; here the circle is cut.
  ~Hub() override;

  // Sends the request to the document's actor, which it starts if need be.
  void Open(OpenRequest request);

  // Sends the edit to the document's actor, which it starts if need be.
  void Edit(EditRequest request);

  // Ends the document's actor and deletes the document. `done` is as of
  // Store::Delete, but kUnavailable comes inside the call.
  void Delete(std::string document, storage::Store::Callback<absl::Status> done);

  // Who is in the document's room, in the order they came; nobody if it is not open.
  std::vector<PresentMember> MembersOf(absl::string_view document) const;

  // Takes no more operations and calls `done` once everything accepted is with the disk (or known
  // not to be). Posted, at most once.
  void Shutdown(Task done);

  size_t open_documents() const { return actors_.size(); }
  // For tests and metrics; nullptr if the document is not open.
  DocumentActor* Find(absl::string_view document);

  // ActorOwner.
  void OnActorEnded(const std::string& document, const DocumentActor* actor) override;
  CatchUpBudget& catch_up_budget() override { return counts_->catch_up_budget(); }

 private:
  // The open document's actor, started if need be. kUnavailable says why there is none.
  absl::StatusOr<std::shared_ptr<DocumentActor>> ActorOf(const std::string& document);

  const Environment* environment_;
  ProcessCounts* counts_;
  absl::flat_hash_map<std::string, std::shared_ptr<DocumentActor>> actors_;
  bool shutting_down_ = false;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_HUB_H_
