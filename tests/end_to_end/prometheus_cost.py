#!/usr/bin/env python3
"""CPU time of a Prometheus with the shipped files that scrapes a daemon with JOBS jobs: in each, one task has failed
and one is in progress. Each job has a firing alert. Not part of `make test`: it takes minutes and needs an idle machine.

JOBS=680 (33,000 series) MINUTES=3
"""

import os
import time
import unittest

import harness
import monitoring
from size_case import memory, processor_seconds

JOBS = int(os.environ.get("JOBS", "680"))
MINUTES = int(os.environ.get("MINUTES", "3"))
SETTLE = 60  # s

ACCOUNT = """
accounts:
  - name: demo
    keys: [{id: LTAI5tDemoKey, secret: demo-secret-not-a-real-one}]
    quota: {QueryTask: 1000}
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
        jobs:
"""
JOB = """          - name: ota-{0}
            id: sGWotgRkutxXaaaa{0:06d}
            tasks:
              - {{id: bad{0:06d}, device: pump-{0}, script: [{{at: 0s, status: IN_PROGRESS}}, {{at: 5s, status: FAILED}}]}}
              - {{id: run{0:06d}, device: valve-{0}, script: [{{at: 0s, status: IN_PROGRESS}}]}}
"""


class PrometheusCost(harness.TestCase):
    def test_cost(self):
        cloud = self.iotsim(ACCOUNT + "".join(JOB.format(number) for number in range(JOBS)), "--quota-share=0.9")
        daemon = self.daemon(cloud.config_file).started()
        daemon.wait_metric("taskwatchd_tasks", JOBS, deadline=300, state="unfinished")
        self.write("taskwatchd.rules.yml", monitoring.shipped("prometheus/taskwatchd.rules.yml"))
        address = daemon.url.removeprefix("http://")
        config = self.write("prometheus.yml", monitoring.shipped(
            "prometheus/prometheus.yml", ("taskwatchd.example.com:10120", address, 1)))
        prometheus = monitoring.Prometheus(config, self.path("data"))
        self.addCleanup(prometheus.stop)
        prometheus.started()
        time.sleep(SETTLE)
        [(_, series)] = prometheus.query("scrape_samples_post_metric_relabeling")
        print(f"\n{series:.0f} series, {len(prometheus.alerts('TaskwatchdTasksBad', 'firing'))} firing alerts", flush=True)
        for _ in range(MINUTES):
            before, begun = processor_seconds(prometheus.pid), time.monotonic()
            time.sleep(60)
            used = (processor_seconds(prometheus.pid) - before) / (time.monotonic() - begun)
            [group] = prometheus.api("rules")["groups"]
            print(f"Prometheus: {100 * used:.1f} % of a core, {memory(prometheus.pid)['VmRSS'] / 1e6:.0f} MB; one "
                  f"evaluation {group['evaluationTime']:.2f} s", flush=True)
        self.assertEqual(daemon.stop(), 0, daemon.tail())


if __name__ == "__main__":
    unittest.main()
