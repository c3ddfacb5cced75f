#include "storage/sqlite_library.h"

namespace coedit::storage::sqlite {

void ConfigureLibrary() {
  [[maybe_unused]] static const int result = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

sqlite3_vfs* FindVfs(const std::string& name) {
  ConfigureLibrary();  // looking for a layer is a use of the library
  return sqlite3_vfs_find(name.empty() ? nullptr : name.c_str());
}

}  // namespace coedit::storage::sqlite
