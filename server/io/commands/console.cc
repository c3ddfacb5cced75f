#include "server/io/commands/console.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace coedit::server {
namespace {

// Long enough that a short task shows nothing.
constexpr auto kShowInterval = std::chrono::milliseconds(200);

std::atomic<int> signal_heard = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void Hear(int number) { signal_heard = number; }

void SetHandler(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  // The second signal does what it does by default: it ends the process.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// One line without control characters.
std::string OneLine(absl::string_view line) {
  std::string safe;
  for (const char character : line) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppend(&safe, "\\x", absl::Hex(byte, absl::kZeroPad2));
    } else {
      safe.push_back(character);
    }
  }
  return safe;
}

}  // namespace

Console::Console()
    : terminal_(isatty(STDERR_FILENO) == 1),
      next_show_(std::chrono::steady_clock::now() + kShowInterval) {
  signal_heard = 0;
  SetHandler(&Hear);
  // A reader that goes (`coedit export ... | head`), and a file that may not grow, are errors of a
  // write, not the end.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

Console::~Console() {
  ClearLine();
  SetHandler(SIG_DFL);
}

absl::Status Console::Step(absl::string_view stage, int64_t done, int64_t total,
                           absl::string_view unit) {
  if (signal_heard != 0) return absl::CancelledError("interrupted");
  if (!terminal_) return absl::OkStatus();
  const auto now = std::chrono::steady_clock::now();
  if (now < next_show_) return absl::OkStatus();
  next_show_ = now + kShowInterval;
  line_shown_ = true;
  std::string line = absl::StrCat("\r\033[K", stage);
  if (total > 0) {
    absl::StrAppend(
        &line, absl::StrFormat(": %3d%%  (%d of %d %s)", done * 100 / total, done, total, unit));
  }
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  return absl::OkStatus();
}

void Console::ClearLine() {
  if (!line_shown_) return;
  line_shown_ = false;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

void Console::Print(absl::string_view line) {
  ClearLine();
  std::printf("%s\n", OneLine(line).c_str());
  std::fflush(stdout);
}

void Console::PrintError(absl::string_view line) {
  ClearLine();
  std::fprintf(stderr, "coedit: %s\n", OneLine(line).c_str());
}

int Console::Fail(const absl::Status& status, int exit_code) {
  PrintError(status.message());
  return absl::IsCancelled(status) ? kExitSignal + signal_heard : exit_code;
}

std::string Counted(int64_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

std::string ReadableBytes(int64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes);
  for (const char* unit : {"KiB", "MiB", "GiB"}) {
    value /= 1024;
    if (value < 1024) return absl::StrFormat("%.1f %s", value, unit);
  }
  return absl::StrFormat("%.1f TiB", value / 1024);
}

}  // namespace coedit::server
