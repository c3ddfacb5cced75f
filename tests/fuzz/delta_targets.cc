#include <algorithm>
#include <string>

#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/canonical.h"
#include "ot/check.h"
#include "ot/unicode.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_targets.h"
#include "tests/ot/model.h"

namespace coedit::fuzz {
namespace {

using ot::Applied;
using ot::AtInsert;
using ot::Component;
using ot::Compose;
using ot::Delta;
using ot::DeltaBuilder;
using ot::Diamond;
using ot::Kind;
using ot::Side;
using ot::Text;
using ot::Transform;
using ot::Validate;
using ot::testing::IsNormal;
using ot::testing::Model;

// Positions looked at one by one.
constexpr int64_t kCaretsMax = 16;
// The model keeps a map for each unit; more of them find no more.
constexpr int64_t kUnitsMax = 600;

void CheckEncoding(const Delta& delta) {
  COEDIT_CHECK(IsNormal(delta));
  std::string bytes;
  ot::AppendCanonical(delta, &bytes);
  const absl::StatusOr<Delta> parsed = ot::ParseCanonical(bytes);
  COEDIT_CHECK(parsed.ok());
  COEDIT_CHECK(*parsed == delta);
}

// The diamond of two concurrent changes as changes, without a text.
Diamond CheckDiamond(const Delta& left, const Delta& right) {
  const Diamond diamond = ot::TransformPair(left, right);
  COEDIT_CHECK(diamond.left_over_right == Transform(left, right, Side::kRight));
  COEDIT_CHECK(diamond.right_over_left == Transform(right, left, Side::kLeft));
  COEDIT_CHECK(Compose(left, diamond.right_over_left) == Compose(right, diamond.left_over_right));
  CheckEncoding(diamond.left_over_right);
  CheckEncoding(diamond.right_over_left);
  return diamond;
}

// A caret goes where an invisible mark inserted at it would go.
void CheckCaret(int64_t caret, const Delta& change, AtInsert at_insert) {
  const Delta mark = DeltaBuilder().Retain(caret).InsertEmbed("{\"mark\":1}").Build();
  const Side side = at_insert == AtInsert::kMove ? Side::kLeft : Side::kRight;
  COEDIT_CHECK_EQ(ot::TransformPosition(caret, change, at_insert),
                  Transform(mark, change, side).base_length());
}

// Whether a boundary of `second` falls inside a surrogate pair that `first` inserts. No change of a
// text does that, and Compose is not made for it.
bool CutsAnInsert(const Delta& first, const Delta& second) {
  int64_t begin = 0;
  for (const Component inserted : first) {
    if (inserted.kind == Kind::kDelete) continue;
    if (inserted.kind == Kind::kInsert) {
      int64_t position = 0;
      for (const Component component : second) {
        if (component.IsInsert()) continue;
        position += component.length;
        const int64_t inside = position - begin;
        if (inside > 0 && inside < inserted.length &&
            !ot::ByteOffset(inserted.text, inside).has_value()) {
          return true;
        }
      }
    }
    begin += inserted.length;
  }
  return false;
}

}  // namespace

void DeltaPair(absl::string_view bytes) {
  ByteSource source(bytes);
  const Delta document = source.ReadDocument();
  const Text s(document);
  const Delta a = source.ReadChange(s);
  const Delta b = source.ReadChange(s);
  const Text sa = Applied(s, a);
  const Delta c = source.ReadChange(sa);
  if (s.length() + a.target_length() + b.target_length() + c.target_length() > kUnitsMax) return;
  COEDIT_CHECK(Validate(a, s).ok() && Validate(b, s).ok() && Validate(c, sa).ok());
  for (const Delta& delta : {document, a, b, c}) CheckEncoding(delta);

  // The diamond, and what it must come to by the rules alone.
  const Diamond diamond = CheckDiamond(a, b);
  COEDIT_CHECK(Validate(diamond.right_over_left, sa).ok());
  const Text sb = Applied(s, b);
  COEDIT_CHECK(Validate(diamond.left_over_right, sb).ok());
  const Text merged = Applied(sa, diamond.right_over_left);
  COEDIT_CHECK(merged == Applied(sb, diamond.left_over_right));
  const Model model(document);
  COEDIT_CHECK(merged.ToDelta() == model.Merged(a, b).ToDelta());

  // One after the other.
  const Delta ac = Compose(a, c);
  CheckEncoding(ac);
  const Text sac = Applied(sa, c);
  COEDIT_CHECK(sac == Applied(s, ac));
  COEDIT_CHECK(sac.ToDelta() == Compose(Compose(document, a), c));
  Model after = model;
  after.Apply(a);
  after.Apply(c);
  COEDIT_CHECK(sac.ToDelta() == after.ToDelta());

  // And back.
  const Delta inverse = ot::Invert(a, s);
  CheckEncoding(inverse);
  COEDIT_CHECK(Validate(inverse, sa).ok());
  COEDIT_CHECK(Applied(sa, inverse) == s);
  const Delta diff = ot::Diff(s, sac);
  CheckEncoding(diff);
  COEDIT_CHECK(Validate(diff, s).ok());
  COEDIT_CHECK(Applied(s, diff) == sac);
  COEDIT_CHECK(Compose(document, diff) == sac.ToDelta());

  for (int64_t caret = 0; caret <= std::min(s.length(), kCaretsMax); ++caret) {
    CheckCaret(caret, a, AtInsert::kStay);
    CheckCaret(caret, a, AtInsert::kMove);
  }
}

void DeltaLengths(absl::string_view bytes) {
  ByteSource source(bytes);
  const Delta a = source.ReadUnboundChange();
  const Delta b = source.ReadUnboundChange();
  const Delta c = source.ReadUnboundChange();
  for (const Delta& delta : {a, b, c}) CheckEncoding(delta);
  CheckDiamond(a, b);
  CheckDiamond(b, c);
  for (int64_t caret = 0; caret <= kCaretsMax; ++caret) CheckCaret(caret, a, AtInsert::kStay);
  if (CutsAnInsert(a, b) || CutsAnInsert(b, c)) return;
  const Delta ab = Compose(a, b);
  CheckEncoding(ab);
  if (CutsAnInsert(ab, c)) return;
  const Delta abc = Compose(ab, c);
  CheckEncoding(abc);
  COEDIT_CHECK(abc == Compose(a, Compose(b, c)));
}

}  // namespace coedit::fuzz
