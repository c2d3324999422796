#!/usr/bin/env bash
# Runs the notification benchmark and writes its table into docs/explanation/notification-latency.md, between the
# two markers: notification.sh BUILD [FLAG...]. The flags are those of notification.py. It runs in real time: 6
# minutes, on an idle host. Exits with 3 if a goal is not met; after another failure the page is unchanged.
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
