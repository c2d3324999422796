#!/usr/bin/env bash
# Runs the simulated platform, the daemon and a page that shows its notifications, on loopback. Ctrl-C stops them;
# DEMO_SECONDS=20 stops them after 20 s. DEMO_PORT (10120) is the port of the daemon, MESSAGES_PORT (10130) of the page.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/release}
port=${DEMO_PORT:-10120}
messages=${MESSAGES_PORT:-10130}
dir=$(mktemp -d)
cloud= daemon= clock= receiver=
end() {
  trap - EXIT INT TERM
  for pid in "$clock" "$daemon" "$receiver" "$cloud"; do
    [ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
  done
  rm -rf "$dir"
  echo "demo: ended"
}
trap end EXIT
trap 'exit 0' INT TERM

"$build/tests/simulator/iotsim" --scenario=tests/data/scenarios/demo.yaml --write-config="$dir" >"$dir/cloud.log" &
cloud=$!
for _ in $(seq 100); do grep -q '^listening' "$dir/cloud.log" && break; sleep 0.1; done
grep -q '^listening' "$dir/cloud.log" || { echo "demo: the simulated cloud did not start" >&2; exit 1; }

python3 tests/end_to_end/receiver.py --listen="127.0.0.1:$messages" >"$dir/receiver.log" &
receiver=$!
for _ in $(seq 100); do grep -q '^listening' "$dir/receiver.log" && break; sleep 0.1; done
grep -q '^listening' "$dir/receiver.log" || { echo "demo: nothing can listen on 127.0.0.1:$messages; set MESSAGES_PORT" >&2; exit 1; }
printf '%s\n' "http://127.0.0.1:$messages/dingtalk?access_token=demo" >"$dir/chat-url"
cat >>"$dir/taskwatchd.yaml" <<END
notify:
  - name: chat
    format: dingtalk
    url_file: $dir/chat-url
END

echo "demo: messages of a chat robot at http://127.0.0.1:$messages/"
echo "demo: status page at http://127.0.0.1:$port/, metrics at /metrics; Ctrl-C ends"
STATE_DIRECTORY="$dir" "$build/daemon/taskwatchd" run --config.file="$dir/taskwatchd.yaml" \
  --web.listen-address="127.0.0.1:$port" --log.format=logfmt &
daemon=$!
if [ -n "${DEMO_SECONDS:-}" ]; then
  sleep "$DEMO_SECONDS" &
  clock=$!
  wait -n "$clock" "$daemon" || { echo "demo: the daemon ended by itself" >&2; exit 1; }
  kill -0 "$daemon" 2>/dev/null || { echo "demo: the daemon ended by itself" >&2; exit 1; }
  curl -fsS "http://127.0.0.1:$port/metrics" | grep -c '^aliyun_iot_task_status{.*} 1$' |
    sed 's/^/demo: tasks with a status on the page: /'
else
  wait "$daemon"
fi
