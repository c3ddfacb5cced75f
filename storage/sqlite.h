// SQLite behind three small types: Connection, Statement, Transaction.
//
// Errors are absl::Status with what was done, SQLite's text and its extended code:
//   kResourceExhausted  database or disk is full
//   kDataLoss           the database is damaged, or no database
//   kAlreadyExists      a constraint is violated
//   kAborted            another connection holds a lock
//   kUnavailable        I/O error, cannot open, read-only
//   kInternal           anything else
//
// A connection and its statements belong to one thread at a time.
#ifndef COEDIT_STORAGE_SQLITE_H_
#define COEDIT_STORAGE_SQLITE_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace coedit::storage::sqlite {

class Statement;

enum class Access { kReadOnly, kReadWrite };

class Connection {
 public:
  // `vfs` is SQLite's name of one; empty means the default. kReadWrite creates the file.
  static absl::StatusOr<Connection> Open(const std::string& path, Access access,
                                         const std::string& vfs);

  // One or more statements without parameters; rows are thrown away.
  absl::Status Execute(const std::string& sql);
  // The first column of the first row.
  absl::StatusOr<int64_t> QueryInt64(const std::string& sql);
  absl::StatusOr<Statement> Prepare(absl::string_view sql);

  // `mode` is SQLITE_CHECKPOINT_...; waits this long for readers that are in its way.
  absl::Status Checkpoint(int mode, absl::Duration wait);

  // False after a transaction has ended, and also after SQLite has rolled it back by itself, which
  // it may do after an I/O error or a full disk.
  bool InTransaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  // Rows changed by the last INSERT, UPDATE or DELETE.
  int64_t Changes() const { return sqlite3_changes64(handle_.get()); }

  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  explicit Connection(sqlite3* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement: Bind, Step until false, and again. Parameters count from 1, columns from 0.
// Bound text and blobs are not copied: they must live until the next Reset.
class Statement {
 public:
  Statement& BindInt64(int parameter, int64_t value);
  // SQLite has signed integers only: the bits are kept.
  Statement& BindUint64(int parameter, uint64_t value) {
    return BindInt64(parameter, static_cast<int64_t>(value));
  }
  Statement& BindText(int parameter, absl::string_view value);
  Statement& BindBlob(int parameter, absl::string_view value);
  // NULL if there is none.
  Statement& BindOptionalText(int parameter, const std::optional<std::string>& value) {
    return value ? BindText(parameter, *value) : *this;  // unbound parameters are NULL
  }

  // True: a row is there. False: done.
  absl::StatusOr<bool> Step();
  // Step() of a statement that gives no rows; then Reset().
  absl::Status Run();
  void Reset();

  int64_t Int64(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  uint64_t Uint64(int column) const { return static_cast<uint64_t>(Int64(column)); }
  // Valid until the next Step or Reset.
  absl::string_view Text(int column) const;
  std::optional<std::string> OptionalText(int column) const;
  absl::string_view Blob(int column) const;

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bind_error_ = SQLITE_OK;  // reported by the next Step
};

// Resets a statement at the end of a scope, so that it holds no lock and no pointer to what was
// bound.
class ResetAtExit {
 public:
  explicit ResetAtExit(Statement* statement) : statement_(statement) {}
  ResetAtExit(const ResetAtExit&) = delete;
  ResetAtExit& operator=(const ResetAtExit&) = delete;
  ~ResetAtExit() { statement_->Reset(); }

 private:
  Statement* statement_;
};

// Rolls back at the end of its scope unless committed.
class Transaction {
 public:
  enum class Mode { kRead, kImmediate };

  static absl::StatusOr<Transaction> Begin(Connection* connection, Mode mode);
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() { Rollback(); }

  // On failure the transaction is rolled back, if SQLite has not done so.
  absl::Status Commit();
  void Rollback();

 private:
  explicit Transaction(Connection* connection) : connection_(connection) {}

  Connection* connection_;  // nullptr once it has ended
};

}  // namespace coedit::storage::sqlite

#endif  // COEDIT_STORAGE_SQLITE_H_
