#include "storage/maintenance/backup.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/epoch.h"
#include "server/io/commands/commands.h"
#include "server/io/commands/console.h"

namespace coedit::server {

int RunBackup(const BackupCommand& command) {
  Console console;
  const absl::StatusOr<storage::BackupResult> result = storage::Backup(
      command.data, command.target,
      {.verify = !command.no_verify, .log_bytes_max = command.log_mebibytes_max << 20}, &console);
  if (!result.ok()) return console.Fail(result.status());
  std::string line =
      absl::StrCat("backup ", command.target, ": ", ReadableBytes(result->copy.bytes));
  if (!result->report) {
    console.Print(absl::StrCat(line, ", not verified"));
    return kExitDone;
  }
  const storage::VerifyReport& report = *result->report;
  absl::StrAppend(&line, ", ", Counted(report.documents, "document"), ", ",
                  Counted(report.commits, "commit"));
  if (report.sound()) {
    console.Print(absl::StrCat(line, ", sound"));
    return kExitDone;
  }
  console.Print(line);
  console.PrintError(absl::StrCat(
      "the backup is damaged, and so is what it was made of (",
      report.problems.front().document.empty() ? "the file" : report.problems.front().document,
      ": ", report.problems.front().text, "); `coedit verify` says more. Keep older backups"));
  return kExitFailed;
}

int RunRestore(const RestoreCommand& command, RandomSource* random) {
  Console console;
  const absl::StatusOr<storage::RestoreResult> result =
      storage::Restore(command.backup, command.data,
                       {.verify = !command.no_verify,
                        .replace = command.replace,
                        .new_epoch = [random] { return NewEpoch(random); },
                        .aside_suffix = absl::FormatTime("replaced-%Y%m%dT%H%M%SZ", absl::Now(),
                                                         absl::UTCTimeZone())},
                       &console);
  if (!result.ok()) return console.Fail(result.status());
  console.Print(absl::StrCat("restored ", Counted(result->documents, "document"), " to ",
                             command.data, ", each with a new epoch"));
  if (!result->aside.empty()) {
    console.Print(absl::StrCat("what was there is kept as ", result->aside));
  }
  return kExitDone;
}

}  // namespace coedit::server
