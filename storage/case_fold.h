// Letters without regard to upper and lower case, for searching.
#ifndef COEDIT_STORAGE_CASE_FOLD_H_
#define COEDIT_STORAGE_CASE_FOLD_H_

#include <string>

#include "absl/strings/string_view.h"

namespace coedit::storage {

// `utf8` with every letter in the one form that stands for both cases. One letter to one letter, as
// Unicode's simple case folding has it, of Latin, Greek, Cyrillic, Armenian and the full-width
// forms; other scripts in use have no cases or are left as they are.
std::string FoldCase(absl::string_view utf8);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_CASE_FOLD_H_
