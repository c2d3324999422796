#!/usr/bin/env bash
# Each fuzz target, or those named, for FUZZ_SECONDS (600), one after the other; stops at the first find.
set -euo pipefail
# ASan keeps 256 MB of what was freed, unless told otherwise: that would pass for ours.
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
