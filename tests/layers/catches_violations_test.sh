#!/usr/bin/env bash
# layers_test.sh is only worth something if it fails: builds a small tree that breaks each rule once
# and expects exactly those lines to be reported.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{ot,proto,storage/maintenance,server/api,server/io/commands}

# expect <file> <good|bad> <line of source>
expected=()
expect() {
  local file=$1 verdict=$2 line=$3
  printf '%s\n' "$line" >>"$tree/$file"
  if [ "$verdict" = bad ]; then
    expected+=("$file:$(wc -l <"$tree/$file")")
  fi
}

expect ot/delta.cc good '#include "ot/delta.h"'
expect ot/delta.cc good '#include "absl/strings/string_view.h"'
expect ot/delta.cc good '#include <xxhash.h>'
expect ot/delta.cc bad '#include "proto/codec.h"'
expect ot/delta.cc bad '#include <proto/codec.h>'
expect ot/delta.cc bad '#include "delta.h"'
expect ot/delta.cc bad '#include <boost/json.hpp>'
expect ot/delta.cc bad '#include <chrono>'
expect ot/delta.cc bad '#include <random>'
expect ot/delta.cc bad '#  include <thread>'
expect ot/delta.cc bad '  auto now = std::chrono::steady_clock::now();'
expect ot/delta.cc good '  // std::chrono::steady_clock::now() is not for this floor'
expect ot/delta.cc good '  const char* text = "std::thread and absl::Now() in a text";'

expect proto/codec.h good '#include "ot/delta.h"'
expect proto/codec.h good '#include <boost/json.hpp>'
expect proto/codec.h good '#include "proto/coedit.pb.h"'
expect proto/codec.h bad '#include "storage/store.h"'
expect proto/codec.h bad '#include <sqlite3.h>'

expect storage/store.cc good '#include <thread>'
expect storage/store.cc good '#include <sqlite3.h>'
expect storage/store.cc bad '#include "server/hub.h"'
expect storage/store.cc bad '#include <boost/asio/io_context.hpp>'

expect storage/store.cc bad '#include "storage/maintenance/verify.h"'

expect storage/maintenance/verify.cc good '#include "storage/store.h"'
expect storage/maintenance/verify.cc bad '#include "server/limits.h"'

expect server/admission.h good '#include <mutex>'
expect server/admission.h good '  std::mutex mutex_;'
expect server/admission.h bad '#include <condition_variable>'
expect server/admission.h bad '  std::thread thread_;'

expect server/hub.cc good '#include "server/session.h"'
expect server/hub.cc good '#include <chrono>'
expect server/hub.cc good '  Revision revision = document.runtime(0);'
expect server/hub.cc bad '#include "server/io/websocket.h"'
expect server/hub.cc bad '#include <boost/asio.hpp>'
expect server/hub.cc bad '#include <boost/beast/core.hpp>'
expect server/hub.cc bad '#include <spdlog/spdlog.h>'
expect server/hub.cc bad '#include <CLI/CLI.hpp>'
expect server/hub.cc bad '#include "bench/load/client.h"'
expect server/hub.cc bad '#include <mutex>'
expect server/hub.cc bad '  std::mt19937 generator;'
expect server/hub.cc bad '  auto seconds = time(nullptr);'
expect server/hub.cc bad '  absl::Time now = absl::Now();'

expect server/api/api.cc good '#include "server/hub.h"'
expect server/api/api.cc bad '#include "server/io/worker.h"'
expect server/api/api.cc bad '#include <boost/asio.hpp>'
expect server/api/api.cc bad '#include <thread>'

expect server/io/listener.cc good '#include <boost/asio/ip/tcp.hpp>'
expect server/io/listener.cc good '#include "server/hub.h"'
expect server/io/listener.cc good '#include <thread>'
expect server/io/listener.cc bad '#include "tests/server/fake.h"'

expect server/io/commands/verify.cc good '#include <CLI/CLI.hpp>'
expect server/io/commands/verify.cc good '#include "storage/maintenance/verify.h"'
expect server/io/commands/verify.cc bad '#include "server/io/listener.h"'
expect server/io/commands/verify.cc bad '#include <sqlite3.h>'

if "$here/layers_test.sh" "$tree" >"$tree/report"; then
  echo "layers_test.sh passed a tree with ${#expected[@]} violations"
  exit 1
fi
if ! diff <(printf '%s\n' "${expected[@]}") <(sed -n 's/^\([^ ]*:[0-9]*\): .*/\1/p' "$tree/report"); then
  echo "expected (<) and reported (>) places differ; the report was:"
  cat "$tree/report"
  exit 1
fi
echo "layers: all ${#expected[@]} planted violations found"
