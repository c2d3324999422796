#!/usr/bin/env python3
"""A log pipe that is not read delays only the log, and no event is lost.

STALL_SECONDS=60 is the long form: at least 5,000 transitions while the pipe is not read.
"""

import fcntl
import io
import os
import subprocess
import threading
import time
import unittest

import harness
import worlds

STALL = float(os.environ.get("STALL_SECONDS", "5"))
# Nearly 170 calls per second, with the minimum interval between calls; most of them find a change.
QUOTA = 1000
TASKS = 300
LONG = STALL >= 60
TRANSITIONS = 5000 if LONG else 40 * STALL  # a loaded machine need not reach all
PIPE_BYTES = 4096


def restless(number):
    """A task that changes every 2 s, about as often as each is polled, for longer than any test."""
    begin = 2 * number / TASKS
    return worlds.life((0, "QUEUED"), *((begin + 2 * i, "PAUSED" if i % 2 else "IN_PROGRESS")
                                        for i in range(int(STALL) + 30)))


class StalledDaemon(harness.Daemon):
    """A daemon whose log is read only while `reading` is set."""

    def __init__(self, config_file, only_start=False):
        self.reading = threading.Event()
        self.reading.set()
        self.only_start = only_start
        super().__init__(config_file)
        # The smallest possible pipe, so that it fills at once.
        fcntl.fcntl(self.child.stderr, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def _read(self):
        for raw in iter(self.child.stderr.readline, b""):
            self.reading.wait()
            if self.only_start and b'"event":"started"' in raw:
                self.reading.clear()
            self.lines.append(raw.decode(errors="replace").rstrip("\n"))

    def kill_unread(self):
        """Kills the daemon while its pipe is full."""
        self.child.kill()
        self.child.wait()
        self.reading.set()

    def close(self):
        self.reading.set()
        super().close()


class LogPipe(harness.TestCase):
    def setUp(self):
        super().setUp()
        tasks = {f"task{i:04d}": restless(i) for i in range(TASKS)}
        self.cloud = self.iotsim(worlds.scenario(worlds.account("demo", QUOTA, tasks)),
                                 "--quota-share=1.0", "--pace=0s")
        self.state = os.path.join(self.cloud.directory, "state.db")

    def start(self, **how):
        return self.keep(StalledDaemon(self.cloud.config_file, **how)).started()

    def pending(self, daemon):
        return daemon.metric("taskwatchd_events_pending", sink="log")

    def calls(self):
        return worlds.stats_of(self.cloud, "QueryTask")["calls"]

    def test_all_arrive_once_it_is_read_again(self):
        daemon = self.start()
        daemon.event("task_baseline")
        daemon.reading.clear()
        slowest = 0
        seen = []  # (calls at the platform, undelivered events)
        end = time.monotonic() + STALL
        while time.monotonic() < end:
            begun = time.monotonic()
            seen.append((self.calls(), self.pending(daemon)))
            slowest = max(slowest, time.monotonic() - begun)
            time.sleep(STALL / 10)
        lines_before = len(daemon.lines)
        # The first samples may be from before the pipe was full.
        for before, after in zip(seen[2:], seen[3:]):
            self.assertGreater(after[0], before[0], f"polling stands still: {seen}")
            self.assertGreaterEqual(after[1], before[1], f"events left a full pipe: {seen}")
        waiting = self.pending(daemon)
        self.assertGreater(waiting, TRANSITIONS)
        self.assertLess(slowest, 2, "two requests, to /metrics and to iotsim")
        self.assertEqual(len(daemon.lines), lines_before)

        daemon.reading.set()
        daemon.wait_metric("taskwatchd_events_pending", lambda left: left < TASKS,
                           deadline=30 + STALL, sink="log")
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        worlds.check_log(self, [daemon.lines], self.state)
        print(f"{waiting:.0f} events waited after {STALL:.0f} s; /metrics and iotsim together "
              f"took at most {slowest * 1000:.0f} ms", flush=True)

    def test_stops_in_time_and_delivers_after_a_restart(self):
        first = self.start()
        first.event("task_baseline")
        first.reading.clear()
        first.wait_metric("taskwatchd_events_pending", lambda left: left > TASKS, sink="log")
        # A call is also in flight: each has its own stop timeout, and all of them together must fit.
        self.cloud.switch(slow=1, slow_ms=20000)
        time.sleep(0.3)
        begun = time.monotonic()
        first.send(15)
        self.assertEqual(first.child.wait(harness.DEADLINE), 0)
        took = time.monotonic() - begun
        self.assertLess(took, 5)
        print(f"stopped within {took:.1f} s", flush=True)
        first.reading.set()
        first.wait()
        reported = worlds.log_cursor(self.state)
        # The last line from the pipe may be incomplete.
        whole = first.lines if first.lines[-1].endswith("}") else first.lines[:-1]
        waiting = len(worlds.stored_events(self.state)) - reported
        self.assertGreater(waiting, 0)

        self.cloud.switch(slow=0)
        second = self.start()
        harness.wait_for(lambda: f"event {reported + waiting} reported; {second.tail()}",
                         lambda: max(worlds.log_ids(second.lines[:]), default=0) >= reported + waiting)
        second.wait_metric("taskwatchd_events_pending", lambda left: left < TASKS, sink="log")
        self.assertEqual(second.stop(), 0, second.tail())
        worlds.check_log(self, [whole, second.lines], self.state)

    def test_a_restart_into_a_full_pipe_knows_what_waits(self):
        first = self.start()
        first.event("task_baseline")
        first.reading.clear()
        first.wait_metric("taskwatchd_events_pending", lambda left: left > 2 * TASKS, sink="log")
        first.kill_unread()
        reported = worlds.log_cursor(self.state)
        waiting = len(worlds.stored_events(self.state)) - reported
        self.cloud.switch(server_error=1)  # no new events from here on
        second = self.start(only_start=True)
        taken = 2 * (PIPE_BYTES + io.DEFAULT_BUFFER_SIZE) // 300  # lines that fit into the buffers
        second.wait_metric("taskwatchd_events_pending", lambda left: left >= waiting - taken,
                           deadline=5, sink="log")


class ClosedFiles(harness.TestCase):
    """The program may be started with closed standard files: no socket and no database gets their numbers."""

    def test_the_log_goes_nowhere_else(self):
        cloud = self.iotsim(worlds.scenario(worlds.account("demo", 50, {"task": restless(0)})))
        for closing in ("2>&-", "<&- >&- 2>&-"):
            holder, port = harness.closed_port()
            holder.close()
            command = [harness.program("TASKWATCHD"), "run", f"--config.file={cloud.config_file}",
                       f"--web.listen-address=127.0.0.1:{port}"]
            with subprocess.Popen(["sh", "-c", f'exec "$@" {closing}', "sh", *command],
                                  env=harness.clean_environment()) as daemon:
                try:
                    harness.wait_for("a metric of a task", lambda: self.shows_a_task(port))
                    self.assertEqual(os.readlink(f"/proc/{daemon.pid}/fd/2"), "/dev/null", closing)
                    if closing != "2>&-":
                        self.assertEqual({os.readlink(f"/proc/{daemon.pid}/fd/{number}") for number in range(2)},
                                         {"/dev/null"})
                finally:
                    daemon.terminate()
                self.assertEqual(daemon.wait(harness.DEADLINE), 0, closing)

    def shows_a_task(self, port):
        try:
            return "aliyun_iot_task_status{" in harness.fetch(f"http://127.0.0.1:{port}/metrics")[2]
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
