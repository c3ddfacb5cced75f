#include "bench/load/typist.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

#include "ot/apply.h"

namespace coedit::bench {
namespace {

class TypistTest : public testing::TestWithParam<ot::DocumentType> {
 protected:
  ot::Text NewDocument() const {
    ot::DeltaBuilder builder;
    if (GetParam() == ot::DocumentType::kRichText) builder.Insert("\n");
    return ot::Text(builder.Build());
  }
};

INSTANTIATE_TEST_SUITE_P(Types, TypistTest,
                         testing::Values(ot::DocumentType::kRichText,
                                         ot::DocumentType::kPlainText));

// Two typists on one view, each told of what the other does.
TEST_P(TypistTest, EveryChangeIsValidAndChangesSomething) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Typist typists[] = {Typist(seed, GetParam()), Typist(seed + 1, GetParam())};
  ot::Text text = NewDocument();
  bool formatted = false;
  int64_t longest = 0;
  for (int i = 0; i < 60000; ++i) {
    Typist& typist = typists[i % 2];
    const ot::Delta change = typist.Next(text);
    ASSERT_FALSE(change.empty());
    ASSERT_TRUE(ot::Validate(change, text).ok()) << change.DebugString();
    for (const ot::Component component : change) {
      formatted = formatted || !component.attributes.empty();
    }
    ot::Apply(change, &text);
    typists[1 - i % 2].OnRemoteChange(change);
    ASSERT_GE(typist.caret(), 0);
    ASSERT_LE(typist.caret(), text.length());
    longest = std::max(longest, text.length());
    if (GetParam() == ot::DocumentType::kRichText) {
      const int64_t last = text.length() - 1;
      std::string end;
      text.ForEach(last, last + 1, [&](const ot::Component& run) { end = std::string(run.text); });
      ASSERT_EQ(end, "\n") << "after change " << i;
    }
  }
  EXPECT_EQ(formatted, GetParam() == ot::DocumentType::kRichText);
  // Long runs stay at a stable size.
  EXPECT_GT(longest, Typist::kUnitsMax / 2);
  EXPECT_LE(longest, Typist::kUnitsMax + 2);
}

TEST_P(TypistTest, MostlyTypesOnAtTheOwnCaret) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Typist typist(seed, GetParam());
  ot::Text text = NewDocument();
  int near = 0;
  constexpr int kEdits = 2000;
  for (int i = 0; i < kEdits; ++i) {
    const int64_t before = typist.caret();
    ot::Apply(typist.Next(text), &text);
    if (std::abs(typist.caret() - before) <= 2) ++near;
  }
  EXPECT_GT(near, kEdits * 9 / 10);
  EXPECT_GT(text.length(), kEdits / 2);
}

TEST(TypistCaretTest, AnotherAtTheSameSpotLeavesTheCaretBefore) {
  Typist typist(1, ot::DocumentType::kPlainText);
  ot::Text text;
  for (int i = 0; i < 10; ++i) ot::Apply(typist.Next(text), &text);
  const int64_t caret = typist.caret();
  ot::DeltaBuilder at_caret;
  at_caret.Retain(caret).Insert("abc");
  typist.OnRemoteChange(at_caret.Build());
  EXPECT_EQ(typist.caret(), caret);
  ot::DeltaBuilder before;
  before.Insert("abc");
  typist.OnRemoteChange(before.Build());
  EXPECT_EQ(typist.caret(), caret + (caret > 0 ? 3 : 0));
}

}  // namespace
}  // namespace coedit::bench
