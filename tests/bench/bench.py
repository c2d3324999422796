"""Compares the cost of the daemon with a baseline and prints a table of ratios. See run.sh."""

import argparse
import datetime
import gzip
import json
import math
import os
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "end_to_end"))
import harness  # noqa: E402

THOUSAND = os.path.join(ROOT, "tests", "data", "scenarios", "thousand.yaml")
SCRAPES = 30
WARM_UP = 5  # s before the CPU time is measured
CALLS_PER_SECOND = 5


def short(value):
    """Formats three significant digits, never as 5.9e+04."""
    digits = 2 if value <= 0 else max(0, 2 - math.floor(math.log10(value)))
    return f"{value:,.{digits}f}"


class Table:
    def __init__(self):
        self.rows = [("what", "ours", "baseline", "value", "ours / baseline")]

    def add(self, what, ours, baseline, value, unit):
        self.rows.append((what, f"{short(ours)} {unit}", baseline, f"{short(value)} {unit}",
                          short(ours / value)))

    def print(self):
        widths = [max(len(row[i]) for row in self.rows) for i in range(len(self.rows[0]))]
        for number, row in enumerate(self.rows):
            print("| " + " | ".join(text.ljust(width) for text, width in zip(row, widths)) + " |")
            if number == 0:
                print("| " + " | ".join("-" * width for width in widths) + " |")


def machine():
    """Describes the machine and the program that the figures depend on."""
    cpu = "unknown CPU"
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        found = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
        cpu = found.group(1) if found else cpu
    version = subprocess.run([harness.program("TASKWATCHD"), "--version"], capture_output=True,
                             text=True, check=True).stdout.strip()
    now = datetime.datetime.now(datetime.timezone.utc)
    return [f"{now:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} x {cpu}, Linux {os.uname().release}",
            f"load average {', '.join(f'{load:.1f}' for load in os.getloadavg())}", version]


def pages(table, program):
    if not os.path.exists(program):
        print("bench_page is not built (libbenchmark-dev is missing): the page is left out")
        return
    # Those of 100,000 tasks take minutes: `make bench-scrape` runs them.
    out = subprocess.run([program, "--benchmark_format=json", "--benchmark_filter=/1000$", "--benchmark_min_time=0.2",
                          "--benchmark_repetitions=7",
                          "--benchmark_enable_random_interleaving=true"],
                         capture_output=True, text=True, check=True).stdout
    median = {row["run_name"]: row["cpu_time"] for row in json.loads(out)["benchmarks"]
              if row.get("aggregate_name") == "median"}
    registry = median["task_families_registry/1000"]
    table.add("series of 1,000 tasks as text", median["task_families/1000"],
              "prometheus-cpp registry", registry, "us")
    table.add("whole page of 1,000 tasks", median["whole_page/1000"],
              "prometheus-cpp registry, tasks' series alone", registry, "us")
    table.add("one of 1,000 tasks changes", median["one_task_changes/1000"],
              "writing all 1,000 to the page", median["task_families/1000"], "us")


def curl_seconds(url, *flags):
    out = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{time_total}", *flags, url],
                         capture_output=True, text=True, check=True,
                         env=harness.clean_environment()).stdout
    return float(out)


def write_config(cloud, quota):
    """Sets another quota in the configuration that iotsim wrote."""
    with open(cloud.config_file, encoding="utf-8") as file:
        text = re.sub(r"QueryTask: \d+", f"QueryTask: {quota}", file.read())
    with open(cloud.config_file, "w", encoding="utf-8") as file:
        file.write(text)


def world(folder):
    """Starts iotsim with 1,000 unfinished tasks and a quota that is large enough to poll all of
    them at once."""
    with open(THOUSAND, encoding="utf-8") as file:
        text = file.read()
    scenario = os.path.join(folder, "thousand.yaml")
    with open(scenario, "w", encoding="utf-8") as file:
        file.write(text.replace("    instances:", "    quota: {QueryTask: 400}\n    instances:"))
    return harness.Iotsim(scenario, os.path.join(folder, "cloud"), "--quota-share=1")


def scrapes(table, folder, ours):
    """Measures a scrape of 1,000 tasks over HTTP, and a static file of the same bytes."""
    _, _, page = ours.get("/metrics")
    files = os.path.join(folder, "static")
    os.mkdir(files)
    with open(os.path.join(files, "plain"), "wb") as file:
        file.write(page.encode())
    with open(os.path.join(files, "packed"), "wb") as file:
        file.write(gzip.compress(page.encode(), 6))
    static = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", files,
         "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = re.search(r"port (\d+)", static.stdout.readline()).group(1)
        asked = {
            "plain": (f"{ours.url}/metrics",),
            "gzip": (f"{ours.url}/metrics", "-H", "Accept-Encoding: gzip"),
            "file": (f"http://127.0.0.1:{port}/plain",),
            "packed file": (f"http://127.0.0.1:{port}/packed",),
        }
        taken = {name: [] for name in asked}
        for _ in range(SCRAPES):  # round robin, so that changes in the machine's load affect all of them
            for name, arguments in asked.items():
                taken[name].append(1000 * curl_seconds(*arguments))
    finally:
        static.kill()
        static.wait()
        static.stdout.close()
    median = {name: statistics.median(times) for name, times in taken.items()}
    size = f"{len(page) / 1e6:.1f} MB"
    table.add(f"scrape of {size}, plain", median["plain"],
              "the same bytes, file by http.server", median["file"], "ms")
    table.add(f"scrape of {size}, gzip", median["gzip"],
              "ready gzip bytes, file by http.server", median["packed file"], "ms")
    table.add(f"scrape of {size}, gzip", median["gzip"], "our plain one", median["plain"], "ms")


def cpu_seconds(pid):
    """Returns the CPU time of all threads. schedstat counts nanoseconds; a kernel without it has
    ticks in stat."""
    total = 0.0
    for task in os.listdir(f"/proc/{pid}/task"):
        folder = f"/proc/{pid}/task/{task}"
        try:
            with open(f"{folder}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0]) / 1e9
        except FileNotFoundError:
            with open(f"{folder}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return 1024 * int(re.search(r"^VmRSS:\s+(\d+) kB", file.read(), re.MULTILINE).group(1))


def children_cpu(command):
    """Returns the CPU seconds and wall seconds of a command and of all processes that it starts
    and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   env=harness.clean_environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            time.monotonic() - begun)


def call_urls(cloud, count):
    """Returns QueryTask calls. The simulated platform is set to ignore their signatures."""
    cloud.switch(signature_check=False)
    tasks = [task["id"] for task in cloud.control("tasks")["tasks"]]
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return [cloud.url + "/?" + urllib.parse.urlencode({
        "Format": "JSON", "Version": "2018-01-20", "Action": "QueryTask", "Timestamp": stamp,
        "AccessKeyId": "LTAI5tDemoKey", "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
        "SignatureNonce": f"{time.time_ns()}-{i}", "RegionId": "cn-shanghai",
        "IotInstanceId": "iot-cn-demo0001", "TaskId": tasks[i % len(tasks)], "Signature": "x"})
        for i in range(count)]


def calls_answered(cloud):
    return sum(row["ok"] for row in cloud.control("stats")["apis"])


def calls(table, folder, cloud, ours, seconds):
    """Measures the CPU time of the daemon at five calls per second, and of curl making only the
    calls."""
    write_config(cloud, CALLS_PER_SECOND)
    ours.send(signal.SIGHUP)
    ours.event("config_reloaded")
    time.sleep(WARM_UP)
    count, cpu, begun = calls_answered(cloud), cpu_seconds(ours.pid), time.monotonic()
    time.sleep(seconds)
    cpu, span = cpu_seconds(ours.pid) - cpu, time.monotonic() - begun
    count = calls_answered(cloud) - count
    own = 1e3 * cpu / count
    print(f"daemon: {count / span:.2f} calls/s, {100 * cpu / span:.2f} % of a core, "
          f"{resident_bytes(ours.pid) / 1e6:.1f} MB resident, 1,000 tasks")
    ours.stop()

    def measure(what, command):
        before = calls_answered(cloud)
        cpu, span = children_cpu(command)
        count = calls_answered(cloud) - before
        print(f"{what}: {count / span:.2f} calls/s, {100 * cpu / span:.2f} % of a core")
        table.add("CPU a call, about 5 calls/s", own, what, 1e3 * cpu / count, "ms")

    loop = f'for url; do curl -sS -o /dev/null "$url"; sleep {1 / CALLS_PER_SECOND}; done'
    measure("shell loop, a curl a call",
            ["bash", "-c", loop, "bash", *call_urls(cloud, CALLS_PER_SECOND * seconds)])
    list_file = os.path.join(folder, "urls")
    with open(list_file, "w", encoding="utf-8") as file:
        file.writelines(f'url = "{url}"\noutput = /dev/null\n'
                        for url in call_urls(cloud, CALLS_PER_SECOND * seconds))
    measure("one curl --rate 5/s, connection kept",
            ["curl", "-sS", "--rate", f"{CALLS_PER_SECOND}/s", "--config", list_file])


def main():
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--page-bench", required=True)
    arguments = flags.parse_args()
    print("\n".join(machine()))
    table = Table()
    ours = cloud = None
    folder = tempfile.mkdtemp(prefix="taskwatchd-bench-")
    try:
        pages(table, arguments.page_bench)
        cloud = world(folder)
        ours = harness.Daemon(cloud.config_file,
                              env=harness.clean_environment(STATE_DIRECTORY=folder))
        ours.started().wait_metric("taskwatchd_tasks", 1000, deadline=120, state="unfinished")
        scrapes(table, folder, ours)
        calls(table, folder, cloud, ours, int(os.environ.get("BENCH_SECONDS", "20")))
    finally:
        for process in (ours, cloud):
            if process:
                process.close()
        shutil.rmtree(folder, ignore_errors=True)
    table.print()


if __name__ == "__main__":
    main()
