#include "server/io/outbound_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace coedit::server {
namespace {

Piece Make(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

std::string Joined(const FrameBuffers& buffers) {
  std::string out;
  for (const boost::asio::const_buffer& buffer : buffers) {
    out.append(static_cast<const char*>(buffer.data()), buffer.size());
  }
  return out;
}

size_t Count(const FrameBuffers& buffers) {
  return static_cast<size_t>(buffers.end() - buffers.begin());
}

TEST(OutboundQueueTest, WhatWaitsLeavesAsOneFrame) {
  OutboundQueue queue(proto::GlueFor(proto::Encoding::kJson), 1000);
  queue.Push(Make("{\"a\":1}"));
  queue.Push(Make("{\"b\":2}"));
  EXPECT_EQ(queue.queued_bytes(), 14U);
  EXPECT_EQ(Joined(queue.TakeFrame()), "{\"messages\":[{\"a\":1},{\"b\":2}]}");
  EXPECT_TRUE(queue.in_flight());
  EXPECT_TRUE(queue.empty());
  queue.Push(Make("{\"c\":3}"));
  EXPECT_EQ(queue.queued_bytes(), 21U);
  queue.OnTaken(10);
  EXPECT_EQ(queue.queued_bytes(), 11U);
  queue.OnTaken(1000);  // the glue was not counted
  EXPECT_EQ(queue.queued_bytes(), 7U);
  queue.OnFrameWritten();
  EXPECT_FALSE(queue.in_flight());
  EXPECT_EQ(Joined(queue.TakeFrame()), "{\"messages\":[{\"c\":3}]}");
}

TEST(OutboundQueueTest, AFrameEndsBeforeItsBound) {
  OutboundQueue queue(proto::GlueFor(proto::Encoding::kProtobuf), 10);
  for (const char* text : {"12345", "67890", "1", "a piece larger than a frame", "2"}) {
    queue.Push(Make(text));
  }
  for (const char* frame : {"1234567890", "1", "a piece larger than a frame", "2"}) {
    EXPECT_EQ(Joined(queue.TakeFrame()), frame);
    queue.OnFrameWritten();
  }
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.queued_bytes(), 0U);
}

TEST(OutboundQueueTest, LargePiecesAreNotCopied) {
  OutboundQueue queue(proto::GlueFor(proto::Encoding::kProtobuf), 0);
  const Piece large = Make(std::string(100000, 'x'));
  for (int at = 0; at < 20; ++at) queue.Push(Make("small"));
  queue.Push(large);
  const FrameBuffers buffers = queue.TakeFrame();
  ASSERT_EQ(Count(buffers), 2U);
  EXPECT_EQ(buffers.begin()[1].data(), large->data());
}

TEST(OutboundQueueTest, AnyMixtureArrivesWhole) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed=", seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    const proto::Encoding encoding =
        round % 2 == 0 ? proto::Encoding::kJson : proto::Encoding::kProtobuf;
    const proto::FrameGlue glue = proto::GlueFor(encoding);
    OutboundQueue queue(glue, 0);
    std::vector<std::string> texts;
    const size_t count = 1 + random() % 40;
    for (size_t at = 0; at < count; ++at) {
      const size_t bytes = random() % 4 == 0 ? random() % 20000 : random() % 50;
      texts.push_back(std::string(bytes, static_cast<char>('a' + random() % 26)));
      queue.Push(Make(texts.back()));
    }
    const FrameBuffers buffers = queue.TakeFrame();
    EXPECT_EQ(Joined(buffers),
              absl::StrCat(glue.prefix, absl::StrJoin(texts, glue.separator), glue.suffix));
  }
}

}  // namespace
}  // namespace coedit::server
