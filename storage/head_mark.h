// HeadMark: a small file beside the database that says which commit was made durable last.
//
// SQLite ends its recovery at the first frame of the write-ahead log that is damaged, without a
// word: what came after it is gone as if it had never been. The mark is the witness. After each
// group commit it is told the head of one document of it. It is not synced, so it may lag behind
// (after a power cut by what the kernel had not written yet), but it never runs ahead, since it is
// written when the fsync of the log has returned. A document whose head is below the mark has lost
// commits that were acknowledged; one that is not there, its creation too. Before a document is
// deleted the mark is therefore cleared.
//
// It is evidence, no promise: failing to write it is not an error. Belongs to the writer thread.
#ifndef COEDIT_STORAGE_HEAD_MARK_H_
#define COEDIT_STORAGE_HEAD_MARK_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "storage/store.h"

namespace coedit::storage {

struct MarkedHead {
  std::string document;
  Head head;
};

class HeadMark {
 public:
  // What the file says; nullopt if there is none, or if it was torn.
  static std::optional<MarkedHead> Read(const std::string& path);

  // Begins anew, without a head: for when all that is in the log is in the database too.
  explicit HeadMark(const std::string& path);
  HeadMark(const HeadMark&) = delete;
  HeadMark& operator=(const HeadMark&) = delete;
  ~HeadMark();

  void Write(absl::string_view document, const Head& head);
  // Says nothing any more, and that durably: before a document is deleted that it may speak of.
  void Clear();

 private:
  void WriteFile(absl::string_view bytes);

  int descriptor_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_HEAD_MARK_H_
