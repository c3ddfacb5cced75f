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

void Hub::Open(OpenRequest request) {
  const auto refuse = [&request](std::string text) {
    Refuse(request, {.code = std::string(NameOf(WireCode::kUnavailable)),
                     .text = std::move(text),
                     .retry = true,
                     .after_ms = kComeBackMs});
  };
  if (shutting_down_) return refuse("the server is shutting down");
  auto found = actors_.find(request.open.document);
  if (found == actors_.end()) {
    const int64_t documents_max = environment_->limits.documents_open;
    if (documents_max != 0 && static_cast<int64_t>(actors_.size()) >= documents_max) {
      return refuse(absl::StrCat("the server has ", actors_.size(), " documents open already"));
    }
    auto actor =
        std::make_shared<DocumentActor>(environment_, this, request.open.document, ++last_channel_);
    found = actors_.emplace(request.open.document, std::move(actor)).first;
    found->second->Start();
  }
  const std::shared_ptr<DocumentActor> actor = found->second;  // Open may end it
  actor->Open(std::move(request));
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
