#include "bench/load/process_usage.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace coedit::bench {
namespace {

absl::StatusOr<std::string> ReadProc(int64_t pid, absl::string_view name) {
  const std::string path = absl::StrCat("/proc/", pid, "/", name);
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

absl::StatusOr<ProcessUsage> ReadProcessUsage(int64_t pid) {
  ProcessUsage usage;
  absl::StatusOr<std::string> stat = ReadProc(pid, "stat");
  if (!stat.ok()) return stat.status();
  // The name stands in parentheses and may hold anything; what follows its last one is numbers.
  const size_t name_end = stat->rfind(')');
  const std::vector<absl::string_view> fields = absl::StrSplit(
      absl::string_view(*stat).substr(name_end == std::string::npos ? 0 : name_end + 1), ' ',
      absl::SkipEmpty());
  constexpr size_t kUserTicks = 11;  // utime and stime, counted from the state behind the name
  int64_t user_ticks = 0;
  int64_t system_ticks = 0;
  if (fields.size() <= kUserTicks + 1 || !absl::SimpleAtoi(fields[kUserTicks], &user_ticks) ||
      !absl::SimpleAtoi(fields[kUserTicks + 1], &system_ticks)) {
    return absl::InternalError(absl::StrCat("cannot understand /proc/", pid, "/stat"));
  }
  usage.cpu_seconds =
      static_cast<double>(user_ticks + system_ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));

  absl::StatusOr<std::string> status = ReadProc(pid, "status");
  if (!status.ok()) return status.status();
  for (absl::string_view line : absl::StrSplit(*status, '\n')) {
    int64_t* field = absl::StartsWith(line, "VmRSS:")   ? &usage.resident_bytes
                     : absl::StartsWith(line, "VmHWM:") ? &usage.resident_bytes_max
                                                        : nullptr;
    if (field == nullptr) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    int64_t kibibytes = 0;
    if (words.size() == 3 && absl::SimpleAtoi(words[1], &kibibytes)) *field = kibibytes * 1024;
  }
  return usage;
}

}  // namespace coedit::bench
