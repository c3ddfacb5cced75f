#include "bench/load/room_member.h"

#include "bench/load/room_coedit.h"
#include "bench/load/room_sharedb.h"
#include "bench/load/room_socketio.h"
#include "bench/load/room_yjs.h"
#include "ot/check.h"

namespace coedit::bench {

std::unique_ptr<RoomMember> RoomMember::Make(EventLoop* loop, const Options& options,
                                             Owner* owner) {
  switch (options.protocol) {
    case RoomProtocol::kCoedit:
      return std::make_unique<CoeditMember>(loop, options, owner);
    case RoomProtocol::kShareDb:
      return std::make_unique<ShareDbMember>(loop, options, owner);
    case RoomProtocol::kYWebsocket:
    case RoomProtocol::kHocuspocus:
      return std::make_unique<YjsMember>(loop, options, owner);
    case RoomProtocol::kSocketIo:
      return std::make_unique<SocketIoMember>(loop, options, owner);
  }
  COEDIT_CHECK(false);
}

}  // namespace coedit::bench
