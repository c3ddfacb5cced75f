#!/usr/bin/env bash
# Compares ot/ with npm quill-delta 5.1.0 over random valid cases.
#
#   tests/oracle/run.sh BUILD_DIR [--cases N] [--seed S]
#
# BUILD_DIR holds tests/ot_oracle. A seed that is printed makes the same cases again; the seed named
# with a case that differs makes it the first one.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -lt 1 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
driver=$1/tests/ot_oracle
shift
cases=20000
seed=$(date +%s%N)
while [ $# -gt 0 ]; do
  case $1 in
    --cases) cases=$2 ;;
    --seed) seed=$2 ;;
    *)
      echo "run.sh: unknown argument $1" >&2
      exit 2
      ;;
  esac
  shift 2
done
if [ ! -x "$driver" ]; then
  echo "run.sh: $driver is missing; build the target ot_oracle first" >&2
  exit 2
fi
driver=$(realpath "$driver")
cd "$here"
[ -d node_modules/quill-delta ] || npm ci

node deviations.mjs
echo "comparing $cases cases with quill-delta, --seed $seed"
"$driver" --cases "$cases" --seed "$seed" | node compare.mjs "$cases"
