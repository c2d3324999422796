#!/usr/bin/env bash
# Runs the polling benchmark and writes its two tables into docs/explanation/polling.md, each between its markers:
# polling.sh BUILD [FLAG...]. The flags are those of bench_polling. It runs in virtual time: the figures do not
# depend on the machine, only the duration of the run does. Exits with 1 if a goal is not met.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build/release}")
shift || true
table=$(mktemp)
trap 'rm -f "$table"' EXIT
kept=0
changed=$(git status --porcelain -- daemon | grep -q . && echo " with changes" || true)
for set in clean faults; do
  {
    echo "Run on $(date -u +%F) at commit $(git rev-parse --short=12 HEAD)$changed."
    echo
    "$build/tests/bench/bench_polling" --set=$set "$@"
  } >"$table" || kept=1
  cat "$table"
  python3 tests/bench/into_page.py "$table" docs/explanation/polling.md $set
done
exit $kept
