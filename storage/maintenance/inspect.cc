#include "storage/maintenance/inspect.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace coedit::storage {
namespace {

int64_t SizeOf(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(size);
}

absl::StatusOr<FileFigures> ReadFileFigures(DatabaseView* view) {
  FileFigures figures = {.path = view->path(),
                         .bytes = SizeOf(view->path()),
                         .log_bytes = SizeOf(view->path() + "-wal")};
  for (const auto& [sql, value] :
       {std::pair("SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size",
                  &figures.free_bytes),
        std::pair("PRAGMA user_version", &figures.schema_version)}) {
    const absl::StatusOr<int64_t> found = view->connection()->QueryInt64(sql);
    if (!found.ok()) return found.status();
    *value = *found;
  }
  return figures;
}

}  // namespace

absl::StatusOr<Inspection> Inspect(const std::string& path,
                                   const std::optional<std::string>& document, Progress* progress) {
  absl::StatusOr<std::unique_ptr<DatabaseView>> view = DatabaseView::Open(path);
  if (!view.ok()) return view.status();
  Inspection inspection;
  absl::StatusOr<FileFigures> file = ReadFileFigures(view->get());
  if (!file.ok()) return file.status();
  inspection.file = *std::move(file);

  std::vector<std::string> ids;
  if (document) {
    ids.push_back(*document);
  } else {
    absl::StatusOr<std::vector<DatabaseView::Entry>> entries = (*view)->ListDocuments();
    if (!entries.ok()) return entries.status();
    for (DatabaseView::Entry& entry : *entries) ids.push_back(std::move(entry.id));
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    const absl::Status step = progress->Step("reading", static_cast<int64_t>(i),
                                             static_cast<int64_t>(ids.size()), "documents");
    if (!step.ok()) return step;
    absl::StatusOr<DocumentDetails> details = (*view)->ReadDetails(ids[i]);
    if (absl::IsDataLoss(details.status()) || (!document && absl::IsNotFound(details.status()))) {
      inspection.damaged.push_back({ids[i], std::string(details.status().message())});
      continue;
    }
    if (!details.ok()) return details.status();
    absl::StatusOr<StoredSizes> sizes = (*view)->ReadSizes(details->row);
    if (!sizes.ok()) return sizes.status();
    inspection.documents.push_back({*std::move(details), *sizes});
  }
  return inspection;
}

}  // namespace coedit::storage
