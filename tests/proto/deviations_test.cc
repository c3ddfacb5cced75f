// Where coedit is stricter than npm quill-delta 5.1.0, one test for each row of the table in
// docs/ot.md. tests/oracle/deviations.mjs shows what the package does instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "proto/codec.h"
#include "tests/ot/notation.h"

namespace coedit::proto {
namespace {

using ::coedit::ot::testing::D;
using ::coedit::ot::testing::T;
using ::testing::HasSubstr;

// What the door says to a submit with these ops; "" if it takes them.
std::string Refusal(absl::string_view ops) {
  const auto decoded = DecodeClientFrame(
      Encoding::kJson,
      absl::StrCat(
          R"({"messages":[{"submit":{"channel":1,"sequence":1,"revision":0,"delta":{"ops":)", ops,
          "}}}]}"),
      DecodeLimits());
  if (!decoded.ok()) return std::string(decoded.status().message());
  const auto* bad = std::get_if<BadSubmit>(&decoded->front());
  return bad == nullptr ? "" : bad->text;
}

TEST(Deviations, D2EmbedRetainsAreRefusedSoThatComposeStaysAssociative) {
  EXPECT_THAT(Refusal(R"([{"retain":{"widget":1},"attributes":{"b":"x"}}])"),
              HasSubstr("a retain of an embed is not supported"));
  // What is lost there is kept here, where the retain is a number.
  EXPECT_EQ(ot::Compose(D("=1{b:\"x\"}"), D("=1{b:null}")), D("=1{b:null}"));
}

TEST(Deviations, D3LengthsAndKindsAreWhole) {
  EXPECT_EQ(Refusal(R"([{"retain":1},{"delete":2147483646}])"), "");
  for (const char* ops :
       {R"([{"retain":0}])", R"([{"retain":-1}])", R"([{"retain":1.5}])", R"([{"delete":0}])",
        R"([{"delete":2147483648}])", R"([{"insert":""}])", R"([{}])",
        R"([{"insert":"a","delete":1}])", R"([{"insert":7}])", R"([{"insert":{"a":1,"b":2}}])"}) {
    EXPECT_NE(Refusal(ops), "") << ops;
  }
  // A length of zero swallows nothing.
  EXPECT_EQ(ot::Compose(D("+abc"), ot::DeltaBuilder().Retain(0).Delete(1).Build()), D("+bc"));
}

TEST(Deviations, D4NoChangePassesTheEnd) {
  for (const char* change : {"=2 +x", "-2", "=1 -1", "=2{b}"}) {
    EXPECT_THAT(std::string(ot::Validate(D(change), T("+a")).message()),
                HasSubstr("passes the end of a document of 1 units"))
        << change;
  }
  EXPECT_FALSE(ot::Compose(D("+a"), D("-2")).IsDocument()) << "as quill-delta; hence the check";
}

TEST(Deviations, D5NullsOnInsertsAreRefused) {
  EXPECT_THAT(Refusal(R"([{"insert":"a","attributes":{"bold":null}}])"), HasSubstr("bold"));
  EXPECT_THAT(Refusal(R"([{"insert":{"i":1},"attributes":{"bold":null}}])"), HasSubstr("bold"));
  EXPECT_EQ(Refusal(R"([{"retain":1,"attributes":{"bold":null}}])"), "");
  EXPECT_EQ(ot::Compose(D("+a{bold}"), D("=1{bold:null}")), D("+a")) << "and none comes to be";
}

TEST(Deviations, D6NamesOfObjectPrototypeAreRefused) {
  for (const char* key : {"constructor", "toString", "hasOwnProperty", "__proto__", "valueOf"}) {
    EXPECT_THAT(Refusal(absl::StrCat(R"([{"retain":1,"attributes":{")", key, R"(":1}}])")),
                HasSubstr(key));
    EXPECT_THAT(Refusal(absl::StrCat(R"([{"insert":{")", key, R"(":1}}])")), HasSubstr(key));
    EXPECT_THAT(Refusal(absl::StrCat(R"([{"retain":1,"attributes":{"a":{")", key, R"(":1}}}])")),
                HasSubstr(key));
  }
}

TEST(Deviations, D12PairsStayWhole) {
  const ot::Text text = T("+\\u{1F600}");
  for (const char* change : {"-1", "=1 -1", "=1 +x", "=1{b}"}) {
    EXPECT_THAT(std::string(ot::Validate(D(change), text).message()),
                HasSubstr("inside a surrogate pair"))
        << change;
  }
  EXPECT_NE(Refusal(R"([{"insert":"\ud83d"}])"), "") << "half of one";
  EXPECT_NE(Refusal(R"([{"retain":1,"attributes":{"a":"\ude00"}}])"), "");
  EXPECT_EQ(ot::Diff(text, T("+\\u{1F601}")), D("+\\u{1F601} -2"));
}

TEST(Deviations, InvertOfARemovalThatRemovesNothingIsNothing) {
  EXPECT_EQ(ot::Invert(D("=1{b:null}"), T("+a")), ot::Delta());
}

TEST(Deviations, InvertComparesValuesNotObjects) {
  EXPECT_EQ(ot::Invert(D("=1{m:{\"x\":1}}"), T("+a{m:{\"x\":1}}")), ot::Delta());
}

}  // namespace
}  // namespace coedit::proto
