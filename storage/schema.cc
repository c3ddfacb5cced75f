#include "storage/schema.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace coedit::storage {
namespace {

// Migration i leads from version i to i + 1. One that has been released is never changed.
constexpr const char* kMigrations[] = {
    // Rows of all documents that are small and change often stay apart from the log, so that one
    // group commit touches few pages. Revisions, digests and hashes are unsigned 64-bit numbers in
    // SQLite's signed integers. Snapshots have row ids because their bodies are large; the others
    // are kept in the order they are read in.
    R"(
CREATE TABLE documents (
  number            INTEGER PRIMARY KEY,
  id                TEXT NOT NULL UNIQUE,
  type              INTEGER NOT NULL,
  epoch             TEXT NOT NULL,
  created_ms        INTEGER NOT NULL,
  changed_ms        INTEGER NOT NULL,
  head_revision     INTEGER NOT NULL,
  head_digest       INTEGER NOT NULL,
  snapshot_revision INTEGER NOT NULL,
  tail_bytes        INTEGER NOT NULL,
  checksum          INTEGER NOT NULL
) STRICT;

CREATE TABLE authors (
  document      INTEGER NOT NULL REFERENCES documents (number),
  number        INTEGER NOT NULL,
  client_id     TEXT NOT NULL,
  user_id       TEXT NOT NULL,
  name          TEXT NOT NULL,
  color         TEXT NOT NULL,
  last_sequence INTEGER NOT NULL,
  last_revision INTEGER NOT NULL,
  last_hash     INTEGER NOT NULL,
  checksum      INTEGER NOT NULL,
  PRIMARY KEY (document, number),
  UNIQUE (document, client_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE segments (
  document       INTEGER NOT NULL REFERENCES documents (number),
  first_revision INTEGER NOT NULL,
  last_revision  INTEGER NOT NULL,
  body           BLOB NOT NULL,
  PRIMARY KEY (document, first_revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
  document INTEGER NOT NULL REFERENCES documents (number),
  revision INTEGER NOT NULL,
  body     BLOB NOT NULL,
  PRIMARY KEY (document, revision)
) STRICT;
)",
    // Old commits are packed (history_block.h); `weight` is what it costs to carry a text over the
    // block. A rung is a snapshot that stays.
    R"(
CREATE TABLE history_blocks (
  document       INTEGER NOT NULL REFERENCES documents (number),
  first_revision INTEGER NOT NULL,
  last_revision  INTEGER NOT NULL,
  weight         INTEGER NOT NULL,
  body           BLOB NOT NULL,
  PRIMARY KEY (document, first_revision)
) STRICT, WITHOUT ROWID;

ALTER TABLE snapshots ADD COLUMN rung INTEGER NOT NULL DEFAULT 0;
)",
    // Titles, and revisions that people have named. `last_version` is the greatest number given so
    // far. Rows of documents without either keep the checksum they have (rows.cc).
    R"(
ALTER TABLE documents ADD COLUMN title TEXT;
ALTER TABLE documents ADD COLUMN last_version INTEGER NOT NULL DEFAULT 0;

CREATE TABLE versions (
  document   INTEGER NOT NULL REFERENCES documents (number),
  number     INTEGER NOT NULL,
  revision   INTEGER NOT NULL,
  name       TEXT NOT NULL,
  named_by   TEXT,
  created_ms INTEGER NOT NULL,
  checksum   INTEGER NOT NULL,
  PRIMARY KEY (document, number)
) STRICT, WITHOUT ROWID;
)",
    // Appends that are not in the rows of their document yet (recent_append.h).
    R"(
CREATE TABLE recent_appends (
  number   INTEGER PRIMARY KEY,
  document INTEGER NOT NULL REFERENCES documents (number),
  body     BLOB NOT NULL
) STRICT;
)",
};

absl::Status RefuseForeign(int64_t application_id) {
  return absl::FailedPreconditionError(
      absl::StrCat("the database is not of coedit (application id 0x",
                   absl::Hex(application_id, absl::kZeroPad8), ")"));
}

absl::Status RefuseNewer(int64_t version) {
  return absl::FailedPreconditionError(absl::StrCat("the database has schema version ", version,
                                                    ", this coedit knows up to ", kSchemaVersion,
                                                    ": run a newer coedit"));
}

absl::Status SetSwitch(sqlite3* handle, int option, int value) {
  if (sqlite3_db_config(handle, option, value, nullptr) != SQLITE_OK) {
    return absl::InternalError(absl::StrCat("sqlite: cannot set switch ", option));
  }
  return absl::OkStatus();
}

}  // namespace

const int64_t kSchemaVersion = std::size(kMigrations);

absl::Status ConfigureConnection(sqlite::Connection* connection) {
  sqlite3* handle = connection->handle();
  // A damaged or forged file must not run SQL of its own, and we must not damage it by a mistake.
  for (const auto& [option, value] :
       {std::pair(SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0), std::pair(SQLITE_DBCONFIG_DEFENSIVE, 1),
        std::pair(SQLITE_DBCONFIG_ENABLE_FKEY, 1)}) {
    if (absl::Status set = SetSwitch(handle, option, value); !set.ok()) return set;
  }
  // No memory map: an I/O error in one is a signal instead of a status. Sorting in memory: no
  // temporary file that could find the disk full.
  return connection->Execute(
      "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;");
}

absl::Status MigrateSchema(sqlite::Connection* connection) {
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(connection, sqlite::Transaction::Mode::kImmediate);
  if (!transaction.ok()) return transaction.status();
  const absl::StatusOr<int64_t> application_id = connection->QueryInt64("PRAGMA application_id");
  if (!application_id.ok()) return application_id.status();
  const absl::StatusOr<int64_t> version = connection->QueryInt64("PRAGMA user_version");
  if (!version.ok()) return version.status();
  const absl::StatusOr<int64_t> tables =
      connection->QueryInt64("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();

  const bool is_new = *application_id == 0 && *version == 0 && *tables == 0;
  if (!is_new && *application_id != kApplicationId) return RefuseForeign(*application_id);
  if (*version > kSchemaVersion) return RefuseNewer(*version);
  if (*version < 0) return absl::DataLossError(absl::StrCat("schema version ", *version));
  if (*version == kSchemaVersion) return absl::OkStatus();
  for (int64_t from = *version; from < kSchemaVersion; ++from) {
    if (absl::Status done = connection->Execute(kMigrations[from]); !done.ok()) return done;
  }
  absl::Status stamped = connection->Execute(absl::StrCat(
      "PRAGMA application_id = ", kApplicationId, "; PRAGMA user_version = ", kSchemaVersion, ";"));
  if (!stamped.ok()) return stamped;
  return transaction->Commit();
}

absl::Status CheckApplication(sqlite::Connection* connection) {
  const absl::StatusOr<int64_t> application_id = connection->QueryInt64("PRAGMA application_id");
  if (!application_id.ok()) return application_id.status();
  if (*application_id != kApplicationId) return RefuseForeign(*application_id);
  const absl::StatusOr<int64_t> version = connection->QueryInt64("PRAGMA user_version");
  if (!version.ok()) return version.status();
  return *version > kSchemaVersion ? RefuseNewer(*version) : absl::OkStatus();
}

absl::Status CheckSchema(sqlite::Connection* connection) {
  if (absl::Status ours = CheckApplication(connection); !ours.ok()) return ours;
  const absl::StatusOr<int64_t> version = connection->QueryInt64("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version == kSchemaVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the database has schema version ", *version, ", this coedit reads ",
                   kSchemaVersion, ": `coedit serve`, `compact` and `restore` make it the newest"));
}

}  // namespace coedit::storage
