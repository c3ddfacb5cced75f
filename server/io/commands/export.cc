#include "storage/maintenance/export.h"

#include <unistd.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "server/io/commands/commands.h"
#include "server/io/commands/console.h"
#include "storage/files.h"
#include "storage/maintenance/new_file.h"

namespace coedit::server {
namespace {

absl::StatusOr<storage::ExportEnd> ExportToFile(const ExportCommand& command, Console* console) {
  absl::StatusOr<std::unique_ptr<storage::NewFile>> file = storage::NewFile::Make(command.file);
  if (!file.ok()) return file.status();
  absl::StatusOr<storage::ExportEnd> end = storage::Export(
      command.data, command.document,
      [&file](absl::string_view line) { return (*file)->Write(line); }, console);
  if (!end.ok()) return end;
  if (const absl::Status published = (*file)->Publish(); !published.ok()) return published;
  return end;
}

absl::StatusOr<storage::ExportEnd> ExportToOutput(const ExportCommand& command, Console* console) {
  constexpr size_t kBufferBytes = size_t{1} << 16;
  std::string buffer;
  const auto flush = [&buffer] {
    absl::Status written = storage::WriteAll(STDOUT_FILENO, buffer, "standard output");
    buffer.clear();
    return written;
  };
  absl::StatusOr<storage::ExportEnd> end = storage::Export(
      command.data, command.document,
      [&](absl::string_view line) {
        absl::StrAppend(&buffer, line);
        return buffer.size() < kBufferBytes ? absl::OkStatus() : flush();
      },
      console);
  if (!end.ok()) return end;
  if (const absl::Status written = flush(); !written.ok()) return written;
  return end;
}

}  // namespace

int RunExport(const ExportCommand& command) {
  Console console;
  if (command.file.empty()) {
    const absl::StatusOr<storage::ExportEnd> end = ExportToOutput(command, &console);
    return end.ok() ? kExitDone : console.Fail(end.status());
  }
  const absl::StatusOr<storage::ExportEnd> end = ExportToFile(command, &console);
  if (!end.ok()) return console.Fail(end.status());
  console.Print(absl::StrCat("exported document '", command.document, "' to ", command.file, ": ",
                             Counted(static_cast<int64_t>(end->commits), "commit")));
  return kExitDone;
}

}  // namespace coedit::server
