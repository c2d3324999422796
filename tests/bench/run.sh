#!/usr/bin/env bash
# Timings side by side with a baseline, as ratios: run.sh BUILD (default build/release). Asserts
# nothing: absolute times differ from machine to machine. BENCH_SECONDS (20) is the time each
# program is watched for its CPU.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build/release}")
export TASKWATCHD=$build/daemon/taskwatchd IOTSIM=$build/tests/simulator/iotsim
exec python3 tests/bench/bench.py --page-bench="$build/tests/bench/bench_page"
