#!/usr/bin/env bash
# Holds the table of floors (docs/architecture.md): a file includes only from its own floor or a lower
# one, and the pure floors read no clock, draw no random number and start no thread.
#
#   layers_test.sh [ROOT]   prints `file:line: reason` per violation; exit 1 if there is one
set -euo pipefail

root=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
cd "$root"

# Headers of the outside world, as extended regular expressions on what stands in <> or "".
network='boost/(asio|beast)[/.]|spdlog/|CLI/|openssl/(ssl|bio|x509)|sys/(socket|epoll)[.]h|netinet/'
threads='(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token)$|pthread[.]h|absl/synchronization/'
chance='random$|absl/random/|sys/random[.]h'
clocks='chrono$|ctime$|time[.]h$|sys/time[.]h|absl/time/clock[.]h'
files='fstream$|iostream$|filesystem$|unistd[.]h|fcntl[.]h|sys/(stat|file|mman)[.]h'
wire='google/protobuf/|proto/coedit[.]pb[.]h|boost/json'
database='sqlite3[.]h'

# What may not be called where the seams Clock and Executor stand in for the world.
calls='_clock::now|absl::Now[(]|GetCurrentTimeNanos|clock_gettime|gettimeofday|[^a-zA-Z0-9_:.>]time[(](nullptr|NULL|0)[)]'
calls+='|std::random_device|std::mt19937|[^a-zA-Z0-9_]rand[(]|getrandom[(]|absl::BitGen'
calls+='|std::j?thread[^a-z_]|std::async|std::mutex|sleep_for|sleep_until|SleepFor'

# The one lock of the core: held for a few lines when a client comes or goes, never for an operation.
locks='^server/admission[.](h|cc)$'

# check <folder> <own includes allowed> <headers refused> <calls refused>
check() {
  local folder=$1 allowed=$2 headers=$3 refused=$4
  local -a sources=()
  mapfile -t sources < <(find "$folder" -maxdepth 1 \( -name '*.cc' -o -name '*.h' \) | LC_ALL=C sort)
  if [ "${#sources[@]}" -eq 0 ]; then
    echo "$folder:0: holds no C++ file: the table of this test is out of date"
    return
  fi
  checked=$((checked + ${#sources[@]}))
  awk -v allowed="^($allowed)" -v headers="$headers" -v refused="$refused" -v locks="$locks" '
    function report(reason) { printf "%s:%d: %s\n", FILENAME, FNR, reason }
    {
      line = $0
      if (match(line, /^[ \t]*#[ \t]*include[ \t]*[<"][^>"]*[>"]/)) {
        name = line
        sub(/^[^<"]*[<"]/, "", name)
        sub(/[>"].*$/, "", name)
        own = name ~ /^(ot|proto|storage|server|bench|tests|examples|cmake)\// ||
              (line ~ /include[ \t]*"/ && name !~ /^absl\//)
        if (own && name !~ allowed) {
          report("includes \"" name "\", which is no part of this floor or of one below it")
        } else if (name == "mutex" && FILENAME ~ locks) {
          next
        } else if (headers != "" && name ~ ("^(" headers ")")) {
          report("includes " name ", which this floor does without")
        }
        next
      }
      sub(/\/\/.*$/, "", line)
      gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
      if (FILENAME ~ locks) gsub(/std::mutex/, "", line)
      if (refused != "" && (" " line " ") ~ refused) {
        report("reads a clock, draws a random number or handles a thread; use the seams: " $0)
      }
    }' "${sources[@]}"
}

checked=0
report=$(mktemp)
trap 'rm -f "$report"' EXIT
{
  check ot 'ot/' "boost/|$network|$threads|$chance|$clocks|$files|$wire|$database" "$calls"
  check proto '(ot|proto)/' "$network|$threads|$chance|$clocks|$files|$database" "$calls"
  check storage '(ot|proto)/|storage/[^/]*$' "$network|$wire" ''
  check storage/maintenance '(ot|proto|storage)/' "$network|$wire" ''
  check server '(ot|proto|storage)/|server/[^/]*$' \
    "$network|$threads|$chance|ctime$|time[.]h$|absl/time/clock[.]h|$files|$wire|$database" "$calls"
  check server/api '(ot|proto|storage)/|server/[^/]*$|server/api/' \
    "$network|$threads|$chance|ctime$|time[.]h$|absl/time/clock[.]h|$files|$wire|$database" "$calls"
  check server/io '(ot|proto|storage|server)/' "$database" ''
  check server/io/commands '(ot|proto|storage)/|server/[^/]*$|server/io/commands/' "$database|boost/" ''
} >"$report"

if [ -s "$report" ]; then
  cat "$report"
  echo "layers: $(wc -l <"$report") violations in $checked files"
  exit 1
fi
echo "layers: $checked files, no violation"
