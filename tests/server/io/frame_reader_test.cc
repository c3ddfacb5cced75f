#include "server/io/frame_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/server/io/raw_client.h"

namespace coedit::server {
namespace {

using testing::ElementsAre;
using Fault = FrameReader::Fault;

constexpr FrameReader::Limits kLimits = {.fragments_per_message = 3,
                                         .control_frames_per_second = 10};
constexpr uint8_t kTextBegin = 0x01;
constexpr uint8_t kContinue = 0x00;
constexpr uint8_t kContinueEnd = 0x80;

// Writes down what it is told.
class Listener final : public FrameHandler {
 public:
  std::vector<std::string> heard;
  size_t bytes_max = 1 << 20;

 private:
  void OnMessage(absl::string_view message) override { heard.push_back(std::string(message)); }
  void OnPing(absl::string_view payload) override {
    heard.push_back(absl::StrCat("ping ", payload));
  }
  void OnCloseFrame(uint16_t code) override { heard.push_back(absl::StrCat("close ", code)); }
  size_t MessageBytesMax() const override { return bytes_max; }
};

// Feeds bytes in steps of every size up to their number: the outcome must not depend on it.
Fault Feed(FrameReader& reader, std::string bytes, Listener& listener, absl::Duration now,
           size_t step) {
  Fault first = Fault::kNone;
  for (size_t at = 0; at < bytes.size(); at += step) {
    const size_t count = std::min(step, bytes.size() - at);
    const Fault fault =
        reader.Take(reinterpret_cast<uint8_t*>(bytes.data()) + at, count, now, kLimits, &listener);
    if (first == Fault::kNone) first = fault;
  }
  return first;
}

TEST(FrameReaderTest, ReadsMessagesHoweverTheyAreCut) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed=", seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string bytes;
    std::vector<std::string> expected;
    for (int at = 0; at < 6; ++at) {
      const size_t lengths[] = {0, 1, 7, 125, 126, 300, 70000};
      const std::string text(lengths[random() % 7], static_cast<char>('a' + random() % 26));
      switch (random() % 3) {
        case 0:
          bytes += MaskedFrame(RawClient::kText, text);
          break;
        case 1: {
          const size_t half = text.empty() ? 0 : random() % text.size();
          bytes += MaskedFrame(kTextBegin, text.substr(0, half));
          bytes += MaskedFrame(RawClient::kPing, "p");
          expected.push_back("ping p");
          bytes += MaskedFrame(kContinueEnd, text.substr(half));
          break;
        }
        default:
          bytes += MaskedFrame(RawClient::kPong, "unasked") + MaskedFrame(RawClient::kText, text);
      }
      expected.push_back(text);
    }
    FrameReader reader(/*expects_text=*/true);
    Listener listener;
    EXPECT_EQ(Feed(reader, bytes, listener, absl::Seconds(round), 1 + random() % bytes.size()),
              Fault::kNone);
    EXPECT_EQ(listener.heard, expected);
    EXPECT_EQ(reader.unfinished_since(), absl::InfiniteDuration());
  }
}

TEST(FrameReaderTest, BoundsTheFramesOfAMessage) {
  const std::string three = MaskedFrame(kTextBegin, "a") + MaskedFrame(kContinue, "") +
                            MaskedFrame(RawClient::kPing, "x") +
                            MaskedFrame(kContinueEnd, std::string(70000, 'b'));
  const std::string four = MaskedFrame(kTextBegin, "a") + MaskedFrame(kContinue, "") +
                           MaskedFrame(kContinue, std::string(300, 'c')) +
                           MaskedFrame(kContinueEnd, "");
  for (const size_t step : {1, 2, 3, 5, 7, 100, 1000000}) {
    FrameReader reader(true);
    Listener listener;
    EXPECT_EQ(Feed(reader, three + three, listener, absl::ZeroDuration(), step), Fault::kNone);
    EXPECT_EQ(Feed(reader, four, listener, absl::ZeroDuration(), step), Fault::kFragments);
    EXPECT_EQ(listener.heard.size(), 4U) << "two messages, two pings";
  }
}

TEST(FrameReaderTest, BoundsAMessageByWhatIsAnnounced) {
  for (const size_t step : {1, 1000}) {
    FrameReader reader(true);
    Listener listener;
    listener.bytes_max = 10;
    EXPECT_EQ(Feed(reader, MaskedFrame(RawClient::kText, std::string(10, 'x')), listener,
                   absl::ZeroDuration(), step),
              Fault::kNone);
    EXPECT_EQ(Feed(reader,
                   MaskedFrame(kTextBegin, std::string(10, 'x')) +
                       MaskedFrame(kContinueEnd, "x").substr(0, 6),
                   listener, absl::ZeroDuration(), step),
              Fault::kTooLarge);
    EXPECT_THAT(listener.heard, ElementsAre(std::string(10, 'x')));
  }
}

TEST(FrameReaderTest, KnowsSinceWhenSomethingIsOwed) {
  FrameReader reader(true);
  Listener listener;
  const auto feed = [&](const std::string& bytes, int seconds) {
    Feed(reader, bytes, listener, absl::Seconds(seconds), bytes.size());
    return reader.unfinished_since();
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

TEST(FrameReaderTest, ControlFramesHaveARate) {
  const std::string pong = MaskedFrame(RawClient::kPong, "");
  Listener listener;
  FrameReader steady(true);
  for (int second = 0; second < 100; ++second) {
    for (int at = 0; at < 10; ++at) {
      EXPECT_EQ(Feed(steady, pong, listener, absl::Seconds(second), 6), Fault::kNone);
    }
  }
  FrameReader burst(true);
  for (int at = 0; at < 20; ++at) {
    EXPECT_EQ(Feed(burst, pong, listener, absl::Seconds(1), 6), Fault::kNone);
  }
  EXPECT_EQ(Feed(burst, pong, listener, absl::Seconds(1), 6), Fault::kControlFrames);
}

TEST(FrameReaderTest, SkippedMessagesLeaveTheCloseFrame) {
  for (const size_t step : {1, 1000}) {
    FrameReader reader(true);
    Listener listener;
    const std::string half = MaskedFrame(RawClient::kText, std::string(100, 'x'));
    Feed(reader, half.substr(0, 50), listener, absl::ZeroDuration(), step);
    reader.SkipMessages();
    const std::string rest = half.substr(50) + MaskedFrame(RawClient::kBinary, "whatever") +
                             MaskedFrame(RawClient::kPing, "") +
                             MaskedFrame(RawClient::kClose, "\x03\xe8") +
                             MaskedFrame(RawClient::kText, "after it");
    EXPECT_EQ(Feed(reader, rest, listener, absl::ZeroDuration(), step), Fault::kNone);
    EXPECT_THAT(listener.heard, ElementsAre("close 1000"));
  }
}

}  // namespace
}  // namespace coedit::server
