// Small scope, every case: all changes of up to three components on documents of up to four units,
// in pairs. Finds what random cases miss.
#include <functional>
#include <vector>

#include "gtest/gtest.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "tests/ot/model.h"
#include "tests/ot/notation.h"

namespace coedit::ot {
namespace {

using testing::D;
using testing::IsNormal;
using testing::Model;

// Every component over at most `units` units. One attribute is set, set otherwise or removed.
std::vector<Delta> Components(int64_t units, bool emoji) {
  std::vector<Delta> components = {D("+x"), D("+{\"e\":1}"), D("+\\n{b}")};
  if (emoji) components.push_back(D("+\\u{1F600}"));
  for (int64_t n = 1; n <= units; ++n) {
    components.push_back(DeltaBuilder().Delete(n).Build());
    components.push_back(DeltaBuilder().Retain(n, {{"b", "true"}}).Build());
    components.push_back(DeltaBuilder().Retain(n, {{"b", "null"}}).Build());
  }
  return components;
}

// All changes of at most `size` components that fit a document of `units` units, each once.
std::vector<Delta> Changes(int64_t units, size_t size, bool emoji) {
  const std::vector<Delta> components = Components(units, emoji);
  std::vector<Delta> changes;
  std::function<void(const DeltaBuilder&, int64_t, size_t)> extend =
      [&](const DeltaBuilder& built, int64_t used, size_t count) {
        DeltaBuilder copy = built;
        const Delta change = copy.Build();
        // Those that are chopped or merged are found elsewhere.
        if (change.size() == count) changes.push_back(change);
        if (count == size) return;
        const auto add = [&](const Component& component) {
          const int64_t end = used + (component.IsInsert() ? 0 : component.length);
          if (end > units) return;
          DeltaBuilder next = built;
          next.Push(component);
          if (next.size() != count + 1) return;
          extend(next, end, count + 1);
        };
        static const Attributes kNone;
        for (int64_t n = 1; n <= units; ++n) add({Kind::kRetain, n, "", kNone});
        for (const Delta& component : components) add(*component.begin());
      };
  extend(DeltaBuilder(), 0, 0);
  return changes;
}

void CheckDiamond(const Delta& a, const Delta& b, int64_t units) {
  const Diamond diamond = TransformPair(a, b);
  const Delta by_a = Compose(a, diamond.right_over_left);
  if (by_a != Compose(b, diamond.left_over_right) ||
      diamond.right_over_left.base_length() > units + a.growth() ||
      diamond.left_over_right.base_length() > units + b.growth() ||
      !IsNormal(diamond.right_over_left) || !IsNormal(diamond.left_over_right) || !IsNormal(by_a)) {
    FAIL() << a.DebugString() << " and " << b.DebugString();
  }
}

TEST(ExhaustiveAlgebra, O1O3O4EveryPairOfChangesCloses) {
  int64_t pairs = 0;
  for (int64_t units = 0; units <= 4; ++units) {
    // Three components against three on up to three units, against two on four.
    const std::vector<Delta> large = Changes(units, 3, false);
    const std::vector<Delta> small = Changes(units, units <= 3 ? 3 : 2, false);
    for (const Delta& a : large) {
      for (const Delta& b : small) {
        ASSERT_NO_FATAL_FAILURE(CheckDiamond(a, b, units));
        ASSERT_NO_FATAL_FAILURE(CheckDiamond(b, a, units));
        pairs += 2;
      }
    }
  }
  RecordProperty("pairs", static_cast<int>(pairs));
  EXPECT_GT(pairs, 1000000);
}

// Documents of up to `units` units over {a, LF, embed, emoji}, plain or with one attribute.
std::vector<Delta> Documents(int64_t units) {
  std::vector<Delta> documents = {Delta()};
  for (size_t i = 0; i < documents.size(); ++i) {
    for (const char* unit : {"+a", "+\\n", "+{\"e\":1}", "+\\u{1F600}", "+a{b}"}) {
      DeltaBuilder longer;
      for (const Component component : documents[i]) longer.Push(component);
      longer.Push(*D(unit).begin());
      Delta document = longer.Build();
      if (document.target_length() <= units) documents.push_back(std::move(document));
    }
  }
  return documents;
}

TEST(ExhaustiveAlgebra, O2O5O7EveryChangeOfEveryDocument) {
  int64_t cases = 0;
  for (const Delta& document : Documents(4)) {
    const Text text(document);
    const Model model(document);
    for (const Delta& change : Changes(text.length(), 3, true)) {
      bool aligned = true;
      int64_t position = 0;
      for (const Component component : change) {
        if (component.IsInsert()) continue;
        position += component.length;
        aligned &= model.IsBoundary(static_cast<size_t>(position));
      }
      ASSERT_EQ(Validate(change, text).ok(), aligned)
          << change.DebugString() << " on " << document.DebugString();
      if (!aligned) continue;
      const Text changed = Applied(text, change);
      Model expected = model;
      expected.Apply(change);
      ASSERT_EQ(changed.ToDelta(), expected.ToDelta());
      ASSERT_EQ(Compose(document, change), expected.ToDelta());
      const Delta inverse = Invert(change, text);
      ASSERT_TRUE(IsNormal(inverse));
      ASSERT_EQ(Compose(changed.ToDelta(), inverse), document)
          << change.DebugString() << " on " << document.DebugString();
      ++cases;
    }
  }
  RecordProperty("cases", static_cast<int>(cases));
  EXPECT_GT(cases, 100000);
}

TEST(ExhaustiveAlgebra, O2EveryTripleComposesAssociatively) {
  // Three changes on two units; what the later ones reach beyond is an endless retain.
  const std::vector<Delta> changes = Changes(2, 2, false);
  for (const Delta& a : changes) {
    for (const Delta& b : changes) {
      const Delta ab = Compose(a, b);
      for (const Delta& c : changes) {
        if (Compose(ab, c) != Compose(a, Compose(b, c))) {
          FAIL() << a.DebugString() << ", " << b.DebugString() << ", " << c.DebugString();
        }
      }
    }
  }
}

}  // namespace
}  // namespace coedit::ot
