// RecentAppend: an append that is durable and not in the rows of its document yet. It is one row of
// `recent_appends`, a table that only grows at its end, so appends of many documents fill one page;
// when the table has become large they go where they belong, those of one document together.
// docs/storage.md shows the format byte by byte.
//
// Whoever reads a document reads these with it: they are the end of its log.
#ifndef COEDIT_STORAGE_RECENT_APPEND_H_
#define COEDIT_STORAGE_RECENT_APPEND_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/rows.h"
#include "storage/sqlite.h"
#include "storage/store.h"

namespace coedit::storage {

// Where its row is; its body says so too.
struct RecentAppendKey {
  int64_t number = 0;    // from 1; later appends have greater ones
  int64_t document = 0;  // the number of its row
};

struct RecentAuthor {
  ot::AuthorNumber number = 0;
  ot::AuthorState state;  // after the append
};

struct RecentAppend {
  Head before;  // as the segment says
  Head after;
  int64_t changed_ms = 0;  // time of the last commit
  // Those of its commits. Each has a row, in which nothing else is going to change.
  std::vector<RecentAuthor> authors;
  std::string segment;
};

std::string EncodeRecentAppend(const RecentAppendKey& key, const RecentAppend& append);
// kDataLoss if it is damaged or stands elsewhere.
absl::StatusOr<RecentAppend> ParseRecentAppend(const RecentAppendKey& key, absl::string_view bytes);

// True if its commits are in the rows of the document too: it is about to be deleted.
bool IsInRows(const RecentAppend& append, const DocumentRow& row);
// Makes the row what it is after an append that is not in it. kDataLoss if that does not continue
// the row's head.
absl::Status Advance(const RecentAppend& append, DocumentRow* row);

// Selects those of document ?1 in their order.
inline constexpr absl::string_view kSelectRecentAppends =
    "SELECT number, body FROM recent_appends WHERE document = ?1 ORDER BY number";
// Those that follow what is in the row, which becomes what it is after them. kDataLoss names the
// document; the row is then what it is after those that are sound.
absl::StatusOr<std::vector<RecentAppend>> ReadRecentAppends(sqlite::Statement* select,
                                                            DocumentRow* row);
// Gives the authors the states they have after `appends`.
void Advance(const std::vector<RecentAppend>& appends, std::vector<Author>* authors);

// Selects those of all documents.
inline constexpr absl::string_view kSelectAllRecentAppends =
    "SELECT number, body, document FROM recent_appends ORDER BY number";
// The last sound one of each document, by the number of its row.
absl::StatusOr<absl::flat_hash_map<int64_t, RecentAppend>> ReadLastRecentAppends(
    sqlite::Statement* select);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_RECENT_APPEND_H_
