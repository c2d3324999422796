#!/usr/bin/env bash
# Runs each fuzz target, or the given ones, for FUZZ_SECONDS (600), one after the other. Stops at the first finding.
set -euo pipefail
# ASan keeps 256 MB of freed memory by default: this would count as memory of the target.
export ASAN_OPTIONS=quarantine_size_mb=8
cd "$(dirname "$0")/../.."
cmake --preset fuzz >/dev/null
names=${*:-$(cd tests/fuzz && for f in *.cc; do echo "${f%.cc}"; done)}
cmake --build --preset fuzz --target $(for name in $names; do echo "fuzz_$name"; done)
for name in $names; do
  found=build/fuzz/tests/fuzz/found/$name
  mkdir -p "$found"
  echo "== $name"
  "build/fuzz/tests/fuzz/fuzz_$name" -max_total_time="${FUZZ_SECONDS:-600}" -max_len=8192 -timeout=25 -rss_limit_mb=400 \
    -print_final_stats=1 -artifact_prefix="$found-" "$found" "tests/fuzz/corpus/$name" 2>&1 | tail -8
done
