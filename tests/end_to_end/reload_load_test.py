#!/usr/bin/env python3
"""Many reloads under load lose, repeat and leak nothing, and the quota is met across all of them. RELOADS=1000 for
the long form, which `make reloads` runs; SEED=N repeats a run."""

import collections
import os
import random
import re
import signal
import time
import unittest

import harness
import reload_case
import worlds
from reload_case import QUOTA

RELOADS = int(os.environ.get("RELOADS", "200"))
SHARE = 0.8
PAUSES = (0.01, 0.05, 0.1, 0.25)   # s between reloads
LEAK_LIMIT = 8.0                   # KiB per reload, over the second half of them
BARE_LEAK_LIMIT = 1.0              # KiB per reload, without other activity
LIVES = RELOADS * 0.18             # s; about as long as all reloads take
TASKS = 60 if RELOADS <= 200 else 200   # of each account
DISTRIBUTIONS = """    distributions:
{}"""
DISTRIBUTION = """      - {{id: D{0}, product_key: pk, devices: 5, running: {1}s, format: csv, failed: 0,
         results: [{{device: lost, code: 6100, message: not found}}]}}
"""


def memory_of(pid):
    """Returns the resident memory in KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def descriptors_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class ReloadUnderLoad(reload_case.Case):
    def before_start(self):
        """The third account watches its tasks through their job, and has distributions."""
        with open(self.cloud.config_file, encoding="utf-8") as file:
            text = file.read()
        begin = text.index('  - name: "third"')
        third = re.sub(r'        tasks:\n(          - "[^"]+"\n)+',
                       '        jobs:\n          - "thirdJob"\n', text[begin:])
        worlds.rewrite(self.cloud.config_file, text[:begin] + third)

    def begin_world(self, chance):
        self.tasks = {f"task{i:03d}": worlds.quick_life(chance, LIVES) for i in range(TASKS)}
        far = {f"far{i:03d}": worlds.quick_life(chance, LIVES) for i in range(TASKS)}
        job = {f"job{i:03d}": worlds.quick_life(chance, LIVES) for i in range(TASKS)}
        distributions = DISTRIBUTIONS.format("".join(
            DISTRIBUTION.format(i, max(2, int(LIVES * (i + 1) / 5))) for i in range(4)))
        daemon = self.begin(self.tasks, worlds.account("second", QUOTA, far),
                            worlds.account("third", QUOTA, job) + distributions, latency_ms=150)
        start, third = (self.config.index(f'  - name: "{name}"') for name in ("second", "third"))
        self.second = self.config[start:third]
        self.distributions = re.search(r'    distributions:\n(      - "D\d"\n)+', self.config)[0]
        return daemon

    def change(self, kind, chance):
        """Changes the configuration in one of several ways."""
        if kind == 0:
            self.rewrite(*self.without(*chance.sample(sorted(self.tasks), TASKS // 2)))
        elif kind == 1:
            self.rewrite((self.second, ""))
        elif kind == 2:
            self.rewrite(('        jobs:\n          - "thirdJob"\n', ""),
                         (self.distributions, ""))
        elif kind == 3:
            self.rewrite((f"QueryTask: {QUOTA}", f"QueryTask: {chance.choice((30, QUOTA))}"))
        else:
            self.rewrite()

    def test_many_under_load(self):
        """Tasks, a job, distributions and a whole account are removed and added again, with calls in flight and
        commits in progress."""
        seed = int(os.environ.get("SEED", str(int(time.time()))))
        print(f"SEED={seed} RELOADS={RELOADS}", flush=True)
        chance = random.Random(seed)
        daemon = self.begin_world(chance)
        refused = 0
        calls = {}
        samples = []
        begun = time.monotonic()
        with worlds.Stalls() as stalls:
            for i in range(RELOADS):
                self.change(i % 5, chance)
                if chance.random() < 0.5:
                    daemon.send(signal.SIGHUP)
                else:
                    refused += daemon.get("/-/reload", method="POST")[0] != 200
                time.sleep(chance.choice(PAUSES))
                if i % 20 == 19:  # everything is configured: equal loads are compared
                    samples.append((i + 1, memory_of(daemon.pid), descriptors_of(daemon.pid)))
                    self.note_calls(calls)
            span = time.monotonic() - begun
            self.rewrite()
            self.reload(daemon)
            self.wait_all_known(daemon)
            self.note_calls(calls)
        self.assertEqual(refused, 0)
        daemon.wait_metric("taskwatchd_events_pending", 0, sink="log")
        # Requests that arrive during a reload are combined into one.
        taken = len(daemon.events("config_reloaded"))
        print(f"{RELOADS} reloads within {span:.0f} s, {taken} taken over", flush=True)
        self.assertGreater(taken, RELOADS / 4)
        self.check_leaks(samples)
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        self.check_records(daemon)
        self.check_quota(calls.values(), stalls)

    def test_an_account_that_comes_and_goes_leaves_nothing(self):
        """Only reloads, as fast as possible: memory and descriptors do not grow."""
        daemon = self.begin_still()
        sizes = []
        for i in range(3 * RELOADS):
            self.rewrite(*([(self.second, "")] if i % 2 else []))
            self.assertEqual(daemon.get("/-/reload", method="POST")[0], 200)
            if i % RELOADS == RELOADS - 1:
                sizes.append((memory_of(daemon.pid), descriptors_of(daemon.pid)))
        slope = (sizes[2][0] - sizes[0][0]) / (2 * RELOADS)
        print(f"{3 * RELOADS} reloads: {sizes} KiB and descriptors, {slope:.2f} KiB a reload",
              flush=True)
        self.assertLess(slope, BARE_LEAK_LIMIT)
        self.assertLess(sizes[2][1] - sizes[0][1], 20)
        self.assertEqual(daemon.stop(), 0, daemon.tail())

    def begin_still(self):
        still = {name: {f"{name}{i}": worlds.still() for i in range(20)}
                 for name in ("task", "far", "job")}
        daemon = self.begin(still["task"], worlds.account("second", QUOTA, still["far"]),
                            worlds.account("third", QUOTA, still["job"]))
        start, third = (self.config.index(f'  - name: "{name}"') for name in ("second", "third"))
        self.second = self.config[start:third]
        return daemon

    def note_calls(self, calls):
        for call in self.cloud.control("calls")["calls"]:
            calls[call["mono_us"], call["account"], call["api"], call["task"]] = call

    def wait_all_known(self, daemon):
        def all_known():
            truth = {task["id"]: task["status"] for task in self.cloud.control("tasks")["tasks"]}
            return (all(status in worlds.FINISHED for status in truth.values())
                    and worlds.stored_statuses(self.state) == truth
                    and len(daemon.events("distribution_result")) >= 4)

        harness.wait_for(lambda: f"all ends known; {daemon.tail()}", all_known,
                         deadline=90 + LIVES / 2, every=0.5)

    def check_leaks(self, samples):
        half = samples[len(samples) // 2:]
        reloads = half[-1][0] - half[0][0]
        slope = (half[-1][1] - half[0][1]) / reloads
        open_files = [files for _, _, files in samples]
        print(f"memory {samples[0][1]} KiB after {samples[0][0]}, {half[0][1]} after {half[0][0]}, "
              f"{half[-1][1]} after {half[-1][0]}: {slope:.2f} KiB a reload; "
              f"descriptors {open_files[0]} at first, {open_files[-1]} at last, "
              f"{max(open_files)} at most", flush=True)
        self.assertLess(slope, LEAK_LIMIT)
        # Connections to the platform are opened and closed with the calls in flight.
        self.assertLess(max(open_files), 100)

    def check_records(self, daemon):
        transitions = worlds.check_stored(self, self.state, self.cloud)
        self.assertGreater(len(transitions), TASKS * 3)
        worlds.check_log(self, [daemon.lines], self.state)
        events = worlds.stored_events(self.state)
        results = collections.Counter(event["distribution_id"] for event in events
                                      if event["event"] == "distribution_result")
        self.assertEqual(results, {f"D{i}": 1 for i in range(4)})
        steps = collections.Counter((event["distribution_id"], event["to"]) for event in events
                                    if event["event"] == "distribution_transition")
        self.assertEqual([key for key, times in steps.items() if times > 1], [])
        jobs = collections.Counter((event["event"], event.get("to")) for event in events
                                   if event["event"].startswith("job_"))
        self.assertEqual([key for key, times in jobs.items() if times > 1], [], "of one job")
        print(f"{len(transitions)} transitions, {sum(steps.values())} of distributions", flush=True)

    def check_quota(self, calls, stalls):
        quotas = collections.defaultdict(lambda: 5, QueryTask=QUOTA, QueryDeviceDistributeJob=10)
        counts = collections.defaultdict(list)
        for call in calls:
            counts[call["account"], call["api"]].append(call)
        for (account, api), of_api in sorted(counts.items()):
            limit = round(quotas[api] * SHARE)
            peak = worlds.check_rate(self, of_api, limit, stalls)
            print(f"{account} {api}: {len(of_api)} calls, at most {peak} in a second, "
                  f"{limit} may be", flush=True)
        refusals = sum(api["refused"] for api in self.cloud.control("stats")["apis"])
        self.assertEqual(refusals, 0)


if __name__ == "__main__":
    unittest.main()
