#include "server/io/frame_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/server/io/raw_client.h"

namespace coedit::server {
namespace {

constexpr FrameWatch::Limits kLimits = {.fragments_per_message = 3,
                                        .control_frames_per_second = 10};
constexpr uint8_t kTextBegin = 0x01;
constexpr uint8_t kContinue = 0x00;
constexpr uint8_t kContinueEnd = 0x80;

// Feeds bytes in steps of every size up to their number: the state must not depend on it.
void Feed(FrameWatch& watch, const std::string& bytes, absl::Duration now, size_t step) {
  for (size_t at = 0; at < bytes.size(); at += step) {
    const size_t count = std::min(step, bytes.size() - at);
    watch.OnBytes(reinterpret_cast<const uint8_t*>(bytes.data()) + at, count, now, kLimits);
  }
}

TEST(FrameWatchTest, CountsFramesOfAMessage) {
  const std::string three = MaskedFrame(kTextBegin, "a") + MaskedFrame(kContinue, "") +
                            MaskedFrame(RawClient::kPing, "x") +
                            MaskedFrame(kContinueEnd, std::string(70000, 'b'));
  const std::string four = MaskedFrame(kTextBegin, "a") + MaskedFrame(kContinue, "") +
                           MaskedFrame(kContinue, std::string(300, 'c')) +
                           MaskedFrame(kContinueEnd, "");
  for (const size_t step : {1, 2, 3, 5, 7, 100, 1000000}) {
    FrameWatch watch;
    Feed(watch, three + three, absl::ZeroDuration(), step);
    EXPECT_EQ(watch.excess(), FrameWatch::Excess::kNone);
    EXPECT_EQ(watch.unfinished_since(), absl::InfiniteDuration());
    Feed(watch, four, absl::ZeroDuration(), step);
    EXPECT_EQ(watch.excess(), FrameWatch::Excess::kFragments);
  }
}

TEST(FrameWatchTest, KnowsSinceWhenSomethingIsOwed) {
  FrameWatch watch;
  const auto feed = [&watch](const std::string& bytes, int seconds) {
    Feed(watch, bytes, absl::Seconds(seconds), bytes.size());
    return watch.unfinished_since();
  };
  const std::string message = MaskedFrame(RawClient::kText, "hello");
  EXPECT_EQ(feed(message.substr(0, 1), 1), absl::Seconds(1));
  EXPECT_EQ(feed(message.substr(1, 6), 2), absl::Seconds(1));
  EXPECT_EQ(feed(message.substr(7), 3), absl::InfiniteDuration());
  EXPECT_EQ(feed(message + message.substr(0, 3), 4), absl::Seconds(4));
  EXPECT_EQ(feed(message.substr(3) + MaskedFrame(kTextBegin, "x"), 5), absl::Seconds(5));
  EXPECT_EQ(feed(MaskedFrame(RawClient::kPong, "x"), 6), absl::Seconds(5));
  EXPECT_EQ(feed(MaskedFrame(kContinue, "x"), 7), absl::Seconds(5));
  EXPECT_EQ(feed(MaskedFrame(kContinueEnd, ""), 8), absl::InfiniteDuration());
  EXPECT_EQ(feed(MaskedFrame(RawClient::kPing, "x").substr(0, 2), 9), absl::Seconds(9));
}

TEST(FrameWatchTest, ControlFramesHaveARate) {
  const std::string pong = MaskedFrame(RawClient::kPong, "");
  FrameWatch steady;
  for (int second = 0; second < 100; ++second) {
    for (int at = 0; at < 10; ++at) Feed(steady, pong, absl::Seconds(second), 6);
  }
  EXPECT_EQ(steady.excess(), FrameWatch::Excess::kNone);

  FrameWatch burst;
  for (int at = 0; at < 20; ++at) Feed(burst, pong, absl::Seconds(1), 6);
  EXPECT_EQ(burst.excess(), FrameWatch::Excess::kNone);
  Feed(burst, pong, absl::Seconds(1), 6);
  EXPECT_EQ(burst.excess(), FrameWatch::Excess::kControlFrames);
}

}  // namespace
}  // namespace coedit::server
