#!/usr/bin/env python3
"""The idle polling cost is low: ten unfinished tasks, and none at all, as counted by the
platform.

SECONDS=120 measures longer.
"""

import os
import time
import unittest

import harness
import worlds

SECONDS = float(os.environ.get("SECONDS", "20"))
FINISHED = 20  # tasks in finished.yaml


class Idle(harness.TestCase):
    def calls(self, cloud):
        return cloud.control("calls")["calls"]

    def test_ten_unfinished_beside_an_account_where_all_is_finished(self):
        ten = self.iotsim(worlds.scenario_file("ten.yaml"))
        finished = self.iotsim(worlds.scenario_file("finished.yaml"))
        busy = self.daemon(ten.config_file).started()
        idle = self.daemon(finished.config_file).started()
        idle.wait_metric("taskwatchd_tasks", FINISHED, state="finished")
        busy.wait_metric("taskwatchd_tasks", 10, state="unfinished")
        time.sleep(1)
        first_round = len(self.calls(finished))
        self.assertEqual(first_round, FINISHED, "each is asked once")
        # A restart sends one call to check the account; it does not poll all tasks again.
        self.assertEqual(idle.stop(), 0, idle.tail())
        idle = self.daemon(finished.config_file).started()

        before = len(self.calls(ten))
        with worlds.Stalls() as stalls:
            time.sleep(SECONDS)
            calls = self.calls(ten)[before:]
        worlds.check_rate(self, calls, 2, stalls)
        print(f"ten unfinished: {len(calls) / SECONDS:.2f} calls/s", flush=True)
        self.assertGreater(len(calls), 1.5 * SECONDS, "each of ten once in 5 s, or a little more")
        self.assertLess(len(calls), 2 * SECONDS + 1)
        self.assertLessEqual(len(self.calls(finished)) - first_round, 1 + SECONDS / 60)
        for daemon in (busy, idle):
            self.assertEqual(daemon.stop(), 0, daemon.tail())


if __name__ == "__main__":
    unittest.main()
