#!/usr/bin/env python3
"""A job of 100,000 tasks: the daemon's memory after its initial scan and after a restart, and its
CPU time at 15 calls per second. Not part of `make test`: it takes minutes and needs an idle
machine.

TASKS=100000 SECONDS=60
"""

import os
import time
import unittest

import harness
import worlds
from size_case import memory, processor_seconds

TASKS = int(os.environ.get("TASKS", "100000"))
SECONDS = float(os.environ.get("SECONDS", "60"))
BYTES_A_TASK = 600
RSS_LIMIT = 80e6  # bytes with 100,000 tasks
BASE_TASKS = 1000

SCENARIO = """
accounts:
  - name: demo
    keys:
      - {{id: LTAI5tDemoKey, secret: demo-secret-not-a-real-one}}
    quota: {{QueryTask: 5, ListTask: {pages}, QueryJobStatistics: 5, QueryJob: 5}}
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
        jobs:
          - {{id: sGWotgRkutxXaaaaa010001, name: ota-size, devices: {tasks}, start: {start}}}
"""


class SizeOfJobs(harness.TestCase):
    def first_sight(self, tasks, start="24h"):
        cloud = self.iotsim(SCENARIO.format(tasks=tasks, pages=200, start=start), "--watch=jobs",
                            "--quota-share=1.0")
        daemon = self.daemon(cloud.config_file).started()
        begun = time.monotonic()
        daemon.wait_metric("taskwatchd_tasks", 0, state="unseen")
        harness.wait_for("its baseline", lambda: daemon.events("job_baseline"), deadline=300,
                         every=0.5)
        took = time.monotonic() - begun
        time.sleep(2)
        pages = next(api["calls"] for api in cloud.control("stats")["apis"]
                     if api["api"] == "ListTask")
        seen = memory(daemon.pid)
        print(f"{tasks} tasks first seen: {took:.1f} s, {pages} pages, processor "
              f"{processor_seconds(daemon.pid):.2f} s, RSS {seen['VmRSS'] / 1e6:.1f} MB, "
              f"most {seen['VmHWM'] / 1e6:.1f} MB", flush=True)
        self.assertLessEqual(pages, -(-tasks // 50) * 1.1 + 1)
        return cloud, daemon, seen["VmRSS"]

    def again(self, cloud, daemon, tasks):
        """Restarts with the stored state. Returns the RSS."""
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        begun = time.monotonic()
        daemon = self.daemon(cloud.config_file).started()
        took = time.monotonic() - begun
        daemon.wait_metric("aliyun_iot_job_unreconciled_tasks", 0)
        time.sleep(2)
        seen = memory(daemon.pid)
        print(f"{tasks} tasks after a restart: {took:.1f} s, RSS {seen['VmRSS'] / 1e6:.1f} MB, "
              f"most {seen['VmHWM'] / 1e6:.1f} MB", flush=True)
        self.assertEqual(daemon.events("job_baseline"), [])
        return daemon, seen["VmRSS"]

    def test_memory(self):
        cloud, daemon, base = self.first_sight(BASE_TASKS)
        daemon, base_again = self.again(cloud, daemon, BASE_TASKS)
        daemon.stop()
        cloud, daemon, rss = self.first_sight(TASKS)
        daemon, rss_again = self.again(cloud, daemon, TASKS)
        for what, small, large in (("first sight", base, rss), ("restart", base_again, rss_again)):
            print(f"{what}: {(large - small) / (TASKS - BASE_TASKS):.0f} bytes a task", flush=True)
        for small, large in ((base, rss), (base_again, rss_again)):
            self.assertLess((large - small) / (TASKS - BASE_TASKS), BYTES_A_TASK)
            self.assertLess(large, RSS_LIMIT * max(1, TASKS / 100_000))

    def test_processor(self):
        """In the middle of the roll-out, with all 5 calls/s of each of three APIs."""
        cloud = self.iotsim(SCENARIO.format(tasks=TASKS, pages=200, start="-30m"), "--watch=jobs",
                            "--quota-share=1.0", "--pace=0s")
        daemon = self.daemon(cloud.config_file).started()
        # Finished tasks are listed first: the QUEUED ones, of which there are many, are listed in
        # the remaining time.
        daemon.wait_metric("aliyun_iot_job_unreconciled_tasks", lambda seen: seen is not None)
        time.sleep(30)
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        worlds.replace_in(cloud.config_file, ("ListTask: 200", "ListTask: 5"))
        daemon = self.daemon(cloud.config_file).started()
        time.sleep(5)
        cloud.control("stats/reset")
        before = processor_seconds(daemon.pid)
        time.sleep(SECONDS)
        used = (processor_seconds(daemon.pid) - before) / SECONDS
        calls = sum(api["calls"] for api in cloud.control("stats")["apis"]) / SECONDS
        print(f"{TASKS} tasks, {calls:.1f} calls/s: {100 * used:.2f} % of a core, RSS "
              f"{memory(daemon.pid)['VmRSS'] / 1e6:.1f} MB", flush=True)
        self.assertEqual(daemon.stop(), 0, daemon.tail())


if __name__ == "__main__":
    unittest.main()
