#!/usr/bin/env python3
"""`taskwatchd explain` and the route behind it, against a running daemon."""

import json
import re
import unittest

import harness
from cli_case import CONFIG, OK, OTHER, SCENARIO, UNAVAILABLE, Cli


class Explain(Cli):
    def begin(self):
        cloud = self.iotsim(SCENARIO)
        daemon = self.daemon(cloud.config_file).started()
        daemon.event("task_transition", task_id="soon", to="SUCCEEDED")
        daemon.event("task_baseline", task_id="bad")
        return daemon

    def test_shows_what_happened_and_what_is_next(self):
        daemon = self.begin()
        said = self.cli("explain", f"--url={daemon.url}", "soon")
        self.assert_ended(said, OK)
        lines = said.stdout.splitlines()
        self.assertRegex(lines[0], r"^soon of account demo: SUCCEEDED")
        instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
        self.assertRegex(said.stdout, f"first observed at {instant}: IN_PROGRESS, 10 %")
        self.assertRegex(said.stdout,
                         f"IN_PROGRESS -> SUCCEEDED.*, between {instant} and {instant}")
        self.assertRegex(said.stdout, r"QueryTask (not before|at no fixed time).*\[[a-z_]+\]\n {6}\S")
        bad = self.cli("explain", "--url", daemon.url + "/", "bad")
        self.assert_ended(bad, OK)
        self.assertRegex(bad.stdout, r"message +boom\n")
        self.assertIn('{"code":4001}', bad.stdout)

        # The API shows the last known status, the history and the next polls of an unfinished
        # task.
        status, headers, body = daemon.get("/api/v1/tasks/never")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        data = json.loads(body)["data"]
        self.assertEqual(data["last"]["status"], "IN_PROGRESS")
        self.assertEqual([event["event"] for event in data["history"]], ["task_baseline"])
        rules = {call["rule"] for call in data["next"]}
        self.assertTrue(rules <= {"pace_task", "even_spread", "turn", "in_flight", "rate"}, rules)

    def test_errors(self):
        daemon = self.begin()
        for path, code, word in (("nobody", 404, "not_found"), ("a%20b", 400, "bad_data"),
                                 ("%zz", 400, "bad_data")):
            status, _, body = daemon.get("/api/v1/tasks/" + path)
            self.assertEqual((status, json.loads(body)["errorType"]), (code, word), path)
        status, _, body = daemon.get("/api/v1/tasks/good", headers={"Host": "evil.example"})
        self.assertEqual((status, json.loads(body)["status"]), (403, "error"))
        self.assertEqual(daemon.get("/api/v1/tasks/good", method="HEAD")[0], 200)
        self.assertEqual(daemon.get("/api/v1/tasks/good", method="DELETE")[0], 405)

        self.assert_ended(self.cli("explain", f"--url={daemon.url}", "nobody"), OTHER,
                          "task nobody is not watched")
        dead = self.dead_endpoint()
        self.assert_ended(self.cli("explain", f"--url={dead}", "good"), UNAVAILABLE,
                          "cannot reach the daemon at " + dead)
        self.assert_ended(self.cli("explain", f"--url={daemon.url}/elsewhere", "good"), UNAVAILABLE,
                          "is not a taskwatchd")
        for flags in (["good", "--url=http://192.0.2.1:10120"], ["good", "--url=nonsense"], [],
                      ["a b"], ["good", "other"], ["good", "--urk=x"]):
            result = self.cli("explain", *flags)
            self.assert_ended(result, CONFIG)
            self.assertEqual(len(re.findall(r"^taskwatchd: ", result.stderr, re.M)), 1, flags)
        helped = self.cli("explain", "--help")
        self.assert_ended(helped, OK)
        self.assertIn("--url", helped.stdout)
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main()
