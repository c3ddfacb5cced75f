#include "storage/maintenance/export.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/maintenance/database_view.h"
#include "storage/maintenance/history.h"
#include "storage/maintenance/sha256.h"

namespace coedit::storage {
namespace {

constexpr ot::Revision kCommitsPerStep = 1024;

absl::Status In(absl::string_view document, const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return status;
  return absl::DataLossError(
      absl::StrCat("document '", document, "' is damaged: ", status.message()));
}

}  // namespace

absl::StatusOr<ExportEnd> Export(const std::string& path, absl::string_view document,
                                 absl::FunctionRef<absl::Status(absl::string_view)> write,
                                 Progress* progress) {
  absl::StatusOr<std::unique_ptr<DatabaseView>> database = DatabaseView::Open(path);
  if (!database.ok()) return database.status();
  const absl::StatusOr<DocumentDetails> details = (*database)->ReadDetails(document);
  if (!details.ok()) return details.status();
  if (!details->damage.empty()) return In(document, absl::DataLossError(details->damage.front()));
  absl::StatusOr<History> history = History::Begin(database->get(), &*details);
  if (!history.ok()) return In(document, history.status());

  const DocumentRow& row = details->row;
  absl::Status written = write(WriteExportLine(ExportHeader{.document = row.id,
                                                            .type = row.type,
                                                            .epoch = row.epoch,
                                                            .created_ms = row.created_ms,
                                                            .commits = row.head.revision,
                                                            .title = row.title}));
  for (const Author& author : details->authors) {
    if (!written.ok()) return written;
    written = write(WriteExportLine(ExportAuthor{.number = author.number,
                                                 .user_id = author.user_id,
                                                 .name = author.name,
                                                 .color = author.color}));
  }
  if (!written.ok()) return written;
  written = write(WriteExportLine(ExportInitial{history->text().ToDelta()}));
  if (!written.ok()) return written;
  while (!history->AtEnd()) {
    if (history->head().revision % kCommitsPerStep == 0) {
      const absl::Status step =
          progress->Step("exporting", static_cast<int64_t>(history->head().revision),
                         static_cast<int64_t>(row.head.revision), "commits");
      if (!step.ok()) return step;
    }
    const absl::StatusOr<const ot::Commit*> commit = history->Next();
    if (!commit.ok()) return In(document, commit.status());
    written = write(WriteExportLine(ExportCommit{**commit}));
    if (!written.ok()) return written;
  }
  // In the order they were named: an import counts them anew.
  std::vector<Version> versions = details->versions;
  std::sort(versions.begin(), versions.end(),
            [](const Version& a, const Version& b) { return a.number < b.number; });
  for (Version& version : versions) {
    written = write(WriteExportLine(ExportVersion{std::move(version)}));
    if (!written.ok()) return written;
  }
  ExportEnd end = {.commits = row.head.revision,
                   .versions = versions.size(),
                   .digest = row.head.digest,
                   .sha256 = Sha256Hex(history->text().ToString())};
  written = write(WriteExportLine(end));
  if (!written.ok()) return written;
  return end;
}

}  // namespace coedit::storage
