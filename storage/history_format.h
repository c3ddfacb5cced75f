// Numbers that both sides of the history block format keep to (docs/storage.md).
#ifndef COEDIT_STORAGE_HISTORY_FORMAT_H_
#define COEDIT_STORAGE_HISTORY_FORMAT_H_

#include <cstdint>

namespace coedit::storage {

inline constexpr char kHistoryFormat = 1;
// Commits between two digests that are stored: that of any revision is found by computing at most
// so many.
inline constexpr uint64_t kMarkEvery = 2048;

// A run: varint((commits - 1) << kRunCommitsShift | kRunOfAnotherAuthor | kind).
inline constexpr uint64_t kRunKindMask = 3;
inline constexpr uint64_t kRunOfAnotherAuthor = 4;
inline constexpr int kRunCommitsShift = 3;

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_HISTORY_FORMAT_H_
