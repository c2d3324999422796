#!/usr/bin/env bash
# Measures the CPU time of one API call beside other clients, and writes the table into
# docs/explanation/polling-cost.md between the two markers: poll.sh BUILD [FLAG...]. The flags are those of poll.py.
# It takes 8 minutes, on an idle host. Exits with 3 if a goal is not met, and with 4 if the host was busy: then, and
# after another failure, the page is unchanged.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build/release}")
shift || true
export TASKWATCHD=$build/daemon/taskwatchd IOTSIM=$build/tests/simulator/iotsim BUILD_FOLDER=$build
table=$(mktemp)
trap 'rm -f "$table"' EXIT
kept=0
python3 tests/bench/poll.py --curl="$build/tests/bench/bench_curl" "$@" >"$table" || kept=$?
cat "$table"
[ $kept -eq 0 ] || [ $kept -eq 3 ] || exit $kept
python3 tests/bench/into_page.py "$table" docs/explanation/polling-cost.md
exit $kept
