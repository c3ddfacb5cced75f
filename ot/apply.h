// Where a change meets a text: Validate, Apply, Invert, Diff.
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
