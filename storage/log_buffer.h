// LogBuffer: a file system layer of SQLite over another one, in which what is written to the
// write-ahead log goes to its file in large pieces.
//
// SQLite writes each page of a transaction to the log with two calls, one for 24 bytes and one for
// the page. Nobody needs them before the sync at the end of COMMIT: other connections look at the
// log by an index that SQLite changes after it. So they are collected, and written when the log is
// synced, read or changed in any other way, or when there are many. The order of writes and syncs
// stays what it was. Only right with `synchronous = FULL`, which syncs the log in every COMMIT.
//
// What could not be written is forgotten, and the call that found out fails: SQLite then takes the
// transaction back, as if its own write had failed.
#ifndef COEDIT_STORAGE_LOG_BUFFER_H_
#define COEDIT_STORAGE_LOG_BUFFER_H_

#include <memory>
#include <string>

namespace coedit::storage {

class LogBuffer {
 public:
  // Over the layer of that name, which outlives the object; empty means the default.
  explicit LogBuffer(const std::string& base_vfs);
  LogBuffer(const LogBuffer&) = delete;
  LogBuffer& operator=(const LogBuffer&) = delete;
  // After all connections that use it.
  ~LogBuffer();

  // SQLite's name of it, unique in the process. The name of the base if there is no such layer.
  const std::string& vfs() const { return vfs_; }

 private:
  struct Layer;

  std::string vfs_;
  std::unique_ptr<Layer> layer_;  // nullptr if it could not be registered
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_LOG_BUFFER_H_
