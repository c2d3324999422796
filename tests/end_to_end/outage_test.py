#!/usr/bin/env python3
"""An outage from start to end, and intermittent faults: the daemon logs changes, not calls."""

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
# All kinds of faults, a quarter of the calls each (they apply in this order): the daemon logs
# that the account is down, not each new reason.
STORM = {"drop": 0.25, "html": 0.33, "server_error": 0.5, "broken_json": 1}


class OddCloud(http.server.BaseHTTPRequestHandler):
    """A platform that rejects one id as malformed with a documented code, and knows all others."""

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

    def reported(self, daemon):
        return [event["event"] for event in daemon.events()
                if event["event"] not in ("started", "task_baseline")]

    def begin_odd(self):
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
        return self.daemon(cloud.config_file).started()

    def check_odd(self, daemon):
        """A task that is rejected while others are not: only this task is reported, once."""
        event = daemon.event("task_refused", deadline=30)  # at the third rejection, after 15 s
        self.assertEqual((event["task_id"], event["reason"]), ("odd", "bad_request"))
        self.assertIn("bad TaskId", event["msg"])
        self.assertEqual(self.reported(daemon), ["task_refused"], daemon.tail())
        self.assertEqual(daemon.metric("taskwatchd_account_up"), 1)
        self.assertEqual(daemon.metric("taskwatchd_task_state", task_id="odd", state="pending"), 1)
        self.assertEqual(daemon.stop(), 0)

    def test_of_all_sorts_and_its_end(self):
        """A daemon with one odd task runs at the same time, because both take long."""
        odd = self.begin_odd()
        cloud = self.begin()
        daemon = self.daemon(cloud.config_file).started()
        daemon.wait_metric("taskwatchd_account_up", 1)
        cloud.switch(**STORM)
        daemon.wait_metric("taskwatchd_account_up", 0, deadline=40)
        time.sleep(4)
        self.assertEqual(set(self.reported(daemon)), {"account_unreachable"})
        reasons = [event["reason"] for event in daemon.events("account_unreachable")]
        self.assertEqual(len(reasons), len(set(reasons)), "each once, however they take turns")
        cloud.switch(**{name: 0 for name in STORM})
        daemon.event("account_recovered", deadline=40)
        self.assertEqual(daemon.metric("taskwatchd_account_up", account="demo"), 1)
        self.assertEqual(self.reported(daemon).count("account_recovered"), 1)
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait(5), 0, daemon.tail())
        self.check_odd(odd)


if __name__ == "__main__":
    unittest.main()
