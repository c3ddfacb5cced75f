// LogRoom: room at the end of the write-ahead log that is written before it is needed.
//
// A sync after a file has grown must make its new length and place durable too, which takes the
// disk and the kernel about twice as long as to sync what lies where something lay before. So zeros
// are written behind the log ahead of time, in steps that grow with it; SQLite ends its recovery at
// the first frame that does not fit, as it must anyway once it has begun the log anew.
//
// On the writer's thread.
#ifndef COEDIT_STORAGE_LOG_ROOM_H_
#define COEDIT_STORAGE_LOG_ROOM_H_

#include <sqlite3.h>

namespace coedit::storage {

class LogRoom {
 public:
  // The log ends at `end` and `file` is about to be synced: writes what the next commits will
  // overwrite, if little of it is left. What cannot be written is no failure: the log then grows as
  // it would have.
  void MakeBehind(sqlite3_int64 end, sqlite3_file* file);

 private:
  sqlite3_int64 made_ = 0;  // the file is so long, or it was tried
};

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_LOG_ROOM_H_
