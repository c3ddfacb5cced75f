// HistoryPacker: turns old segments of a document into history blocks, and small blocks into larger
// ones, one bounded step at a time. It reads and computes; what it made is written by the one
// connection that writes (SqliteWriter::Replace), in one transaction with the removal of what it
// stands for. It has been read back and compared before it is handed out.
//
// Steps, until there is none:
//   pack     commits before the newest snapshot that lie in segments, when enough of them wait
//   merge    the newest blocks from block i on, when those after i hold three times as many commits
//            as i: so a commit is packed about once for each power of four its document has grown
//   settle   of a document that is left alone: all old segments, neighbours that fit in one block
//            wherever they stand, and the newest snapshot compressed
#ifndef COEDIT_STORAGE_HISTORY_PACKER_H_
#define COEDIT_STORAGE_HISTORY_PACKER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/compression.h"
#include "storage/pack_rule.h"
#include "storage/shared_reader.h"
#include "storage/snapshot_rule.h"
#include "storage/sqlite_writer.h"

namespace coedit::storage {

class HistoryPacker {
 public:
  HistoryPacker(SharedReader* reader, const PackRule& rule, const SnapshotRule& snapshot_rule)
      : reader_(reader), rule_(rule), snapshot_rule_(snapshot_rule) {}

  // The next step for `document`, nullopt if there is nothing to do or no such document (any more).
  // kDataLoss if what is stored is
  // damaged: it stays as it is.
  absl::StatusOr<std::optional<PackedHistory>> Step(const std::string& document, bool settle);

 private:
  struct Commits;
  // Blocks [begin, end) of a shape.
  struct Range {
    size_t begin;
    size_t end;
  };
  absl::StatusOr<std::optional<PackedHistory>> StepOf(const HistoryShape& shape, bool settle);
  // True if that document was deleted, whether or not there is another one of its id.
  bool IsGone(const DocumentRow& document);
  std::optional<Range> NewestToMerge(const HistoryShape& shape) const;
  std::optional<Range> NeighboursToMerge(const HistoryShape& shape) const;
  absl::StatusOr<std::optional<PackedHistory>> PackSegments(const HistoryShape& shape, bool settle);
  absl::StatusOr<std::optional<PackedHistory>> MergeBlocks(const HistoryShape& shape,
                                                           const Range& range);
  absl::StatusOr<std::optional<PackedHistory>> PackLastSnapshot(const HistoryShape& shape);
  absl::StatusOr<PackedHistory> MakeBlock(const HistoryShape& shape, const Commits& commits,
                                          Effort effort);
  // Adds a rung at the end of `packed` if one is due.
  absl::Status AddRung(const HistoryShape& shape, const Head& end, PackedHistory* packed);
  template <typename Use>
  auto Read(Use use);

  SharedReader* const reader_;
  const PackRule rule_;
  const SnapshotRule snapshot_rule_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_HISTORY_PACKER_H_
