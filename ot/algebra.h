// The algebra of changes: compose and transform. Only lengths matter here, no text is needed.
//
// Two changes a and b made on the same text S close to a diamond:
//
//            S
//          a / \ b          Apply(Apply(S, a), Transform(b, a, kLeft))
//           /   \        == Apply(Apply(S, b), Transform(a, b, kRight))
//          .     .
//   b over a \   / a over b
//             \ /
//              .
//
// The side breaks ties: it is where the change one transforms *over* stands. coedit's rule is
// fixed: the earlier committed change stands left, its text comes first and its format wins.
//
// Transform does not distribute over Compose (docs/ot.md, D1): a change is carried over committed
// changes one by one, never over their composition, unless its owner alone decides and nobody else
// used the single steps.
#ifndef COEDIT_OT_ALGEBRA_H_
#define COEDIT_OT_ALGEBRA_H_

#include <cstdint>

#include "ot/delta.h"

namespace coedit::ot {

// Where the change that is transformed over stands at a tie.
enum class Side : uint8_t {
  kLeft,   // it is the earlier one: its inserts stay left, its formats win
  kRight,  // it is the later one
};

// First `first`, then `second`. Apply(Apply(S, first), second) == Apply(S, Compose(first, second)).
// Total on lengths: beyond the end of `first` there is an endless plain retain. `second` must not
// cut a surrogate pair that `first` inserts (CHECKed); valid changes never do.
Delta Compose(const Delta& first, const Delta& second);

// `delta` rewritten to apply after the concurrent `over`.
Delta Transform(const Delta& delta, const Delta& over, Side over_side);

// Both sides of a diamond at once.
struct Diamond {
  Delta left_over_right;
  Delta right_over_left;
};
Diamond TransformPair(const Delta& left, const Delta& right);

// Where a caret at `position` (units) is after `over`. At an insert exactly there, kStay keeps the
// caret before the new text (another's insert), kMove puts it behind (one's own).
enum class AtInsert : uint8_t { kStay, kMove };
int64_t TransformPosition(int64_t position, const Delta& over, AtInsert at_insert);

}  // namespace coedit::ot

#endif  // COEDIT_OT_ALGEBRA_H_
