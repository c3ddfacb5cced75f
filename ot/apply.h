// Where a change meets a text: Validate, Apply, Invert, Diff.
//
// The algebra (algebra.h) knows lengths only. Whether a change fits, and what it removes, the text
// must say. For a valid change `a` of text S, and any text T:
//
//   Applied(Applied(S, a), Invert(a, S)) == S
//   Applied(S, Diff(S, T)) == T
//   Applied(Applied(S, a), b) == Applied(S, Compose(a, b))
//
// On "the fox" the change Retain(4) Insert("red ") Delete(1) gives "the red ox"; Retain(4)
// Insert("f") Delete(4) undoes it, and is what Diff finds on the way back.
#ifndef COEDIT_OT_APPLY_H_
#define COEDIT_OT_APPLY_H_

#include "absl/status/status.h"
#include "ot/delta.h"
#include "ot/text.h"

namespace coedit::ot {

// OK if `delta` can be applied to `text`: it reaches no further than the end and no boundary of its
// components falls inside a surrogate pair. kInvalidArgument names the offending number.
absl::Status Validate(const Delta& delta, const Text& text);

// Applies a valid delta (CHECKed as far as that is free).
void Apply(const Delta& delta, Text* text);
Text Applied(Text text, const Delta& delta);

// What undoes `delta`; `base` is the text before it.
Delta Invert(const Delta& delta, const Text& base);

// A change that turns `from` into `to`. Never cuts a surrogate pair; not minimal, but it keeps the
// common prefix and suffix and matches what it finds between them.
Delta Diff(const Text& from, const Text& to);

}  // namespace coedit::ot

#endif  // COEDIT_OT_APPLY_H_
