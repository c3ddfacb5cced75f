#include "storage/maintenance/compact.h"

#include "absl/strings/str_cat.h"
#include "server/io/commands/commands.h"
#include "server/io/commands/console.h"

namespace coedit::server {

int RunCompact(const CompactCommand& command) {
  Console console;
  const absl::StatusOr<storage::CompactResult> result = storage::Compact(command.data, &console);
  if (!result.ok()) return console.Fail(result.status());
  console.Print(absl::StrCat("compacted ", command.data, ": ", ReadableBytes(result->bytes_before),
                             " before, ", ReadableBytes(result->bytes_after), " now"));
  return kExitDone;
}

}  // namespace coedit::server
