#!/usr/bin/env bash
# text_order_test.sh PROGRAM: the functions that cmake/text_order.txt names are mostly still those of the
# program, and stand side by side in it.
set -euo pipefail
program=$1
list=$(dirname "${BASH_SOURCE[0]}")/../../cmake/text_order.txt
export LC_ALL=C

names=$(sort -u "$list" | wc -l)
there=$(comm -12 <(sort -u "$list") <(nm --defined-only "$program" | awk '{ print $3 }' | sort -u) | wc -l)
echo "$there of $names functions are there"
if [ $((there * 10)) -lt $((names * 7)) ]; then
  echo "the list is out of date: ./dev order makes it anew"
  exit 1
fi

if ! readelf --section-headers --wide "$program" | grep '\.text\.ordered' >/dev/null; then
  echo "$program has no section .text.ordered: the linker did not take the order (cmake/text_order.cmake)"
  exit 1
fi
