// What is refused, and that each refusal names the value.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "ot/unicode.h"
#include "tests/proto/bad_frames.h"
#include "tests/proto/message_samples.h"

namespace coedit::proto {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Shown(const BadFrame& bad) {
  const std::string start = bad.frame.substr(0, 400);
  return bad.encoding == Encoding::kJson ? start : absl::BytesToHexString(start);
}

TEST(RefusalTest, BadFramesAreRefusedByName) {
  for (const BadFrame& bad : BadFrames()) {
    SCOPED_TRACE(bad.name + " " + NameOf(bad.encoding) + " " + Shown(bad));
    const auto decoded = DecodeClientFrame(bad.encoding, bad.frame, DecodeLimits());
    std::string text;
    if (bad.refused_as == RefusedAs::kFrame) {
      ASSERT_FALSE(decoded.ok());
      EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
      text = std::string(decoded.status().message());
    } else {
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      ASSERT_EQ(decoded->size(), 1u);
      const auto* submit = std::get_if<BadSubmit>(&decoded->front());
      ASSERT_NE(submit, nullptr);
      EXPECT_EQ(submit->channel, 7u);
      EXPECT_EQ(submit->sequence, 1u);
      text = submit->text;
    }
    EXPECT_THAT(text, HasSubstr(bad.contains));
    // It goes back over the wire: one short line of UTF-8, and no secret in it.
    EXPECT_TRUE(ot::IsValidUtf8(text));
    EXPECT_LT(text.size(), 400u);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_THAT(text, Not(HasSubstr("5b0c1f7ae2d94630")));
    EXPECT_THAT(text, Not(HasSubstr("tttttttt")));
  }
}

// One bad submit does not take its neighbours with it.
TEST(RefusalTest, ABadSubmitStandsAlone) {
  for (const Encoding encoding : {Encoding::kProtobuf, Encoding::kJson}) {
    const ot::Delta good = ot::DeltaBuilder().Insert("x").Build();
    const ot::Delta bad = ot::DeltaBuilder().Insert("\r").Build();
    const std::string frame =
        EncodeClientFrame(encoding, {Submit{1, 2, 3, good}, Submit{4, 5, 6, bad}, Ping{7}});
    const auto decoded = DecodeClientFrame(encoding, frame, DecodeLimits());
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(decoded->size(), 3u);
    EXPECT_TRUE(std::get<ClientMessage>((*decoded)[0]) == ClientMessage(Submit{1, 2, 3, good}));
    EXPECT_EQ(std::get<BadSubmit>((*decoded)[1]).channel, 4u);
    EXPECT_EQ(std::get<BadSubmit>((*decoded)[1]).sequence, 5u);
    EXPECT_TRUE(std::get<ClientMessage>((*decoded)[2]) == ClientMessage(Ping{7}));
  }
}

// Each limit is met exactly by something legal.
TEST(RefusalTest, TheLimitsThemselvesAreLegal) {
  std::vector<ot::Attributes::Entry> many;
  for (int i = 0; i < 32; ++i) many.push_back({absl::StrCat("k", i), "1"});
  ot::DeltaBuilder long_delta;
  for (int i = 0; i < 2048; ++i) long_delta.Retain(1).Delete(1);
  const std::vector<ClientMessage> legal = {
      Hello{1, "5b0c1f7ae2d94630b1a7c8d9e0f10213", 1, std::string(1024, 's'),
            std::string(1024, 'n'), "#AbCdEf", std::string(6144, 't'),
            std::vector<std::string>(32, std::string(1024, 'c'))},
      Submit{1, 1, 0, ot::DeltaBuilder().Retain(1, ot::Attributes(many)).Build()},
      Submit{1, 1, 0, long_delta.Build()},
      Submit{1, 1, 0,
             ot::DeltaBuilder()
                 .Insert("a", ot::Attributes{{std::string(64, 'k'),
                                              absl::StrCat("\"", std::string(2046, 'v'), "\"")}})
                 .Build()},
      Submit{1, 1, 0,
             ot::DeltaBuilder()
                 .InsertEmbed(absl::StrCat(R"({"a":")", std::string(16376, 'e'), R"("})"))
                 .Build()},
      Submit{1, 1, 0,
             ot::DeltaBuilder().Insert("a", ot::Attributes{{"k", "[[[[[[[[]]]]]]]]"}}).Build()},
      Submit{1, 1, 0, ot::DeltaBuilder().Delete(ot::kComponentUnitsMax).Build()},
      Presence{1, 1, {}, std::vector<Range>(64), absl::StrCat("\"", std::string(1022, 's'), "\"")},
      Signal{1, std::string(64, 't'), absl::StrCat("\"", std::string(4094, 's'), "\"")},
  };
  for (const Encoding encoding : {Encoding::kProtobuf, Encoding::kJson}) {
    for (size_t i = 0; i < legal.size(); ++i) {
      SCOPED_TRACE(absl::StrCat(NameOf(encoding), " ", i));
      const auto decoded =
          DecodeClientFrame(encoding, EncodeClientFrame(encoding, {legal[i]}), DecodeLimits());
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      ASSERT_TRUE(std::holds_alternative<ClientMessage>(decoded->front()))
          << std::get<BadSubmit>(decoded->front()).text;
      EXPECT_TRUE(std::get<ClientMessage>(decoded->front()) == legal[i]);
    }
  }
}

// What a server may not send.
TEST(RefusalTest, SnapshotsHoldInsertsOnly) {
  const ot::Delta change = ot::DeltaBuilder().Insert("a").Delete(3).Build();
  Opened opened;
  opened.channel = 1;
  opened.snapshot = change;
  for (const Encoding encoding : {Encoding::kProtobuf, Encoding::kJson}) {
    for (const ServerMessage& message :
         {ServerMessage(opened), ServerMessage(Part{1, change, true})}) {
      const auto decoded = DecodeServerFrame(encoding, ServerFrameOf(encoding, {message}));
      ASSERT_FALSE(decoded.ok());
      EXPECT_THAT(std::string(decoded.status().message()), HasSubstr("deletes 3 units"));
    }
    EXPECT_FALSE(DecodeServerFrame(encoding, encoding == Encoding::kJson
                                                 ? R"({"messages":[{"ping":{"nonce":1}}]})"
                                                 : std::string("\x0a\x00", 2))
                     .ok());
  }
}

}  // namespace
}  // namespace coedit::proto
