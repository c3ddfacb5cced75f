#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/data_directory.h"
#include "storage/maintenance/backup.h"
#include "storage/maintenance/database_view.h"
#include "storage/maintenance/replacement.h"
#include "storage/rows.h"
#include "storage/schema.h"
#include "storage/sqlite.h"

namespace coedit::storage {
namespace {

// Gives every document of the database file an epoch of `new_epoch`; how many there are.
absl::StatusOr<int64_t> GiveNewEpochs(const std::string& path,
                                      const std::function<std::string()>& new_epoch) {
  absl::StatusOr<sqlite::Connection> connection =
      sqlite::Connection::Open(path, sqlite::Access::kReadWrite, /*vfs=*/"");
  if (!connection.ok()) return connection.status();
  for (const auto& step : {&ConfigureConnection, &MigrateSchema}) {
    if (const absl::Status done = step(&*connection); !done.ok()) return done;
  }
  absl::StatusOr<sqlite::Transaction> transaction =
      sqlite::Transaction::Begin(&*connection, sqlite::Transaction::Mode::kImmediate);
  if (!transaction.ok()) return transaction.status();
  std::vector<std::string> ids;
  {
    absl::StatusOr<sqlite::Statement> select = connection->Prepare("SELECT id FROM documents");
    if (!select.ok()) return select.status();
    for (;;) {
      const absl::StatusOr<bool> found = select->Step();
      if (!found.ok()) return found.status();
      if (!*found) break;
      ids.emplace_back(select->Text(0));
    }
  }
  absl::StatusOr<sqlite::Statement> select = connection->Prepare(kSelectDocument);
  if (!select.ok()) return select.status();
  absl::StatusOr<sqlite::Statement> update =
      connection->Prepare("UPDATE documents SET epoch = ?2, checksum = ?3 WHERE number = ?1");
  if (!update.ok()) return update.status();
  for (const std::string& id : ids) {
    absl::StatusOr<DocumentRow> row = FindDocument(&*select, id);
    // Only if the backup was not verified; its document is refused when it is opened.
    if (absl::IsDataLoss(row.status()) || absl::IsNotFound(row.status())) continue;
    if (!row.ok()) return row.status();
    row->epoch = new_epoch();
    const absl::Status done = update->BindInt64(1, row->number)
                                  .BindText(2, row->epoch)
                                  .BindUint64(3, RowChecksum(*row))
                                  .Run();
    if (!done.ok()) return done;
  }
  if (const absl::Status committed = transaction->Commit(); !committed.ok()) return committed;
  return static_cast<int64_t>(ids.size());
}

absl::Status CheckSound(const std::string& path, const std::string& backup, Progress* progress) {
  const absl::StatusOr<VerifyReport> report = Verify(path, /*document=*/std::nullopt, progress);
  if (!report.ok()) return report.status();
  if (report->sound()) return absl::OkStatus();
  const VerifyProblem& problem = report->problems.front();
  return absl::DataLossError(absl::StrCat("'", backup, "' is damaged (", problem.document,
                                          problem.document.empty() ? "" : ": ", problem.text,
                                          "); `coedit verify` says more"));
}

}  // namespace

absl::StatusOr<RestoreResult> Restore(const std::string& backup, const std::string& directory,
                                      const RestoreOptions& options, Progress* progress) {
  const absl::StatusOr<std::string> source = FindDatabase(backup);
  if (!source.ok()) return source.status();
  absl::StatusOr<std::unique_ptr<DataDirectory>> held = DataDirectory::Open(directory);
  if (!held.ok()) return held.status();
  const std::string database = (*held)->database_path();
  std::error_code error;
  const bool occupied = std::filesystem::exists(database, error);
  if (occupied && !options.replace) {
    return absl::AlreadyExistsError(absl::StrCat("data directory '", directory,
                                                 "' holds documents: give another one, or "
                                                 "--replace to move them aside"));
  }
  absl::StatusOr<std::unique_ptr<Replacement>> replacement = Replacement::Begin(held->get());
  if (!replacement.ok()) return replacement.status();
  const std::string& partial = (*replacement)->path();
  const absl::StatusOr<CopyFigures> copied =
      CopyDatabase(*source, partial, std::numeric_limits<int64_t>::max(), progress);
  if (!copied.ok()) return copied.status();
  const absl::StatusOr<int64_t> documents = GiveNewEpochs(partial, options.new_epoch);
  if (!documents.ok()) return documents.status();
  if (options.verify) {
    // The copy and not the backup, which may be of an older version.
    if (const absl::Status sound = CheckSound(partial, backup, progress); !sound.ok()) return sound;
  }
  RestoreResult result = {.documents = *documents};
  if (occupied) result.aside = absl::StrCat(database, ".", options.aside_suffix);
  if (const absl::Status done = (*replacement)->Finish(result.aside); !done.ok()) return done;
  return result;
}

}  // namespace coedit::storage
