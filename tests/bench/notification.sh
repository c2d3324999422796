#!/usr/bin/env bash
# Runs the notification benchmark and puts its table into docs/explanation/notification-latency.md, between the two marks:
# notification.sh BUILD [FLAG...]. The flags are notification.py's. Real time: 6 minutes, on a quiet
# machine. Ends with 3 if a goal is not kept; if it fails otherwise, the page stays as it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build/release}")
shift || true
export TASKWATCHD=$build/daemon/taskwatchd IOTSIM=$build/tests/simulator/iotsim
table=$(mktemp)
trap 'rm -f "$table"' EXIT
kept=0
{
  changed=$(git status --porcelain -- daemon config | grep -q . && echo " with changes" || true)
  echo "Run at commit $(git rev-parse --short=12 HEAD)$changed:"
  python3 tests/bench/notification.py "$@"
} >"$table" || kept=$?
cat "$table"
[ $kept -eq 0 ] || [ $kept -eq 3 ] || exit $kept
python3 tests/bench/into_page.py "$table" docs/explanation/notification-latency.md
exit $kept
