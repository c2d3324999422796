#!/usr/bin/env python3
"""One instance, one AccessKey or one account fails while others do not."""

import time
import unittest

import harness
import worlds

QUOTA = 20


class Partial(harness.TestCase):
    def begin(self, *more):
        tasks = {f"task{i}": worlds.still() for i in range(5)}
        cloud = self.iotsim(worlds.scenario(worlds.account("demo", QUOTA, tasks), *more),
                            "--pace=200ms")
        return cloud

    def reported(self, daemon):
        return [event["event"] for event in daemon.events()
                if event["event"] not in ("started", "task_baseline")]

    def test_one_instance_of_two(self):
        """One instance is rejected and another responds: one message in total, not one per call."""
        cloud = self.begin()
        worlds.replace_in(cloud.config_file, ("state:\n", (
            '      - {name: other, region: cn-shanghai, id: iot-cn-nobodys,'
            f' endpoint: "{cloud.url}", tasks: [far1, far2]}}\nstate:\n')))
        daemon = self.daemon(cloud.config_file).started()
        event = daemon.event("account_unreachable")
        self.assertEqual(event["iot_instance"], "other")
        time.sleep(7)
        self.assertEqual(self.reported(daemon), ["account_unreachable"], daemon.tail())
        self.assertGreater(len(cloud.control("calls")["calls"]), 30, "the other one is not held up")
        metrics = daemon.metrics()
        self.assertEqual(harness.value_of(metrics, "taskwatchd_account_up"), 1)
        up = harness.select(metrics, "taskwatchd_instance_up")
        self.assertEqual({dict(labels)["iot_instance"]: value for labels, value in up.items()},
                         {"iot-cn-demo0001": 1, "other": 0})
        self.assertEqual(daemon.stop(), 0)

    def test_one_key_for_two_instances(self):
        """A rejected AccessKey is logged once, however many instances use it."""
        cloud = self.begin()
        worlds.replace_in(cloud.config_file, ("state:\n", (
            '      - {name: other, region: cn-shanghai, id: iot-cn-demo0001,'
            f' endpoint: "{cloud.url}", tasks: [far1]}}\nstate:\n')))
        cloud.switch(inactive_key="LTAI5tdemoKey")
        daemon = self.daemon(cloud.config_file).started()
        time.sleep(6)
        self.assertEqual(self.reported(daemon), ["auth_failed"], daemon.tail())
        self.assertLess(len(cloud.control("calls")["calls"]), 12, "probes, not calls")
        self.assertEqual(daemon.stop(), 0)

    def test_one_account_of_two(self):
        """An account whose calls fail does not delay another."""
        cloud = self.begin(worlds.account("second", QUOTA, {"far1": worlds.still()}))
        cloud.switch(only_account="demo", server_error=1)
        daemon = self.daemon(cloud.config_file).started()
        daemon.wait_metric("taskwatchd_account_up", 1, account="second")
        event = daemon.event("account_unreachable")
        self.assertEqual(event["account"], "demo")
        self.assertEqual(daemon.metric("taskwatchd_account_up", account="demo"), 0)
        calls = {api["account"]: api["calls"] for api in cloud.control("stats")["apis"]}
        time.sleep(2)
        after = {api["account"]: api["calls"] for api in cloud.control("stats")["apis"]}
        self.assertGreaterEqual(after["second"], calls["second"] + 5)
        self.assertLessEqual(after["demo"], calls["demo"] + 5, "one probe at a time, with pauses")
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main()
