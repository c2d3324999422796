#!/usr/bin/env python3
"""Discovery of jobs among 500 old ones, and an API that is denied: the rest works."""

import time
import unittest

import harness
import worlds

JOBS = """
accounts:
  - name: demo
    keys:
      - {id: LTAI5tDemoKey, secret: demo-secret-not-a-real-one}
    quota: {QueryTask: 50, ListTask: 50, QueryJobStatistics: 50, QueryJob: 50, ListJob: 50}
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
        jobs:
          - id: someJob
            name: ota-some
            devices: 60
            rollout: 1000
            life: {offline: 0, run_median: 3s, run_sigma: 0.2, hang: 0, failed_median: 2s}
"""


class Discovery(harness.TestCase):
    def test_a_live_job_among_500_old_ones(self):
        cloud = self.iotsim(worlds.scenario_file("discovery.yaml"), "--watch=discover")
        before = time.time()
        daemon = self.daemon(cloud.config_file).started()
        daemon.wait_metric("taskwatchd_jobs", 500, account="demo", state="skipped", deadline=30)
        self.assertEqual(daemon.metric("taskwatchd_jobs", account="demo", state="watched"), 1)
        calls = cloud.control("calls")["calls"]
        first = min(call["at_ms"] / 1000 for call in calls if call["task"] == "liveJob")
        print(f"first call to the live job after {first - before:.2f} s, {len(calls)} calls in all",
              flush=True)
        self.assertLess(first - before, 5)
        asked = {call["task"] for call in calls if call["api"] in
                 ("ListTask", "QueryJobStatistics", "QueryJob")}
        self.assertEqual(asked, {"liveJob"}, "old ones cost nothing but their pages")
        self.assertEqual(daemon.stop(), 0, daemon.tail())


class Denied(harness.TestCase):
    def ends_without(self, api):
        cloud = self.iotsim(JOBS, "--watch=jobs", "--pace=200ms")
        cloud.switch(denied=api)
        daemon = self.daemon(cloud.config_file).started()

        def all_known():
            truth = {task["id"]: task["status"] for task in cloud.control("tasks")["tasks"]}
            if any(status not in worlds.FINISHED for status in truth.values()):
                return False
            return worlds.stored_statuses(cloud.directory + "/state.db") == truth

        harness.wait_for(lambda: f"all ends known without {api}; {daemon.tail()}", all_known,
                         deadline=60, every=0.5)
        reported = daemon.events("api_forbidden")
        self.assertEqual(len(reported), 1, daemon.tail())
        self.assertEqual(reported[0]["action"], api)
        self.assertEqual(daemon.metric("taskwatchd_account_up", account="demo"), 1)
        self.assertEqual(daemon.stop(), 0, daemon.tail())

    def test_without_statistics(self):
        self.ends_without("QueryJobStatistics")

    def test_without_single_tasks(self):
        self.ends_without("QueryTask")

    def test_without_descriptions(self):
        self.ends_without("QueryJob")


if __name__ == "__main__":
    unittest.main()
