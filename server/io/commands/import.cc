#include "storage/maintenance/import.h"

#include "absl/strings/str_cat.h"
#include "server/epoch.h"
#include "server/io/commands/commands.h"
#include "server/io/commands/console.h"
#include "server/limits.h"

namespace coedit::server {

int RunImport(const ImportCommand& command, RandomSource* random) {
  Console console;
  Limits limits;
  for (const std::string& limit : command.limits) {
    if (const absl::Status set = SetLimit(limit, &limits); !set.ok()) {
      console.PrintError(absl::StrCat("--limit: ", set.message()));
      return kExitUsage;
    }
  }
  const absl::StatusOr<storage::Imported> imported =
      storage::Import(command.data, command.file,
                      {.document = command.document,
                       .epoch = NewEpoch(random),
                       .new_client_id = [random] { return random->Hex(16); },
                       .decode = limits.decode(),
                       .limits = limits.document(),
                       .authors_max = limits.authors_per_document},
                      &console);
  if (!imported.ok()) return console.Fail(imported.status());
  console.Print(absl::StrCat("imported document '", imported->document,
                             "': ", Counted(static_cast<int64_t>(imported->commits), "commit"),
                             " by ", Counted(imported->authors, "author"), ", digest ",
                             absl::Hex(imported->digest, absl::kZeroPad16)));
  return kExitDone;
}

}  // namespace coedit::server
