// KnownDocuments: the rows of `documents` and `authors` that the writer has at hand, as they stand
// in its transaction, with what an append is going to change in them.
//
// Nobody else writes, so a row need not be read again that was read or written in a transaction
// that has committed. When one has not, all is forgotten: what is here then may never have been.
#ifndef COEDIT_STORAGE_KNOWN_DOCUMENTS_H_
#define COEDIT_STORAGE_KNOWN_DOCUMENTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "storage/rows.h"
#include "storage/store.h"

namespace coedit::storage {

struct EncodedAppend;

struct KnownAuthor {
  Author author;
  // There is a row that differs from `author` in its state at most.
  bool has_row = false;
  // To be written: its state is that of a recent or a staged append. The row must have an earlier
  // sequence than this, the first of them.
  bool is_staged = false;
  ot::Sequence first_sequence = 0;
};

// A document with the appends that are not in its rows yet: recent ones, which are in their table,
// and after them staged ones, which are nowhere yet. They follow each other, and lead from the head
// in the document's row to the one in `row`.
struct KnownDocument {
  DocumentRow row;
  std::vector<KnownAuthor> authors;  // by number; not all there are
  std::string recent;                // segments, each after its size
  int64_t recent_commits = 0;
  std::vector<const EncodedAppend*> staged;
  int64_t staged_commits = 0;
  int64_t staged_bytes = 0;

  void ForgetStaged() {
    staged.clear();
    staged_commits = staged_bytes = 0;
  }
};

class KnownDocuments {
 public:
  // nullptr if it is not known. Valid until it is forgotten.
  KnownDocument* Find(absl::string_view id);
  KnownDocument* Add(DocumentRow row);
  // Takes the state, and user fields, of `author`. False, and nothing is taken, if what is known of
  // it has another client or a later sequence.
  bool Stage(const Author& author, KnownDocument* document);

  void Forget(absl::string_view id);
  void Clear();
  // Between transactions: when it has become large, only documents with recent appends stay.
  void KeepSmall();

 private:
  // On the heap, because they stay where they are.
  absl::flat_hash_map<std::string, std::unique_ptr<KnownDocument>> documents_;
  int64_t authors_ = 0;  // of all of them
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_KNOWN_DOCUMENTS_H_
