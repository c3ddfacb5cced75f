#include "server/io/outbound_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/server/io/raw_client.h"

namespace coedit::server {
namespace {

Piece Make(std::string text) { return Piece(std::move(text)); }

std::string Joined(absl::Span<const iovec> buffers) {
  std::string out;
  for (const iovec& buffer : buffers) {
    out.append(static_cast<const char*>(buffer.iov_base), buffer.iov_len);
  }
  return out;
}

// The bytes of the frame that begins now, taken by the socket as one.
std::string Take(OutboundQueue& queue) {
  queue.TakeFrame(std::make_unique<OutboundFrame>());
  std::string bytes = Joined(queue.unsent());
  EXPECT_NE(queue.OnTaken(bytes.size()), nullptr);
  EXPECT_FALSE(queue.in_flight());
  return bytes;
}

// As RFC 6455 has it.
std::string Frame(uint8_t first, const std::string& payload) {
  return UnmaskedFrame(first, payload);
}

TEST(OutboundQueueTest, WhatWaitsLeavesAsOneFrame) {
  OutboundQueue queue(proto::Encoding::kJson, 1000);
  queue.Push(Make("{\"a\":1}"));
  queue.Push(Make("{\"b\":2}"));
  EXPECT_EQ(queue.queued_bytes(), 14U);
  queue.TakeFrame(std::make_unique<OutboundFrame>());
  EXPECT_EQ(Joined(queue.unsent()),
            Frame(RawClient::kText, "{\"messages\":[{\"a\":1},{\"b\":2}]}"));
  EXPECT_TRUE(queue.in_flight());
  EXPECT_TRUE(queue.empty());
  queue.Push(Make("{\"c\":3}"));
  EXPECT_EQ(queue.queued_bytes(), 21U);
  EXPECT_EQ(queue.OnTaken(10), nullptr);
  EXPECT_EQ(queue.queued_bytes(), 11U);
  // Header and glue were not counted.
  EXPECT_NE(queue.OnTaken(Joined(queue.unsent()).size()), nullptr);
  EXPECT_EQ(queue.queued_bytes(), 7U);
  EXPECT_EQ(Take(queue), Frame(RawClient::kText, "{\"messages\":[{\"c\":3}]}"));
}

TEST(OutboundQueueTest, AFrameEndsBeforeItsBound) {
  OutboundQueue queue(proto::Encoding::kProtobuf, 10);
  for (const char* text : {"12345", "67890", "1", "a piece larger than a frame", "2"}) {
    queue.Push(Make(text));
  }
  for (const char* frame : {"1234567890", "1", "a piece larger than a frame", "2"}) {
    EXPECT_EQ(Take(queue), Frame(RawClient::kBinary, frame));
  }
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.queued_bytes(), 0U);
}

TEST(OutboundQueueTest, ControlFramesGoFirst) {
  OutboundQueue queue(proto::Encoding::kProtobuf, 10);
  queue.Push(Make("data"));
  queue.PushControl("ping");
  queue.PushControl("pong");
  EXPECT_EQ(Take(queue), "pingpong" + Frame(RawClient::kBinary, "data"));
  queue.PushControl("alone");
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(Take(queue), "alone");
}

TEST(OutboundQueueTest, LargePiecesAreNotCopied) {
  OutboundQueue queue(proto::Encoding::kProtobuf, 0);
  const Piece large = Make(std::string(100000, 'x'));
  for (int at = 0; at < 20; ++at) queue.Push(Make("small"));
  queue.Push(large);
  queue.TakeFrame(std::make_unique<OutboundFrame>());
  const absl::Span<const iovec> buffers = queue.unsent();
  ASSERT_EQ(buffers.end() - buffers.begin(), 3) << "header, small ones, the large one";
  EXPECT_EQ(buffers[2].iov_base, large->data());
}

TEST(OutboundQueueTest, AnyMixtureArrivesWhole) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed=", seed));
  std::mt19937 random(seed);
  // One for all, as of a thread.
  auto frame = std::make_unique<OutboundFrame>();
  for (int round = 0; round < 300; ++round) {
    const proto::Encoding encoding =
        round % 2 == 0 ? proto::Encoding::kJson : proto::Encoding::kProtobuf;
    const proto::FrameGlue glue = proto::GlueFor(encoding);
    OutboundQueue queue(encoding, 0);
    std::vector<std::string> texts;
    const size_t count = 1 + random() % 40;
    for (size_t at = 0; at < count; ++at) {
      const size_t bytes = random() % 4 == 0 ? random() % 20000 : random() % 50;
      texts.push_back(std::string(bytes, static_cast<char>('a' + random() % 26)));
      queue.Push(Make(texts.back()));
    }
    // The socket takes it in any pieces.
    queue.TakeFrame(std::move(frame));
    std::string taken;
    while (queue.in_flight()) {
      const std::string left = Joined(queue.unsent());
      const size_t bytes = std::min<size_t>(left.size(), 1 + random() % 30000);
      taken += left.substr(0, bytes);
      frame = queue.OnTaken(bytes);
    }
    EXPECT_EQ(taken,
              Frame(round % 2 == 0 ? RawClient::kText : RawClient::kBinary,
                    absl::StrCat(glue.prefix, absl::StrJoin(texts, glue.separator), glue.suffix)));
  }
}

}  // namespace
}  // namespace coedit::server
