// RecentAppends: the table of appends that are not in the rows of their document yet, as the writer
// keeps it: what is in it, whose turn it is to be written where it belongs, and which rows of it
// may go.
//
// The table itself is `recent_appends`; a row of it is a RecentAppend. What the documents hold in
// memory of theirs, KnownDocument knows.
#ifndef COEDIT_STORAGE_RECENT_APPENDS_H_
#define COEDIT_STORAGE_RECENT_APPENDS_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "storage/known_documents.h"
#include "storage/recent_append.h"
#include "storage/sqlite.h"

namespace coedit::storage {

class RecentAppends {
 public:
  // The table is there. Both outlive the object.
  absl::Status Prepare(sqlite::Connection* connection);

  // Within a transaction: a row at the end of the table. `document` stays where it is until its
  // rows are taken.
  absl::Status Insert(const RecentAppend& append, KnownDocument* document);

  // What the document's rows here hold is in its own rows now.
  void Take(const KnownDocument& document) { first_.erase(document.row.number); }
  // The document whose row is the oldest that is not taken, nullptr if all are.
  KnownDocument* Oldest();
  // Within a transaction: deletes the rows before that.
  absl::Status DeleteTaken();

  // From the oldest row on that is not taken; the deletion of those before it may be due.
  int64_t bytes() const { return bytes_; }

  // Forgets what it knows, to be told again: row by row in their order, with the document unless it
  // is taken.
  void Clear();
  void Add(const RecentAppendKey& key, int64_t bytes, KnownDocument* document);
  // There is such a row, but nothing is known of it: it stays.
  void Skip(const RecentAppendKey& key) { next_number_ = key.number + 1; }

 private:
  // Row numbers, both included.
  struct Range {
    int64_t first;
    int64_t last;
  };
  struct Row {
    RecentAppendKey key;
    int64_t bytes;
  };
  struct First {
    int64_t number;
    KnownDocument* document;
  };

  std::optional<sqlite::Statement> insert_;
  std::optional<sqlite::Statement> delete_;
  std::deque<Row> rows_;
  std::vector<Range> taken_;  // to be deleted; those that are skipped lie between them
  int64_t bytes_ = 0;
  int64_t next_number_ = 1;
  // The first row of each document that has some which are not taken, by the number of its row.
  absl::flat_hash_map<int64_t, First> first_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_RECENT_APPENDS_H_
