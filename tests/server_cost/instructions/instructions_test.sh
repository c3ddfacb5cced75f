#!/usr/bin/env bash
# Counts the instructions of one operation, from its frame to ack and delivery with the store in memory: the
# difference of two runs, so that start and end do not count. Unlike a time it is the same whatever the machine does.
#   instructions_test.sh PROGRAM INSTRUCTIONS_MAX
set -euo pipefail
program=$1 most=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

instructions() {
  valgrind --tool=callgrind --callgrind-out-file="$folder/out.$1" "$program" "$1" 2>"$folder/log.$1" ||
    { cat "$folder/log.$1"; exit 1; }
  sed -n 's/^summary: \([0-9]*\).*/\1/p;s/^totals: \([0-9]*\).*/\1/p' "$folder/out.$1" | head -n 1
}

few=$(instructions 1000)
many=$(instructions 3000)
each=$(((many - few) / 2000))
echo "$each instructions an operation, at most $most are allowed"
[ "$each" -gt 1000 ] && [ "$each" -le "$most" ]
