// When a store writes a snapshot, and which of them stay: one rule for every store.
//
// Opening a document reads its newest snapshot and replays the commits after it (the tail).
// Replaying one commit costs about as much as reading 1 KiB of snapshot, so a commit of the tail
// weighs 1 KiB plus its own bytes, and a snapshot is due when the tail weighs as much as the text,
// at least 128 KiB. So the tail of a text below 128 KiB is at most 128 commits long, that of a
// larger text one commit per KiB, and writing snapshots adds at most 1 KiB to what a commit costs.
//
// The ladder. Of the snapshots the first stays, because the history begins with it, the newest two,
// and rungs: where the blocks since the last rung (or the front) weigh four times the text, at
// least 256 KiB, the text after them stays, compressed. A block weighs what carrying a text over it
// costs, in bytes that could be read meanwhile. So any old revision costs at most about five times
// the reading of its text, and a rung never takes more than about half of the history before it.
#ifndef COEDIT_STORAGE_SNAPSHOT_RULE_H_
#define COEDIT_STORAGE_SNAPSHOT_RULE_H_

#include <algorithm>
#include <cstdint>

namespace coedit::storage {

struct SnapshotRule {
  int64_t commit_weight_bytes = 1024;
  int64_t tail_weight_bytes_min = 128 * 1024;
  int64_t rung_weight_bytes_min = 256 * 1024;
  int64_t rung_weight_per_text_byte = 4;

  // `tail_bytes` is what the commits of the tail take by themselves, `text_bytes` the text now.
  bool Due(int64_t tail_commits, int64_t tail_bytes, int64_t text_bytes) const {
    return tail_commits * commit_weight_bytes + tail_bytes >=
           std::max(tail_weight_bytes_min, text_bytes);
  }

  // `weight_bytes` is that of the blocks since the last rung, `text_bytes` the text after them.
  bool RungDue(int64_t weight_bytes, int64_t text_bytes) const {
    return weight_bytes >= std::max(rung_weight_bytes_min, rung_weight_per_text_byte * text_bytes);
  }
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_SNAPSHOT_RULE_H_
