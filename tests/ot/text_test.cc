#include "ot/text.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "tests/ot/model.h"
#include "tests/ot/notation.h"
#include "tests/ot/property.h"

namespace coedit::ot {
namespace {

using testing::D;
using testing::ForEachCase;
using testing::Model;
using testing::RandomBoundary;
using testing::RandomChange;
using testing::RandomDocument;
using testing::RandomKeystroke;
using testing::RandomString;
using testing::Rng;
using testing::Shape;
using testing::T;

int64_t RunsOf(const Text& text) {
  int64_t runs = 0;
  text.ForEach(0, text.length(), [&](const Component&) { ++runs; });
  return runs;
}

int64_t BytesOf(const Text& text) {
  int64_t bytes = 0;
  text.ForEach(0, text.length(), [&](const Component& component) {
    bytes += static_cast<int64_t>(component.text.size());
  });
  return bytes;
}

// What must hold of every text.
void CheckCounts(const Text& text) {
  const Delta document = text.ToDelta();
  ASSERT_TRUE(testing::IsNormal(document));
  ASSERT_EQ(text.length(), document.target_length());
  ASSERT_EQ(text.bytes(), static_cast<int64_t>(document.text_bytes()));
  ASSERT_EQ(text.bytes(), BytesOf(text));
  ASSERT_EQ(text.run_count(), RunsOf(text));
  ASSERT_GE(text.run_count(), static_cast<int64_t>(document.size()));
}

TEST(Text, IsEmptyAtFirst) {
  const Text text;
  EXPECT_EQ(text.length(), 0);
  EXPECT_EQ(text.bytes(), 0);
  EXPECT_EQ(text.run_count(), 0);
  EXPECT_EQ(text.ToDelta(), Delta());
  EXPECT_EQ(text.ToString(), "");
  EXPECT_TRUE(text.IsBoundary(0));
  EXPECT_EQ(text, Text(Delta()));
}

TEST(Text, HoldsADocument) {
  const Text text = T("+\"ab\\n\" +{\"i\":1} +\\u{1F600}{b}");
  EXPECT_EQ(text.length(), 6);
  EXPECT_EQ(text.run_count(), 3);
  EXPECT_EQ(text.ToString(), "ab\n\xF0\x9F\x98\x80");
  EXPECT_TRUE(text.IsBoundary(4));
  EXPECT_FALSE(text.IsBoundary(5));
  EXPECT_TRUE(text.IsBoundary(6));
}

TEST(Text, EditsInPlace) {
  Text text = T("+hld");
  text.Insert(1, *D("+\"ello, wor\"").begin());
  EXPECT_EQ(text.ToString(), "hello, world");
  text.Format(0, 5, {{"b", "true"}});
  EXPECT_EQ(text.ToDelta(), D("+hello{b} +\", world\""));
  text.Insert(5, *D("+!{b}").begin());
  EXPECT_EQ(text.ToDelta(), D("+hello!{b} +\", world\""));
  text.Insert(3, *D("+{\"i\":1}").begin());
  EXPECT_EQ(text.ToDelta(), D("+hel{b} +{\"i\":1} +lo!{b} +\", world\""));
  text.Delete(3, 1);
  EXPECT_EQ(text.ToDelta(), D("+hello!{b} +\", world\""));
  EXPECT_EQ(text.run_count(), 2);
  text.Format(0, 13, {{"b", "null"}});
  EXPECT_EQ(text.ToDelta(), D("+\"hello!, world\""));
  EXPECT_EQ(text.run_count(), 1);
  text.Delete(0, 13);
  EXPECT_EQ(text, Text());
}

TEST(Text, AnEmbedMayBeLargerThanALeaf) {
  const std::string embed = "{\"image\":\"" + std::string(50000, 'x') + "\"}";
  Text text = T("+ab");
  text.Insert(1, *DeltaBuilder().InsertEmbed(embed).Build().begin());
  text.Insert(2, *DeltaBuilder().InsertEmbed(embed).Build().begin());
  text.Insert(2, *D("+between").begin());
  EXPECT_EQ(text.length(), 11);
  EXPECT_EQ(text.ToString(), "abetweenb");
  CheckCounts(text);
  text.Delete(1, 1);
  text.Delete(8, 1);
  EXPECT_EQ(text.ToDelta(), D("+abetweenb"));
}

TEST(TextDeathTest, RefusesWhatIsOutOfBoundsOrCutsAPair) {
  Text text = T("+a\\u{1F600}b");
  EXPECT_DEATH(text.Insert(5, *D("+x").begin()), "check failed");
  EXPECT_DEATH(text.Insert(-1, *D("+x").begin()), "check failed");
  EXPECT_DEATH(text.Delete(1, 4), "check failed");
  EXPECT_DEATH(text.Format(4, 1, {{"b", "true"}}), "check failed");
  EXPECT_DEATH(text.Insert(2, *D("+x").begin()), "check failed");
  EXPECT_DEATH(text.Delete(1, 1), "check failed");
  EXPECT_DEATH(text.Format(2, 1, {{"b", "true"}}), "check failed");
  EXPECT_DEATH(Text(D("=1 +x")), "check failed");
}

// Small documents against the model, with every reading function.
TEST(TextAgainstModel, RandomEdits) {
  ForEachCase(3000, [](Rng& rng) {
    Shape shape;
    shape.rich = rng.Chance(70);
    const Delta document = RandomDocument(rng, shape);
    Text text(document);
    Model model(document);
    for (int i = 0; i < 20; ++i) {
      const Delta change =
          rng.Chance(50) ? RandomKeystroke(rng, text, shape) : RandomChange(rng, text, shape);
      Apply(change, &text);
      model.Apply(change);
      ASSERT_EQ(text.ToDelta(), model.ToDelta()) << change.DebugString();
    }
    ASSERT_NO_FATAL_FAILURE(CheckCounts(text));
    for (size_t i = 0; i <= model.length(); ++i) {
      ASSERT_EQ(text.IsBoundary(static_cast<int64_t>(i)), model.IsBoundary(i)) << i;
    }
    const int64_t begin = RandomBoundary(rng, text);
    const int64_t end = RandomBoundary(rng, text);
    if (begin > end) return;
    DeltaBuilder part;
    text.ForEach(begin, end, [&](const Component& component) { part.Push(component); });
    Delta rest =
        DeltaBuilder().Delete(begin).Retain(end - begin).Delete(text.length() - end).Build();
    ASSERT_EQ(part.Build(), Applied(text, rest).ToDelta());
  });
}

// Documents of many leaves, split, merged and emptied again.
TEST(TextAgainstModel, LargeDocuments) {
  ForEachCase(4, [](Rng& rng) {
    Shape shape;
    shape.insert_units = 20;
    Text text;
    Model model;
    const auto apply = [&](const Delta& change) {
      Apply(change, &text);
      model.Apply(change);
    };
    const auto step = [&](int64_t at, int64_t units) {
      const int64_t end = std::min(text.length(), at + units);
      return end + (text.IsBoundary(end) ? 0 : 1) - at;
    };
    for (int i = 0; i < 60; ++i) {
      const int64_t at = RandomBoundary(rng, text);
      const int64_t pasted = rng.Chance(30) ? 4000 : 40;
      apply(DeltaBuilder().Retain(at).Insert(RandomString(rng, pasted)).Build());
      apply(RandomKeystroke(rng, text, shape));
      const int64_t begin = RandomBoundary(rng, text);
      const Attributes format = testing::RandomAttributes(rng, true);
      apply(DeltaBuilder().Retain(begin).Retain(step(begin, rng.Below(3000)), format).Build());
    }
    ASSERT_EQ(text.ToDelta(), model.ToDelta());
    ASSERT_NO_FATAL_FAILURE(CheckCounts(text));
    while (text.length() > 0) {
      const int64_t at = RandomBoundary(rng, text);
      apply(
          DeltaBuilder().Retain(at).Delete(step(at, 1 + rng.Below(text.length() / 4 + 9))).Build());
      ASSERT_EQ(text.ToDelta(), model.ToDelta());
      ASSERT_NO_FATAL_FAILURE(CheckCounts(text));
    }
    ASSERT_EQ(text, Text());
  });
}

// A tree of three levels against a plain string.
TEST(TextAgainstModel, HugeDocuments) {
  ForEachCase(10, [](Rng& rng) {
    std::string model;
    for (int i = 0; i < 2000000; ++i) model.push_back(static_cast<char>('a' + rng.Below(26)));
    Text text(DeltaBuilder().Insert(model).Build());
    while (!model.empty()) {
      const auto size = static_cast<int64_t>(model.size());
      for (int i = 0; i < 300; ++i) {
        const auto at = static_cast<size_t>(rng.Below(size));
        const std::string piece(static_cast<size_t>(rng.Between(1, rng.Chance(5) ? 3000 : 30)),
                                'X');
        text.Insert(static_cast<int64_t>(at), {Kind::kInsert, std::ssize(piece), piece, {}});
        model.insert(at, piece);
      }
      for (int i = 0; i < 20; ++i) {
        const auto at = static_cast<size_t>(rng.Below(std::ssize(model) + 1));
        const auto wanted = static_cast<size_t>(rng.Below(size / 8 + 99));
        const size_t units = std::min(model.size() - at, wanted);
        text.Delete(static_cast<int64_t>(at), static_cast<int64_t>(units));
        model.erase(at, units);
      }
      ASSERT_TRUE(text.ToString() == model);
      ASSERT_EQ(text.length(), std::ssize(model));
      if (model.size() < 20000) {
        text.Delete(0, text.length());
        model.clear();
      }
    }
    ASSERT_EQ(text, Text());
    ASSERT_EQ(text.run_count(), 0);
  });
}

// Typing and erasing near one spot, where an edit does not look for its leaf again.
TEST(TextAgainstModel, TypingAndErasingAtOneSpot) {
  ForEachCase(20, [](Rng& rng) {
    Text text(DeltaBuilder().Insert(RandomString(rng, 6000)).Build());
    std::u16string model = testing::ToUtf16(text.ToString());
    int64_t caret = RandomBoundary(rng, text);
    for (int i = 0; i < 4000; ++i) {
      if (rng.Chance(2)) {
        caret = RandomBoundary(rng, text);
      } else if (rng.Chance(i % 1000 < 500 ? 80 : 20)) {
        const Delta letter = DeltaBuilder().Insert(RandomString(rng, 1)).Build();
        text.Insert(caret, *letter.begin());
        model.insert(static_cast<size_t>(caret), testing::ToUtf16((*letter.begin()).text));
        caret += letter.target_length();
      } else if (caret > 0) {
        const int64_t units = text.IsBoundary(caret - 1) ? 1 : 2;
        caret -= units;
        text.Delete(caret, units);
        model.erase(static_cast<size_t>(caret), static_cast<size_t>(units));
      }
      ASSERT_EQ(text.length(), std::ssize(model));
    }
    ASSERT_EQ(text.ToString(), testing::ToUtf8(model));
    ASSERT_NO_FATAL_FAILURE(CheckCounts(text));
  });
}

// A copy is a snapshot: edits of either never show in the other.
TEST(TextCopies, AreIndependent) {
  ForEachCase(60, [](Rng& rng) {
    Shape shape;
    shape.document_units = rng.Chance(50) ? 60000 : 100;
    shape.insert_units = 30;
    std::vector<Text> texts = {Text(RandomDocument(rng, shape))};
    std::vector<Delta> expected = {texts.front().ToDelta()};
    for (int i = 0; i < 60; ++i) {
      const auto at = static_cast<size_t>(rng.Below(static_cast<int64_t>(texts.size())));
      if (rng.Chance(20) && texts.size() < 6) {
        texts.push_back(texts[at]);
        expected.push_back(expected[at]);
      } else if (rng.Chance(10)) {
        const auto to = static_cast<size_t>(rng.Below(static_cast<int64_t>(texts.size())));
        texts[to] = texts[at];
        expected[to] = expected[at];
      } else {
        const Delta change = RandomKeystroke(rng, texts[at], shape);
        Apply(change, &texts[at]);
        expected[at] = Compose(expected[at], change);
      }
    }
    for (size_t i = 0; i < texts.size(); ++i) {
      ASSERT_EQ(texts[i].ToDelta(), expected[i]);
      ASSERT_NO_FATAL_FAILURE(CheckCounts(texts[i]));
    }
  });
}

TEST(TextCopies, AMovedTextIsEmptyAndUsable) {
  Text text = T("+abc");
  text.Insert(3, *D("+d").begin());
  Text moved = std::move(text);
  EXPECT_EQ(moved.ToString(), "abcd");
  text = Text();
  text.Insert(0, *D("+new").begin());
  EXPECT_EQ(text.ToString(), "new");
  moved.Insert(4, *D("+e").begin());
  EXPECT_EQ(moved.ToString(), "abcde");
}

// A reader on another thread sees its snapshot while the original is edited.
TEST(TextCopies, AreReadByOtherThreads) {
  Rng rng(testing::RunSeed());
  Shape shape;
  shape.document_units = 20000;
  Text text(RandomDocument(rng, shape));
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) {
    const std::string expected = text.ToString();
    readers.emplace_back([snapshot = text, expected] {
      Text own = snapshot;
      own.Delete(0, own.length());
      EXPECT_EQ(snapshot.ToString(), expected);
    });
    for (int j = 0; j < 200; ++j) Apply(RandomKeystroke(rng, text, shape), &text);
  }
  for (std::thread& reader : readers) reader.join();
}

TEST(TextEquality, DoesNotDependOnTheWayThere) {
  ForEachCase(300, [](Rng& rng) {
    Shape shape;
    shape.document_units = 3000;
    shape.insert_units = 200;
    const Delta document = RandomDocument(rng, shape);
    const Text at_once(document);
    Text bit_by_bit;
    for (const Component component : document) {
      bit_by_bit.Insert(bit_by_bit.length(), component);
      bit_by_bit.Insert(0, *D("+x").begin());
      bit_by_bit.Delete(0, 1);
    }
    ASSERT_EQ(at_once, bit_by_bit);
    const Delta change = RandomKeystroke(rng, at_once, shape);
    const Text changed = Applied(at_once, change);
    ASSERT_EQ(changed == at_once, changed.ToDelta() == document);
  });
  EXPECT_FALSE(T("+ab") == T("+ac"));
  EXPECT_FALSE(T("+ab") == T("+ab{b}"));
  EXPECT_FALSE(T("+{\"i\":1}") == T("+{\"i\":2}"));
  EXPECT_FALSE(T("+{\"i\":1}{b}") == T("+{\"i\":1}"));
}

}  // namespace
}  // namespace coedit::ot
