#include "storage/maintenance/verify.h"

#include "absl/strings/str_cat.h"
#include "server/io/commands/commands.h"
#include "server/io/commands/console.h"

namespace coedit::server {
namespace {

// As of grep and diff: 1 is the bad news that was asked for, 2 is no answer.
constexpr int kExitDamaged = 1;
constexpr int kExitUnknown = 2;

}  // namespace

int RunVerify(const VerifyCommand& command) {
  Console console;
  const absl::StatusOr<storage::VerifyReport> report =
      storage::Verify(command.data, command.document, &console);
  if (!report.ok()) return console.Fail(report.status(), kExitUnknown);
  for (const storage::VerifyProblem& problem : report->problems) {
    console.Print(problem.document.empty()
                      ? absl::StrCat("damaged: the file: ", problem.text)
                      : absl::StrCat("damaged: document '", problem.document, "': ", problem.text));
  }
  const std::string looked_at = absl::StrCat(
      Counted(report->documents, "document"), ", ", Counted(report->commits, "commit"), ", ",
      Counted(report->snapshots, "snapshot"), ", ", Counted(report->authors, "author"));
  if (report->sound()) {
    console.Print(absl::StrCat("sound: ", looked_at));
    return kExitDone;
  }
  console.Print(
      absl::StrCat("DAMAGED: ", Counted(report->damaged_documents, "document"), " of ", looked_at));
  return kExitDamaged;
}

}  // namespace coedit::server
