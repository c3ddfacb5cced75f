#include "storage/maintenance/compact.h"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "storage/data_directory.h"
#include "storage/history_packer.h"
#include "storage/log_check.h"
#include "storage/maintenance/database_view.h"
#include "storage/maintenance/replacement.h"
#include "storage/shared_reader.h"
#include "storage/snapshot_rule.h"
#include "storage/sqlite_writer.h"

namespace coedit::storage {
namespace {

constexpr absl::Duration kCheckpointWait = absl::Seconds(5);

int64_t SizeOf(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(size);
}

// All steps of one document, each a transaction.
absl::Status PackHistory(const std::string& document, HistoryPacker* packer, SqliteWriter* writer) {
  for (;;) {
    absl::StatusOr<std::optional<PackedHistory>> step = packer->Step(document, /*settle=*/true);
    // A damaged history stays as it is; `coedit verify` tells.
    if (absl::IsDataLoss(step.status())) return absl::OkStatus();
    if (!step.ok()) return step.status();
    if (!step->has_value()) return absl::OkStatus();
    absl::StatusOr<sqlite::Transaction> transaction = writer->Begin();
    if (!transaction.ok()) return transaction.status();
    if (const absl::Status put = writer->Replace(**step); !put.ok()) return put;
    if (const absl::Status done = writer->Commit(&*transaction); !done.ok()) return done;
  }
}

absl::Status PackAll(const std::string& database, SqliteWriter* writer, Progress* progress) {
  SharedReader reader;
  const absl::Status opened = reader.Replace([&](std::unique_ptr<SqliteReader>* slot) {
    absl::StatusOr<std::unique_ptr<SqliteReader>> made = SqliteReader::Open(database, /*vfs=*/"");
    if (made.ok()) *slot = *std::move(made);
    return made.status();
  });
  if (!opened.ok()) return opened;
  absl::StatusOr<std::unique_ptr<DatabaseView>> view = DatabaseView::Open(database);
  if (!view.ok()) return view.status();
  const absl::StatusOr<std::vector<DatabaseView::Entry>> entries = (*view)->ListDocuments();
  if (!entries.ok()) return entries.status();
  HistoryPacker packer(&reader, PackRule(), SnapshotRule());
  int64_t packed = 0;
  for (const DatabaseView::Entry& entry : *entries) {
    const absl::Status go_on =
        progress->Step("packing", packed++, static_cast<int64_t>(entries->size()), "documents");
    if (!go_on.ok()) return go_on;
    if (!entry.status.ok()) continue;
    if (const absl::Status done = PackHistory(entry.id, &packer, writer); !done.ok()) return done;
  }
  return absl::OkStatus();
}

// Brings the schema up to date, packs all histories and empties the log.
absl::Status Settle(const std::string& database, Progress* progress) {
  absl::StatusOr<std::unique_ptr<SqliteWriter>> writer =
      SqliteWriter::Open(database, /*vfs=*/"", SnapshotRule(), /*recent_bytes_max=*/0);
  if (!writer.ok()) return writer.status();
  if (const absl::Status done = (*writer)->FlushAll(); !done.ok()) return done;
  if (const absl::Status packed = PackAll(database, writer->get(), progress); !packed.ok()) {
    return packed;
  }
  return (*writer)->RunCheckpoint(SqliteWriter::Checkpoint::kTruncate, kCheckpointWait);
}

absl::Status WriteAnew(DatabaseView* view, const std::string& target, Progress* progress) {
  sqlite::Connection* const connection = view->connection();
  absl::StatusOr<int64_t> bytes_max = connection->QueryInt64(
      "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, "
      "pragma_freelist_count, pragma_page_size");
  if (!bytes_max.ok()) return bytes_max.status();
  // The name is our own and holds no quote, but the directory's may.
  absl::StatusOr<sqlite::Statement> quoted = connection->Prepare("SELECT quote(?1)");
  if (!quoted.ok()) return quoted.status();
  const absl::StatusOr<bool> row = quoted->BindText(1, target).Step();
  if (!row.ok()) return row.status();
  const std::string sql = absl::StrCat("VACUUM INTO ", quoted->Text(0));
  quoted->Reset();
  const auto step = [&] {
    return progress->Step("compacting", std::min(SizeOf(target), *bytes_max), *bytes_max, "bytes");
  };
  if (const absl::Status go_on = step(); !go_on.ok()) return go_on;
  return RunLongStatement(connection, sql, step).status();
}

absl::Status CheckNew(const std::string& path, Progress* progress) {
  absl::StatusOr<std::unique_ptr<DatabaseView>> view = DatabaseView::Open(path);
  if (!view.ok()) return view.status();
  const absl::StatusOr<std::vector<std::string>> problems = (*view)->CheckIntegrity(progress);
  if (!problems.ok()) return problems.status();
  if (problems->empty()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the database is damaged (", problems->front(), "); `coedit verify` says more"));
}

}  // namespace

absl::StatusOr<CompactResult> Compact(const std::string& directory, Progress* progress) {
  const absl::StatusOr<std::string> database = FindDatabase(directory);
  if (!database.ok()) return database.status();
  absl::StatusOr<std::unique_ptr<DataDirectory>> held = DataDirectory::Open(directory);
  if (!held.ok()) return held.status();
  if (const absl::Status lost = RefuseLostCommits(**held); !lost.ok()) return lost;
  CompactResult result;
  result.bytes_before = SizeOf(*database) + SizeOf(*database + "-wal");
  if (const absl::Status settled = Settle(*database, progress); !settled.ok()) return settled;

  absl::StatusOr<std::unique_ptr<Replacement>> replacement = Replacement::Begin(held->get());
  if (!replacement.ok()) return replacement.status();
  {
    absl::StatusOr<std::unique_ptr<DatabaseView>> view = DatabaseView::Open(*database);
    if (!view.ok()) return view.status();
    const absl::Status written = WriteAnew(view->get(), (*replacement)->path(), progress);
    if (!written.ok()) return written;
  }
  if (const absl::Status checked = CheckNew((*replacement)->path(), progress); !checked.ok()) {
    return checked;
  }
  result.bytes_after = SizeOf((*replacement)->path());
  if (const absl::Status done = (*replacement)->Finish(/*aside=*/""); !done.ok()) return done;
  return result;
}

}  // namespace coedit::storage
