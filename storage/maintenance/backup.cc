#include "storage/maintenance/backup.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/maintenance/database_view.h"
#include "storage/maintenance/new_file.h"

namespace coedit::storage {

absl::StatusOr<BackupResult> Backup(const std::string& directory, const std::string& target,
                                    const BackupOptions& options, Progress* progress) {
  // Refuses what is no database of ours before anything is written.
  absl::StatusOr<std::unique_ptr<DatabaseView>> view = DatabaseView::Open(directory);
  if (!view.ok()) return view.status();
  absl::StatusOr<std::unique_ptr<NewFile>> file = NewFile::Make(target);
  if (!file.ok()) return file.status();
  absl::StatusOr<CopyFigures> copied =
      CopyDatabase((*view)->path(), (*file)->partial_path(), options.log_bytes_max, progress);
  if (!copied.ok()) return copied.status();
  BackupResult result = {.copy = *copied};
  if (options.verify) {
    absl::StatusOr<VerifyReport> report =
        Verify((*file)->partial_path(), /*document=*/std::nullopt, progress);
    if (!report.ok()) return report.status();
    result.report = *std::move(report);
  }
  if (const absl::Status published = (*file)->Publish(); !published.ok()) return published;
  return result;
}

}  // namespace coedit::storage
