#!/usr/bin/env python3
"""Replicas under load with random faults, for MINUTES=30: 20 accounts, 2,000 tasks that change, the full quota.

Not part of the tests: it takes as long as it is given. Checks the quota of each account and API in any second, that
no transition is lost or has two ids, and the order per task.
"""

import os
import random
import signal
import statistics
import time
import unittest

import harness
import worlds
from replicas_test import QUOTA, Replicas

MINUTES = float(os.environ.get("MINUTES", "30"))
SEED = int(os.environ.get("SEED", "1"))
ACCOUNTS = int(os.environ.get("ACCOUNTS", "20"))
TASKS = 100  # of an account


def changing_life(chance, span):
    """Returns a script whose changes are spread over `span` seconds, with reruns of the same task."""
    times = sorted(chance.uniform(1, span) for _ in range(4))
    last = chance.choice(["SUCCEEDED", "FAILED", "TIMED_OUT"])
    return worlds.life((0, "QUEUED"), *zip(times, ("SENT", "IN_PROGRESS", last)))


class Load(Replicas):
    def test_random_faults(self):
        chance = random.Random(SEED)
        span = MINUTES * 60 * 0.8
        self.cloud = self.iotsim(worlds.scenario(*(
            worlds.account(f"acc{i:02d}", QUOTA, {f"acc{i:02d}x{task:03d}": changing_life(chance, span)
                                                  for task in range(TASKS)}) for i in range(ACCOUNTS))))
        self.names = [f"acc{i:02d}" for i in range(ACCOUNTS)]
        for name in ("one", "two", "three"):
            self.replica(name)
        end = time.monotonic() + MINUTES * 60
        done = {}
        checked = self.checked_calls = {}
        while time.monotonic() < end:
            self.wait_with_checks(chance.uniform(15, 40), checked)
            fault = chance.choice(["kill", "freeze", "stop", "database", "database_away"])
            name = chance.choice(["one", "two", "three"])
            done[fault] = done.get(fault, 0) + 1
            daemon = self.running[name]
            if fault == "kill":
                daemon.kill()
                self.wait_with_checks(chance.uniform(1, 20), checked)
                self.replica(name)
            elif fault == "stop":
                self.assertEqual(daemon.stop(), 0)
                self.replica(name)
            elif fault == "freeze":
                daemon.send(signal.SIGSTOP)
                self.wait_with_checks(chance.uniform(5, 30), checked)
                daemon.send(signal.SIGCONT)
            else:
                self.postgres.kill(chance.choice([signal.SIGQUIT, signal.SIGINT]))
                if fault == "database_away":
                    self.wait_with_checks(chance.uniform(5, 30), checked)
                self.postgres.start()
        print("faults:", done, flush=True)
        self.finish()

    def wait_with_checks(self, seconds, checked):
        """iotsim keeps the last calls only: they are read while they are there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(min(1.0, max(0.0, end - time.monotonic())))
            for call in self.calls():
                checked[call["mono_us"], call["account"], call["api"], call["task"]] = call

    def finish(self):
        self.check_invariants()
        by_api = {}
        for call in self.checked_calls.values():
            by_api.setdefault((call["account"], call["api"]), []).append(call)
        peaks = {key: worlds.peak(calls, 1.0) for key, calls in by_api.items()}
        print(f"calls seen {len(self.checked_calls)}; most in a second: max {max(peaks.values())}, "
              f"median {statistics.median(peaks.values())}, quota {QUOTA}", flush=True)
        refused = sum(call["refused"] for call in self.checked_calls.values())
        print(f"refused by the platform: {refused}", flush=True)
        # A machine that delays programs moves calls together: the quota is the bound, not the share of it that is used.
        self.assertLessEqual(max(peaks.values()), QUOTA + 1)
        self.assertEqual(refused, 0)


if __name__ == "__main__":
    unittest.main()
