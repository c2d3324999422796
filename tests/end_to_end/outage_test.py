#!/usr/bin/env python3
"""An outage from its begin to its end, and faults that come and go: told by changes, not by calls."""

import http.server
import json
import signal
import threading
import time
import unittest
import urllib.parse

import harness
import worlds

QUOTA = 20
# All sorts in turn: news is that the account is down, not each new reason.
STORM = {"html": 0.25, "drop": 0.25, "server_error": 0.25, "broken_json": 0.25}


class OddCloud(http.server.BaseHTTPRequestHandler):
    """A cloud that calls one id malformed by a documented code, and knows all others."""

    ODD = {"Success": False, "Code": "iot.common.InvalidParam", "ErrorMessage": "bad TaskId"}
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        task = query["TaskId"][0]
        good = {"Success": True, "Data": {
            "TaskId": task, "JobId": "job", "Status": "IN_PROGRESS",
            "UtcModified": "2026-01-01T00:00:01.000Z", "UtcQueueTime": "2026-01-01T00:00:00.000Z"}}
        body = json.dumps(self.ODD if task == "odd" else good).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Outage(harness.TestCase):
    def begin(self, *more):
        tasks = {f"task{i}": worlds.still() for i in range(5)}
        cloud = self.iotsim(worlds.scenario(worlds.account("demo", QUOTA, tasks), *more),
                            "--pace=200ms")
        return cloud

    def told(self, daemon):
        return [event["event"] for event in daemon.events()
                if event["event"] not in ("started", "task_baseline")]

    def test_of_all_sorts_and_its_end(self):
        cloud = self.begin()
        daemon = self.daemon(cloud.config_file).started()
        daemon.wait_metric("taskwatchd_account_up", 1)
        cloud.switch(**STORM)
        daemon.wait_metric("taskwatchd_account_up", 0, deadline=40)
        time.sleep(4)
        self.assertEqual(set(self.told(daemon)), {"account_unreachable"})
        self.assertLessEqual(len(self.told(daemon)), 2)
        cloud.switch(**{name: 0 for name in STORM})
        daemon.event("account_recovered", deadline=40)
        self.assertEqual(daemon.metric("taskwatchd_account_up", account="demo"), 1)
        self.assertEqual(self.told(daemon).count("account_recovered"), 1)
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(5), 0, daemon.tail())

    def test_one_instance_of_two(self):
        """One that is refused beside one that answers is one message, not one with each call."""
        cloud = self.begin()
        worlds.replace_in(cloud.config_file, ("state:\n", (
            '      - {name: other, region: cn-shanghai, id: iot-cn-nobodys,'
            f' endpoint: "{cloud.url}", tasks: [far1, far2]}}\nstate:\n')))
        daemon = self.daemon(cloud.config_file).started()
        event = daemon.event("account_unreachable")
        self.assertEqual(event["iot_instance"], "other")
        time.sleep(7)
        self.assertEqual(self.told(daemon), ["account_unreachable"], daemon.tail())
        self.assertGreater(len(cloud.control("calls")["calls"]), 30, "the other one is not held up")
        metrics = daemon.metrics()
        self.assertEqual(harness.value_of(metrics, "taskwatchd_account_up"), 1)
        up = harness.select(metrics, "taskwatchd_instance_up")
        self.assertEqual({dict(labels)["iot_instance"]: value for labels, value in up.items()},
                         {"iot-cn-demo0001": 1, "other": 0})
        self.assertEqual(daemon.stop(), 0)

    def test_one_key_for_two_instances(self):
        """A refused key is one message, however many instances it opens."""
        cloud = self.begin()
        worlds.replace_in(cloud.config_file, ("state:\n", (
            '      - {name: other, region: cn-shanghai, id: iot-cn-demo0001,'
            f' endpoint: "{cloud.url}", tasks: [far1]}}\nstate:\n')))
        cloud.switch(inactive_key="LTAI5tdemoKey")
        daemon = self.daemon(cloud.config_file).started()
        time.sleep(6)
        self.assertEqual(self.told(daemon), ["auth_failed"], daemon.tail())
        self.assertLess(len(cloud.control("calls")["calls"]), 12, "probes, not calls")
        self.assertEqual(daemon.stop(), 0)

    def test_one_task_of_many(self):
        """A task that is refused beside others that are not is its own trouble, told once."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OddCloud)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        cloud = self.begin()
        worlds.replace_in(
            cloud.config_file,
            (cloud.url, f"http://127.0.0.1:{server.server_port}"),
            ("state:\n", '          - "odd"\nstate:\n'))
        daemon = self.daemon(cloud.config_file).started()
        event = daemon.event("task_refused", deadline=30)  # the third time, after 15 s
        self.assertEqual((event["task_id"], event["reason"]), ("odd", "bad_request"))
        self.assertIn("bad TaskId", event["msg"])
        self.assertEqual(self.told(daemon), ["task_refused"], daemon.tail())
        self.assertEqual(daemon.metric("taskwatchd_account_up"), 1)
        self.assertEqual(daemon.metric("taskwatchd_task_state", task_id="odd", state="pending"), 1)
        self.assertEqual(daemon.stop(), 0)

    def test_one_account_of_two(self):
        """An account that is refused holds up no other."""
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
