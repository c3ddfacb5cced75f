// Counting and cutting text in UTF-16 code units while it is stored as UTF-8.
//
// Every length in coedit is a number of UTF-16 code units ("units"), because that is what browser
// editors count. A character above U+FFFF takes two units (a surrogate pair) and four UTF-8 bytes;
// a boundary between its two units is not a place where text may be cut.
//
//   "a\u{1F600}b" has four units and six bytes; ByteOffset gives 0, 1, none (inside), 5, 6
#ifndef COEDIT_OT_UNICODE_H_
#define COEDIT_OT_UNICODE_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace coedit::ot {

// True if `bytes` is well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsValidUtf8(absl::string_view bytes);

// Number of UTF-16 code units of well-formed UTF-8.
int64_t Utf16Length(absl::string_view utf8);

// Byte offset of UTF-16 offset `units` in well-formed `utf8`. nullopt if the offset falls inside a
// surrogate pair or past the end.
std::optional<size_t> ByteOffset(absl::string_view utf8, int64_t units);

}  // namespace coedit::ot

#endif  // COEDIT_OT_UNICODE_H_
