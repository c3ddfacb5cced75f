#include "server/api/documents.h"

#include <memory>
#include <utility>

namespace coedit::server::api {
namespace {

// A callback that is called here and runs on `executor`.
template <typename T>
absl::AnyInvocable<void(T) &&> PostedTo(Executor* executor, absl::AnyInvocable<void(T) &&> done) {
  return [executor, done = std::move(done)](T answer) mutable {
    // With all it holds: what belongs to the API is let go of there too.
    executor->Post([done = std::move(done), answer = std::move(answer)]() mutable {
      std::move(done)(std::move(answer));
    });
  };
}

}  // namespace

bool Documents::IsHere(absl::string_view document) const {
  return shards_->executor(shards_->ShardOf(document)) == executor_;
}

template <typename Ask>
void Documents::At(absl::string_view document, Ask ask) {
  const size_t shard = shards_->ShardOf(document);
  Hub* const hub = &shards_->hub(shard);
  if (shards_->executor(shard) == executor_) return ask(*hub);
  shards_->executor(shard)->Post([hub, ask = std::move(ask)]() mutable { ask(*hub); });
}

void Documents::Edit(EditRequest edit) {
  if (!IsHere(edit.document)) edit.done = PostedTo<EditAnswer>(executor_, std::move(edit.done));
  const std::string document = edit.document;
  At(document, [edit = std::move(edit)](Hub& hub) mutable { hub.Edit(std::move(edit)); });
}

void Documents::Delete(std::string document, storage::Store::Callback<absl::Status> done) {
  At(document, [document, done = std::move(done)](Hub& hub) mutable {
    hub.Delete(std::move(document), std::move(done));
  });
}

void Documents::ListMembers(std::string document,
                            absl::AnyInvocable<void(std::vector<PresentMember>) &&> done) {
  if (!IsHere(document)) {
    done = PostedTo<std::vector<PresentMember>>(executor_, std::move(done));
  }
  At(document, [document, done = std::move(done)](Hub& hub) mutable {
    std::move(done)(hub.MembersOf(document));
  });
}

}  // namespace coedit::server::api
