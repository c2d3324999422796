#!/usr/bin/env python3
"""Explicit tasks, all observed: the daemon's memory during a start, reloads, scrapes and clients
that do not read. Not part of `make test`: it takes minutes and needs an idle machine.

TASKS=100000
"""

import os
import time
import unittest

import harness
from size_case import NamedTasks, memory

TASKS = int(os.environ.get("TASKS", "100000"))
RSS_LIMIT = 350e6 * max(1, TASKS / 100_000)  # bytes at any time
CLIENTS = 40


class SizeOfTasks(NamedTasks):
    def test_memory(self):
        daemon = self.named(TASKS, limit=120)
        peaks = {"start": memory(daemon.pid)["VmHWM"]}
        print(f"{TASKS} tasks: started after {self.start_seconds:.1f} s, "
              f"most {peaks['start'] / 1e6:.0f} MB", flush=True)
        time.sleep(3)
        print(f"steady: {memory(daemon.pid)['VmRSS'] / 1e6:.0f} MB", flush=True)

        def step(name, work):
            result, peaks[name] = self.during(daemon, work)
            time.sleep(2)
            print(f"{name}: most {peaks[name] / 1e6:.0f} MB, then "
                  f"{memory(daemon.pid)['VmRSS'] / 1e6:.0f} MB; {result}", flush=True)

        step("reload", lambda: self.reload(daemon))
        step("half of the ids away and back", lambda: self.rename_half(daemon))
        gzip = "Accept-Encoding: gzip"
        step("gzip scrape", lambda: self.scrape(daemon, gzip))
        step("plain scrape", lambda: self.scrape(daemon))
        step("OpenMetrics", lambda: self.scrape(daemon, gzip, "Accept: application/openmetrics-text"))
        step("gzip, not read", lambda: self.besieged(daemon, CLIENTS, gzip + "\r\n"))
        step("plain, not read", lambda: self.besieged(daemon, CLIENTS))
        step("gzip, not read, over 4 s",
             lambda: self.besieged(daemon, CLIENTS, gzip + "\r\n", pause=0.1))
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        self.assertLess(max(peaks.values()), RSS_LIMIT, peaks)


if __name__ == "__main__":
    unittest.main()
