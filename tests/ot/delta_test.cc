#include "ot/delta.h"

#include <string>

#include "gtest/gtest.h"
#include "ot/canonical.h"
#include "tests/ot/model.h"
#include "tests/ot/notation.h"
#include "tests/ot/property.h"

namespace coedit::ot {
namespace {

using testing::D;
using testing::ForEachCase;
using testing::IsNormal;
using testing::RandomChange;
using testing::RandomDocument;
using testing::Rng;

const Attributes kBold = {{"b", "true"}};

TEST(Delta, TheExampleOfTheHeader) {
  Delta delta = DeltaBuilder().Insert("Go, ").Retain(12).Insert("White").Delete(4).Build();
  EXPECT_EQ(delta.DebugString(), "+\"Go, \" =12 +\"White\" -4");
  EXPECT_EQ(delta.size(), 4u);
  EXPECT_EQ(delta.base_length(), 16);
  EXPECT_EQ(delta.target_length(), 21);
  EXPECT_EQ(delta.growth(), 5);
  EXPECT_EQ(delta.text_bytes(), 9u);
  EXPECT_FALSE(delta.IsDocument());
}

TEST(Delta, BuilderMakesNormalForm) {
  // Neighbours of one kind with equal attributes merge.
  EXPECT_EQ(DeltaBuilder().Insert("a").Insert("b").Build(), D("+ab"));
  EXPECT_EQ(DeltaBuilder().Retain(1).Retain(2).Insert("x").Build(), D("=3 +x"));
  EXPECT_EQ(DeltaBuilder().Delete(1).Delete(2).Build(), D("-3"));
  EXPECT_EQ(DeltaBuilder().Insert("a", kBold).Insert("b", kBold).Build(), D("+ab{b}"));
  EXPECT_EQ(DeltaBuilder().Insert("a", kBold).Insert("b").Build().size(), 2u);
  EXPECT_EQ(DeltaBuilder().Retain(1, kBold).Retain(1).Retain(1, kBold).Build().size(), 3u);
  // Embeds never do.
  EXPECT_EQ(DeltaBuilder().InsertEmbed("{\"i\":1}").InsertEmbed("{\"i\":1}").Build().size(), 2u);
  // An insert goes before a delete at the same spot and joins what stands there.
  EXPECT_EQ(DeltaBuilder().Delete(2).Insert("x").Build(), D("+x -2"));
  EXPECT_EQ(DeltaBuilder().Insert("a").Delete(2).Insert("b").Build(), D("+ab -2"));
  EXPECT_EQ(DeltaBuilder().Insert("a").Delete(2).Insert("b", kBold).Insert("c").Build(),
            D("+a +b{b} +c -2"));
  EXPECT_EQ(DeltaBuilder().Delete(1).InsertEmbed("{\"i\":1}").Delete(1).Build(),
            D("+{\"i\":1} -2"));
  // What changes nothing vanishes.
  EXPECT_EQ(DeltaBuilder().Insert("").Retain(0).Delete(0).Build(), Delta());
  EXPECT_EQ(DeltaBuilder().Insert("a").Retain(5).Build(), D("+a"));
  EXPECT_EQ(DeltaBuilder().Retain(5, kBold).Build().size(), 1u);
}

TEST(Delta, ABuilderIsEmptyAfterBuild) {
  DeltaBuilder builder;
  builder.Insert("abc").Retain(3).Delete(1);
  EXPECT_EQ(builder.Build(), D("+abc =3 -1"));
  EXPECT_EQ(builder.size(), 0u);
  EXPECT_EQ(builder.Build(), Delta());
}

TEST(Delta, EqualityLooksAtEverything) {
  const Delta delta = D("=1 +ab{b} -2");
  EXPECT_EQ(delta, D("=1 +ab{b} -2"));
  for (const char* other : {"=1 +ab{b} -3", "=2 +ab{b} -2", "=1 +ac{b} -2", "=1 +ab{i} -2",
                            "=1 +ab -2", "=1 +ab{b}", "=1 +a{b} +b -2", "=1 +ab{b:false} -2"}) {
    EXPECT_FALSE(delta == D(other)) << other;
  }
  // The same bytes in other components.
  EXPECT_FALSE(D("+a +bc{b}") == D("+ab +c{b}"));
}

TEST(Delta, CopiesAndMovesAreIndependent) {
  ForEachCase(2000, [](Rng& rng) {
    const Text text(RandomDocument(rng));
    Delta original = RandomChange(rng, text);
    const std::string printed = original.DebugString();
    Delta copy = original;
    ASSERT_EQ(copy, original);
    const Delta moved = std::move(original);
    ASSERT_EQ(moved, copy);
    copy = Delta();
    ASSERT_TRUE(copy.empty());
    copy = moved;
    ASSERT_EQ(copy.DebugString(), printed);
    original = std::move(copy);
    ASSERT_EQ(original.DebugString(), printed);
  });
}

TEST(DeltaDeathTest, LengthsOutOfRangeAreOurMistake) {
  EXPECT_DEATH(DeltaBuilder().Retain(-1), "check failed");
  EXPECT_DEATH(DeltaBuilder().Delete(kComponentUnitsMax + 1), "check failed");
}

TEST(Delta, LengthsThatExceedOneComponentTogetherStandSideBySide) {
  const Delta delta = DeltaBuilder().Delete(kComponentUnitsMax).Delete(1).Build();
  EXPECT_EQ(delta.size(), 2u);
  EXPECT_EQ(delta.base_length(), kComponentUnitsMax + 1);
}

// O4: however a change is written down, it has one encoding and one hash.
TEST(DeltaLaws, O4OneEncodingHoweverItIsPushed) {
  ForEachCase(20000, [](Rng& rng) {
    const Text text(RandomDocument(rng));
    const Delta delta = RandomChange(rng, text);
    ASSERT_TRUE(IsNormal(delta)) << delta.DebugString();
    DeltaBuilder pieces;
    for (const Component component : delta) {
      if (component.kind == Kind::kInsert || component.kind == Kind::kEmbed) {
        pieces.Push(component);
        continue;
      }
      int64_t left = component.length;
      while (left > 0) {
        const int64_t part = rng.Between(1, left);
        left -= part;
        if (component.kind == Kind::kDelete) {
          pieces.Delete(part);
        } else {
          pieces.Retain(part, Attributes(component.attributes.entries()));
        }
      }
    }
    pieces.Retain(rng.Between(0, 3));
    const Delta again = pieces.Build();
    ASSERT_EQ(again, delta);
    ASSERT_EQ(HashDelta(again), HashDelta(delta));
  });
}

// The same for inserts: character by character, and with deletes of the same spot in between.
TEST(DeltaLaws, O4InsertsMayBePushedInAnyPieces) {
  ForEachCase(20000, [](Rng& rng) {
    const Attributes attributes = rng.Chance(50) ? kBold : Attributes();
    const std::string text = testing::RandomString(rng, 20);
    DeltaBuilder pieces;
    int64_t deleted = 0;
    for (size_t begin = 0; begin < text.size();) {
      size_t end = begin + 1;
      while (end < text.size() && (text[end] & 0xC0) == 0x80) ++end;
      pieces.Insert(text.substr(begin, end - begin), attributes);
      const int64_t units = rng.Below(3);
      pieces.Delete(units);
      deleted += units;
      begin = end;
    }
    ASSERT_EQ(pieces.Build(), DeltaBuilder().Insert(text, attributes).Delete(deleted).Build());
  });
}

TEST(Notation, ReadsWhatDebugStringPrints) {
  EXPECT_EQ(D("=3 +abc -2"), DeltaBuilder().Retain(3).Insert("abc").Delete(2).Build());
  EXPECT_EQ(D("+\"two words\\n\""), DeltaBuilder().Insert("two words\n").Build());
  EXPECT_EQ(D("+\\u{1F600}"), DeltaBuilder().Insert("\xF0\x9F\x98\x80").Build());
  EXPECT_EQ(D("=2{b,c:\"r\"} +{\"i\":[1,{}]}{b:null}"),
            DeltaBuilder()
                .Retain(2, {{"b", "true"}, {"c", "\"r\""}})
                .InsertEmbed("{\"i\":[1,{}]}", {{"b", "null"}})
                .Build());
  ForEachCase(5000, [](Rng& rng) {
    const Text text(RandomDocument(rng));
    const Delta delta = RandomChange(rng, text);
    ASSERT_EQ(D(delta.DebugString()), delta) << delta.DebugString();
  });
}

}  // namespace
}  // namespace coedit::ot
