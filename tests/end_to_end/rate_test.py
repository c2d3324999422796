#!/usr/bin/env python3
"""A thousand unfinished tasks: the quota is used, and never exceeded, as counted by the platform.

SECONDS=60 measures longer. On a busy machine calls leave late: there, a lower goodput is enough.
"""

import os
import time
import unittest

import harness
import worlds

SECONDS = float(os.environ.get("SECONDS", "20"))
GOODPUT = 0.97
GOODPUT_BUSY = 0.90
STALL = 0.005       # s; a machine whose stalls are shorter is not busy
CPU_LIMIT = 0.03    # of a core, at 5 calls/s and in parallel with other programs. Alone it is under 0.01 (make bench)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Rate(harness.TestCase):
    def test_a_thousand(self):
        """One daemon uses all of a quota, another four fifths of a second one."""
        worlds_at = [(share, self.iotsim(worlds.scenario_file("thousand.yaml"),
                                         f"--quota-share={share}", "--pace=0s"))
                     for share in (1.0, 0.8)]
        with worlds.Stalls() as stalls:
            daemons = [self.daemon(cloud.config_file).started() for _, cloud in worlds_at]
            before = [cpu_seconds(daemon.pid) for daemon in daemons]
            begun = time.monotonic()
            time.sleep(SECONDS)
            span = time.monotonic() - begun
            used = [(cpu_seconds(daemon.pid) - old) / span
                    for daemon, old in zip(daemons, before)]
            for daemon in daemons:
                self.assertEqual(daemon.stop(), 0, daemon.tail())
        busy = stalls.worst > STALL
        for share, cloud in worlds_at:
            limit = round(5 * share)
            stats = worlds.stats_of(cloud, "QueryTask")
            peak = worlds.check_rate(self, cloud.control("calls")["calls"], limit, stalls)
            # Calls may be throttled only if a stall pushed them together.
            if peak <= limit:
                self.assertEqual(stats["refused"], 0)
            goodput = stats["goodput"] / share
            print(f"{limit} calls/s: {stats['calls']} calls, peak {peak}, "
                  f"refused {stats['refused']}, {goodput:.3f} of it used; "
                  f"worst stall {stalls.worst * 1000:.0f} ms", flush=True)
            self.assertGreaterEqual(goodput, GOODPUT_BUSY if busy else GOODPUT)
        print(f"processor: {used[0]:.4f} of a core", flush=True)
        self.assertLess(used[0], CPU_LIMIT)


if __name__ == "__main__":
    unittest.main()
