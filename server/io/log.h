// The server's log: lines for people, on stderr. Any thread.
//
// What users send reaches the log only escaped, and client ids and tokens never do. The library
// behind it is included by log.cc alone, because it takes seconds to compile.
#ifndef COEDIT_SERVER_IO_LOG_H_
#define COEDIT_SERVER_IO_LOG_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace coedit::server {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };

// "debug", "info", "warning", "error" or "off"; kInvalidArgument names what it got instead.
absl::Status SetLogLevel(absl::string_view name);

// For callers whose text is expensive to make.
bool LogsAt(LogLevel level);

// One line. Control characters in it are escaped, so that a text from outside can neither begin a
// line of its own nor colour the terminal.
void Log(LogLevel level, absl::string_view line);

inline void LogDebug(absl::string_view line) { Log(LogLevel::kDebug, line); }
inline void LogInfo(absl::string_view line) { Log(LogLevel::kInfo, line); }
inline void LogWarning(absl::string_view line) { Log(LogLevel::kWarning, line); }
inline void LogError(absl::string_view line) { Log(LogLevel::kError, line); }

// A text from outside in quotes: control characters, quotes, backslashes and bytes that are not
// ASCII escaped, and cut after 200 bytes.
std::string Quoted(absl::string_view text);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_LOG_H_
