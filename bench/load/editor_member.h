// EditorMember: a Member of coedit that types as people do (typist.h) into a whole editor: it keeps
// the text, so the end of a run compares texts and formats, not only lengths and digests. Costs the
// tool several times what a CoeditMember does.
#ifndef COEDIT_BENCH_LOAD_EDITOR_MEMBER_H_
#define COEDIT_BENCH_LOAD_EDITOR_MEMBER_H_

#include "bench/load/editor.h"
#include "bench/load/member.h"
#include "bench/load/typist.h"

namespace coedit::bench {

class EditorMember final : public Member, private Editor::Owner {
 public:
  EditorMember(EventLoop* loop, const Options& options, Member::Owner* owner);

  void Edit() override { editor_.Edit(typist_.Next(editor_.view())); }
  std::optional<uint64_t> Send() override { return editor_.SendPending(); }
  bool settled() const override { return editor_.settled(); }
  void ShowPresence(uint64_t number) override;
  void Cut() override { editor_.Cut(); }
  void Reconnect() override { editor_.Reconnect(); }
  void Close() override { editor_.Close(); }
  void PauseReading() override { editor_.PauseReading(); }
  void ResumeReading() override { editor_.ResumeReading(); }
  bool open() const override { return editor_.open(); }
  uint64_t author() const override { return editor_.author(); }
  Holding Held() const override { return editor_.Held(); }
  uint64_t progress() const override { return editor_.revision(); }
  WebSocketClient::Traffic traffic() const override { return editor_.traffic(); }

 private:
  void OnOpened(Editor* editor) override;
  void OnDelivered(Editor* editor, const proto::Committed& committed,
                   const ot::Delta& change) override;
  void OnAcked(Editor* editor, ot::Sequence sequence) override;
  void OnPresence(Editor* editor, const proto::MemberPresence& presence) override;
  void OnWithdrawn(Editor* editor) override;
  void OnSkipped(Editor* editor, const ot::Delta& change) override;
  void OnFailed(Editor* editor, const absl::Status& reason) override;

  Member::Owner* const owner_;
  Typist typist_;
  Editor editor_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_EDITOR_MEMBER_H_
