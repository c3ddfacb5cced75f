// The part of DocumentActor that takes edits from outside the room: each is decided and told like a
// member's, at the same gate, and its author sees nothing but the answer.
#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/document_actor.h"

namespace coedit::server {

void DocumentActor::Edit(EditRequest request) {
  const auto waiting = static_cast<int64_t>(editors_.size() + edits_waiting_for_load_.size());
  if (phase_ == Phase::kEnded || draining_ || waiting >= environment_->limits.mailbox_operations) {
    return std::move(request.done)(
        EditRefused{WireCode::kUnavailable,
                    draining_ ? "the server is shutting down"
                              : (phase_ == Phase::kEnded ? "the document is being reopened"
                                                         : "too many edits wait for this document"),
                    /*retry=*/true});
  }
  if (phase_ == Phase::kLive) return AdmitEdit(std::move(request));
  edits_waiting_for_load_.push_back(std::move(request));
}

void DocumentActor::AdmitEdit(EditRequest request) {
  // Two at once under one client id would not know of each other's sequence numbers; and who is
  // opening is being told what became of its operation.
  if (IsHere(request.identity->client_id)) {
    return std::move(request.done)(
        EditRefused{WireCode::kAlreadyOpen,
                    "this client id has the document open; use one of its own for each instance"});
  }
  if (const absl::Status fits = CheckNewAuthor(request.identity->client_id); !fits.ok()) {
    return std::move(request.done)(EditRefused{WireCode::kForbidden, std::string(fits.message())});
  }
  const ot::Operation operation{.author = authors_.Register(request.identity),
                                .sequence = request.sequence,
                                .base = request.base,
                                .delta = std::move(request.delta),
                                .identity = request.operation_identity};
  empty_since_ = environment_->clock->Steady();  // it may be needed again soon
  if (operation.identity.has_value() && operation.delta.empty() &&
      !document_->FindEarlier(operation).has_value()) {
    return std::move(request.done)(Edited{.revision = operation.base, .author = operation.author});
  }
  editors_.emplace(request.member, Editor{.identity = std::move(request.identity),
                                          .author = operation.author,
                                          .done = std::move(request.done)});
  Decide(request.member, operation);
}

void DocumentActor::EndDeleted() {
  End(WireCode::kNoSuchDocument, absl::StrCat("document '", document_id_, "' was deleted"),
      /*retry=*/false);
}

bool DocumentActor::IsHere(absl::string_view client_id) const {
  const auto opens = [client_id](const WaitingOpen& open) {
    return open.request.client_id() == client_id;
  };
  const auto batch_opens = [&opens](const Batch& batch) {
    return std::any_of(batch.opens.begin(), batch.opens.end(), opens);
  };
  return room_.HasClient(client_id) || batch_opens(gathering_) ||
         std::any_of(in_flight_.begin(), in_flight_.end(), batch_opens) ||
         std::any_of(waiting_for_history_.begin(), waiting_for_history_.end(),
                     [&opens](const auto& waiting) { return opens(waiting.second); });
}

void DocumentActor::AnswerEditor(MemberId id, EditAnswer answer) {
  auto editor = editors_.extract(id);
  if (editor.empty()) return;
  if (auto* edited = std::get_if<Edited>(&answer)) edited->author = editor.mapped().author;
  std::move(editor.mapped().done)(std::move(answer));
}

void DocumentActor::RefuseWaitingEdits(WireCode code, absl::string_view text, bool retry) {
  for (EditRequest& request : std::exchange(edits_waiting_for_load_, {})) {
    std::move(request.done)(EditRefused{code, std::string(text), retry});
  }
}

absl::Status DocumentActor::CheckNewAuthor(absl::string_view client_id) const {
  const int64_t authors_max = environment_->limits.authors_per_document;
  if (authors_max == 0 || authors_.size() < authors_max || authors_.Knows(client_id)) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat("the document has ", authors_.size(), " authors already"));
}

}  // namespace coedit::server
