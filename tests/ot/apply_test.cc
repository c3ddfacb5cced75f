#include "ot/apply.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ot/algebra.h"
#include "tests/ot/model.h"
#include "tests/ot/notation.h"
#include "tests/ot/property.h"

namespace coedit::ot {
namespace {

using testing::D;
using testing::ForEachCase;
using ::testing::HasSubstr;
using testing::Model;
using testing::RandomChange;
using testing::RandomDocument;
using testing::RandomKeystroke;
using testing::RandomShape;
using testing::Rng;
using testing::Shape;
using testing::T;

TEST(Validate, NamesWhatIsWrong) {
  const Text text = T("+abcd\\u{1F600}");  // six units, a pair at 4
  EXPECT_TRUE(Validate(D("=4 -2"), text).ok());
  EXPECT_TRUE(Validate(D("=6 +x"), text).ok());
  EXPECT_TRUE(Validate(Delta(), text).ok());
  struct Case {
    const char* delta;
    const char* message;
  };
  const Case cases[] = {
      {"=12 +x", "retain of 12 at 0 passes the end of a document of 6 units"},
      {"=2 -5", "delete of 5 at 2 passes the end of a document of 6 units"},
      {"=7{b}", "retain of 7 at 0 passes the end"},
      {"=5 +x", "retain of 5 ends inside a surrogate pair, at 5"},
      {"=4 -1", "delete of 1 ends inside a surrogate pair, at 5"},
      {"-5", "delete of 5 ends inside a surrogate pair, at 5"},
      {"=4 =1{b}", "retain of 1 ends inside a surrogate pair, at 5"},
  };
  for (const Case& c : cases) {
    const absl::Status status = Validate(D(c.delta), text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.delta;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message)) << c.delta;
  }
}

// Lone halves cannot be written in UTF-8, so attempts on pairs are all there is to refuse.
TEST(Validate, RefusesExactlyWhatTheModelCallsInvalid) {
  int refused = 0;
  ForEachCase(10000, [&](Rng& rng) {
    const Delta document = RandomDocument(rng);
    const Text text(document);
    const Model model(document);
    // Made for another text: boundaries and lengths fit by chance only.
    const Delta change = RandomChange(rng, Text(RandomDocument(rng)));
    bool valid = true;
    size_t position = 0;
    for (const Component component : change) {
      if (component.IsInsert()) continue;
      position += static_cast<size_t>(component.length);
      valid &= position <= model.length() && model.IsBoundary(position);
    }
    ASSERT_EQ(Validate(change, text).ok(), valid) << change.DebugString();
    refused += valid ? 0 : 1;
  });
  EXPECT_GT(refused, 0);
}

TEST(Apply, TheExampleOfDeltaH) {
  const Text text = T("+\"Gandalf the Grey\"");
  const Delta change = DeltaBuilder().Insert("Go, ").Retain(12).Insert("White").Delete(4).Build();
  EXPECT_EQ(Applied(text, change).ToString(), "Go, Gandalf the White");
}

TEST(ApplyDeathTest, PastTheEndIsOurMistake) {
  EXPECT_DEATH(Applied(T("+ab"), D("=3 +x")), "check failed");
}

TEST(Invert, Table) {
  struct Case {
    const char* base;
    const char* change;
    const char* inverse;
  };
  const Case cases[] = {
      {"+abc", "=1 +x", "=1 -1"},
      {"+abc", "=1 -1", "=1 +b"},
      {"+a +b{b} +c", "-3", "+a +b{b} +c"},
      {"+abc", "+xy =1 -1", "-2 =1 +b"},
      {"+abc", "=2 +x -1", "=2 +c -1"},  // normal form: the insert first
      {"+abc", "=1{b}", "=1{b:null}"},
      {"+abc{b}", "=3{b:null}", "=3{b}"},
      {"+a{b} +b +c{b:2}", "=3{b:2}", "=1{b} =1{b:null}"},
      {"+abc{b}", "=3{b}", ""},
      {"+a +b{b} +c", "=3{b:null}", "=1 =1{b}"},
      {"+{\"i\":1}{b}", "-1", "+{\"i\":1}{b}"},
      {"+\\u{1F600}a", "-2", "+\\u{1F600}"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Invert(D(c.change), T(c.base)), D(c.inverse)) << c.change << " on " << c.base;
  }
}

constexpr absl::string_view kOthersMark = R"({"others":1})";
const Attributes kOthersFormat = {{"others", "true"}};

TEST(InvertLaws, O7InvertRestores) {
  ForEachCase(20000, [](Rng& rng) {
    const Shape shape = RandomShape(rng);
    const Text s(RandomDocument(rng, shape));
    const Delta a = RandomChange(rng, s, shape);
    const Text sa = Applied(s, a);
    const Delta inverse = Invert(a, s);
    ASSERT_EQ(Validate(inverse, sa), absl::OkStatus());
    ASSERT_EQ(Applied(sa, inverse), s) << a.DebugString();
    // Redo: the inverse of the inverse does what `a` did.
    ASSERT_EQ(Applied(s, Invert(inverse, sa)), sa);
  });
}

// Undo while others edit: the inverse is carried over what came after, and what is left is what
// they did alone.
TEST(InvertLaws, O7InvertRestoresAfterTransform) {
  ForEachCase(20000, [](Rng& rng) {
    const Shape shape = RandomShape(rng);
    const Text s(RandomDocument(rng, shape));
    const Delta a = RandomChange(rng, s, shape);
    const Text sa = Applied(s, a);
    const Delta inverse = Invert(a, s);
    const Delta c = RandomChange(rng, sa, shape);
    const Delta inverse_over_c = Transform(inverse, c, Side::kLeft);
    const Text undone = Applied(Applied(sa, c), inverse_over_c);
    ASSERT_EQ(undone, Applied(s, Transform(c, inverse, Side::kRight)));
  });
}

// What others did in the meantime is exactly what an undo leaves: take it away, and the text before
// both is there again. What they do here can be told from everything else: they put in marks, set a
// format of their own.
TEST(InvertLaws, O7UndoLeavesExactlyWhatOthersDid) {
  ForEachCase(20000, [](Rng& rng) {
    const Shape shape = RandomShape(rng);
    const Text s(RandomDocument(rng, shape));
    const Delta a = RandomChange(rng, s, shape);
    Text text = Applied(s, a);
    Delta undo = Invert(a, s);
    for (int64_t i = rng.Between(1, 3); i > 0; --i) {
      DeltaBuilder others;
      int64_t position = 0;
      for (int64_t j = rng.Between(1, 4); j > 0; --j) {
        const int64_t next = testing::RandomBoundary(rng, text);
        if (next < position) continue;
        others.Retain(next - position, rng.Chance(50) ? kOthersFormat : Attributes());
        others.InsertEmbed(kOthersMark);
        position = next;
      }
      const Delta change = others.Build();
      undo = Transform(undo, change, Side::kLeft);
      Apply(change, &text);
    }
    Apply(undo, &text);
    DeltaBuilder left;
    for (const Component component : text.ToDelta()) {
      if (component.text == kOthersMark) continue;
      std::vector<Attributes::Entry> entries;
      for (const Attributes::Entry& entry : component.attributes.entries()) {
        if (entry.key != "others") entries.push_back(entry);
      }
      left.Push({component.kind, component.length, component.text, Attributes(std::move(entries))});
    }
    ASSERT_EQ(left.Build(), s.ToDelta()) << a.DebugString();
  });
}

TEST(Diff, Table) {
  struct Case {
    const char* from;
    const char* to;
    const char* diff;
  };
  const Case cases[] = {
      {"", "+abc", "+abc"},
      {"+abc", "", "-3"},
      {"+abc", "+abc", ""},
      {"+abc", "+abxc", "=2 +x"},
      {"+abc", "+ac", "=1 -1"},
      {"+abc", "+abc{b}", "=3{b}"},
      {"+a{b,c:1}", "+a{c:2}", "=1{b:null,c:2}"},
      {"+a +b{b} +c", "+abc", "=1 =1{b:null}"},
      {"+{\"i\":1}", "+{\"i\":2}", "+{\"i\":2} -1"},
      {"+{\"i\":1}", "+{\"i\":1}{b}", "=1{b}"},
      {"+x\\u{1F300}", "+x\\u{1F3C6}\\u{1F300}", "=1 +\\u{1F3C6}"},
      {"+\\u{1F600}", "+\\u{1F601}", "+\\u{1F601} -2"},  // half a pair is equal
      {"+one\\ntwo\\nthree\\n", "+one\\nthree\\n", "=5 -4"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Diff(T(c.from), T(c.to)), D(c.diff)) << c.from << " to " << c.to;
  }
}

TEST(DiffLaws, TurnsOneIntoTheOther) {
  ForEachCase(5000, [](Rng& rng) {
    const Shape shape = RandomShape(rng);
    const Text from(RandomDocument(rng, shape));
    const Text to = rng.Chance(30)
                        ? Text(RandomDocument(rng, shape))
                        : Applied(from, rng.Chance(50) ? RandomChange(rng, from, shape)
                                                       : RandomKeystroke(rng, from, shape));
    const Delta diff = Diff(from, to);
    ASSERT_EQ(Validate(diff, from), absl::OkStatus());
    ASSERT_TRUE(testing::IsNormal(diff));
    ASSERT_EQ(Applied(from, diff), to);
    ASSERT_EQ(Compose(from.ToDelta(), diff), to.ToDelta());
    ASSERT_EQ(diff.empty(), from == to);
  });
}

// Emoji that share a half with their neighbours in the table: by units they have much in common, by
// characters nothing.
TEST(DiffLaws, O5NeverCutsAPair) {
  ForEachCase(5000, [](Rng& rng) {
    const auto emoji = [&] {
      constexpr const char* kEmoji[] = {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x81", "\xF0\x9F\xA6\x80",
                                        "\xF0\x9D\x98\x80", "a"};
      DeltaBuilder out;
      for (int64_t i = rng.Below(30); i > 0; --i) {
        out.Insert(kEmoji[rng.Below(5)], rng.Chance(10) ? kOthersFormat : Attributes());
      }
      return Text(out.Build());
    };
    const Text from = emoji();
    const Text to = emoji();
    const Delta diff = Diff(from, to);
    ASSERT_EQ(Validate(diff, from), absl::OkStatus()) << diff.DebugString();
    ASSERT_EQ(Applied(from, diff), to) << diff.DebugString();
    ASSERT_EQ(Validate(Invert(diff, from), to), absl::OkStatus());
  });
}

TEST(Diff, FindsWhatIsCommonInLargeTexts) {
  Rng rng(testing::RunSeed());
  DeltaBuilder lines;
  for (int i = 0; i < 5000; ++i) {
    lines.Insert(absl::StrCat("line ", i, " ", rng.Next(), "\n"));
  }
  const Text from(lines.Build());
  Text to = from;
  Shape shape;
  shape.rich = false;
  for (int i = 0; i < 400; ++i) {
    const Delta change = RandomKeystroke(rng, to, shape);
    Apply(change, &to);
  }
  const Delta diff = Diff(from, to);
  EXPECT_EQ(Applied(from, diff), to);
  EXPECT_LT(diff.text_bytes(), 20000u) << "of " << to.bytes();
}

TEST(Diff, EndsSoonOnTextsWithNothingInCommon) {
  const Text from(DeltaBuilder().Insert(std::string(200000, 'a')).Build());
  const Text to(DeltaBuilder().Insert(std::string(200000, 'b')).Build());
  EXPECT_EQ(Applied(from, Diff(from, to)), to);
}

// O12: the text is the fold of the changes, from wherever one starts.
TEST(ApplyLaws, O12FoldFromAnySnapshotIsFoldFromZero) {
  ForEachCase(300, [](Rng& rng) {
    Shape shape = RandomShape(rng);
    Text text;
    std::vector<Delta> log;
    std::vector<Text> snapshots;
    for (int i = 0; i < 40; ++i) {
      snapshots.push_back(text);
      log.push_back(RandomChange(rng, text, shape));
      Apply(log.back(), &text);
    }
    Delta composed;
    for (const Delta& change : log) composed = Compose(composed, change);
    ASSERT_EQ(composed, text.ToDelta());
    // A snapshot that was kept, and one that was written down and read.
    const auto at = static_cast<size_t>(rng.Below(static_cast<int64_t>(log.size())));
    Text kept = snapshots[at];
    Text read(snapshots[at].ToDelta());
    for (size_t i = at; i < log.size(); ++i) {
      Apply(log[i], &kept);
      Apply(log[i], &read);
    }
    ASSERT_EQ(kept, text);
    ASSERT_EQ(read, text);
  });
}

}  // namespace
}  // namespace coedit::ot
