#!/usr/bin/env python3
"""Many accounts over TLS, each polled at its whole quota: calls and refusals by the platform's own count, CPU time,
memory, start and reload. Not part of `make test`: it takes minutes and needs an idle machine.

ACCOUNTS=1000 SECONDS=20 (more for few accounts, whose tasks change rarely) LATENCY=0 (ms of each reply) QUOTA=5; TURNS: see LoopTurns
"""

import json
import os
import re
import signal
import ssl
import statistics
import time
import unittest
import urllib.request

import harness
import receiver
from size_case import LoopTurns, memory, processor_seconds

ACCOUNTS = int(os.environ.get("ACCOUNTS", "1000"))
TASKS = 10
QUOTA = int(os.environ.get("QUOTA", "5"))  # calls per second and account
ROLLOUT = 2  # tasks of an account that start per minute
SECONDS = float(os.environ.get("SECONDS", "20"))
LATENCY = int(os.environ.get("LATENCY", "0"))


class SizeOfAccounts(harness.TestCase):
    def control(self, path):
        context = ssl.create_default_context(cafile=self.certificate)
        with urllib.request.urlopen(f"{self.cloud.url}/-/{path}", context=context, timeout=60) as reply:
            return json.load(reply)

    def request(self, daemon, path, **headers):
        """Returns the median of five requests in ms."""
        times = []
        for _ in range(5):
            time.sleep(1.2)  # the output of a scrape is shared for 1 s
            begun = time.monotonic()
            request = urllib.request.Request(daemon.url + path, headers=headers)
            with urllib.request.urlopen(request, timeout=60) as reply:
                reply.read()
            times.append(1000 * (time.monotonic() - begun))
        return sorted(times)[2]

    def test_accounts(self):
        accounts = [{"name": f"a{i:04d}", "keys": [{"id": f"LTAI5t{i:06d}", "secret": f"secret-{i}-not-a-real-one"}],
                     "quota": {"QueryTask": QUOTA},
                     "instances": [{"region": "cn-shanghai", "id": f"iot-{i:06d}",
                                    "jobs": [{"id": f"J{i:06d}", "name": "ota", "devices": TASKS, "start": "0s", "rollout": ROLLOUT,
                                              "life": {"run_median": "48h", "failed": 0, "rejected": 0, "offline": 0}}]}]}
                    for i in range(ACCOUNTS)]
        world = self.write("world.yaml", json.dumps({"accounts": accounts}))
        self.certificate, key = receiver.certificate(self.folder)
        self.cloud = self.keep(harness.Iotsim(world, self.path("cloud"), "--quota-share=1.0", "--pace=0s",
                                              f"--tls-cert={self.certificate}", f"--tls-key={key}"))
        if LATENCY:
            self.control(f"switch?latency_ms={LATENCY}")
        begun = time.monotonic()
        turns = LoopTurns(self.path("turns"))
        daemon = self.keep(harness.Daemon(self.cloud.config_file, env=harness.clean_environment(**turns.environment)))
        daemon.started(deadline=60)
        started = time.monotonic() - begun
        print(f"\n{ACCOUNTS} accounts: start: {turns.longest(daemon.pid)}", flush=True)
        time.sleep(8)
        before, cpu, at = self.control("stats"), processor_seconds(daemon.pid), time.monotonic()
        sim = processor_seconds(self.cloud.pid)
        time.sleep(SECONDS)
        after, span = self.control("stats"), time.monotonic() - at
        cpu = processor_seconds(daemon.pid) - cpu
        sim = processor_seconds(self.cloud.pid) - sim

        def by_account(stats):
            return {one["account"]: one for one in stats["apis"] if one["api"] == "QueryTask"}
        before, after = by_account(before), by_account(after)
        rates = sorted((after[name]["accepted"] - before[name]["accepted"]) / span / QUOTA for name in after)
        calls = sum(after[name]["calls"] - before[name]["calls"] for name in after)
        refused = sum(one["refused"] for one in after.values())
        peak = max(one["peak_accepted"] for one in after.values())
        failures = {}
        with urllib.request.urlopen(daemon.url + "/metrics", timeout=60) as reply:
            page = reply.read().decode()
        for reason, count in re.findall(r'taskwatchd_api_failures_total\{.*reason="(\w+)"\} (\d+)', page):
            failures[reason] = failures.get(reason, 0) + int(count)
        seen = memory(daemon.pid)
        delays = sorted(harness.unix(event["observed_at"]) - harness.unix(event["modified_at"])
                        for event in daemon.events("task_transition"))
        observed = (f"{len(delays)} transitions observed after {statistics.median(delays):.2f} s, p99 "
                    f"{delays[len(delays) * 99 // 100]:.2f} s") if delays else "no transitions"
        print(f"{ACCOUNTS} accounts: polled: {turns.longest(daemon.pid)}", flush=True)
        plain, gzip = self.request(daemon, "/metrics"), self.request(daemon, "/metrics", **{"Accept-Encoding": "gzip"})
        print(f"{ACCOUNTS} accounts: scraped: {turns.longest(daemon.pid)}", flush=True)
        for path in ("status", "jobs", "tasks", "tasks?limit=1000"):
            taken = self.request(daemon, "/api/v1/" + path)
            print(f"{ACCOUNTS} accounts: {path}: {taken:.0f} ms; {turns.longest(daemon.pid)}", flush=True)
        begun = time.monotonic()
        daemon.send(signal.SIGHUP)
        harness.wait_for("a reload", lambda: daemon.events("config_reloaded"), deadline=60)
        reloaded = time.monotonic() - begun
        print(f"{ACCOUNTS} accounts: reload: {turns.longest(daemon.pid)}", flush=True)
        print(f"\n{ACCOUNTS} accounts, latency {LATENCY} ms: started in {started:.2f} s, reloaded in {reloaded:.2f} s; "
              f"{calls / span:.0f} calls/s, {calls / span / ACCOUNTS / QUOTA:.3f} of the quota (least {rates[0]:.3f}), "
              f"peak {peak} in 1 s, {refused} refused; CPU {cpu / span:.2f} of a core, {1e6 * cpu / calls:.0f} us a call "
              f"(iotsim {sim / span:.2f}); {observed}; RSS {seen['VmRSS'] / 1e6:.0f}, most {seen['VmHWM'] / 1e6:.0f} MB; page "
              f"{len(page) / 1e6:.1f} MB, scraped in {plain:.0f} ms, with gzip {gzip:.0f} ms; "
              f"failures {({k: v for k, v in failures.items() if v})}", flush=True)


if __name__ == "__main__":
    unittest.main()
