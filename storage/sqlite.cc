#include "storage/sqlite.h"

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "storage/sqlite_library.h"

namespace coedit::storage::sqlite {
namespace {

// How long a call waits for another connection's lock before it is kAborted.
constexpr int kBusyTimeoutMs = 5000;

// A limit on the size of a file or a quota is a full disk to us, though SQLite calls it an I/O
// error. An fsync that fails is never that: what it left on the disk is unknown.
bool IsFull(int code, int system_errno) {
  if ((code & 0xff) == SQLITE_FULL) return true;
  return (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE) &&
         (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG);
}

absl::StatusCode CodeOf(int code, int system_errno) {
  if (IsFull(code, system_errno)) return absl::StatusCode::kResourceExhausted;
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kAlreadyExists;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kAborted;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kInternal;
  }
}

// The errno behind an I/O error. A failing COMMIT leaves it with the file of the write-ahead log
// only.
int SystemErrno(sqlite3* handle) {
  sqlite3_file* log = nullptr;
  int log_errno = 0;
  if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
      log != nullptr && log->pMethods != nullptr) {
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &log_errno);
  }
  return log_errno != 0 ? log_errno : sqlite3_system_errno(handle);
}

// The error of the last call on `handle`; `what` was being done.
absl::Status LastError(sqlite3* handle, absl::string_view what) {
  const int code = sqlite3_extended_errcode(handle);
  const std::string text = sqlite3_errmsg(handle);  // before anything else is asked of the handle
  const int system_errno =
      (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN ? SystemErrno(handle) : 0;
  return absl::Status(
      CodeOf(code, system_errno),
      absl::StrCat("sqlite: ", what, ": ", text, " (code ", code,
                   system_errno == 0 ? "" : absl::StrCat(", errno ", system_errno), ")"));
}

}  // namespace

absl::StatusOr<Connection> Connection::Open(const std::string& path, Access access,
                                            const std::string& vfs) {
  // No mutex: the owner keeps to one thread at a time. No follow of links is asked for, because a
  // data directory on another disk is often a link.
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (access == Access::kReadWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                  : SQLITE_OPEN_READONLY);
  ConfigureLibrary();
  sqlite3* handle = nullptr;
  const int result =
      sqlite3_open_v2(path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  Connection connection(handle);  // closes a half-open handle too
  if (handle == nullptr) return absl::InternalError("sqlite: out of memory");
  if (result != SQLITE_OK) return LastError(handle, absl::StrCat("open '", path, "'"));
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  // A connection that reads never checkpoints, also not when it is the last one to close.
  if (access == Access::kReadOnly) {
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  return connection;
}

absl::Status Connection::Execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return LastError(handle_.get(), sql);
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Connection::QueryInt64(const std::string& sql) {
  absl::StatusOr<Statement> statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::InternalError(absl::StrCat("sqlite: no row from ", sql));
  return statement->Int64(0);
}

absl::StatusOr<Statement> Connection::Prepare(absl::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &handle, nullptr) != SQLITE_OK) {
    return LastError(handle_.get(), sql);
  }
  return Statement(handle);
}

absl::Status Connection::Checkpoint(int mode, absl::Duration wait) {
  sqlite3_busy_timeout(handle_.get(), static_cast<int>(absl::ToInt64Milliseconds(wait)));
  const int result = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, mode, nullptr, nullptr);
  absl::Status status =
      result == SQLITE_OK ? absl::OkStatus() : LastError(handle_.get(), "checkpoint");
  sqlite3_busy_timeout(handle_.get(), kBusyTimeoutMs);
  return status;
}

Statement& Statement::BindInt64(int parameter, int64_t value) {
  const int result = sqlite3_bind_int64(handle_.get(), parameter, value);
  if (result != SQLITE_OK) bind_error_ = result;
  return *this;
}

Statement& Statement::BindText(int parameter, absl::string_view value) {
  // A null pointer would bind NULL, not the empty text.
  const int result =
      sqlite3_bind_text64(handle_.get(), parameter, value.data() == nullptr ? "" : value.data(),
                          value.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (result != SQLITE_OK) bind_error_ = result;
  return *this;
}

Statement& Statement::BindBlob(int parameter, absl::string_view value) {
  const int result =
      sqlite3_bind_blob64(handle_.get(), parameter, value.data() == nullptr ? "" : value.data(),
                          value.size(), SQLITE_STATIC);
  if (result != SQLITE_OK) bind_error_ = result;
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  if (bind_error_ != SQLITE_OK) {
    return absl::InternalError(absl::StrCat("sqlite: bind: ", sqlite3_errstr(bind_error_)));
  }
  switch (sqlite3_step(handle_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return LastError(sqlite3_db_handle(handle_.get()), sqlite3_sql(handle_.get()));
  }
}

absl::Status Statement::Run() {
  const ResetAtExit reset(this);
  const absl::StatusOr<bool> row = Step();
  if (!row.ok()) return row.status();
  COEDIT_CHECK(!*row);
  return absl::OkStatus();
}

void Statement::Reset() {
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
  bind_error_ = SQLITE_OK;
}

absl::string_view Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  return {text, static_cast<size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::optional<std::string> Statement::OptionalText(int column) const {
  if (sqlite3_column_type(handle_.get(), column) == SQLITE_NULL) return std::nullopt;
  return std::string(Text(column));
}

absl::string_view Statement::Blob(int column) const {
  const auto* blob = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  return {blob, static_cast<size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

absl::StatusOr<Transaction> Transaction::Begin(Connection* connection, Mode mode) {
  const absl::Status begun =
      connection->Execute(mode == Mode::kImmediate ? "BEGIN IMMEDIATE" : "BEGIN");
  if (!begun.ok()) return begun;
  return Transaction(connection);
}

absl::Status Transaction::Commit() {
  absl::Status committed = connection_->Execute("COMMIT");
  if (!committed.ok()) Rollback();
  connection_ = nullptr;
  return committed;
}

void Transaction::Rollback() {
  if (connection_ == nullptr) return;
  // The result does not matter: without COMMIT nothing of the transaction counts.
  if (connection_->InTransaction()) (void)connection_->Execute("ROLLBACK");
  connection_ = nullptr;
}

}  // namespace coedit::storage::sqlite
