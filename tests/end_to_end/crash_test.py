#!/usr/bin/env python3
"""kill -9 at random moments: each observed change is in the state database once, and in the log
at least once.

ROUNDS=100 is the long form; SEED=N repeats the moments of a run.
"""

import os
import random
import signal
import time
import unittest

import harness
import worlds

ROUNDS = int(os.environ.get("ROUNDS", "8"))
SEED = int(os.environ.get("SEED", str(int(time.time()))))
QUOTA = 50  # calls per second; enough that each round is interrupted in the middle of work
SHARE = 0.8


class Crash(harness.TestCase):
    def test_nothing_is_lost_or_reported_twice(self):
        print(f"SEED={SEED} ROUNDS={ROUNDS}", flush=True)
        chance = random.Random(SEED)
        span = 1.6 * ROUNDS
        tasks = {f"task{i:04d}": worlds.quick_life(chance, 4 + span / 4,
                                                   first=chance.uniform(0, span * 0.75))
                 for i in range(40 + 10 * ROUNDS)}
        cloud = self.iotsim(worlds.scenario(worlds.account("demo", QUOTA, tasks)),
                            f"--quota-share={SHARE}", "--pace=0s")
        state = os.path.join(cloud.directory, "state.db")
        runs = []
        with worlds.Stalls() as stalls:
            for _ in range(ROUNDS):
                daemon = self.daemon(cloud.config_file)
                # Some of the moments are during the start and at the first commit.
                time.sleep(chance.choice((0.05, 0.2, 0.8, 1.6, 2.2)) * chance.uniform(0.5, 1.2))
                self.assertTrue(daemon.running(), daemon.tail())
                daemon.send(signal.SIGKILL)
                daemon.wait()
                runs.append(daemon.lines)
            daemon = self.daemon(cloud.config_file).started()
            self.settle(daemon, cloud)
        self.check_counters(daemon, state)
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        runs.append(daemon.lines)

        transitions = worlds.check_stored(self, state, cloud)
        worlds.check_log(self, runs, state)
        calls = cloud.control("calls")["calls"]
        peak = worlds.check_rate(self, calls, QUOTA * SHARE, stalls)
        stats = worlds.stats_of(cloud, "QueryTask")
        print(f"{len(transitions)} transitions, {stats['calls']} calls, peak {peak} a second, "
              f"{stats['refused']} refused", flush=True)
        self.assertGreater(len(transitions), 10 * ROUNDS, "too little happened to show anything")
        self.assertEqual(stats["refused"], 0)

    def settle(self, daemon, cloud):
        """Waits until the daemon knows the final status of each task and has logged it."""
        def all_known():
            truth = {task["id"]: task["status"] for task in cloud.control("tasks")["tasks"]}
            if any(status not in worlds.FINISHED for status in truth.values()):
                return False
            return worlds.stored_statuses(os.path.join(cloud.directory, "state.db")) == truth

        harness.wait_for(lambda: f"all ends known; {daemon.tail()}", all_known,
                         deadline=60 + 2 * ROUNDS, every=0.5)
        daemon.wait_metric("taskwatchd_events_pending", 0, sink="log")

    def check_counters(self, daemon, file):
        """The stored counters equal the stored transitions, however often the daemon was killed."""
        reported = {}
        for event in worlds.stored_events(file):
            if event["event"] == "task_transition":
                reported[event["to"]] = reported.get(event["to"], 0) + 1
        with worlds.state(file) as database:
            counted = dict(database.execute(
                "SELECT status, value FROM counters WHERE counter = 'transitions'"))
        self.assertEqual(counted, reported)
        self.assertIsNotNone(daemon.metric("aliyun_iot_task_transitions_total", to="FAILED"))


if __name__ == "__main__":
    unittest.main()
