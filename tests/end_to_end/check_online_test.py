#!/usr/bin/env python3
"""`check --online`: one call for each account, instance and API; each problem is reported with its fix."""

import json
import unittest

import harness
from cli_case import CONFIG, OK, UNAVAILABLE

APIS = ("QueryTask", "ListTask", "QueryJobStatistics", "QueryJob", "ListJob", "QueryDeviceDistributeJob",
        "QueryDeviceDistributeDetail")
QUOTA = "{" + ", ".join(f"{api}: 50" for api in APIS) + "}"
SECRETS = {"demo": "demo-secret-not-a-real-one", "other": "other-secret-not-a-real-one"}

SCENARIO = f"""
accounts:
  - name: demo
    keys: [{{id: LTAI5tDemoKey, secret: {SECRETS["demo"]}}}]
    quota: {QUOTA}
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
        jobs: [{{id: jobA, devices: 3}}]
    distributions:
      - {{id: D1, product_key: pk, devices: 3, running: 1h, format: csv}}
  - name: other
    keys: [{{id: LTAI5tOtherKey, secret: {SECRETS["other"]}}}]
    quota: {QUOTA}
    instances:
      - region: cn-shanghai
        id: iot-cn-other001
        jobs: [{{id: jobB, devices: 0, tasks: [{{id: good, device: pump-1, script: [{{at: 0s, status: SUCCEEDED}}]}}]}}]
"""

CONFIG_TEXT = f"""
accounts:
  - name: demo
    credentials: {{access_key_id: LTAI5tDemoKey, access_key_secret_file: keys/demo.secret}}
    signature: SIGNATURE
    quota: {QUOTA}
    quota_share: 0.1
    instances:
      - name: main
        region: cn-shanghai
        id: iot-cn-demo0001
        endpoint: "ENDPOINT"
        jobs: [jobA]
        discover_jobs: true
    distributions: [D1]
    distribution_endpoint: "ENDPOINT"
  - name: other
    credentials: {{access_key_id: LTAI5tOtherKey, access_key_secret_file: keys/other.secret}}
    quota: {QUOTA}
    quota_share: 0.1
    instances:
      - {{name: main, region: cn-shanghai, id: iot-cn-other001, endpoint: "ENDPOINT", tasks: [good]}}
state: {{path: state.db}}
"""

DEMO = [f"online: account demo, instance main: {api} " for api in APIS[:5]]
DEMO += [f"online: account demo, distributions: {api} " for api in APIS[5:]]
OTHER = "online: account other, instance main: QueryTask "


class CheckOnline(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.cloud = self.iotsim(SCENARIO)
        for name, secret in SECRETS.items():
            self.write(f"keys/{name}.secret", secret + "\n", mode=0o600)

    def check(self, code, *edits, env=None):
        """Runs the command; returns the lines of stdout about calls, and the lines of stderr."""
        text = CONFIG_TEXT.replace("SIGNATURE", "v3")
        for old, new in edits:
            self.assertIn(old, text)
            text = text.replace(old, new)
        path = self.write("taskwatchd.yaml", text.replace("ENDPOINT", self.cloud.url))
        result = self.cli("check", f"--config.file={path}", "--online", env=env)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for secret in SECRETS.values():
            self.assertNotIn(secret, result.stdout + result.stderr)
        reported = [line for line in result.stdout.splitlines() if line.startswith("online: ")]
        return reported, result.stderr.splitlines()

    def calls(self):
        """Returns the calls that reached the platform, as (account, API)."""
        return [(call["account"], call["api"]) for call in self.cloud.control("calls")["calls"]]

    def policies(self, lines):
        found = [json.loads(line) for line in lines if line.startswith("{")]
        for policy in found:
            self.assertEqual(policy["Version"], "1")
            (statement,) = policy["Statement"]
            self.assertEqual((statement["Effect"], statement["Resource"]), ("Allow", "*"))
        return [policy["Statement"][0]["Action"] for policy in found]

    def test_all_is_well(self):
        for signature in ("v3", "v1"):
            with self.subTest(signature):
                before = len(self.calls())
                reported, errors = self.check(OK, ("signature: v3", f"signature: {signature}"))
                self.assertEqual(reported, [line + "responds" for line in DEMO] + [OTHER + "responds"])
                self.assertEqual(errors, [])
                self.assertEqual(self.calls()[before:],
                                 [("demo", api) for api in APIS] + [("other", "QueryTask")])

    def test_denied_actions_are_named_with_one_policy_to_copy(self):
        for form in ("gateway", "in_band"):
            with self.subTest(form):
                self.cloud.switch(denied="ListTask,QueryDeviceDistributeDetail", denied_form=form)
                reported, errors = self.check(UNAVAILABLE)
                self.assertEqual([line for line in reported if not line.endswith(" responds")],
                                 [DEMO[1] + "failed", DEMO[6] + "failed"])
                self.assertEqual(len(errors), 4, errors)
                self.assertIn("account demo, instance main: ListTask failed (forbidden)", errors[0])
                self.assertIn("Grant the RAM action iot:ListTask on resource * to the credentials of account demo", errors[0])
                self.assertIn("account demo, distributions: QueryDeviceDistributeDetail failed", errors[1])
                self.assertEqual(self.policies(errors), [[f"iot:{api}" for api in APIS]])

    def test_the_policy_contains_no_more_than_is_used(self):
        self.cloud.switch(forbidden="gateway")
        _, errors = self.check(UNAVAILABLE, ("        discover_jobs: true\n", ""), ("    distributions: [D1]\n", ""),
                               ("    distribution_endpoint: \"ENDPOINT\"\n", ""),
                               ("ListTask: 50", "ListTask: 0"))
        self.assertEqual(self.policies(errors), [["iot:QueryTask", "iot:QueryJobStatistics", "iot:QueryJob"],
                                                 ["iot:QueryTask"]])

    def test_a_refused_key_is_named_once_and_the_other_account_goes_on(self):
        self.cloud.switch(inactive_key="LTAI5tDemoKey")
        reported, errors = self.check(UNAVAILABLE)
        self.assertEqual(reported, [DEMO[0] + "failed"] + [line + "was skipped" for line in DEMO[1:]]
                         + [OTHER + "responds"])
        (error,) = errors
        self.assertIn("account demo, instance main: QueryTask failed (auth): InvalidAccessKeyId.Inactive", error)
        self.assertIn("Check access_key_id and the secret file of account demo", error)
        self.assertEqual(len(self.calls()), 2)

    def test_a_wrong_instance_is_named_once(self):
        reported, errors = self.check(UNAVAILABLE, ("iot-cn-demo0001", "iot-cn-mistyped"))
        self.assertEqual(reported, [line + "failed" for line in DEMO[:5]] + [line + "responds" for line in DEMO[5:]]
                         + [OTHER + "responds"])
        (error,) = errors
        self.assertIn("account demo, instance main: QueryTask failed (bad_request)", error)
        self.assertIn("Check id and region of instance main", error)

    def test_ids_that_the_cloud_does_not_know_are_named(self):
        reported, errors = self.check(UNAVAILABLE, ("[jobA]", "[jobX]"), ("[D1]", "[DX]"), ("[good]", "[lost]"))
        self.assertEqual([line for line in reported if not line.endswith(" responds")],
                         [line + "failed" for line in (*DEMO[1:4], DEMO[5], OTHER)])
        self.assertEqual(len(errors), 5, errors)
        for error, name in zip(errors, ("jobX", "jobX", "jobX", "DX", "lost")):
            self.assertIn(f", id {name}: ", error)
        self.assertIn("Check the job id, its region and its instance", errors[0])
        self.assertIn("Check the distribution's id and its account", errors[3])
        self.assertIn("Check the task id, its region and its instance", errors[4])

    def test_an_endpoint_that_is_down_gets_one_call_only(self):
        holder, port = harness.closed_port()
        self.addCleanup(holder.close)
        reported, errors = self.check(
            UNAVAILABLE, ('        endpoint: "ENDPOINT"\n', f'        endpoint: "http://127.0.0.1:{port}"\n'))
        self.assertEqual(reported, [DEMO[0] + "failed"] + [line + "was skipped" for line in DEMO[1:5]]
                         + [line + "responds" for line in DEMO[5:]] + [OTHER + "responds"])
        (error,) = errors
        self.assertIn("Check the network, DNS and firewall", error)

    def test_an_account_without_keys_or_share_does_not_hide_the_others(self):
        keys = "    credentials: {access_key_id: LTAI5tDemoKey, access_key_secret_file: keys/demo.secret}\n"
        reported, errors = self.check(CONFIG, (keys, ""))
        self.assertEqual(reported, [OTHER + "responds"])
        self.assertIn("no credentials", "\n".join(errors))
        share = ("    quota_share: 0.1\n    instances:\n      - name: main", "    quota_share: 1\n    instances:\n"
                 "      - name: main")
        reported, errors = self.check(CONFIG, share)
        self.assertEqual(reported, [OTHER + "responds"])
        self.assertIn("account demo: quota_share is 1", errors[0])

    def test_it_keeps_to_what_the_daemon_leaves(self):
        second = ('    distributions: [D1]\n', '      - {name: second, region: cn-shanghai, id: iot-cn-demo0001, '
                  'endpoint: "ENDPOINT", tasks: []}\n    distributions: [D1]\n')
        reported, _ = self.check(OK, ("quota_share: 0.1", "quota_share: 0.94"), second)  # leaves 3 calls per second
        self.assertIn("online: account demo, instance second: QueryTask responds", reported)
        stamps = [call["mono_us"] for call in self.cloud.control("calls")["calls"]
                  if (call["account"], call["api"]) == ("demo", "QueryTask")]
        self.assertEqual(len(stamps), 2)
        self.assertGreaterEqual(stamps[1] - stamps[0], 1e6 / 3 - 20_000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
