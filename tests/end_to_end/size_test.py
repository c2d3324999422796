#!/usr/bin/env python3
"""A thousand tasks in memory, and counters that continue after a restart."""

import gzip
import os
import sqlite3
import time
import unittest
import urllib.request

import harness
import worlds

RSS_LIMIT = 25_000_000  # bytes, between scrapes; of these, about 17 MB are shared libraries


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Size(harness.TestCase):
    def scrape(self, daemon):
        request = urllib.request.Request(daemon.url + "/metrics",
                                         headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=harness.DEADLINE) as reply:
            self.assertEqual(reply.headers["Content-Encoding"], "gzip")
            return gzip.decompress(reply.read()).decode()

    def test_a_thousand_in_memory(self):
        tasks = {f"MSnT9aaaaaaaaaaaaq{i:06d}": worlds.still() for i in range(1000)}
        # A quota that shows all of them at once, not in the 200 s that 5 calls per second need.
        cloud = self.iotsim(worlds.scenario(worlds.account("demo", 1000, tasks)),
                            "--quota-share=1.0", "--pace=0s")
        first = self.daemon(cloud.config_file).started()
        first.wait_metric("taskwatchd_tasks", 1000, deadline=60, state="unfinished")
        self.assertEqual(first.stop(), 0, first.tail())
        worlds.replace_in(cloud.config_file, ("QueryTask: 1000", "QueryTask: 5"))
        daemon = self.daemon(cloud.config_file).started()
        sizes = []
        for _ in range(12):
            series = harness.parse_metrics(self.scrape(daemon))
            time.sleep(0.2)
            sizes.append(resident_bytes(daemon.pid))
        one_hot = harness.select(series, "aliyun_iot_task_status", status="IN_PROGRESS")
        self.assertEqual(len(one_hot), 1000)
        print(f"RSS between scrapes of {len(series)} series: {min(sizes) / 1e6:.1f} to "
              f"{max(sizes) / 1e6:.1f} MB", flush=True)
        self.assertLess(sorted(sizes)[-2], RSS_LIMIT, f"of one a part may not be sent yet: {sizes}")
        self.assertEqual(daemon.stop(), 0, daemon.tail())


class Counters(harness.TestCase):
    def totals(self, daemon):
        found = harness.select(daemon.metrics(), "aliyun_iot_task_transitions_total")
        return {dict(labels)["to"]: value for labels, value in found.items()}

    def age(self, file):
        """Makes the job's first observation two minutes older, so that its counters are exported
        from the start."""
        database = sqlite3.connect(file)
        database.execute("UPDATE counters SET created_ms = created_ms - 120000")
        database.commit()
        database.close()

    def test_they_continue_after_a_restart(self):
        tasks = {f"task{i}": worlds.life((0, "QUEUED"), (1.5, "SENT"), (3, "IN_PROGRESS"),
                                         (8, "FAILED" if i == 0 else "SUCCEEDED"))
                 for i in range(4)}
        cloud = self.iotsim(worlds.scenario(worlds.account("demo", 50, tasks)), "--pace=200ms")
        daemon = self.daemon(cloud.config_file).started()
        harness.wait_for("four IN_PROGRESS", lambda: len(daemon.events(
            "task_transition", to="IN_PROGRESS")) == 4)
        self.assertEqual(set(self.totals(daemon).values()), {0.0}, "for the first minute")
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        self.age(os.path.join(cloud.directory, "state.db"))

        daemon = self.daemon(cloud.config_file).started()
        before = self.totals(daemon)
        self.assertEqual((before["SENT"], before["IN_PROGRESS"]), (4, 4))
        self.assertEqual(before["SUCCEEDED"], 0, "shown before it happens")
        after = {**before, "FAILED": 1, "SUCCEEDED": 3}
        harness.wait_for("all ends", lambda: self.totals(daemon) == after)
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        daemon = self.daemon(cloud.config_file).started()
        self.assertEqual(self.totals(daemon), after)
        self.assertEqual(daemon.stop(), 0, daemon.tail())


if __name__ == "__main__":
    unittest.main()
