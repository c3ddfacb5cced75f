// Verify: is what is stored what was committed? Nothing is repaired.
//
//   the file        SQLite's integrity check; rows that belong to no document
//   each document   checksums of its row, authors, versions, segments and snapshots; every commit
//                   from the first snapshot on continues the chain of digests and fits the text;
//                   the chain ends in the head; each snapshot is the text at its revision; each
//                   author's last sequence and revision are those of the log; each version is of
//                   a revision there is
//
// Not provable from the log is the hash of each author's last operation, because the operation is
// kept as it was committed and not as it was submitted; the checksum of the author's row guards it.
#ifndef COEDIT_STORAGE_MAINTENANCE_VERIFY_H_
#define COEDIT_STORAGE_MAINTENANCE_VERIFY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/maintenance/progress.h"

namespace coedit::storage {

struct VerifyProblem {
  std::string document;  // empty: of the file
  std::string text;
};

struct VerifyReport {
  int64_t documents = 0;  // looked at
  int64_t damaged_documents = 0;
  int64_t commits = 0;  // replayed
  int64_t snapshots = 0;
  int64_t authors = 0;
  int64_t versions = 0;
  // At most 20 of one document; the last of them says how many more there are.
  std::vector<VerifyProblem> problems;

  bool sound() const { return problems.empty(); }
};

// `path` is a data directory or a database file. One `document` instead of all leaves out the check
// of the file. A status says why nothing can be said: no database, a newer one, an I/O error, no
// such document, kCancelled.
absl::StatusOr<VerifyReport> Verify(const std::string& path,
                                    const std::optional<std::string>& document, Progress* progress);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_VERIFY_H_
