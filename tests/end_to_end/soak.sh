#!/usr/bin/env bash
# Runs the daemon against iotsim for SOAK_MINUTES (60): soak.sh BUILD_DIR
# Prints one line per minute: memory, descriptors, calls, the most calls within a second. Fails if memory grows by
# more than 1 MB per hour after a warm-up, if the number of descriptors changes, or if the quota is exceeded.
set -euo pipefail

build=${1:?soak.sh BUILD_DIR}
minutes=${SOAK_MINUTES:-60}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
pids=()

cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# A thousand tasks that fail, succeed, hang and are rerun, on a platform with occasional faults.
cat >"$folder/scenario.yaml" <<'YAML'
accounts:
  - name: demo
    keys:
      - {id: LTAI5tDemoKey, secret: demo-secret-not-a-real-one}
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
        jobs:
          - {id: soakJob, name: soak, devices: 1000, rollout: 120, timeout: 10m, life: {failed: 0.3, hang: 0.1}}
switches: {server_error: 0.002, throttled: 0.001, drop: 0.002, slow: 0.002, latency_ms: 30, hostile: newlines}
YAML

"$build/tests/simulator/iotsim" --scenario="$folder/scenario.yaml" --write-config="$folder/config" \
  --quota-share=1.0 --pace=0s >"$folder/iotsim.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do grep -q listening "$folder/iotsim.log" && break; sleep 0.1; done
cloud=$(sed -n 's/^listening on //p' "$folder/iotsim.log")
# The log is read continuously, as on an operator's machine.
"$build/daemon/taskwatchd" --config.file="$folder/config/taskwatchd.yaml" --web.listen-address=127.0.0.1:0 \
  --log.format=json 2> >(exec cat >"$folder/daemon.log") &
daemon=$!
pids=("$daemon" "${pids[@]}")

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 python3 - "$cloud" "$daemon" "$folder/daemon.log" "$minutes" <<'PYTHON'
import gzip, json, os, sys, time, urllib.request

import worlds

CLOUD, DAEMON, LOG, MINUTES = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
WARM_UP = min(10.0, MINUTES / 2)  # minutes; the first round takes 200 s, histories and buffers fill
SLACK = 1.5e6                     # bytes of allowed fluctuation, besides 1 MB per hour
GROWTH = 1e6                      # bytes per hour
LIMIT = 5                         # calls in any second
open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def fetch(url, **headers):
    with open_url(urllib.request.Request(url, headers=headers), timeout=20) as reply:
        body = reply.read()
        return gzip.decompress(body) if reply.headers["Content-Encoding"] == "gzip" else body


def url_of_daemon():
    for _ in range(200):
        with open(LOG, encoding="utf-8") as log:
            for line in log:
                event = json.loads(line)
                if event["event"] == "started":
                    return "http://" + event["listen"][0]
        time.sleep(0.1)
    sys.exit("the daemon did not start")


def resident():
    with open(f"/proc/{DAEMON}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors():
    # Sockets to the platform are opened and closed with its faults: all other descriptors must stay constant.
    kinds = [os.readlink(f"/proc/{DAEMON}/fd/{fd}") for fd in os.listdir(f"/proc/{DAEMON}/fd")]
    return sum(not kind.startswith("socket:") for kind in kinds), len(kinds)


def most_of_one_api(calls, window):
    apis = {call["api"] for call in calls}
    return max((worlds.peak([call for call in calls if call["api"] == api], window) for api in apis), default=0)


def slope(points):
    """Bytes an hour, by least squares."""
    n = len(points)
    if n < 3:
        return 0.0
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    return 60 * (sum((x - mean_x) * (y - mean_y) for x, y in points)
                 / sum((x - mean_x) ** 2 for x, _ in points))


def main():
    url = url_of_daemon()
    failures = []
    points = []
    steady = None
    begun = time.monotonic()
    minute = 0
    while minute < MINUTES:
        minute += 1
        with worlds.Stalls() as stalls:
            while time.monotonic() < begun + 60 * minute:
                fetch(url + "/metrics", **{"Accept-Encoding": "gzip"})
                time.sleep(5)
        fetch(CLOUD + "/-/rerun?job=soakJob&keep=true")
        recent = json.loads(fetch(CLOUD + "/-/calls"))["calls"][-1200:]  # more than one minute of calls
        apis = json.loads(fetch(CLOUD + "/-/stats"))["apis"]
        calls = sum(api["calls"] for api in apis)
        peak = most_of_one_api(recent, 1.0)
        refused = sum(api["refused"] for api in apis)
        size = resident()
        files, everything = descriptors()
        transitions = sum(b'"task_transition"' in line for line in open(LOG, "rb"))
        print(f"minute {minute:3}: RSS {size / 1e6:.2f} MB, descriptors {files} + "
              f"{everything - files} sockets, calls {calls}, peak {peak}/s, refused {refused}, "
              f"worst stall {stalls.worst * 1000:.0f} ms, transitions {transitions}", flush=True)
        if minute >= WARM_UP:
            points.append((minute, size))
            steady = steady or files
            if files != steady:
                failures.append(f"minute {minute}: {files} descriptors, were {steady}")
            if everything - files > 64:
                failures.append(f"minute {minute}: {everything - files} sockets")
        # If the machine delays a program, calls can arrive closer together; the daemon cannot detect this.
        if peak > LIMIT and most_of_one_api(recent, 1.0 - stalls.worst) > LIMIT:
            failures.append(f"minute {minute}: {peak} calls within a second")
    hours = (points[-1][0] - points[0][0]) / 60
    grown = points[-1][1] - points[0][1]
    print(f"memory: {grown / 1e6:+.2f} MB in {60 * hours:.0f} min after warm-up, "
          f"slope {slope(points) / 1e6:+.2f} MB/h", flush=True)
    # Over less than half an hour the slope is noise: only the total counts.
    if grown > GROWTH * hours + SLACK or (hours >= 0.5 and slope(points) > GROWTH):
        failures.append("memory grows")
    sys.exit("\n".join(failures) or None)


main()
PYTHON

kill -TERM "$daemon"
wait "$daemon"
echo "soak: well for $minutes minutes"
