#!/usr/bin/env bash
# What people really typed, through a real server over real sockets: both recorded sessions at once,
# one per encoding, then the same text typed freely. coedit-load judges the texts; here its verdict and
# the server's clean end count. Takes about a minute: every recorded operation waits for its own commit.
#
#   replay_test.sh SERVER LOAD_TOOL
set -euo pipefail

server=$1
load=$2
data=$(cd "$(dirname "${BASH_SOURCE[0]}")/../data" && pwd)
folder=$(mktemp -d)
server_pid=
# shellcheck disable=SC2317 # called by the trap
finish() {
  if [ -n "$server_pid" ]; then kill -9 "$server_pid" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap finish EXIT

# The FIFO gives the line that says the server is ready, without looking again and again.
mkfifo "$folder/ready"
"$server" serve --data "$folder/data" --listen 127.0.0.1:0 --limit submits_per_second=0 \
  >"$folder/ready" 2>"$folder/log" &
server_pid=$!
exec 3<"$folder/ready"
if ! read -r -t 60 line <&3; then
  echo "the server did not say that it listens:"
  cat "$folder/log"
  exit 1
fi
url="ws://${line##*http://}/v1/ws"

"$load" replay "$data/friendsforever.session.gz" --url "$url" --encoding json --deadline 400 &
other=$!
failed=0
"$load" replay "$data/clownschool.session.gz" --url "$url" --deadline 400 || failed=1
wait "$other" || failed=1
"$load" replay "$data/friendsforever.session.gz" --url "$url" --mode free --seed "$RANDOM" \
  --deadline 400 || failed=1

# A tool that never says no is worth nothing: a wrong text, another machine and an old document.
expect_failure() {
  local words=$1
  shift
  if "$load" "$@" >"$folder/output" 2>&1 || ! grep -qF -- "$words" "$folder/output"; then
    echo "coedit-load $* was expected to fail with '$words', but said:"
    cat "$folder/output"
    failed=1
  fi
}
printf 'optrace 1\nname small\nkind session\nunits codepoint\nagents 1\ntxns 1\npatches 1\n---\n@\t0\t0\n0\t0\thi\n' \
  >"$folder/small.session"
expect_failure 'the expected sha256 is 0000' \
  replay "$folder/small.session" --url "$url" --document small --expect 0000
expect_failure 'is not new' replay "$folder/small.session" --url "$url" --document small
expect_failure '3 writers of 2 clients' room --url "$url" --clients 2 --writers 3
expect_failure 'is not a loopback address' type --url ws://10.0.0.1:8080/v1/ws
expect_failure 'descriptors' connections --connections 2000000

kill -TERM "$server_pid"
if ! wait "$server_pid"; then
  echo "the server did not end cleanly:"
  failed=1
fi
server_pid=
if [ "$failed" != 0 ]; then cat "$folder/log"; fi
exit "$failed"
