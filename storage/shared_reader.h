// SharedReader: the reading connection, used by the reader thread and closed by the writer thread
// when the database has to be opened again or its log to be emptied.
#ifndef COEDIT_STORAGE_SHARED_READER_H_
#define COEDIT_STORAGE_SHARED_READER_H_

#include <memory>
#include <mutex>
#include <utility>

#include "storage/sqlite_reader.h"

namespace coedit::storage {

class SharedReader {
 public:
  // Calls `use(SqliteReader*)` while nobody else has the reader; nullptr if it could not be opened.
  template <typename Use>
  auto With(Use&& use) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::forward<Use>(use)(reader_.get());
  }

  // Calls `change(std::unique_ptr<SqliteReader>*)` likewise.
  template <typename Change>
  auto Replace(Change&& change) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::forward<Change>(change)(&reader_);
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<SqliteReader> reader_;
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_SHARED_READER_H_
