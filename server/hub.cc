#include "server/hub.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/wire_error.h"

namespace coedit::server {
namespace {

constexpr uint32_t kComeBackMs = 1000;

}  // namespace

Hub::Hub(const Environment* environment)
    : environment_(environment),
      admission_(&environment->limits),
      catch_up_budget_(environment->limits.catch_up_bytes) {}

Hub::~Hub() {
  for (const auto& [id, actor] : actors_) actor->Forget();
}

std::string Hub::NextSessionId() { return absl::StrCat("s-", environment_->random->Hex(8)); }

DocumentActor* Hub::Find(absl::string_view document) {
  const auto found = actors_.find(document);
  return found == actors_.end() ? nullptr : found->second.get();
}

absl::StatusOr<std::shared_ptr<DocumentActor>> Hub::ActorOf(const std::string& document) {
  if (shutting_down_) return absl::UnavailableError("the server is shutting down");
  auto found = actors_.find(document);
  if (found == actors_.end()) {
    const int64_t documents_max = environment_->limits.documents_open;
    if (documents_max != 0 && static_cast<int64_t>(actors_.size()) >= documents_max) {
      return absl::UnavailableError(
          absl::StrCat("the server has ", actors_.size(), " documents open already"));
    }
    auto actor = std::make_shared<DocumentActor>(environment_, this, document, ++last_channel_);
    found = actors_.emplace(document, std::move(actor)).first;
    found->second->Start();
  }
  return found->second;
}

void Hub::Open(OpenRequest request) {
  const absl::StatusOr<std::shared_ptr<DocumentActor>> actor = ActorOf(request.open.document);
  if (!actor.ok()) {
    return Refuse(request, {.code = std::string(NameOf(WireCode::kUnavailable)),
                            .text = std::string(actor.status().message()),
                            .retry = true,
                            .after_ms = kComeBackMs});
  }
  (*actor)->Open(std::move(request));
}

void Hub::Edit(EditRequest request) {
  const absl::StatusOr<std::shared_ptr<DocumentActor>> actor = ActorOf(request.document);
  if (!actor.ok()) {
    return std::move(request.done)(
        EditRefused{WireCode::kUnavailable, std::string(actor.status().message()), /*retry=*/true});
  }
  (*actor)->Edit(std::move(request));
}

void Hub::Delete(std::string document, storage::Store::Callback<absl::Status> done) {
  if (shutting_down_) {
    return std::move(done)(absl::UnavailableError("the server is shutting down"));
  }
  const auto found = actors_.find(document);
  if (found != actors_.end()) {
    const std::shared_ptr<DocumentActor> actor = found->second;
    actor->EndDeleted();
  }
  // Whoever opens it from here on loads it after this: the store keeps the order of its calls.
  environment_->store->Delete(std::move(document), std::move(done));
}

void Hub::Shutdown(Task done) {
  shutting_down_ = true;
  // Each actor holds a share of the promise; the last one to let go keeps it.
  const std::shared_ptr<void> last(
      nullptr, [executor = environment_->executor, done = std::move(done)](std::nullptr_t) mutable {
        executor->Post(std::move(done));
      });
  std::vector<std::shared_ptr<DocumentActor>> actors;
  for (const auto& [id, actor] : actors_) actors.push_back(actor);
  for (const auto& actor : actors) {
    actor->Drain([last] {});
  }
}

void Hub::OnActorEnded(const std::string& document, const DocumentActor* actor) {
  const auto found = actors_.find(document);
  if (found != actors_.end() && found->second.get() == actor) actors_.erase(found);
}

}  // namespace coedit::server
