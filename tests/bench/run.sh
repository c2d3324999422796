#!/usr/bin/env bash
# Compares times with a baseline, as ratios: run.sh BUILD (default build/release). It asserts
# nothing, because absolute times differ between machines. BENCH_SECONDS (20) is how long the CPU
# time of each program is measured.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build/release}")
export TASKWATCHD=$build/daemon/taskwatchd IOTSIM=$build/tests/simulator/iotsim
exec python3 tests/bench/bench.py --page-bench="$build/tests/bench/bench_page"
