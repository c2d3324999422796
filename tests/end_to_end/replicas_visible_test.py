#!/usr/bin/env python3
"""What two replicas show of each other: the API, the metrics, `explain`, and the holder's URL in an answer."""

import json
import os
import re
import unittest

import harness
import postgres
import replicas_test
from api_test import Schema

OK, OTHER = 0, 1


class Visible(replicas_test.Replicas):
    def replica(self, name, database=None):
        """Also has a URL, under which it is reached."""
        port = postgres.free_port()
        database = database or self.postgres.url
        with open(self.cloud.config_file, encoding="utf-8") as file:
            text = re.sub(r"^state:.*\n(?:[ \t]+.*\n)*", "", file.read(), flags=re.MULTILINE)
        text += f"state: {{url: '{database}'}}\nreplica: {{name: {name}, url: 'http://127.0.0.1:{port}/'}}\n"
        config = os.path.join(os.path.dirname(self.cloud.config_file), f"{name}.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        daemon = self.daemon(config, f"--web.listen-address=127.0.0.1:{port}").started()
        daemon.url = f"http://127.0.0.1:{port}"  # it also listens on a port that the kernel selected
        self.running[name] = daemon
        return daemon

    def api(self, daemon, path, expected=200):
        status, _, body = daemon.get("/api/v1/" + path)
        self.assertEqual(status, expected, body)
        answer = json.loads(body)
        route = path.partition("?")[0]
        Schema().check_answer("/api/v1/tasks/{id}" if route.startswith("tasks/") else "/api/v1/" + route, status, answer)
        return answer

    def test_who_holds_what_and_where_to_ask(self):
        self.world(accounts=2)
        one, two = self.replica("one"), self.replica("two")
        harness.wait_for("an account each", lambda: {self.holder("acc00"), self.holder("acc01")} == {"one", "two"}, 30, every=0.2)
        of = {self.holder(account): account for account in self.names}

        def both_known():
            replicas = self.api(one, "status")["data"]["replicas"]
            return replicas if sorted(len(one["accounts"]) for one in replicas) == [1, 1] else None
        replicas = harness.wait_for("both are listed", both_known, every=0.2)
        self.assertEqual([(one["name"], one["self"], one["accounts"]) for one in replicas],
                         [("one", True, [of["one"]]), ("two", False, [of["two"]])])
        self.assertEqual(replicas[1]["url"], two.url)
        self.assertLess(replicas[1]["age_seconds"], 10)
        status = self.api(one, "status")["data"]
        self.assertEqual([account["name"] for account in status["accounts"]], [of["one"]])
        lease = next(lease for lease in status["leases"] if lease["account"] == of["two"])
        self.assertEqual((lease["held"], lease["elsewhere"], lease["holder"], lease["holder_url"]), (False, True, "two", two.url))
        self.assertEqual(one.metric("taskwatchd_replicas"), 2)
        self.assertEqual(one.metric("taskwatchd_lease_held", account=of["one"]), 1)
        self.assertEqual(one.metric("taskwatchd_lease_held", account=of["two"]), 0)
        self.assertEqual(one.metric("taskwatchd_lease_epoch", account=of["two"]),
                         two.metric("taskwatchd_lease_epoch", account=of["two"]))

        task = of["two"] + "x0"
        for path in (f"tasks/{task}", f"tasks/{task}?account={of['two']}", f"tasks?account={of['two']}"):
            answer = self.api(one, path, 421)
            self.assertEqual((answer["errorType"], answer["holder"], answer["holder_url"]), ("not_here", "two", two.url), path)
        self.assertEqual(self.api(two, f"tasks/{task}")["data"]["account"], of["two"])
        self.assertIn(f"1 account is held by another replica: {two.url}", self.api(one, "tasks/nobody", 404)["error"])

        said = self.cli("explain", f"--url={one.url}", task)
        self.assertEqual(said.returncode, OK, said.stderr)
        self.assertTrue(said.stdout.startswith(f"{task} of account {of['two']}: "), said.stdout)
        self.assertIn(f"\nThe response is from replica two at {two.url}\n", said.stdout)
        # The row of another replica is not trusted.
        def shown_url():
            self.postgres.query("UPDATE taskwatchd.replicas SET url = 'javascript:alert(1)' WHERE name = 'two'")
            return self.api(one, "status")["data"]["replicas"][1].get("url", "")
        harness.wait_for("no URL", lambda: shown_url() == "", every=0.05)

        self.assertEqual(two.stop(), 0)
        one.wait_metric("taskwatchd_lease_held", 1, account=of["two"])
        self.assertEqual(self.api(one, f"tasks/{task}?account={of['two']}")["data"]["account"], of["two"])


if __name__ == "__main__":
    unittest.main()
