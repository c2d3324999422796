#!/usr/bin/env python3
"""What PostgreSQL costs beside SQLite: the same changing tasks, once with each, one daemon. Prints the CPU time of the
daemon and the median and p99 of its commits, interpolated in the buckets of its histogram.

Not part of the tests: figures depend on the machine. SECONDS=60 is the length of each run.
"""

import os
import random
import re
import time
import unittest

import harness
import postgres
import worlds

SECONDS = float(os.environ.get("SECONDS", "60"))
TASKS = 1000


def quantile(buckets, part):
    """`buckets` are (edge, cumulative count), ascending."""
    wanted = buckets[-1][1] * part
    below_edge = below = 0.0
    for edge, count in buckets:
        if count >= wanted:
            return below_edge + (edge - below_edge) * (wanted - below) / max(1, count - below)
        below_edge, below = edge, count
    return below_edge


class Cost(harness.TestCase):
    def run_with(self, name, state):
        chance = random.Random(1)
        cloud = self.iotsim(worlds.scenario(worlds.account("prod", 500, {
            f"t{i:04d}": worlds.quick_life(chance, SECONDS * 0.8, 1) for i in range(TASKS)})))
        with open(cloud.config_file, encoding="utf-8") as file:
            text = re.sub(r"^state:.*\n(?:[ \t]+.*\n)*", "", file.read(), flags=re.MULTILINE)
        with open(cloud.config_file, "w", encoding="utf-8") as file:
            file.write(text + state)
        daemon = self.daemon(cloud.config_file).started()
        time.sleep(SECONDS)
        metrics = daemon.metrics()
        cpu = harness.value_of(metrics, "process_cpu_seconds_total")
        buckets = sorted((float(dict(labels)["le"]), value) for (metric, labels), value in metrics.items()
                         if metric == "taskwatchd_store_commit_duration_seconds_bucket")
        commits = buckets[-1][1]
        finite = [pair for pair in buckets if pair[0] != float("inf")]
        changes = sum(value for (metric, _), value in metrics.items() if metric == "taskwatchd_detection_delay_seconds_count")
        daemon.stop()
        cloud.stop()
        print(f"{name}: CPU {cpu:.1f} s of {SECONDS:.0f} s, {commits:.0f} commits, {changes:.0f} changes; commit "
              f"median {quantile(finite, 0.5) * 1000:.1f} ms, p99 {quantile(finite, 0.99) * 1000:.1f} ms", flush=True)
        self.assertGreater(commits, 10)

    def test_compared_with_sqlite(self):
        server = postgres.Postgres()
        self.addCleanup(server.close)
        self.run_with("SQLite", f"state: {{path: {self.path('state.db')}}}\n")
        self.run_with("PostgreSQL", f"state: {{url: '{server.url}'}}\nreplica: {{name: one}}\n")


if __name__ == "__main__":
    unittest.main()
