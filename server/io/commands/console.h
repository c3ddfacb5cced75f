// Console: what a command has of the person who runs it. It shows progress on a terminal, hears
// SIGINT and SIGTERM, and says on standard error why something did not work.
#ifndef COEDIT_SERVER_IO_COMMANDS_CONSOLE_H_
#define COEDIT_SERVER_IO_COMMANDS_CONSOLE_H_

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/maintenance/progress.h"

namespace coedit::server {

// How every command ends; `verify` and its kin say more in docs/operations.md.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitSignal = 128;  // plus the number of the signal

class Console final : public storage::Progress {
 public:
  // From here on the first SIGINT or SIGTERM is a wish that Step hands on; the second ends the
  // process. One at a time.
  Console();
  ~Console() override;
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  absl::Status Step(absl::string_view stage, int64_t done, int64_t total,
                    absl::string_view unit) override;

  // A line on standard output, or on standard error; the progress line makes room. Control
  // characters are escaped: texts from a damaged or foreign file are among it.
  void Print(absl::string_view line);
  void PrintError(absl::string_view line);

  // Says what `status`, which is not OK, says; returns how to exit: by the signal if that is why,
  // else `exit_code`.
  int Fail(const absl::Status& status, int exit_code = kExitFailed);

 private:
  void ClearLine();

  const bool terminal_;
  bool line_shown_ = false;
  std::chrono::steady_clock::time_point next_show_;
};

// "1 document", "2 documents": `count` with its noun.
std::string Counted(int64_t count, absl::string_view noun);
// "12.3 MiB"
std::string ReadableBytes(int64_t bytes);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_COMMANDS_CONSOLE_H_
