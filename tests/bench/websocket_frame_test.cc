#include "bench/load/websocket_frame.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace coedit::bench {
namespace {

std::string Bytes(absl::string_view hex) { return absl::HexStringToBytes(hex); }

TEST(WebSocketFrameTest, ClientFramesAreMaskedWithZeros) {
  EXPECT_EQ(ClientFrame(FrameKind::kText, "Hello"), Bytes("8185") + std::string(4, '\0') + "Hello");
  EXPECT_EQ(ClientFrame(FrameKind::kPong, ""), Bytes("8a8000000000"));
}

// The lengths at which a header grows, as a server would read them back.
TEST(WebSocketFrameTest, LengthsTakeAsManyBytesAsTheyNeed) {
  const struct {
    size_t size;
    std::string header;
  } cases[] = {{125, Bytes("82fd")},
               {126, Bytes("82fe007e")},
               {65535, Bytes("82feffff")},
               {65536, Bytes("82ff0000000000010000")}};
  for (const auto& one : cases) {
    const std::string frame = ClientFrame(FrameKind::kBinary, std::string(one.size, 'x'));
    EXPECT_EQ(frame.substr(0, one.header.size()), one.header) << one.size;
    EXPECT_EQ(frame.size(), one.header.size() + 4 + one.size);
    // A server's frame is the same without mask.
    std::string served = frame.substr(0, one.header.size());
    served[1] = static_cast<char>(served[1] & 0x7f);
    for (size_t cut = 0; cut < served.size(); ++cut) {
      const auto part = ReadFrameHeader(absl::string_view(served).substr(0, cut));
      ASSERT_TRUE(part.ok()) << part.status();
      EXPECT_FALSE(part->complete) << one.size << " cut at " << cut;
    }
    const auto header = ReadFrameHeader(served);
    ASSERT_TRUE(header.ok()) << header.status();
    EXPECT_TRUE(header->complete);
    EXPECT_TRUE(header->last);
    EXPECT_EQ(header->kind, FrameKind::kBinary);
    EXPECT_EQ(header->header_bytes, one.header.size());
    EXPECT_EQ(header->payload_bytes, one.size);
  }
}

TEST(WebSocketFrameTest, FragmentsAreToldApart) {
  const auto first = ReadFrameHeader(Bytes("0103"));
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(first->last);
  EXPECT_EQ(first->kind, FrameKind::kText);
  const auto last = ReadFrameHeader(Bytes("8003"));
  ASSERT_TRUE(last.ok());
  EXPECT_TRUE(last->last);
  EXPECT_EQ(last->kind, FrameKind::kContinuation);
}

TEST(WebSocketFrameTest, RefusesWhatNoServerMaySay) {
  EXPECT_FALSE(ReadFrameHeader(Bytes("8285")).ok());      // masked
  EXPECT_FALSE(ReadFrameHeader(Bytes("c205")).ok());      // a reserved bit
  EXPECT_FALSE(ReadFrameHeader(Bytes("8305")).ok());      // a reserved kind
  EXPECT_FALSE(ReadFrameHeader(Bytes("8b00")).ok());      // a reserved control kind
  EXPECT_FALSE(ReadFrameHeader(Bytes("0900")).ok());      // a ping in fragments
  EXPECT_FALSE(ReadFrameHeader(Bytes("897e0080")).ok());  // a ping above 125 bytes
}

TEST(WebSocketFrameTest, AnUpgradeHasToBeAnswered) {
  EXPECT_TRUE(CheckUpgraded("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                            "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
                  .ok());
  const absl::Status full = CheckUpgraded("HTTP/1.1 503 Service Unavailable\r\nServer: x");
  EXPECT_TRUE(absl::IsUnavailable(full));
  EXPECT_EQ(full.message(), "the server answered 'HTTP/1.1 503 Service Unavailable'");
  EXPECT_FALSE(CheckUpgraded("HTTP/1.1 101 x\r\nSec-WebSocket-Accept: other").ok());
  EXPECT_FALSE(CheckUpgraded("HTTP/1.1 101 x").ok());
}

}  // namespace
}  // namespace coedit::bench
