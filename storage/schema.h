// The schema of the database file: its version, how an older one becomes the newest, and the
// settings of a connection. docs/storage.md tells what the tables hold.
#ifndef COEDIT_STORAGE_SCHEMA_H_
#define COEDIT_STORAGE_SCHEMA_H_

#include <cstdint>

#include "absl/status/status.h"
#include "storage/sqlite.h"

namespace coedit::storage {

// In the header of the file, so that `file` and we know it: "coed".
inline constexpr int64_t kApplicationId = 0x636f6564;
// PRAGMA user_version; the number of migrations.
extern const int64_t kSchemaVersion;

// Settings that hold for every connection and are not kept in the file.
absl::Status ConfigureConnection(sqlite::Connection* connection);

// Makes an empty file a coedit database, and an older one the newest, in one transaction.
// kFailedPrecondition if the file is of another program or of a newer coedit.
absl::Status MigrateSchema(sqlite::Connection* connection);

// OK if the file is a database of coedit, of this version or an older one, which MigrateSchema
// makes the newest. kFailedPrecondition says what it is instead.
absl::Status CheckApplication(sqlite::Connection* connection);

// OK if the file is a coedit database of just this version: for connections that cannot migrate.
// kFailedPrecondition says what it is instead.
absl::Status CheckSchema(sqlite::Connection* connection);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_SCHEMA_H_
