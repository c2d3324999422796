#!/usr/bin/env python3
"""The metrics are generated, compressed and sent in parts, and clients that do not read cost
little. Limits are relative to the size of the response, so that the speed of the machine does not
matter."""

import unittest

import harness
from size_case import NamedTasks

TASKS = 4000
CLIENTS = 40
PACKED_SHARE = 0.2  # of the uncompressed response, at most
ALL_FORMS = ((), ("Accept-Encoding: gzip",),
             ("Accept-Encoding: gzip", "Accept: application/openmetrics-text"))


class Pages(NamedTasks):
    def test_memory_is_a_share_of_the_page(self):
        daemon = self.named(TASKS)
        plain, _ = self.scrape(daemon)  # once before, to load libraries and allocate buffers
        self.assertGreater(plain, TASKS * 1500)
        packed, _ = self.scrape(daemon, *ALL_FORMS[1])
        self.assertLess(packed, PACKED_SHARE * plain)
        _, before = self.during(daemon, lambda: None)
        for headers in ALL_FORMS:
            _, most = self.during(daemon, lambda asked=headers: self.scrape(daemon, *asked))
            print(f"a page of {plain / 1e6:.1f} MB, {packed / 1e6:.2f} MB packed, {headers}: "
                  f"{(most - before) / 1e6:.1f} MB more", flush=True)
            self.assertLess(most - before, 0.5 * plain, headers)
        for headers in ALL_FORMS:
            asked = "".join(header + "\r\n" for header in headers)
            (statuses, _), most = self.during(
                daemon, lambda text=asked: self.besieged(daemon, CLIENTS, text))
            print(f"{CLIENTS} that do not read, {headers}: {(most - before) / 1e6:.1f} MB more, "
                  f"answers {statuses}", flush=True)
            self.assertLess(most - before, 1.5 * plain, headers)
            self.assertEqual(statuses, {"200": CLIENTS})
        harness.wait_for("their places", lambda: daemon.get("/metrics")[0] == 200)
        self.assertEqual(daemon.stop(), 0, daemon.tail())


if __name__ == "__main__":
    unittest.main()
