// The proof obligations of docs/ot.md that concern the algebra, each as a property over random
// cases.
#include "gtest/gtest.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/canonical.h"
#include "tests/ot/model.h"
#include "tests/ot/notation.h"
#include "tests/ot/property.h"

namespace coedit::ot {
namespace {

using testing::ForEachCase;
using testing::IsNormal;
using testing::Model;
using testing::RandomBoundary;
using testing::RandomChange;
using testing::RandomDocument;
using testing::RandomShape;
using testing::Rng;
using testing::Shape;

constexpr int64_t kCases = 20000;

struct TwoChanges {
  explicit TwoChanges(Rng& rng)
      : shape(RandomShape(rng)),
        text(RandomDocument(rng, shape)),
        a(RandomChange(rng, text, shape)),
        b(RandomChange(rng, text, shape)) {}

  Shape shape;
  Text text;
  Delta a;
  Delta b;
};

std::ostream& operator<<(std::ostream& out, const TwoChanges& c) {
  return out << "text " << c.text.ToDelta().DebugString() << "\na " << c.a.DebugString() << "\nb "
             << c.b.DebugString();
}

TEST(AlgebraLaws, O1BothWaysAroundTheDiamondMeet) {
  ForEachCase(kCases, [](Rng& rng) {
    const TwoChanges c(rng);
    const Diamond diamond = TransformPair(c.a, c.b);
    const Text by_a = Applied(Applied(c.text, c.a), diamond.right_over_left);
    const Text by_b = Applied(Applied(c.text, c.b), diamond.left_over_right);
    ASSERT_EQ(by_a, by_b) << c;
    ASSERT_EQ(by_a.ToDelta(), by_b.ToDelta()) << c;
    // As changes too, not on this text alone.
    ASSERT_EQ(Compose(c.a, diamond.right_over_left), Compose(c.b, diamond.left_over_right)) << c;
  });
}

// Not only that they meet, but where: told by the rules alone, unit by unit.
TEST(AlgebraLaws, O1TheyMeetWhereTheModelSays) {
  ForEachCase(kCases, [](Rng& rng) {
    const TwoChanges c(rng);
    const Diamond diamond = TransformPair(c.a, c.b);
    const Text met = Applied(Applied(c.text, c.a), diamond.right_over_left);
    ASSERT_EQ(met.ToDelta(), Model(c.text.ToDelta()).Merged(c.a, c.b).ToDelta()) << c;
  });
}

TEST(AlgebraLaws, O1TheLeftOneWinsTies) {
  ForEachCase(kCases, [](Rng& rng) {
    Shape shape;
    shape.insert_units = 3;
    const Text text(RandomDocument(rng, shape));
    const int64_t at = RandomBoundary(rng, text);
    const Delta left = DeltaBuilder().Retain(at).Insert("L").Build();
    const Delta right = DeltaBuilder().Retain(at).Insert("R").Build();
    const Delta both = DeltaBuilder().Retain(at).Insert("LR").Build();
    const Diamond diamond = TransformPair(left, right);
    ASSERT_EQ(Compose(left, diamond.right_over_left), both);
    ASSERT_EQ(Compose(right, diamond.left_over_right), both);
  });
}

TEST(AlgebraLaws, O2ComposeIsApplyTwice) {
  ForEachCase(kCases, [](Rng& rng) {
    const Shape shape = RandomShape(rng);
    const Delta document = RandomDocument(rng, shape);
    const Text s(document);
    const Delta a = RandomChange(rng, s, shape);
    const Text sa = Applied(s, a);
    const Delta b = RandomChange(rng, sa, shape);
    const Text sab = Applied(sa, b);
    ASSERT_EQ(sab, Applied(s, Compose(a, b)));
    ASSERT_EQ(sab.ToDelta(), Compose(Compose(document, a), b));
    // And as the naive model sees it.
    Model model(document);
    model.Apply(a);
    model.Apply(b);
    ASSERT_EQ(sab.ToDelta(), model.ToDelta());
  });
}

TEST(AlgebraLaws, O2ComposeIsAssociative) {
  ForEachCase(kCases, [](Rng& rng) {
    const Shape shape = RandomShape(rng);
    Text text(RandomDocument(rng, shape));
    const Delta a = RandomChange(rng, text, shape);
    Apply(a, &text);
    const Delta b = RandomChange(rng, text, shape);
    Apply(b, &text);
    const Delta c = RandomChange(rng, text, shape);
    ASSERT_EQ(Compose(Compose(a, b), c), Compose(a, Compose(b, c))) << a.DebugString() << "\n"
                                                                    << b.DebugString() << "\n"
                                                                    << c.DebugString();
  });
}

TEST(AlgebraLaws, O3LengthsFitAfterTransform) {
  ForEachCase(kCases, [](Rng& rng) {
    const TwoChanges c(rng);
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const Delta b = Transform(c.b, c.a, side);
      ASSERT_LE(b.base_length(), c.text.length() + c.a.growth()) << c;
      ASSERT_EQ(Validate(b, Applied(c.text, c.a)), absl::OkStatus()) << c;
    }
    const Delta ab = Compose(c.a, Transform(c.b, c.a, Side::kLeft));
    ASSERT_LE(ab.base_length(), c.text.length()) << c;
    ASSERT_EQ(ab.growth(), c.a.growth() + Transform(c.b, c.a, Side::kLeft).growth()) << c;
  });
}

TEST(AlgebraLaws, O4ResultsAreInNormalForm) {
  ForEachCase(kCases, [](Rng& rng) {
    const TwoChanges c(rng);
    ASSERT_TRUE(IsNormal(c.text.ToDelta())) << c;
    const Delta b = Transform(c.b, c.a, Side::kLeft);
    for (const Delta& result : {b, Transform(c.a, c.b, Side::kRight), Compose(c.a, b),
                                Invert(c.a, c.text), Applied(c.text, c.a).ToDelta()}) {
      ASSERT_TRUE(IsNormal(result)) << result.DebugString() << "\n" << c;
      std::string bytes;
      AppendCanonical(result, &bytes);
      ASSERT_TRUE(ParseCanonical(bytes).ok()) << result.DebugString();
    }
  });
}

// Validate() refuses a boundary inside a pair, so that it suffices to ask it.
TEST(AlgebraLaws, O5PairsAreNeverCut) {
  ForEachCase(kCases, [](Rng& rng) {
    Shape shape = RandomShape(rng);
    shape.rich = false;
    DeltaBuilder emoji;
    for (int64_t i = rng.Between(1, 6); i > 0; --i) {
      emoji.Insert(rng.Chance(70) ? "\xF0\x9F\x98\x80" : "a");
    }
    const Text s(emoji.Build());
    const Delta a = RandomChange(rng, s, shape);
    const Delta b = RandomChange(rng, s, shape);
    const Text sa = Applied(s, a);
    const Delta b_over_a = Transform(b, a, rng.Chance(50) ? Side::kLeft : Side::kRight);
    ASSERT_EQ(Validate(b_over_a, sa), absl::OkStatus());
    ASSERT_EQ(Validate(Compose(a, b_over_a), s), absl::OkStatus());
    ASSERT_EQ(Validate(Invert(a, s), sa), absl::OkStatus());
    // A caret between characters stays between characters.
    const int64_t caret = RandomBoundary(rng, s);
    ASSERT_TRUE(sa.IsBoundary(TransformPosition(caret, a, AtInsert::kStay)));
    ASSERT_TRUE(sa.IsBoundary(TransformPosition(caret, a, AtInsert::kMove)));
  });
}

TEST(AlgebraLaws, O6TheEmptyChangeIsNeutral) {
  ForEachCase(kCases, [](Rng& rng) {
    const TwoChanges c(rng);
    const Delta none;
    ASSERT_EQ(Compose(c.a, none), c.a);
    ASSERT_EQ(Compose(none, c.a), c.a);
    for (const Side side : {Side::kLeft, Side::kRight}) {
      ASSERT_EQ(Transform(c.a, none, side), c.a);
      ASSERT_EQ(Transform(none, c.a, side), none);
    }
    ASSERT_EQ(Applied(c.text, none), c.text);
    ASSERT_EQ(Invert(none, c.text), none);
    const int64_t caret = RandomBoundary(rng, c.text);
    ASSERT_EQ(TransformPosition(caret, none, AtInsert::kMove), caret);
  });
}

// A caret goes where an invisible mark inserted at it would go: staying, the mark stands left of
// what is inserted at the same spot; moving, right of it.
TEST(AlgebraLaws, O11CaretsGoWhereAMarkWouldGo) {
  ForEachCase(kCases, [](Rng& rng) {
    const TwoChanges c(rng);
    const int64_t length_after = c.text.length() + c.a.growth();
    int64_t previous = 0;
    for (int64_t caret = 0; caret <= std::min<int64_t>(c.text.length(), 60); ++caret) {
      const Delta mark = DeltaBuilder().Retain(caret).InsertEmbed("{\"mark\":1}").Build();
      for (const AtInsert at_insert : {AtInsert::kStay, AtInsert::kMove}) {
        const int64_t position = TransformPosition(caret, c.a, at_insert);
        ASSERT_GE(position, 0);
        ASSERT_LE(position, length_after) << c;
        const Delta moved =
            Transform(mark, c.a, at_insert == AtInsert::kMove ? Side::kLeft : Side::kRight);
        ASSERT_EQ(moved.base_length(), position) << caret << "\n" << c;
      }
      const int64_t position = TransformPosition(caret, c.a, AtInsert::kStay);
      ASSERT_GE(position, previous) << "carets changed their order";
      previous = position;
    }
  });
}

}  // namespace
}  // namespace coedit::ot
