#include "bench/load/member.h"

#include "bench/load/coedit_member.h"
#include "bench/load/editor_member.h"
#include "bench/load/sharedb_member.h"
#include "bench/load/socketio_member.h"
#include "bench/load/yjs_member.h"
#include "ot/check.h"

namespace coedit::bench {

std::unique_ptr<Member> Member::Make(EventLoop* loop, const Options& options, Owner* owner) {
  switch (options.protocol) {
    case Protocol::kCoedit:
      if (options.keeps_text) return std::make_unique<EditorMember>(loop, options, owner);
      return std::make_unique<CoeditMember>(loop, options, owner);
    case Protocol::kShareDb:
      return std::make_unique<ShareDbMember>(loop, options, owner);
    case Protocol::kYWebsocket:
    case Protocol::kHocuspocus:
      return std::make_unique<YjsMember>(loop, options, owner);
    case Protocol::kSocketIo:
      return std::make_unique<SocketIoMember>(loop, options, owner);
  }
  COEDIT_CHECK(false);
}

}  // namespace coedit::bench
