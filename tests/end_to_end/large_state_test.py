#!/usr/bin/env python3
"""A state database with a long history: old counters do not slow down a start or a reload, and are deleted. A long
first load extends the start timeout at the service manager, and stops at once when requested.

ROWS=1000000 is the long form for the counters; the test prints the times, because machines differ.
"""

import contextlib
import os
import signal
import socket
import sqlite3
import time
import unittest

import harness

ROWS = int(os.environ.get("ROWS", "100000"))
TASKS = int(os.environ.get("TASKS", "400000"))
OLD_MS = int((time.time() - 90 * 86400) * 1000)

WORLD = """
accounts:
  - name: demo
    keys:
      - {id: LTAI5tDemoKey, secret: demo-secret-not-a-real-one}
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
        jobs:
          - id: someJob
            timeout: 0s
            tasks:
              - {id: someTask, device: valve-1, script: [{at: 0s, status: IN_PROGRESS}]}
"""

COUNTERS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i+1<:rows)
INSERT INTO counters SELECT 'demo', printf('old%08d', i/4), 'transitions',
  CASE i%4 WHEN 0 THEN 'SENT' WHEN 1 THEN 'IN_PROGRESS' WHEN 2 THEN 'SUCCEEDED' ELSE 'FAILED' END, 5, :at FROM n
"""
WATCHED = "INSERT INTO counters VALUES('demo','someJob','transitions','FAILED',7,:at)"
RECORDS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i+1<:rows)
INSERT INTO tasks SELECT 'demo', printf('old%08d', i), 'main', 'someJob', 'ota', 'pk', printf('valve-%d', i), 'SUCCEEDED',
  '', NULL, '', '', :at, :at, 1, :at, :at, NULL, 0, 0 FROM n
"""


class LargeState(harness.TestCase):
    def begin(self):
        """Prepares a state database that the daemon created and no process has open."""
        self.cloud = self.iotsim(WORLD, "--watch=jobs")
        self.state = os.path.join(self.cloud.directory, "state.db")
        daemon = self.daemon(self.cloud.config_file).started()
        self.assertEqual(daemon.stop(), 0, daemon.tail())

    def fill(self, *statements):
        with contextlib.closing(sqlite3.connect(self.state)) as db:
            for sql, rows in statements:
                db.execute(sql, {"rows": rows, "at": OLD_MS})
            db.commit()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def counters(self):
        with contextlib.closing(sqlite3.connect(self.state, timeout=10)) as db:
            return db.execute("SELECT count(*) FROM counters WHERE job_id LIKE 'old%'").fetchone()[0]

    def test_old_counters_cost_nothing_and_go(self):
        self.begin()
        self.fill((COUNTERS, ROWS), (WATCHED, 1))
        begun = time.monotonic()
        daemon = self.daemon(self.cloud.config_file).started()
        started = time.monotonic() - begun
        self.assertEqual(daemon.metric("aliyun_iot_task_transitions_total", account="demo", job_id="someJob",
                                       to="FAILED"), 7, "what is watched is there at once")
        begun = time.monotonic()
        daemon.send(signal.SIGHUP)
        daemon.event("config_reloaded")
        reloaded = time.monotonic() - begun
        harness.wait_for(lambda: f"no old counters left, but {self.counters()}", lambda: not self.counters(), 120, 0.2)
        pruned = time.monotonic() - begun
        slowest = self.slowest_commit(daemon)
        print(f"{ROWS} old rows: ready after {started:.2f} s, reloaded after {reloaded:.2f} s, pruned after "
              f"{pruned:.1f} s, meanwhile no commit took more than {slowest} s", flush=True)
        self.assertEqual(daemon.metric("aliyun_iot_task_transitions_total", account="demo", job_id="someJob",
                                       to="FAILED"), 7)
        self.assertEqual(daemon.stop(), 0, daemon.tail())

    def slowest_commit(self, daemon):
        """Returns the upper edge of the lowest bucket that includes all commits."""
        buckets = harness.select(daemon.metrics(), "taskwatchd_store_commit_duration_seconds_bucket")
        total = max(buckets.values())
        edges = [dict(labels)["le"] for labels, count in buckets.items() if count == total]
        return min(edges, key=float)

    def test_a_long_first_load(self):
        self.begin()
        self.fill((RECORDS, TASKS))
        path = self.path("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(harness.DEADLINE)
            daemon = self.daemon(self.cloud.config_file, env=harness.clean_environment(NOTIFY_SOCKET=path))
            heard = b""
            while b"EXTEND_TIMEOUT_USEC" not in heard:
                heard = manager.recv(4096)
                self.assertNotIn(b"READY=1", heard, "the load was too short to show anything: more TASKS")
            self.assertEqual(heard, b"EXTEND_TIMEOUT_USEC=30000000")
            begun = time.monotonic()
            self.assertEqual(daemon.stop(), 0, daemon.tail())
            ended = time.monotonic() - begun
            manager.setblocking(False)
            rest = []
            with contextlib.suppress(BlockingIOError):
                while True:
                    rest.append(manager.recv(4096))
        print(f"stopped {ended:.2f} s after SIGTERM, in the first load of {TASKS} tasks", flush=True)
        self.assertLess(ended, 5)
        self.assertIn(b"STOPPING=1", rest)
        self.assertFalse([one for one in rest if b"READY=1" in one], "it never was")
        self.assertFalse(daemon.events("started"))
        self.assertEqual(len(daemon.events("stopping")), 1)


if __name__ == "__main__":
    unittest.main()
