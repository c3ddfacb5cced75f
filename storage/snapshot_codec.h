// The bytes of a stored snapshot: head, text as canonical delta, checksum. docs/storage.md shows
// the format. A snapshot is disposable: it can be made again from an older one and the commits
// between.
#ifndef COEDIT_STORAGE_SNAPSHOT_CODEC_H_
#define COEDIT_STORAGE_SNAPSHOT_CODEC_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/store.h"

namespace coedit::storage {

std::string EncodeSnapshot(const Head& head, const ot::Text& text);

// Reads what EncodeSnapshot wrote. kDataLoss says what is wrong.
absl::StatusOr<Snapshot> ParseSnapshot(absl::string_view bytes);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_SNAPSHOT_CODEC_H_
