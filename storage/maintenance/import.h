// Import: makes a document out of an exported one (export_format.h), with its whole history.
//
// The file is foreign: every line is checked like what a client sends, and every commit against the
// chain and the text. The document is there as a whole afterwards, or not at all.
//
// It gets an epoch of its own, so that clients that know the document it was made from keep what
// they have as a copy instead of going on in another history; and its authors get client ids that
// nobody has, because the old ones are secrets and not in the file.
#ifndef COEDIT_STORAGE_MAINTENANCE_IMPORT_H_
#define COEDIT_STORAGE_MAINTENANCE_IMPORT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "ot/document.h"
#include "proto/codec.h"
#include "storage/maintenance/progress.h"

namespace coedit::storage {

struct ImportOptions {
  std::optional<std::string> document;  // an id instead of the one in the file
  std::string epoch;
  std::function<std::string()> new_client_id;  // 32 lower-case hex digits, never the same
  proto::DecodeLimits decode;
  ot::DocumentLimits limits;
  int64_t authors_max = 100000;  // 0: no bound
};

struct Imported {
  std::string document;
  uint64_t commits = 0;
  int64_t authors = 0;
  ot::Digest digest = 0;
};

// Into the data directory `directory`, made if it is missing; no server may run on it
// (kFailedPrecondition). `file` is "-" for standard input. kInvalidArgument names the line and what
// is wrong with it, kAlreadyExists the document that is there.
absl::StatusOr<Imported> Import(const std::string& directory, const std::string& file,
                                const ImportOptions& options, Progress* progress);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_IMPORT_H_
