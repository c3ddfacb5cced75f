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

Hub::Hub(const Environment* environment, ProcessCounts* counts)
    : environment_(environment), counts_(counts) {}

Hub::~Hub() {
  for (const auto& [id, actor] : actors_) actor->Forget();
}

DocumentActor* Hub::Find(absl::string_view document) {
  const auto found = actors_.find(document);
  return found == actors_.end() ? nullptr : found->second.get();
}

absl::StatusOr<std::shared_ptr<DocumentActor>> Hub::ActorOf(const std::string& document) {
  if (shutting_down_) return absl::UnavailableError("the server is shutting down");
  auto found = actors_.find(document);
  if (found == actors_.end()) {
    if (!counts_->AddDocument()) {
      return absl::UnavailableError(
          absl::StrCat("the server has ", counts_->documents(), " documents open already"));
    }
    auto actor =
        std::make_shared<DocumentActor>(environment_, this, document, counts_->NextChannel());
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

std::vector<PresentMember> Hub::MembersOf(absl::string_view document) const {
  std::vector<PresentMember> present;
  const auto found = actors_.find(document);
  if (found == actors_.end()) return present;
  for (const auto& member : found->second->room().members()) {
    present.push_back({member->session->session_id, member->author, member->user()});
  }
  return present;
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
  if (found == actors_.end() || found->second.get() != actor) return;
  actors_.erase(found);
  counts_->RemoveDocument();
}

}  // namespace coedit::server
