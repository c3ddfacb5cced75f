#include "server/io/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace coedit::server {
namespace {

constexpr size_t kQuotedBytesMax = 200;

spdlog::level::level_enum LevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

spdlog::logger& Logger() {
  // Never destroyed: a thread of the store may log while the process ends.
  static spdlog::logger* logger = [] {
    auto* made = new spdlog::logger("coedit", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v");
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *logger;
}

bool NeedsEscape(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7f;
}

}  // namespace

absl::Status SetLogLevel(absl::string_view name) {
  static constexpr struct {
    absl::string_view name;
    LogLevel level;
  } kLevels[] = {{"debug", LogLevel::kDebug},
                 {"info", LogLevel::kInfo},
                 {"warning", LogLevel::kWarning},
                 {"error", LogLevel::kError},
                 {"off", LogLevel::kOff}};
  for (const auto& entry : kLevels) {
    if (entry.name == name) {
      Logger().set_level(LevelOf(entry.level));
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("log level ", Quoted(name), " is none of debug, info, warning, error, off"));
}

bool LogsAt(LogLevel level) { return Logger().should_log(LevelOf(level)); }

void Log(LogLevel level, absl::string_view line) {
  if (!LogsAt(level)) return;
  std::string clean;
  clean.reserve(line.size());
  for (const char character : line) {
    if (NeedsEscape(character)) {
      absl::StrAppend(&clean, "\\x",
                      absl::Hex(static_cast<unsigned char>(character), absl::kZeroPad2));
    } else {
      clean.push_back(character);
    }
  }
  Logger().log(LevelOf(level), "{}", clean);
}

std::string Quoted(absl::string_view text) {
  const bool cut = text.size() > kQuotedBytesMax;
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kQuotedBytesMax)), cut ? "..." : "",
                      "\"");
}

}  // namespace coedit::server
