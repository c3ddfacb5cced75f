#include "bench/load/editor_member.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/document_types.h"

namespace coedit::bench {

EditorMember::EditorMember(EventLoop* loop, const Options& options, Member::Owner* owner)
    : Member(options.index),
      owner_(owner),
      typist_(options.seed, options.type),
      editor_(loop,
              {.endpoint = options.endpoint,
               .encoding = options.encoding,
               .document = options.document,
               .create = std::string(proto::TypeName(options.type)),
               .name = absl::StrCat("Typist ", options.index),
               .cache = options.cache},
              this, options.index) {}

void EditorMember::ShowPresence(uint64_t number) {
  editor_.ShowCaret(typist_.caret(), absl::StrCat(number));
}

void EditorMember::OnOpened(Editor*) { owner_->OnOpened(this); }

void EditorMember::OnDelivered(Editor*, const proto::Committed& committed,
                               const ot::Delta& change) {
  typist_.OnRemoteChange(change);
  owner_->OnDelivered(this, committed.author, kNextNumber, 0);
}

void EditorMember::OnAcked(Editor*, ot::Sequence sequence) { owner_->OnAcked(this, sequence); }

void EditorMember::OnPresence(Editor*, const proto::MemberPresence& presence) {
  uint64_t number = 0;
  if (presence.state.has_value() && absl::SimpleAtoi(*presence.state, &number)) {
    owner_->OnPresence(this, presence.author, number);
  }
}

void EditorMember::OnWithdrawn(Editor*) { owner_->OnWithdrawn(this); }

void EditorMember::OnSkipped(Editor*, const ot::Delta& change) {
  typist_.OnRemoteChange(change);
  owner_->OnSkipped(this);
}

void EditorMember::OnFailed(Editor*, const absl::Status& reason) { owner_->OnFailed(this, reason); }

}  // namespace coedit::bench
