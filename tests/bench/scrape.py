"""Compares the time to produce a scrape of 100,000 tasks with all their series: taskwatchd, and the registries of four
Prometheus client libraries. Prints a Markdown table. See scrape.sh.

Each measurement is its own process, in interleaved rounds, so that its peak memory is its own too. The body is produced
in memory, without HTTP. A peer whose package is missing is left out. The bodies of the peers are compared: the same
series with the same values.
"""

import argparse
import gzip
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "tests", "bench")
sys.path.insert(0, os.path.join(ROOT, "tests", "end_to_end"))
import bench  # noqa: E402
import harness  # noqa: E402
import npm  # noqa: E402
from poll import busy_seconds, say, spread, wait_until_quiet  # noqa: E402

TASKS = 100_000  # as in page_bench.cc
LINES = 13  # of a task: nine statuses and four more families
ONE_TASK = b'task_id="MSnT9aaaaaaaa012345q010101"'
GO_LIBRARIES = "/usr/share/gocode"  # of Debian's packages
PLAIN, GZIP, FOUR, LOOP = "plain", "gzip", "gzip, four clients at once", "event loop only"
COPY = ("memcpy of the body", PLAIN)
# Of page_bench.cc. Each scrape follows a change of 300 tasks.
OURS = {COPY: "copy_of_page", ("taskwatchd", PLAIN): "plain_scrape", ("taskwatchd", GZIP): "gzip_scrape",
        ("taskwatchd", FOUR): "four_gzip_scrapes", ("taskwatchd", LOOP): "picture_taken"}


def run(command):
    """Returns what the command prints, with its peak memory in bytes and the cores that other programs used."""
    busy, begun = busy_seconds(), time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=harness.clean_environment())
    try:
        with child.stdout:
            out = child.stdout.read()
    except BaseException:
        child.kill()
        raise
    finally:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise AssertionError(f"{' '.join(command)} exits with {child.returncode}")
    others = max(0.0, busy_seconds() - busy - used.ru_utime - used.ru_stime) / (time.monotonic() - begun)
    return {**json.loads(out), "peak": 1024 * used.ru_maxrss, "others": others}


def ours(program, name):
    """Runs one benchmark of bench_page. Returns a measurement."""
    found = run([program, f"--benchmark_filter=^{name}/{TASKS}(/|$)", "--benchmark_format=json",
                 "--benchmark_min_time=0.3"])
    row = found["benchmarks"][0]
    if row["time_unit"] != "ms":
        raise AssertionError(f"{name} is measured in {row['time_unit']}")
    return {**found, "ms": [row["real_time"]], "cpu_ms": [row["cpu_time"]], "bytes": row.get("page_bytes"),
            "build_ms": None}


def peer(command, form, scrapes, body_file):
    """Runs a peer. The first scrape warms up. Returns a measurement."""
    found = run([*command, form, str(TASKS), str(scrapes + 1), *([body_file] if body_file else [])])
    return {**found, "ms": found["ms"][1:], "cpu_ms": found["cpu_ms"][1:]}


def series_of(body_file, form):
    """Returns the number of series of a body, and the series of one task with their values."""
    count, one = 0, []
    with (gzip.open if form == GZIP else open)(body_file, "rb") as file:
        for line in file:
            if line.startswith(b"#") or not line.strip():
                continue
            count += 1
            if ONE_TASK in line:
                one.append(line.decode())
    return count, harness.parse_metrics("".join(one))


def go_peer(build):
    """Builds the peer in Go. Returns (command, None) or (None, why not)."""
    go = shutil.which("go")
    if not go or not os.path.isdir(f"{GO_LIBRARIES}/src/github.com/prometheus/client_golang"):
        return None, "Debian's golang-go or golang-github-prometheus-client-golang-dev is not installed"
    program = os.path.join(build, "tests", "bench", "scrape_peer_go")
    env = {**os.environ, "GO111MODULE": "off", "GOPATH": GO_LIBRARIES, "GOFLAGS": "",
           "GOCACHE": os.path.join(os.path.abspath(build), "go-cache")}
    done = subprocess.run([go, "build", "-o", program, os.path.join(HERE, "scrape_peer.go")], capture_output=True,
                          text=True, check=False, env=env)
    return ([program], None) if done.returncode == 0 else (None, done.stderr.strip()[:300])


def node_peer():
    try:
        folder = npm.install("bench-node", os.path.join(HERE, "node"))
    except unittest.SkipTest as reason:
        return None, str(reason)
    return [npm.NODE, "--max-old-space-size=12000", os.path.join(folder, "scrape_peer.js")], None


def python_peer():
    """The package of Debian belongs to Debian's Python, which may not be this one."""
    for python in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(python) and subprocess.run([python, "-c", "import prometheus_client"], capture_output=True,
                                                     check=False).returncode == 0:
            return [python, os.path.join(HERE, "scrape_peer.py")], None
    return None, "Debian's python3-prometheus-client is not installed"


def cpp_peer(build):
    program = os.path.join(build, "tests", "bench", "bench_registry")
    return ([program], None) if os.path.exists(program) else (None, "bench_registry is not built")


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def versions(peers):
    """Returns the versions of the peers' packages and compilers."""
    packages = {"prometheus-cpp": "prometheus-cpp-dev", "client_golang": "golang-github-prometheus-client-golang-dev",
                "prometheus_client": "python3-prometheus-client"}
    with open(os.path.join(HERE, "node", "package.json"), encoding="utf-8") as file:
        pinned = json.load(file)["dependencies"]["prom-client"]
    found = {"prom-client": f"{pinned} on Node {output_of('node', '--version')}"}
    for name, package in packages.items():
        found[name] = output_of("dpkg-query", "-W", "-f=${Version}", package)
    found["client_golang"] += " with " + output_of("go", "env", "GOVERSION")
    return ", ".join(f"{name} {found[name]}" for name in peers)


def in_ms(values):
    median = statistics.median(values)
    return spread(values, 0 if median >= 100 else 1 if median >= 1 else 3)


def table(measured):
    """Prints the table. Memory is the median of the rounds."""
    print("| | body | time, ms | CPU time, ms | CPU time x memcpy | body, MB | first build, ms | peak memory, MB |\n"
          "| --- | --- | --: | --: | --: | --: | --: | --: |")
    copy = statistics.median(ms for one in measured[COPY] for ms in one["cpu_ms"])
    for (name, form), rows in measured.items():
        times, cpu_times = ([ms for one in rows for ms in one[kind]] for kind in ("ms", "cpu_ms"))
        size = f"{rows[0]['bytes'] / 1e6:.1f}" if rows[0]["bytes"] else ""
        build = f"{statistics.median(one['build_ms'] for one in rows):,.0f}" if rows[0]["build_ms"] else ""
        ratio = bench.short(statistics.median(cpu_times) / copy)
        print(f"| {name} | {form} | {in_ms(times)} | {in_ms(cpu_times)} | {ratio} | {size} | {build} | "
              f"{statistics.median(one['peak'] for one in rows) / 1e6:,.0f} |")


def main():
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--build", required=True, help="the build folder")
    flags.add_argument("--page-bench", help="default: bench_page of the build folder")
    flags.add_argument("--rounds", type=int, default=3)
    flags.add_argument("--scrapes", type=int, default=2, help="measured in each process of a peer, after one more")
    flags.add_argument("--patience", type=float, default=30,
                       help="s to wait for a quiet machine before each measurement")
    arguments = flags.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the programs end too
    program = arguments.page_bench or os.path.join(arguments.build, "tests", "bench", "bench_page")
    if not os.path.exists(program):
        sys.exit("scrape.py: bench_page is not built: install libbenchmark-dev")
    peers, left_out = {}, []
    for name, (command, why) in {"prometheus-cpp": cpp_peer(arguments.build), "client_golang": go_peer(arguments.build),
                                 "prom-client": node_peer(), "prometheus_client": python_peer()}.items():
        if command:
            peers[name] = command
        else:
            left_out.append(f"{name} is left out: {why}")
    measured = {case: [] for case in (*OURS, *((name, form) for name in peers for form in (PLAIN, GZIP)))}
    reference = None
    folder = tempfile.mkdtemp(prefix="taskwatchd-scrape-")
    try:
        for number in range(arguments.rounds):
            for case, rows in measured.items():
                name, form = case
                wait_until_quiet(arguments.patience)
                body = os.path.join(folder, "body") if number == 0 and case not in OURS else None
                rows.append(ours(program, OURS[case]) if case in OURS
                            else peer(peers[name], form, arguments.scrapes, body))
                print(f"round {number + 1}: {name}, {form}: {', '.join(f'{ms:.1f}' for ms in rows[-1]['ms'])} ms",
                      file=sys.stderr, flush=True)
                if not body:
                    continue
                count, series = series_of(body, form)
                reference = reference or series
                if count != LINES * TASKS or len(series) != LINES or series != reference:
                    raise AssertionError(f"{name}, {form}: {count} series, or others than the first peer's: {series}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    about = "; ".join(bench.machine() + ([versions(peers)] if peers else []))
    say(f"{about}. Measured in {arguments.rounds} rounds: median (min to max). Other programs used "
        f"{spread([one['others'] for rows in measured.values() for one in rows], 2)} cores.")
    for line in left_out:
        say(f"{line}.")
    print()
    table(measured)


if __name__ == "__main__":
    main()
