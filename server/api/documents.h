// Documents: the open documents of all shards, as the API sees them. It asks from its own executor
// and is answered there; for a document that lives there, as directly as it always was.
#ifndef COEDIT_SERVER_API_DOCUMENTS_H_
#define COEDIT_SERVER_API_DOCUMENTS_H_

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/hub.h"
#include "server/member.h"
#include "server/seams.h"
#include "server/shards.h"
#include "storage/store.h"

namespace coedit::server::api {

class Documents {
 public:
  // Both outlive it. `executor` is the API's.
  Documents(Shards* shards, Executor* executor) : shards_(shards), executor_(executor) {}

  MemberId NextMember() { return shards_->counts().NextMember(); }

  // As of Hub::Edit; `edit.done` is called on the API's executor.
  void Edit(EditRequest edit);
  // As of Hub::Delete; `done` is called on a thread of whoever answers.
  void Delete(std::string document, storage::Store::Callback<absl::Status> done);
  // Who is in the room, in the order they came; nobody where the document is not open. `done` is
  // called on the API's executor.
  void ListMembers(std::string document,
                   absl::AnyInvocable<void(std::vector<PresentMember>) &&> done);

 private:
  // Calls `ask(Hub&)` where the document lives: now, if that is here.
  template <typename Ask>
  void At(absl::string_view document, Ask ask);
  bool IsHere(absl::string_view document) const;

  Shards* shards_;
  Executor* executor_;
};

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_DOCUMENTS_H_
