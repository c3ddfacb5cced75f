// What is of SQLite itself, not of a connection: settings of the process, and layers by their name.
#ifndef COEDIT_STORAGE_SQLITE_LIBRARY_H_
#define COEDIT_STORAGE_SQLITE_LIBRARY_H_

#include <sqlite3.h>

#include <string>

namespace coedit::storage::sqlite {

// Before anything else is asked of SQLite, or without effect. SQLite counts the bytes it allocates
// under a lock of the process: two locks for each allocation, for a figure that nobody asks for.
// That is switched off.
void ConfigureLibrary();

// The file system layer of that name; empty means the default. nullptr if there is none.
sqlite3_vfs* FindVfs(const std::string& name);

}  // namespace coedit::storage::sqlite

#endif  // COEDIT_STORAGE_SQLITE_LIBRARY_H_
