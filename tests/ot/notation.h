// Deltas as one writes them on a board, for tests.
//
//   =3 keeps, -2 deletes, +abc inserts     D("=3 +abc -2")
//   +"two words" \n \u{1F600}              D("+\"two words\\n\" =1")
//   an embed is a JSON object              D("+{\"image\":\"x\"}")
//   attributes stand behind in braces      D("=2{b} +x{b,color:\"red\"} =1{b:null}")
//
// In attributes a bare key means `key: true`. Unquoted text ends at a space or a brace. What
// Delta::DebugString() prints can be read back.
#ifndef COEDIT_TESTS_OT_NOTATION_H_
#define COEDIT_TESTS_OT_NOTATION_H_

#include <ostream>

#include "absl/strings/string_view.h"
#include "ot/delta.h"
#include "ot/text.h"

namespace coedit::ot {

// How googletest prints a failed comparison.
inline void PrintTo(const Delta& delta, std::ostream* out) { *out << delta.DebugString(); }
inline void PrintTo(const Text& text, std::ostream* out) { *out << text.ToDelta().DebugString(); }

namespace testing {

// Aborts with the place of the error if `notation` cannot be read. The result is in normal form.
Delta D(absl::string_view notation);

// A text; `document` holds inserts only.
Text T(absl::string_view document);

}  // namespace testing
}  // namespace coedit::ot

#endif  // COEDIT_TESTS_OT_NOTATION_H_
