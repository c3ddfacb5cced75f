#!/usr/bin/env bash
# Every mode of coedit-load against the real server over real sockets, a second or two each, and, where
# `./dev bench peers` has installed them, against the peers it is compared with. coedit-load judges; here
# its verdict and the server's clean end count.
#
#   load_test.sh SERVER LOAD_TOOL
set -euo pipefail

server=$1
load=$2
peers=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../bench/peers/server" && pwd)
folder=$(mktemp -d)
server_pid=
# shellcheck disable=SC2317 # called by the trap
finish() {
  if [ -n "$server_pid" ]; then kill -9 "$server_pid" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap finish EXIT
failed=0

# start COMMAND...: runs it in the background until it prints a line, and sets `line`.
start() {
  rm -f "$folder/ready"
  mkfifo "$folder/ready"
  "$@" <&0 >"$folder/ready" 2>"$folder/log" &
  server_pid=$!
  exec 3<"$folder/ready"
  if ! read -r -t 60 line <&3; then
    echo "$* did not say that it listens:"
    cat "$folder/log"
    exit 1
  fi
}

# run WORDS ARGUMENT...: the tool agrees, and its report says WORDS.
run() {
  local words=$1
  shift
  if "$load" "$@" --seed "$RANDOM" --deadline 100 >"$folder/output" 2>&1 &&
    grep -qF -- "$words" "$folder/output" && grep -q '^converged' "$folder/output"; then
    return
  fi
  echo "coedit-load $* was expected to agree and to say '$words', but said:"
  cat "$folder/output"
  failed=1
}

start "$server" serve --data "$folder/data" --listen 127.0.0.1:0 --limit submits_per_second=0 \
  --limit presence_per_second=0 --limit document_units=64000000
url="ws://${line##*http://}/v1/ws"
coedit=(--url "$url" --pid "$server_pid" --seconds 1 --warm-up 0.2)

run 'closed loop' type "${coedit[@]}" --documents 10 --clients 4
run 'open loop' type "${coedit[@]}" --documents 1 --clients 20 --rate 20 --encoding json
run 'back after' type "${coedit[@]}" --documents 3 --clients 5 --writers 3 --rate 20 --storm 0.2
run 'join ms' type "${coedit[@]}" --documents 3 --clients 4 --rate 10 --joins 20 --stay 0.2 --presence 10
run 'closed loop' room "${coedit[@]}" --documents 5 --clients 6 --writers 3
run 'back after' room "${coedit[@]}" --documents 5 --clients 6 --writers 3 --storm 0
run 'presence ms' room "${coedit[@]}" --documents 2 --clients 10 --rate 20 --presence 30 --joins 20 \
  --stay 0.2
run 'one got at most' room "${coedit[@]}" --documents 2 --clients 5 --rate 20 --letters 500 \
  --slow-readers 4 --document-type plain-text
run 'open loop' room "${coedit[@]}" --clients 101 --writers 1 --rate 50 --encoding json
run '90 more in' connections "${coedit[@]}" --documents 5 --connections 100,200 --idle-documents 7 \
  --storm 0.1
run '40 more in' connections "${coedit[@]}" --documents 5 --connections 50 --idle-documents 0 --storm 0

# A reader who takes nothing is not kept in memory for ever: what it would be owed is far above what
# the server keeps for one (outbound_bytes) and what sockets hold, and it hears so.
run 'the server dropped 2' room --url "$url" --documents 1 --clients 20 --rate 20 --letters 5000 \
  --seconds 6 --warm-up 0 --slow-readers 2

kill -TERM "$server_pid"
if ! wait "$server_pid"; then
  echo "the server did not end cleanly:"
  cat "$folder/log"
  failed=1
fi
server_pid=

if [ ! -d "$peers/node_modules" ]; then
  echo "the peers are not installed: ./dev bench peers does that"
  exit "$failed"
fi
for peer in sharedb y-websocket hocuspocus socket.io; do
  mkdir "$folder/$peer"
  # A peer ends with its standard input, which the FIFO holds open.
  mkfifo "$folder/input"
  exec 4<>"$folder/input"
  start node "$peers/$peer.mjs" "$folder/$peer" <&4
  there=(room --protocol "$peer" --url "ws://127.0.0.1:$line/" --seconds 1 --warm-up 0.2)
  run 'closed loop' "${there[@]}" --documents 3 --clients 5 --letters 3
  run 'presence ms' "${there[@]}" --documents 2 --clients 5 --writers 3 --rate 20 --presence 10 \
    --joins 10 --stay 0.2 --slow-readers 2
  if [ "$peer" != socket.io ]; then
    run 'back after' "${there[@]}" --documents 3 --clients 5 --writers 3 --rate 20 --storm 0.2
  fi
  kill -TERM "$server_pid"
  wait "$server_pid" || true
  server_pid=
  exec 4>&-
  rm "$folder/input"
done
exit "$failed"
