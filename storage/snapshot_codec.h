// The bytes of a stored snapshot: head, text as canonical delta, checksum. docs/storage.md shows
// the format. A snapshot is disposable: it can be made again from an older one and the commits
// between.
#ifndef COEDIT_STORAGE_SNAPSHOT_CODEC_H_
#define COEDIT_STORAGE_SNAPSHOT_CODEC_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/compression.h"
#include "storage/store.h"

namespace coedit::storage {

std::string EncodeSnapshot(const Head& head, const ot::Text& text);

// The same, compressed: for snapshots that stay. Four to five times smaller, slower to read by
// about three times.
std::string EncodePackedSnapshot(const Head& head, const ot::Text& text, Effort effort);

// True if the first byte is that of a compressed snapshot.
bool IsPackedSnapshot(absl::string_view bytes);

// Reads what either wrote. kDataLoss says what is wrong.
absl::StatusOr<Snapshot> ParseSnapshot(absl::string_view bytes);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_SNAPSHOT_CODEC_H_
