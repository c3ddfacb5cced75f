// How much history is packed at once, and when (history_packer.h).
#ifndef COEDIT_STORAGE_PACK_RULE_H_
#define COEDIT_STORAGE_PACK_RULE_H_

#include <cstdint>

namespace coedit::storage {

struct PackRule {
  int64_t commits_min = 2048;  // wait in segments before they are packed
  int64_t commits_max = 4096;  // packed in one step, but for a last segment that is larger
  int64_t segments_max = 4096;
  int64_t segment_bytes_max = int64_t{4} << 20;
  // A merged block has at most this; a step takes a fraction of a second of processor time then.
  int64_t merged_commits_max = 96 * 1024;
  int64_t merged_weight_bytes_max = int64_t{1} << 20;
  // Commits that wait are packed from here on, and the newest snapshot compressed, if the document
  // is left alone.
  int64_t settled_commits_min = 64;
  int64_t settled_snapshot_bytes_min = 4096;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_PACK_RULE_H_
