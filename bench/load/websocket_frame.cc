#include "bench/load/websocket_frame.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace coedit::bench {
namespace {

constexpr uint8_t kLast = 0x80;
constexpr uint8_t kReserved = 0x70;
constexpr uint8_t kKind = 0x0f;
constexpr uint8_t kControl = 0x08;
constexpr uint8_t kMasked = 0x80;
constexpr uint8_t kSixteenBits = 126;
constexpr uint8_t kSixtyFourBits = 127;
constexpr size_t kControlBytesMax = 125;

// The pair of the RFC's own example: the key proves only that the other side speaks WebSocket.
constexpr absl::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr absl::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

}  // namespace

std::string ClientFrame(FrameKind kind, absl::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 14);
  frame.push_back(static_cast<char>(kLast | static_cast<uint8_t>(kind)));
  const uint64_t size = payload.size();
  int size_bytes = 0;
  if (size <= kControlBytesMax) {
    frame.push_back(static_cast<char>(kMasked | size));
  } else if (size <= 0xffff) {
    frame.push_back(static_cast<char>(kMasked | kSixteenBits));
    size_bytes = 2;
  } else {
    frame.push_back(static_cast<char>(kMasked | kSixtyFourBits));
    size_bytes = 8;
  }
  for (int i = size_bytes - 1; i >= 0; --i) frame.push_back(static_cast<char>(size >> (8 * i)));
  frame.append(4, '\0');
  frame.append(payload.data(), payload.size());
  return frame;
}

absl::StatusOr<FrameHeader> ReadFrameHeader(absl::string_view bytes) {
  FrameHeader header;
  if (bytes.size() < 2) return header;
  const auto first = static_cast<uint8_t>(bytes[0]);
  const auto second = static_cast<uint8_t>(bytes[1]);
  const uint8_t kind = first & kKind;
  if ((first & kReserved) != 0 || (kind > 2 && kind < kControl) || kind > 10) {
    return absl::InvalidArgumentError(absl::StrCat("a frame that begins with ", first));
  }
  if ((second & kMasked) != 0) return absl::InvalidArgumentError("a masked frame from a server");
  header.last = (first & kLast) != 0;
  header.kind = static_cast<FrameKind>(kind);
  size_t size_bytes = 0;
  header.payload_bytes = second;
  if (second == kSixteenBits) size_bytes = 2;
  if (second == kSixtyFourBits) size_bytes = 8;
  if (kind >= kControl && (!header.last || size_bytes > 0)) {
    return absl::InvalidArgumentError("a control frame that is too long or in fragments");
  }
  header.header_bytes = 2 + size_bytes;
  if (bytes.size() < header.header_bytes) return header;
  if (size_bytes > 0) header.payload_bytes = 0;
  for (size_t i = 0; i < size_bytes; ++i) {
    header.payload_bytes = header.payload_bytes << 8 | static_cast<uint8_t>(bytes[2 + i]);
  }
  header.complete = true;
  return header;
}

std::string UpgradeRequest(absl::string_view host, absl::string_view path,
                           absl::string_view subprotocol) {
  std::string request =
      absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: ", host,
                   "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
                   "\r\nSec-WebSocket-Key: ",
                   kKey, "\r\nUser-Agent: coedit-load\r\n");
  if (!subprotocol.empty()) {
    absl::StrAppend(&request, "Sec-WebSocket-Protocol: ", subprotocol, "\r\n");
  }
  absl::StrAppend(&request, "\r\n");
  return request;
}

absl::Status CheckUpgraded(absl::string_view response_head) {
  const std::vector<absl::string_view> lines = absl::StrSplit(response_head, "\r\n");
  if (!absl::StartsWith(lines[0], "HTTP/1.1 101")) {
    return absl::UnavailableError(
        absl::StrCat("the server answered '", lines[0].substr(0, 100), "'"));
  }
  for (const absl::string_view line : lines) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (absl::EqualsIgnoreCase(field.first, "sec-websocket-accept")) {
      return absl::StripAsciiWhitespace(field.second) == kAccept
                 ? absl::OkStatus()
                 : absl::InternalError("Sec-WebSocket-Accept is wrong");
    }
  }
  return absl::InternalError("Sec-WebSocket-Accept is missing");
}

}  // namespace coedit::bench
