// LogComposer against Compose one after another.
#include "ot/log_composer.h"

#include "gtest/gtest.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "tests/ot/model.h"
#include "tests/ot/property.h"

namespace coedit::ot {
namespace {

using testing::ForEachCase;
using testing::IsNormal;
using testing::RandomAttributes;
using testing::RandomBoundary;
using testing::RandomChange;
using testing::RandomDocument;
using testing::RandomString;
using testing::Rng;

// What people do at a caret: type, erase before and behind it, replace; now and then elsewhere.
Delta AtCaret(Rng& rng, const Text& text, const Attributes& attributes, int64_t* caret) {
  if (rng.Chance(10) || *caret > text.length() || !text.IsBoundary(*caret)) {
    *caret = RandomBoundary(rng, text);
  }
  int64_t begin = *caret;
  int64_t end = *caret;
  if (rng.Chance(40)) {
    begin = std::max<int64_t>(0, begin - rng.Between(0, 3));
    end = std::min(text.length(), end + rng.Between(0, 3));
    if (!text.IsBoundary(begin)) --begin;
    if (!text.IsBoundary(end)) ++end;
  }
  DeltaBuilder builder;
  builder.Retain(begin);
  if (rng.Chance(70)) builder.Insert(RandomString(rng, 3), attributes);
  const Delta delta = builder.Delete(end - begin).Build();
  *caret = begin + delta.growth() + (end - begin);
  return delta;
}

TEST(LogComposer, NothingComposesToNothing) {
  LogComposer composer;
  EXPECT_TRUE(composer.Finish().empty());
  composer.Add(Delta());
  composer.Add(DeltaBuilder().Insert("a").Build());
  composer.Add(DeltaBuilder().Delete(1).Build());
  EXPECT_TRUE(composer.Finish().empty());
}

TEST(LogComposer, TypingNeedsNoCompose) {
  LogComposer composer;
  for (int i = 0; i < 100; ++i) {
    composer.Add(DeltaBuilder().Retain(7 + i).Insert("x").Build());
  }
  composer.Add(DeltaBuilder().Retain(106).Delete(1).Build());
  EXPECT_EQ(composer.Finish(), DeltaBuilder().Retain(7).Insert(std::string(99, 'x')).Build());
  EXPECT_EQ(composer.components_composed(), 0);
}

TEST(LogComposerLaws, EqualsComposingOneAfterAnother) {
  ForEachCase(4000, [](Rng& rng) {
    const Text base(RandomDocument(rng));
    Text text = base;
    Delta folded;
    LogComposer composer;
    Attributes attributes;
    int64_t caret = 0;
    const int64_t changes = rng.Between(1, 40);
    for (int64_t i = 0; i < changes; ++i) {
      if (rng.Chance(5)) attributes = rng.Chance(50) ? RandomAttributes(rng, false) : Attributes();
      const Delta change =
          rng.Chance(85) ? AtCaret(rng, text, attributes, &caret) : RandomChange(rng, text);
      Apply(change, &text);
      folded = Compose(folded, change);
      composer.Add(change);
    }
    const Delta composed = composer.Finish();
    ASSERT_TRUE(IsNormal(composed)) << composed.DebugString();
    ASSERT_EQ(composed, folded) << composed.DebugString() << "\n" << folded.DebugString();
    ASSERT_TRUE(Applied(base, composed) == text);
  });
}

}  // namespace
}  // namespace coedit::ot
