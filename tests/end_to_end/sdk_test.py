#!/usr/bin/env python3
"""An independent check of the requests: Alibaba Cloud's own signer signs again what `taskwatchd query` sends, and
its own client calls iotsim. Both are Node packages, pinned in tests/sdk; without npm or its registry the test is
skipped."""

import json
import os
import re
import subprocess
import sys
import unittest

import harness
import npm

SKIPPED = 77  # ctest reports this exit code as skipped
SOURCE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "sdk")

KEY, SECRET, TOKEN = "STS.NUdemoKey", "demo-secret-not-a-real-one", "CAIS/demo+token~0=="
# All characters that an id may contain: printable ASCII except space, ", \\ and #.
PRINTABLE = "".join(chr(code) for code in range(33, 127) if chr(code) not in '"\\#')
IDS = ["MSnT9aaaaaaaaaaaaq010101", "a" + PRINTABLE, "a+b*c~d%7Ee", "%2F%", "a&TaskId=b", "a=b;c,d/e?f", "~", "x" * 128]
APIS = ("QueryTask", "ListTask", "QueryJobStatistics", "QueryJob", "ListJob", "QueryDeviceDistributeJob",
        "QueryDeviceDistributeDetail")
INSTANCE = "iot-cn-demo'(0001)*~+&=%/"

SCENARIO = f"""
accounts:
  - name: demo
    keys:
      - {{id: LTAI5tDemoKey, secret: another-secret}}
      - {{id: {KEY}, secret: {SECRET}, security_token: "{TOKEN}"}}
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
        jobs:
          - id: jobA
            name: ota
            devices: 5
            tasks:
              - {{id: bad, device: pump-1, script: [{{at: 0s, status: FAILED, progress: "62", message: boom}}]}}
    distributions:
      - {{id: D1, product_key: pk, devices: 3, running: 0s, format: csv}}
"""
IN_INSTANCE = {"iotInstanceId": "iot-cn-demo0001"}
CALLS = [
    {"method": "queryTask", "parameters": {**IN_INSTANCE, "taskId": "bad"}},
    {"method": "listTask", "parameters": {**IN_INSTANCE, "jobId": "jobA", "limit": 3}},
    {"method": "listTask", "parameters": {**IN_INSTANCE, "jobId": "jobA", "limit": 50, "status": "FAILED"}},
    {"method": "queryJob", "parameters": {**IN_INSTANCE, "jobId": "jobA"}},
    {"method": "listJob", "parameters": {**IN_INSTANCE, "currentPage": 1, "pageSize": 10}},
    {"method": "queryJobStatistics", "parameters": {**IN_INSTANCE, "jobId": "jobA"}},
    {"method": "queryDeviceDistributeJob", "parameters": {"jobId": "D1"}},
    {"method": "queryDeviceDistributeDetail", "parameters": {"jobId": "D1"}},
]

FOLDER = None  # contains the packages and our scripts


def setUpModule():
    global FOLDER
    FOLDER = npm.install("sdk", SOURCE)


class Signer(harness.Process):
    """Alibaba Cloud's signer, as an HTTP endpoint."""

    def __init__(self, secret, token, get_only):
        environment = harness.clean_environment(ACCESS_KEY_ID=KEY, ACCESS_KEY_SECRET=secret, SECURITY_TOKEN=token,
                                                GET_ONLY="1" if get_only else "")
        super().__init__([npm.NODE, os.path.join(FOLDER, "signatures.js")], env=environment)
        line = self.child.stdout.readline().decode().strip()
        if not line.startswith("listening on "):
            self.kill()
            raise AssertionError(f"the signer did not start: {self.tail()}")
        self.url = line.removeprefix("listening on ")

    def seen(self):
        return [json.loads(line) for line in list(self.lines)]


class Signatures(harness.TestCase):
    def config(self, endpoint, signature, token, watched=("", "")):
        self.write("keys/secret", SECRET + "\n", mode=0o600)
        self.write("keys/token", token + "\n", mode=0o600)
        token_key = "      security_token_file: keys/token\n" if token else ""
        return self.write("taskwatchd.yaml", f"""
accounts:
  - name: demo
    signature: {signature}
    credentials:
      access_key_id: {KEY}
      access_key_secret_file: keys/secret
{token_key}    quota: {{{", ".join(f"{api}: 50" for api in APIS)}}}
    quota_share: 0.1
    instances:
      - name: main
        region: cn-shanghai
        id: {json.dumps(INSTANCE)}
        endpoint: {endpoint}
{watched[0]}{watched[1]}state: {{path: state.db}}
""")

    def ask(self, signature, token="", get_only=False, secret=SECRET, ids=None):
        """Returns the signer's result for each request, and the output of `query`."""
        ids = ids or IDS
        signer = self.keep(Signer(secret, token, get_only))
        config = self.config(signer.url, signature, token)
        result = self.cli("query", f"--config.file={config}", "--", *ids)
        self.assertEqual(result.returncode, 0, result.stderr + signer.tail())
        self.assertEqual([json.loads(line)["task_id"] for line in result.stdout.splitlines()], ids)
        return harness.wait_for(signer.tail, lambda: len(signer.lines) >= len(ids) and signer.seen())

    def test_all_are_signed_as_the_official_signer_does(self):
        for signature in ("v3", "v1"):
            for token in ("", TOKEN):
                for get_only in (False, True):
                    with self.subTest(signature=signature, token=token, get_only=get_only):
                        seen = self.ask(signature, token, get_only)
                        self.assertEqual([one for one in seen if not one["same"]], [])
                        self.assertEqual([one["task"] for one in seen], IDS)
                        for one in seen:
                            self.assertEqual(
                                (one["version"], one["action"], one["instance"], one["method"]),
                                (signature, "QueryTask", INSTANCE, "GET" if get_only else "POST"))

    def test_so_are_the_calls_of_all_apis(self):
        odd = json.dumps([IDS[1]])
        for signature in ("v3", "v1"):
            with self.subTest(signature):
                signer = self.keep(Signer(SECRET, TOKEN, False))
                config = self.config(signer.url, signature, TOKEN, (
                    f"        jobs: {odd}\n        discover_jobs: true\n",
                    f"    distributions: {odd}\n    distribution_endpoint: {signer.url}\n"))
                self.cli("check", f"--config.file={config}", "--online")
                seen = harness.wait_for(signer.tail, lambda: len(signer.lines) >= len(APIS) and signer.seen())
                self.assertEqual([one for one in seen if not one["same"]], [])
                self.assertEqual([one["action"] for one in seen], list(APIS))

    def test_another_secret_is_rejected(self):
        for signature in ("v3", "v1"):
            with self.subTest(signature):
                seen = self.ask(signature, secret="another-secret", ids=IDS[:2])
                self.assertEqual([one["same"] for one in seen], [False, False])


class Client(harness.TestCase):
    """The official client against iotsim: it can read the responses of iotsim."""

    def setUp(self):
        super().setUp()
        self.cloud = self.iotsim(SCENARIO)

    def ask(self, calls, signature="v3", secret=SECRET):
        environment = harness.clean_environment(ENDPOINT=self.cloud.url, ACCESS_KEY_ID=KEY, ACCESS_KEY_SECRET=secret,
                                                SECURITY_TOKEN=TOKEN, SIGNATURE=signature)
        done = subprocess.run([npm.NODE, os.path.join(FOLDER, "client.js")], input=json.dumps(calls), env=environment,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_documented_replies(self):
        for signature in ("v3", "v1"):
            with self.subTest(signature):
                replies = self.ask(CALLS, signature)
                for call, reply in zip(CALLS, replies):
                    self.assertEqual(reply.get("status"), 200, (call, reply))
                    self.assertIs(reply["body"]["Success"], True, (call, reply))
                task, page, failed, job, jobs, counts, distribution, file = (reply["body"] for reply in replies)
                self.check_tasks(task["Data"], page, failed)
                self.check_jobs(job["Data"], jobs, counts["Data"])
                self.check_distribution(distribution["Data"], file)

    def check_tasks(self, task, page, failed):
        self.assertEqual({key: task[key] for key in ("TaskId", "JobId", "JobName", "DeviceName", "Status", "Progress",
                                                     "Message")},
                         {"TaskId": "bad", "JobId": "jobA", "JobName": "ota", "DeviceName": "pump-1",
                          "Status": "FAILED", "Progress": "62", "Message": "boom"})
        self.assertEqual(len(page["Data"]["data"]), 3)
        self.assertTrue(page["NextToken"])
        self.assertEqual({row["JobId"] for row in page["Data"]["data"]}, {"jobA"})
        self.assertIn("bad", [row["TaskId"] for row in failed["Data"]["data"]])
        self.assertEqual({row["Status"] for row in failed["Data"]["data"]}, {"FAILED"})

    def check_jobs(self, job, jobs, counts):
        self.assertEqual((job["JobId"], job["JobName"], job["Type"]), ("jobA", "ota", "CUSTOM_JOB"))
        self.assertEqual([row["JobId"] for row in jobs["Data"]["data"]], ["jobA"])
        self.assertEqual((jobs["Page"], jobs["PageSize"], jobs["Total"]), (1, 10, 1))
        self.assertEqual(counts["Total"], 6)
        self.assertEqual(sum(value for key, value in counts.items() if key != "Total"), 6)

    def check_distribution(self, distribution, file):
        self.assertEqual((distribution["JobId"], distribution["Status"], distribution["Total"]), ("D1", 2, 3))
        self.assertTrue(distribution["TargetInstanceConfigs"]["targetInstanceConfigs"][0]["TargetInstanceId"])
        self.assertTrue(file["File"].startswith("http"))

    def test_refusals_are_what_the_client_takes_for_refusals(self):
        lost = {"method": "queryTask", "parameters": {**IN_INSTANCE, "taskId": "lost"}}
        for signature in ("v3", "v1"):
            with self.subTest(signature):
                (in_band,) = self.ask([lost], signature)
                self.assertEqual((in_band["status"], in_band["body"]["Success"], in_band["body"]["Code"]),
                                 (200, False, "iot.job.TaskNotFound"))
                (refused,) = self.ask(CALLS[:1], signature, secret="wrong")
                self.assertEqual(refused["code"], "SignatureDoesNotMatch", refused)


if __name__ == "__main__":
    run = unittest.main(verbosity=2, exit=False).result
    if run.skipped and run.testsRun == 0:
        print("skipped:", run.skipped[0][1], file=sys.stderr)
        sys.exit(SKIPPED)
    sys.exit(0 if run.wasSuccessful() else 1)
