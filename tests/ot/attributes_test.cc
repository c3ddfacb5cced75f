#include "ot/attributes.h"

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/ot/property.h"

namespace coedit::ot {
namespace {

using testing::ForEachCase;
using testing::RandomAttributes;
using testing::Rng;

const Attributes kNone;
const Attributes kBold = {{"bold", "true"}};
const Attributes kRed = {{"color", "\"red\""}};
const Attributes kBlue = {{"color", "\"blue\""}};
const Attributes kBoldRed = {{"bold", "true"}, {"color", "\"red\""}};
const Attributes kUnbold = {{"bold", "null"}};

TEST(Attributes, AreAValue) {
  EXPECT_TRUE(kNone.empty());
  EXPECT_TRUE(Attributes(std::vector<Attributes::Entry>{}).empty());
  EXPECT_EQ(kBoldRed, Attributes({{"color", "\"red\""}, {"bold", "true"}}));  // order of keys
  EXPECT_FALSE(kBold == kRed);
  EXPECT_FALSE(kBold == kNone);
  EXPECT_FALSE(kRed == kBlue);
  ASSERT_NE(kBoldRed.Find("color"), nullptr);
  EXPECT_EQ(*kBoldRed.Find("color"), "\"red\"");
  EXPECT_EQ(kBoldRed.Find("colour"), nullptr);
  EXPECT_EQ(kNone.Find("bold"), nullptr);
  EXPECT_EQ(kBoldRed.entries().front().key, "bold");
  EXPECT_TRUE(kUnbold.HasRemovals());
  EXPECT_FALSE(kBoldRed.HasRemovals());
}

TEST(AttributesDeathTest, AKeyStandsOnce) {
  EXPECT_DEATH(Attributes({{"bold", "true"}, {"bold", "false"}}), "check failed");
}

TEST(Attributes, Compose) {
  struct Case {
    Attributes first, second, on_text, on_change;
  };
  const Case cases[] = {
      {kNone, kNone, kNone, kNone},
      {kBold, kNone, kBold, kBold},
      {kNone, kBold, kBold, kBold},
      {kBold, kRed, kBoldRed, kBoldRed},
      {kRed, kBlue, kBlue, kBlue},
      {kBoldRed,
       kBlue,
       {{"bold", "true"}, {"color", "\"blue\""}},
       {{"bold", "true"}, {"color", "\"blue\""}}},
      {kBold, kUnbold, kNone, kUnbold},
      {kNone, kUnbold, kNone, kUnbold},
      {kBoldRed, kUnbold, kRed, {{"bold", "null"}, {"color", "\"red\""}}},
      {kUnbold, kBold, kBold, kBold},
      // `false` is a value, no removal; a nested map is replaced whole.
      {kBold, {{"bold", "false"}}, {{"bold", "false"}}, {{"bold", "false"}}},
      {{{"m", "{\"a\":1}"}},
       {{"m", "{\"b\":null}"}},
       {{"m", "{\"b\":null}"}},
       {{"m", "{\"b\":null}"}}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ComposeAttributes(c.first, c.second, false), c.on_text);
    EXPECT_EQ(ComposeAttributes(c.first, c.second, true), c.on_change);
  }
}

TEST(Attributes, Transform) {
  EXPECT_EQ(TransformAttributes(kBoldRed, kBlue, true), kBold);
  EXPECT_EQ(TransformAttributes(kBoldRed, kBlue, false), kBoldRed);
  EXPECT_EQ(TransformAttributes(kBold, kUnbold, true), kNone);  // a removal counts as set
  EXPECT_EQ(TransformAttributes(kUnbold, kBold, true), kNone);
  EXPECT_EQ(TransformAttributes(kUnbold, kRed, true), kUnbold);
  EXPECT_EQ(TransformAttributes(kBold, kNone, true), kBold);
  EXPECT_EQ(TransformAttributes(kNone, kBold, true), kNone);
}

TEST(Attributes, Invert) {
  EXPECT_EQ(InvertAttributes(kBold, kNone), kUnbold);
  EXPECT_EQ(InvertAttributes(kBold, kBold), kNone);
  EXPECT_EQ(InvertAttributes(kBlue, kBoldRed), kRed);
  EXPECT_EQ(InvertAttributes(kUnbold, kBold), kBold);
  EXPECT_EQ(InvertAttributes(kUnbold, kNone), kNone);
  EXPECT_EQ(InvertAttributes(kNone, kBold), kNone);
}

TEST(Attributes, Diff) {
  EXPECT_EQ(DiffAttributes(kBold, kBold), kNone);
  EXPECT_EQ(DiffAttributes(kNone, kBold), kBold);
  EXPECT_EQ(DiffAttributes(kBold, kNone), kUnbold);
  EXPECT_EQ(DiffAttributes(kBoldRed, kBlue), Attributes({{"bold", "null"}, {"color", "\"blue\""}}));
}

TEST(Attributes, LawsHoldOnRandomMaps) {
  ForEachCase(20000, [](Rng& rng) {
    const Attributes base = RandomAttributes(rng, false);
    const Attributes a = RandomAttributes(rng, true);
    const Attributes b = RandomAttributes(rng, true);
    const auto on_text = [](const Attributes& text, const Attributes& change) {
      return ComposeAttributes(text, change, false);
    };
    const auto then = [](const Attributes& first, const Attributes& second) {
      return ComposeAttributes(first, second, true);
    };
    // Both ways around the diamond; the left one wins.
    const Attributes a_over_b = TransformAttributes(a, b, false);
    const Attributes b_over_a = TransformAttributes(b, a, true);
    ASSERT_EQ(then(a, b_over_a), then(b, a_over_b));
    ASSERT_EQ(on_text(on_text(base, a), b), on_text(base, then(a, b)));
    const Attributes c = RandomAttributes(rng, true);
    ASSERT_EQ(then(then(a, b), c), then(a, then(b, c)));
    ASSERT_EQ(on_text(on_text(base, a), InvertAttributes(a, base)), base);
    const Attributes other = RandomAttributes(rng, false);
    ASSERT_EQ(on_text(base, DiffAttributes(base, other)), other);
  });
}

TEST(Attributes, AreSharedBetweenThreads) {
  const Attributes shared = {{"bold", "true"}, {"color", "\"red\""}};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = shared, i] {
      std::vector<Attributes> copies;
      for (int j = 0; j < 1000 + i; ++j) copies.push_back(copy);
      EXPECT_EQ(copies.back(), copy);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared.entries().size(), 2u);
}

}  // namespace
}  // namespace coedit::ot
