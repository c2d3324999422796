#!/usr/bin/env python3
"""Fifty reloads under load lose nothing and tell nothing twice. SEED=N repeats a run."""

import os
import random
import signal
import time
import unittest

import harness
import reload_case
import worlds
from reload_case import QUOTA


class ReloadUnderLoad(reload_case.Case):
    def test_fifty_under_load(self):
        """Tasks and a whole account go and come back, with calls in flight and commits waiting."""
        seed = int(os.environ.get("SEED", str(int(time.time()))))
        print(f"SEED={seed}", flush=True)
        chance = random.Random(seed)
        tasks = {f"task{i:03d}": worlds.quick_life(chance, 14) for i in range(60)}
        far = {f"far{i:03d}": worlds.quick_life(chance, 14) for i in range(60)}
        daemon = self.begin(tasks, worlds.account("second", QUOTA, far), latency_ms=150)
        second = self.config[self.config.index('  - name: "second"'):self.config.index("state:")]
        refused = 0
        for i in range(50):
            kind = i % 4
            if kind == 0:
                self.rewrite(*self.without(*chance.sample(sorted(tasks), 30)))
            elif kind == 1:
                self.rewrite()
            elif kind == 2:
                self.rewrite((second, ""))
            else:
                self.rewrite((f"QueryTask: {QUOTA}", f"QueryTask: {chance.choice((30, QUOTA))}"))
            if chance.random() < 0.5:
                daemon.send(signal.SIGHUP)
            else:
                status = daemon.get("/-/reload", method="POST")[0]
                refused += status != 200
            time.sleep(chance.choice((0.01, 0.05, 0.2, 0.4)))
        self.assertEqual(refused, 0)
        self.rewrite()
        self.reload(daemon)

        def all_known():
            truth = {task["id"]: task["status"] for task in self.cloud.control("tasks")["tasks"]}
            return (all(status in worlds.FINISHED for status in truth.values())
                    and worlds.stored_statuses(self.state) == truth)

        harness.wait_for(lambda: f"all ends known; {daemon.tail()}", all_known, deadline=60,
                         every=0.5)
        daemon.wait_metric("taskwatchd_events_pending", 0, sink="log")
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        transitions = worlds.check_stored(self, self.state, self.cloud)
        self.assertGreater(len(transitions), 100)
        worlds.check_log(self, [daemon.lines], self.state)
        refusals = sum(api["refused"] for api in self.cloud.control("stats")["apis"])
        self.assertEqual(refusals, 0)
        print(f"{len(transitions)} transitions", flush=True)


if __name__ == "__main__":
    unittest.main()
