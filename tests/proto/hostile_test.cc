// Frames made to cost the server more than their sender: counts are refused before objects are
// built, and what is built stays in proportion to the bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>

#include "absl/strings/str_cat.h"
#include "proto/codec.h"
#include "tests/proto/message_samples.h"

namespace {

// Bytes in use by this process through operator new, and the most there ever were.
std::atomic<int64_t> live_bytes{0};
std::atomic<int64_t> peak_bytes{0};

void* Allocate(std::size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  const auto usable = static_cast<int64_t>(malloc_usable_size(memory));
  const int64_t live = live_bytes.fetch_add(usable) + usable;
  for (int64_t peak = peak_bytes; live > peak && !peak_bytes.compare_exchange_weak(peak, live);) {
  }
  return memory;
}

void Release(void* memory) {
  if (memory != nullptr) live_bytes.fetch_sub(static_cast<int64_t>(malloc_usable_size(memory)));
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { Release(memory); }
void operator delete[](void* memory) noexcept { Release(memory); }
void operator delete(void* memory, std::size_t) noexcept { Release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { Release(memory); }

namespace coedit::proto {
namespace {

constexpr size_t kMebibyte = 1 << 20;

struct Cost {
  int64_t peak_bytes;  // beyond what was in use before
  absl::StatusOr<std::vector<Incoming>> decoded;
};

Cost Decode(Encoding encoding, const std::string& frame) {
  const int64_t before = live_bytes;
  peak_bytes = before;
  auto decoded = DecodeClientFrame(encoding, frame, DecodeLimits());
  return {peak_bytes - before, std::move(decoded)};
}

std::string Repeat(absl::string_view unit, size_t bytes) {
  std::string out;
  while (out.size() + unit.size() <= bytes) out.append(unit.data(), unit.size());
  return out;
}

std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}

std::string Nested(absl::string_view tag, absl::string_view body) {
  return absl::StrCat(tag, Varint(body.size()), body);
}

std::string SubmitFrame(absl::string_view delta) {
  return Nested("\x0a", Nested("\x1a", absl::StrCat("\x08\x07\x10\x01", Nested("\x22", delta))));
}

TEST(HostileTest, AMebibyteOfSmallThingsIsRefusedCheaply) {
  const std::string empty_field("\x0a\x00", 2);
  const struct {
    const char* name;
    Encoding encoding;
    std::string frame;
  } kCases[] = {
      {"empty messages", Encoding::kProtobuf, Repeat(empty_field, kMebibyte)},
      {"empty kinds in one message", Encoding::kProtobuf,
       Nested("\x0a", Repeat(std::string("\x0a\x00\x12\x00", 4), kMebibyte))},
      {"empty submits", Encoding::kProtobuf, Repeat(std::string("\x0a\x02\x1a\x00", 4), kMebibyte)},
      {"pings", Encoding::kProtobuf, Repeat(std::string("\x0a\x02\x42\x00", 4), kMebibyte)},
      {"empty embeds", Encoding::kProtobuf,
       SubmitFrame(Repeat(std::string("\x1a\x00", 2), kMebibyte))},
      {"empty sets", Encoding::kProtobuf,
       SubmitFrame(Repeat(std::string("\x22\x00", 2), kMebibyte))},
      {"retains of one", Encoding::kProtobuf,
       SubmitFrame(Nested("\x0a", Repeat("\x08", kMebibyte)))},
      {"retains, not packed", Encoding::kProtobuf, SubmitFrame(Repeat("\x08\x08", kMebibyte))},
      {"pings", Encoding::kJson,
       absl::StrCat("{\"messages\":[", Repeat("{\"ping\":{\"nonce\":1}},", kMebibyte), "{}]}")},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(absl::StrCat(c.name, " ", NameOf(c.encoding)));
    const Cost cost = Decode(c.encoding, c.frame);
    const bool refused =
        !cost.decoded.ok() || std::holds_alternative<BadSubmit>(cost.decoded->front());
    EXPECT_TRUE(refused);
    // JSON is parsed before messages are counted, at about eight times its text.
    EXPECT_LT(cost.peak_bytes, c.encoding == Encoding::kProtobuf ? 1 << 20 : 10 << 20);
  }
}

// Within the limits of count, a frame of the size that a server takes stays in proportion too.
TEST(HostileTest, NothingUnfoldsIntoMoreThanAFewTimesItsSize) {
  constexpr size_t kFrameBytes = 256 << 10;
  const auto json_submit = [](absl::string_view ops) {
    return absl::StrCat(R"({"messages":[{"submit":{"channel":7,"sequence":1,"revision":0,"delta":)",
                        R"({"ops":[)", ops, "]}}}]}");
  };
  const auto json_hello = [](absl::string_view rest) {
    return absl::StrCat(R"({"messages":[{"hello":{"protocol":1,"x":[)", rest, "]}}]}");
  };
  const struct {
    const char* name;
    Encoding encoding;
    std::string frame;
  } kCases[] = {
      {"unknown fields", Encoding::kProtobuf,
       Nested("\x0a", Nested("\x42", Repeat(std::string("\x7a\x00", 2), kFrameBytes)))},
      {"empty ranges", Encoding::kProtobuf,
       Nested("\x0a", Nested("\x22", Repeat(std::string("\x22\x00", 2), kFrameBytes)))},
      {"empty capabilities", Encoding::kProtobuf,
       Nested("\x0a", Nested("\x0a", Repeat(std::string("\x42\x00", 2), kFrameBytes)))},
      {"numbers", Encoding::kJson, json_hello(Repeat("1,", kFrameBytes) + "1")},
      {"empty arrays", Encoding::kJson, json_hello(Repeat("[],", kFrameBytes) + "1")},
      {"empty objects", Encoding::kJson, json_hello(Repeat("{},", kFrameBytes) + "1")},
      {"empty texts", Encoding::kJson, json_hello(Repeat("\"\",", kFrameBytes) + "1")},
      {"empty keys", Encoding::kJson, json_hello("{" + Repeat("\"\":1,", kFrameBytes) + "\"\":1}")},
      {"ops", Encoding::kJson, json_submit(Repeat("{\"retain\":1},", kFrameBytes) + "{}")},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(absl::StrCat(c.name, " ", NameOf(c.encoding)));
    const Cost cost = Decode(c.encoding, c.frame);
    EXPECT_LT(cost.peak_bytes, static_cast<int64_t>(16 * c.frame.size()));
  }
}

TEST(HostileTest, MessagesAreCounted) {
  for (const Encoding encoding : {Encoding::kProtobuf, Encoding::kJson}) {
    const std::vector<ClientMessage> most(256, Ping{1});
    EXPECT_TRUE(
        DecodeClientFrame(encoding, EncodeClientFrame(encoding, most), DecodeLimits()).ok());
    const std::vector<ClientMessage> more(257, Ping{1});
    const auto decoded =
        DecodeClientFrame(encoding, EncodeClientFrame(encoding, more), DecodeLimits());
    ASSERT_FALSE(decoded.ok());
    EXPECT_THAT(std::string(decoded.status().message()), testing::HasSubstr("more than 256"));
  }
}

// Frames with a few bytes changed: no crash, and whatever is understood can be said again.
TEST(HostileTest, DamagedFramesAreRefusedOrUnderstood) {
  const uint64_t seed = 1120;
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  int understood = 0;
  for (const Encoding encoding : {Encoding::kProtobuf, Encoding::kJson}) {
    for (const ClientSample& sample : ClientSamples()) {
      const std::string whole = EncodeClientFrame(encoding, {sample.message, Ping{1}});
      for (int i = 0; i < 2000; ++i) {
        std::string frame = whole;
        for (size_t changes = 1 + random() % 3; changes > 0 && !frame.empty(); --changes) {
          const size_t at = random() % frame.size();
          switch (random() % 3) {
            case 0:
              frame[at] = static_cast<char>(random());
              break;
            case 1:
              frame.erase(at, 1 + random() % 3);
              break;
            default:
              frame.insert(at, 1, frame[random() % frame.size()]);
          }
        }
        const auto decoded = DecodeClientFrame(encoding, frame, DecodeLimits());
        if (!decoded.ok()) continue;
        for (const Incoming& incoming : *decoded) {
          const auto* message = std::get_if<ClientMessage>(&incoming);
          if (message == nullptr) continue;
          ++understood;
          const auto again =
              DecodeClientFrame(encoding, EncodeClientFrame(encoding, {*message}), DecodeLimits());
          ASSERT_TRUE(again.ok()) << again.status();
          ASSERT_TRUE(std::get<ClientMessage>(again->front()) == *message) << sample.name;
        }
      }
    }
  }
  EXPECT_GT(understood, 1000);
}

}  // namespace
}  // namespace coedit::proto
