// WebSocket frames (RFC 6455) as bytes, the client's side; pure.
#ifndef COEDIT_BENCH_LOAD_WEBSOCKET_FRAME_H_
#define COEDIT_BENCH_LOAD_WEBSOCKET_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coedit::bench {

enum class FrameKind : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// A whole frame from a client. The mask is there to keep proxies from being fooled; on loopback the
// mask of zeros will do, and leaves the payload as it is.
std::string ClientFrame(FrameKind kind, absl::string_view payload);

struct FrameHeader {
  bool complete = false;  // else more bytes are needed to read it
  bool last = true;       // fragment of its message
  FrameKind kind = FrameKind::kBinary;
  size_t header_bytes = 0;
  uint64_t payload_bytes = 0;
};

// The header at the front of what a server sent. kInvalidArgument where no server may say that: a
// mask, a reserved bit or kind, a control frame in fragments or above 125 bytes.
absl::StatusOr<FrameHeader> ReadFrameHeader(absl::string_view bytes);

// The request that asks for the upgrade, and what a server answers to it. The answer is OK, says
// why it is refused, or is kUnavailable with the server's status line.
std::string UpgradeRequest(absl::string_view host, absl::string_view path,
                           absl::string_view subprotocol);
absl::Status CheckUpgraded(absl::string_view response_head);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_WEBSOCKET_FRAME_H_
