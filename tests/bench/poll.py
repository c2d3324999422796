"""Compares the CPU time of one HTTPS call: the daemon, its HTTP library alone, and Alibaba Cloud's own Node clients.
Prints a Markdown table. See poll.sh. Exits with 3 if a goal is not met, and with 4 if other programs used too much of
the machine to decide.

All clients call QueryTask of iotsim over TLS on loopback, on connections that stay open, in interleaved rounds. Each
measurement has its own iotsim. iotsim and the client have a core each, if the machine has two.
"""

import argparse
import json
import os
import shutil
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "end_to_end"))
import bench  # noqa: E402
import harness  # noqa: E402
import npm  # noqa: E402
import receiver  # noqa: E402

IN_FLIGHT = 16
PACED = 1000  # calls/s
QUOTA = 5  # calls/s of each account of the daemon
NO_QUOTA = 1_000_000  # calls/s: more than any client makes
TASKS = 1000  # of the clients that have one account; an account of the daemon has ACCOUNT_TASKS
ACCOUNT_TASKS = 10
# s from the start of a client to its measurement: the daemon opens its connections, Node compiles its code
WARM_UP = {"daemon": 8, "curl": 2, "node": 5}
GOALS = (("bare libcurl loop", 2.5, "taskwatchd takes at most 2.5 times the bare loop"),
         ("official SDK (iot20180120)", 0.2, "taskwatchd takes at most 0.2 times the official SDK"))
MISSED, UNCLEAR = 3, 4  # exit codes
QUIET = 0.1  # cores that other programs use at most before a measurement
# Cores of other programs from which on the ratios are wrong: a client that waits for its core finds several replies and
# due calls at once, and sleeps less often.
BUSY = 0.3

# (client, load): calls per second, or 0: as many as the client can.
DAEMON, LOOP = "taskwatchd", GOALS[0][0]
SDK, POP = GOALS[1][0], "official SDK (pop-core)"
CASES = ((DAEMON, PACED), (LOOP, PACED), (SDK, PACED), (POP, PACED), (DAEMON, 5 * PACED), (LOOP, 5 * PACED),
         (LOOP, 0), (SDK, 0), (POP, 0))


def busy_seconds():
    """Returns the CPU time of the whole machine."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, *_ = map(int, file.readline().split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def wait_until_quiet(patience):
    """Returns when the machine has been almost idle for 2 s, or after `patience` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        before = busy_seconds()
        time.sleep(2)
        if busy_seconds() - before < 2 * QUIET:
            return


def world(accounts, tasks, quota):
    """Returns a scenario in which all tasks are IN_PROGRESS and stay so."""
    return {"accounts": [
        {"name": f"a{i:04d}", "keys": [{"id": f"LTAI5t{i:06d}", "secret": f"secret-{i}-not-a-real-one"}],
         "quota": {"QueryTask": quota},
         "instances": [{"region": "cn-shanghai", "id": f"iot-{i:06d}",
                        "jobs": [{"id": f"J{i:06d}", "name": "ota", "devices": tasks, "start": "-1h", "created": "-1h",
                                  "rollout": 1_000_000, "timeout": "0s",
                                  "life": {"run_median": "48h", "failed": 0, "rejected": 0, "offline": 0}}]}]}
        for i in range(accounts)]}


def pin(pid, core):
    """Keeps all threads of a process on a core, if the machine has more than one."""
    if os.cpu_count() > 1:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), {core})


class Cloud:
    """iotsim with TLS, without a check of signatures: it costs iotsim time, and the bare loop does not sign."""

    def __init__(self, folder, accounts, tasks, quota):
        scenario = os.path.join(folder, "world.yaml")
        with open(scenario, "w", encoding="utf-8") as file:
            json.dump(world(accounts, tasks, quota), file)
        self.certificate, key = receiver.certificate(folder)
        self.program = harness.Iotsim(scenario, os.path.join(folder, "cloud"), "--quota-share=1.0", "--pace=0s",
                                      f"--tls-cert={self.certificate}", f"--tls-key={key}")
        pin(self.program.pid, 0)
        self.url = self.program.url
        self.config_file = self.program.config_file
        self.control("switch?signature_check=false")

    def control(self, path):
        context = ssl.create_default_context(cafile=self.certificate)
        with urllib.request.urlopen(f"{self.url}/-/{path}", context=context, timeout=60) as reply:
            return json.load(reply)

    def calls(self):
        """Returns (calls received, good replies)."""
        rows = self.control("stats")["apis"]
        return sum(row["calls"] for row in rows), sum(row["ok"] for row in rows)


class Client:
    """A process that reads task ids from stdin and makes calls until SIGTERM."""

    def __init__(self, command, ids, env):
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        self.pid = self.child.pid
        self.child.stdin.write("\n".join(ids) + "\n")
        self.child.stdin.close()

    def stop(self):
        """Ends the process. Returns the numbers that it prints."""
        self.child.send_signal(signal.SIGTERM)
        text = self.child.stdout.read()
        self.child.wait(harness.DEADLINE)
        return [int(word) for word in text.split()]

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self.child.stdout.close()


class Bench:
    def __init__(self, seconds, patience, curl, node_folder):
        self.seconds, self.patience, self.curl, self.node_folder = seconds, patience, curl, node_folder
        self.reply_bytes = 0
        self.others = []  # cores that other programs used during each measurement

    def daemon(self, cloud, _):
        client = harness.Daemon(cloud.config_file).started(deadline=60)
        return client, WARM_UP["daemon"]

    def bare(self, cloud, rate):
        command = [self.curl, cloud.url, cloud.certificate, "LTAI5t000000", "iot-000000", str(IN_FLIGHT), str(rate),
                   "120"]
        return Client(command, self.ids(cloud), harness.clean_environment()), WARM_UP["curl"]

    def node(self, name):
        def start(cloud, rate):
            env = harness.clean_environment(
                ENDPOINT=cloud.url, CLIENT=name, ACCESS_KEY_ID="LTAI5t000000", INSTANCE="iot-000000",
                ACCESS_KEY_SECRET="secret-0-not-a-real-one", IN_FLIGHT=IN_FLIGHT, RATE=rate, SECONDS=120,
                NODE_EXTRA_CA_CERTS=cloud.certificate)
            command = [npm.NODE, os.path.join(self.node_folder, "sdk_loop.js")]
            return Client(command, self.ids(cloud), env), WARM_UP["node"]
        return start

    @staticmethod
    def ids(cloud):
        return [task["id"] for task in cloud.control("tasks")["tasks"]]

    def measure(self, case):
        """Returns (us of CPU per call, calls per second)."""
        name, rate = case
        start = {DAEMON: self.daemon, LOOP: self.bare, SDK: self.node("iot20180120"), POP: self.node("pop-core")}[name]
        folder = tempfile.mkdtemp(prefix="taskwatchd-poll-")
        cloud = client = None
        wait_until_quiet(self.patience)
        try:
            if name == DAEMON:
                cloud = Cloud(folder, rate // QUOTA, ACCOUNT_TASKS, QUOTA)
            else:
                cloud = Cloud(folder, 1, TASKS, NO_QUOTA)
            client, warm_up = start(cloud, rate)
            pin(client.pid, os.cpu_count() - 1)
            time.sleep(warm_up)
            used = [bench.cpu_seconds(pid) for pid in (client.pid, cloud.program.pid)]
            busy, (calls, good), at = busy_seconds(), cloud.calls(), time.monotonic()
            time.sleep(self.seconds)
            cpu, platform = (bench.cpu_seconds(pid) - before
                             for pid, before in zip((client.pid, cloud.program.pid), used))
            busy, (calls_after, good_after), span = busy_seconds() - busy, cloud.calls(), time.monotonic() - at
            self.others.append(max(0.0, busy - cpu - platform) / span)
            calls, good = calls_after - calls, good_after - good
            if good < 0.999 * calls:
                raise AssertionError(f"{name}: {calls - good} of {calls} calls failed")
            if name != DAEMON:
                done, failed, *size = client.stop()
                if failed:
                    raise AssertionError(f"{name}: {failed} of {done} calls failed")
                if size:
                    self.reply_bytes = size[0] / done
            return 1e6 * cpu / calls, calls / span
        finally:
            for process in (client, cloud and cloud.program):
                if process:
                    process.close()
            shutil.rmtree(folder, ignore_errors=True)


def say(text):
    """Prints a paragraph as it must be in a document: wrapped."""
    print(textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False))


def spread(values, digits=0):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def load_of(name, rate):
    if rate == 0:
        return f"saturated, {IN_FLIGHT} in flight"
    accounts = f" ({rate // QUOTA:,} accounts x {QUOTA})" if name == DAEMON else ""
    return f"{rate:,} calls/s{accounts}"


def table(measured):
    """Prints the table. The ratio is that to the bare loop at the same load."""
    print("| client | load | CPU per call, us | calls/s | x bare loop |\n| --- | --- | --: | --: | --: |")
    for case in CASES:
        if case not in measured:
            continue
        name, rate = case
        costs, rates = zip(*measured[case])
        ratio = statistics.median(costs) / statistics.median(cost for cost, _ in measured[LOOP, rate])
        print(f"| {name} | {load_of(*case)} | {spread(costs)} | {statistics.median(rates):,.0f} | {ratio:.2f} |")


def goals(measured):
    """Prints a row for each goal, with the ratio of the bare loop beside it: a client with this library hardly needs less.
    Returns whether all goals that were measured are met."""
    ours, least = (statistics.median(cost for cost, _ in measured[name, PACED]) for name in (DAEMON, LOOP))
    kept = True
    print(f"| goal at {PACED:,} calls/s | taskwatchd | bare loop | |\n| --- | --: | --: | --- |")
    for name, limit, text in GOALS:
        if (name, PACED) not in measured:
            print(f"| {text} | | | not measured |")
            continue
        peer = statistics.median(cost for cost, _ in measured[name, PACED])
        ratio = ours / peer
        kept = kept and ratio <= limit
        print(f"| {text} | {ratio:.2f} | {least / peer:.2f} | {'met' if ratio <= limit else '**not met**'} |")
    return kept


def versions(has_node):
    found = [subprocess.run(["curl-config", "--version"], capture_output=True, text=True, check=False).stdout.strip()
             if shutil.which("curl-config") else "libcurl of this system"]
    if has_node:
        with open(os.path.join(ROOT, "tests", "bench", "node", "package.json"), encoding="utf-8") as file:
            pinned = json.load(file)["dependencies"]
        node = subprocess.run([npm.NODE, "--version"], capture_output=True, text=True, check=True)
        found.append(f"Node {node.stdout.strip()}")
        found += [f"{name} {pinned[name]}" for name in ("@alicloud/iot20180120", "@alicloud/pop-core")]
    return ", ".join(found)


def main():
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--curl", required=True, help="path of bench_curl")
    flags.add_argument("--rounds", type=int, default=3)
    flags.add_argument("--seconds", type=float, default=10, help="of each measurement")
    flags.add_argument("--patience", type=float, default=30,
                       help="s to wait for a quiet machine before each measurement")
    arguments = flags.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the programs end too
    left_out, missing, node_folder = set(), "", None
    try:
        node_folder = npm.install("bench-node", os.path.join(ROOT, "tests", "bench", "node"))
    except unittest.SkipTest as reason:
        left_out, missing = {SDK, POP}, str(reason)
    runner = Bench(arguments.seconds, arguments.patience, arguments.curl, node_folder)
    cases = [case for case in CASES if case[0] not in left_out]
    measured = {case: [] for case in cases}
    for number in range(arguments.rounds):
        for case in cases:
            measured[case].append(runner.measure(case))
            print(f"round {number + 1}: {case[0]}, {load_of(*case)}: {measured[case][-1][0]:.1f} us, "
                  f"{measured[case][-1][1]:,.0f} calls/s", file=sys.stderr, flush=True)
    about = "; ".join(bench.machine() + [versions(node_folder)])
    say(f"{about}. Measured {arguments.rounds} times for {arguments.seconds:g} s, in turn: median (min to max). "
        f"The body of a reply has {runner.reply_bytes:.0f} bytes. Other programs used {spread(runner.others, 2)} "
        "cores.")
    if left_out:
        say(f"The Node clients are left out: {missing}.")
    print()
    table(measured)
    print()
    kept = goals(measured)
    if statistics.median(runner.others) > BUSY:
        print("\n**The machine was busy: these figures decide nothing.**")
        return UNCLEAR
    return 0 if kept else MISSED


if __name__ == "__main__":
    sys.exit(main())
