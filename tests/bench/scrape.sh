#!/usr/bin/env bash
# Measures the time of a scrape of 100,000 tasks beside Prometheus client libraries, and writes the table into
# docs/explanation/scrape-cost.md between the two markers: scrape.sh BUILD [FLAG...]. The flags are those of scrape.py.
# It takes 6 minutes and 3 GB of memory, on an idle host. After a failure the page is unchanged.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build/release}")
shift || true
export TASKWATCHD=$build/daemon/taskwatchd BUILD_FOLDER=$build
table=$(mktemp)
trap 'rm -f "$table"' EXIT
python3 tests/bench/scrape.py --build="$build" "$@" >"$table"
cat "$table"
python3 tests/bench/into_page.py "$table" docs/explanation/scrape-cost.md
