"""Flags, check and query, as an operator uses them: messages and exit codes."""

import subprocess
import threading
import time
import unittest

import harness
from cli_case import CONFIG, OK, OTHER, SCENARIO, TIMEOUT, UNAVAILABLE, Cli


class Flags(Cli):
    def test_version(self):
        result = self.cli("--version")
        self.assert_ended(result, OK)
        self.assertRegex(result.stdout,
                         r"\Ataskwatchd, version \d+\.\d+\.\d+ \(revision: \w+\), .+\n\Z")
        self.assertEqual(result.stderr, "")

    def test_help(self):
        result = self.cli("--help")
        self.assert_ended(result, OK)
        for command in ("run", "check", "query", "wait"):
            self.assertIn(command, result.stdout)
            self.assert_ended(self.cli(command, "--help"), OK)
        help_of_run = self.cli("run", "--help").stdout
        for flag in ("--config.file", "--web.listen-address", "--web.telemetry-path",
                     "--web.external-url", "--web.route-prefix", "--web.allowed-host",
                     "--web.enable-lifecycle", "--web.max-requests", "--web.config.file",
                     "--web.systemd-socket", "--log.level",
                     "--log.format"):
            self.assertIn(flag, help_of_run)

    def test_invalid_flags_are_reported_with_the_fix(self):
        for arguments, fragments in (
                (["--web.listen-adress=:1"],
                 ["unknown flag --web.listen-adress", "did you mean --web.listen-address?"]),
                (["run", "--bogus"], ["unknown flag --bogus", "taskwatchd run --help"]),
                (["run", "more"], ["unexpected argument more"]),
                (["chek"], ["unknown command chek", "run, check, query, wait"]),
                (["plot"], ["unknown command plot"]),
                (["--config.file="], ["--config.file has no value"]),
                (["--config.file"], ["--config.file"]),
                (["--config.file=a", "--config.file=b"], ["--config.file", "more than once"]),
                (["--log.level=loud"], ["--log.level", "loud", "debug,info,warn,error"]),
                (["--log.format", "xml"], ["--log.format", "logfmt,json,journald"]),
                (["--web.max-requests=-1"], ["--web.max-requests", "whole number"]),
                (["--web.listen-address", "10120"], ["--web.listen-address", "HOST:PORT"]),
                (["--web.listen-address=[::1]:70000"], ["0 to 65535"]),
                (["--web.telemetry-path=metrics"], ["--web.telemetry-path", "/metrics"]),
                (["--web.route-prefix=iot"], ["--web.route-prefix", "/iot"]),
                (["--web.external-url=tasks.example.com"], ["--web.external-url", "https://"]),
                (["--web.allowed-host=http://x"], ["--web.allowed-host", "host name"]),
                (["query"], ["ids of the tasks"]),
                (["query", "--", "-x"], ["/etc/taskwatchd/taskwatchd.yaml"]),
                (["query", "--config.file=a", "--region=cn-shanghai", "T"], ["both set"]),
                (["query", "--region=cn_shanghai", "T"], ["--region", "cn-shanghai"]),
                (["query", "--region=cn-shanghai", "--account=a", "T"], ["--account"]),
                (["query", "--region=cn-shanghai", "a b"], ["task id"]),
                (["wait", "--timeout=5", "T"], ["--timeout", "10m"]),
                (["wait", "--timeout=0s", "T"], ["--timeout"])):
            with self.subTest(arguments):
                result = self.cli(*arguments)
                self.assert_ended(result, CONFIG, *fragments)
                self.assertEqual(result.stdout, "")
                self.assertEqual(result.stderr.count("\n"), 1, result.stderr)


class Check(Cli):
    def test_good(self):
        result = self.cli("check", self.config("http://127.0.0.1:1"))
        self.assert_ended(result, OK)
        self.assertEqual(result.stderr, "")
        self.assertIn("account demo: 1 instance, 2 tasks", result.stdout)
        self.assertNotIn("not-a-real-one", result.stdout)

    def test_all_errors_with_their_positions(self):
        path = self.write("bad.yaml", "accounts:\n  - name: prod\n    instances:\n"
                                      "      - regoin: cn-shanghai\n        tasks: [a, a]\n")
        result = self.cli("check", "--config.file", path)
        self.assert_ended(result, CONFIG, f"{path}:4:9: ", "regoin", f"{path}:5:20: ")
        self.assertEqual(result.stdout, "")

    def test_warnings_do_not_fail_it(self):
        path = self.write("idle.yaml",
                          "accounts:\n  - name: prod\n"
                          "    instances: [{region: cn-shanghai}]\n")
        self.assert_ended(self.cli("check", f"--config.file={path}"), OK,
                          "warning: ", "watches nothing")

    def test_nothing_to_watch_is_an_error(self):
        text = "accounts:\n  - name: prod\n    instances: [{region: cn-shanghai, task_files: ['%s']}]\n"
        self.write("utf16.txt", "")
        with open(self.path("utf16.txt"), "wb") as file:
            file.write("MSnT9aaaaaaaaaaaaq010101\n".encode("utf-16"))
        for glob, code, said in (("utf16.txt", CONFIG, "the file is UTF-16; save it as UTF-8"),
                                 ("none.txt", OK, "does not exist"),
                                 ("later/*.txt", OK, "matches no file")):
            with self.subTest(glob):
                path = self.write("files.yaml", text % glob)
                result = self.cli("check", f"--config.file={path}")
                self.assert_ended(result, code, said)
                self.assertEqual("nothing to watch" in result.stderr, code == CONFIG, result.stderr)

    def test_warns_of_a_large_page(self):
        text = "accounts:\n  - name: prod\n    instances: [{region: cn-shanghai, task_files: [ids]}]\n"
        path = self.write("large.yaml", text)
        for count, warned in ((10_000, False), (30_000, True)):
            self.write("ids", "".join(f"MSnT9aaaaaaaa{n:06}q010101\n" for n in range(count)))
            result = self.cli("check", f"--config.file={path}")
            self.assert_ended(result, OK)
            self.assertEqual("warning: " in result.stderr, warned, result.stderr)
        self.assertRegex(result.stderr, r"the 30000 explicit tasks make /metrics about "
                                        r"[56]\d MB .*metrics\.task_series: none")
        self.write("large.yaml", text + "metrics: {task_series: none}\n")
        self.assertEqual(self.cli("check", f"--config.file={path}").stderr, "")

    def test_files_that_cannot_be_read(self):
        missing = self.path("nowhere.yaml")
        self.assert_ended(self.cli("check", f"--config.file={missing}"), CONFIG,
                          f"{missing}: cannot be read", "check the path")
        flag = self.config("http://127.0.0.1:1", secret=None)
        for command in (["check"], ["run"], ["query", "good"], ["wait", "good"]):
            with self.subTest(command):
                self.assert_ended(self.cli(command[0], flag, *command[1:]), CONFIG,
                                  "access_key_secret_file", "keys/demo.secret",
                                  "cannot be read: No such file", "check the path")

    def test_run_refuses_a_bad_configuration(self):
        path = self.write("bad.yaml", "accounts: []\n")
        self.assert_ended(self.cli(f"--config.file={path}"), CONFIG, f"{path}:1:")

    def test_online(self):
        cloud = self.iotsim(SCENARIO)
        flag = self.config(cloud.url)
        result = self.cli("check", flag, "--online")
        self.assert_ended(result, OK)
        self.assertIn("online: account demo, instance main: QueryTask responds", result.stdout)
        cloud.switch(forbidden="gateway")
        self.assert_ended(self.cli("check", flag, "--online"), UNAVAILABLE,
                          "account demo, instance main", "iot:QueryTask")

    def test_online_uses_a_made_up_id_without_listed_tasks(self):
        cloud = self.iotsim(SCENARIO)
        flag = self.config(cloud.url)
        path = flag.split("=", 1)[1]
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("        tasks: [good, bad]\n", "")
        self.write("taskwatchd.yaml", text)
        self.assert_ended(self.cli("check", flag, "--online"), OK)
        self.assertEqual(len(cloud.control("calls")["calls"]), 1)


class Query(Cli):
    def setUp(self):
        super().setUp()
        self.cloud = self.iotsim(SCENARIO)
        self.flag = self.config(self.cloud.url)

    def calls(self):
        return self.cloud.control("calls")["calls"]

    def test_one_object_a_line_in_the_order_given(self):
        result = self.cli("query", self.flag, "bad", "good", "bad")
        self.assert_ended(result, OK)
        self.assertEqual(result.stderr, "")
        bad, good = self.rows(result)
        times = {key: bad.pop(key) for key in ("queued_at", "modified_at")}
        for value in times.values():
            self.assertRegex(value, r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
        self.assertEqual(bad, {
            "account": "demo", "iot_instance": "main", "task_id": "bad", "job_id": "jobA",
            "job_name": "ota", "product_key": "a1SimProduct", "device_name": "pump-2",
            "status": "FAILED", "progress": 62, "message": "boom",
            "status_detail": '{"code":4001}'})
        self.assertEqual((good["task_id"], good["status"]), ("good", "SUCCEEDED"))
        self.assertNotIn("message", good)
        self.assertEqual(len(self.calls()), 2)

    def test_unknown_task(self):
        result = self.cli("query", self.flag, "nope", "good")
        self.assert_ended(result, OTHER, "task nope: ", "Check the task id")
        nope, good = self.rows(result)
        self.assertEqual((nope["task_id"], nope["error"], nope["code"]),
                         ("nope", "not_found", "iot.job.TaskNotFound"))
        self.assertIn("Check the task id", nope["message"])
        self.assertEqual(good["status"], "SUCCEEDED")
        self.assertEqual(result.stderr.count("\n"), 1)

    def test_a_wrong_key_is_tried_once_and_not_shown(self):
        self.write("keys/demo.secret", "some-other-secret\n")
        result = self.cli("query", self.flag, "good", "bad", "soon")
        self.assert_ended(result, OTHER, "SignatureDoesNotMatch",
                          "Check access_key_id and the secret file of account demo")
        self.assertEqual([row["error"] for row in self.rows(result)], ["auth"] * 3)
        self.assertEqual(len(self.calls()), 1)
        self.assertEqual(result.stderr.count("\n"), 1)
        self.assertNotIn("some-other-secret", result.stdout + result.stderr)

    def test_no_permission(self):
        self.cloud.switch(forbidden="in_band")
        self.assert_ended(self.cli("query", self.flag, "good"), OTHER,
                          "Grant the RAM action iot:QueryTask")

    def test_wrong_instance_id(self):
        flag = self.config(self.cloud.url, instance="iot-cn-wrong")
        result = self.cli("query", flag, "good")
        self.assert_ended(result, OTHER, "Check id and region of instance main")
        self.assertEqual(self.rows(result)[0]["error"], "bad_request")
        self.assertEqual(result.stderr.count("\n"), 1)

    def test_endpoint_down(self):
        result = self.cli("query", self.config(self.dead_endpoint()), "good", "bad")
        self.assert_ended(result, UNAVAILABLE, "Connection refused", "Check the network")
        self.assertEqual([row["error"] for row in self.rows(result)], ["unreachable"] * 2)
        self.assertEqual(result.stderr.count("\n"), 1)

    def test_transient_failures_are_retried(self):
        for trouble in ("throttled", "drop", "wrong_task", "broken_json"):
            with self.subTest(trouble):
                self.cloud.switch(**{trouble: 1})
                timer = threading.Timer(0.4, self.cloud.switch, kwargs={trouble: 0})
                timer.start()
                self.addCleanup(timer.join)
                result = self.cli("query", self.flag, "good")
                self.assert_ended(result, OK)
                self.assertEqual(result.stderr, "")

    def test_a_refused_method_and_a_wrong_clock_are_adapted_to(self):
        self.cloud.switch(get_only=True, clock_offset_ms=3_600_000)
        self.assert_ended(self.cli("query", self.flag, "good", "bad"), OK)
        codes = [call["code"] for call in self.calls()]
        self.assertEqual(len(codes), 4, codes)
        self.assertEqual(codes[2:], ["", ""])

    def test_both_signatures(self):
        path = self.flag.split("=", 1)[1]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.write("taskwatchd.yaml", text.replace("    quota_share", "    signature: v1\n"
                                                                      "    quota_share"))
        self.assert_ended(self.cli("query", self.flag, "good"), OK)

    def test_a_device_message_cannot_forge_lines_or_control_the_terminal(self):
        for kind in ("newlines", "ansi", "rtl", "nul"):
            with self.subTest(kind):
                self.cloud.switch(hostile=kind)
                result = self.cli("query", self.flag, "bad")
                self.assert_ended(result, OK)
                self.assertEqual(result.stdout.count("\n"), 1)
                self.assertEqual(self.rows(result)[0]["task_id"], "bad")
                self.assertFalse([c for c in result.stdout.rstrip("\n")
                                  if ord(c) < 32 or c in "\x7f\u202e\u2066\u2028"])

    def test_keeps_to_what_the_daemon_leaves(self):
        flag = self.config(self.cloud.url, share="0.94")  # leaves 3 of 50 calls per second
        begin = time.monotonic()
        tasks = ["good", "bad", "soon", "never"]
        self.assert_ended(self.cli("query", flag, *tasks), OK)
        self.assertGreaterEqual(time.monotonic() - begin, 4 / 3)  # the rate limiter starts empty
        stamps = [call["mono_us"] for call in self.calls()]
        self.assertEqual(len(stamps), 4)
        for earlier, later in zip(stamps, stamps[1:]):
            self.assertGreaterEqual(later - earlier, 1e6 / 3 - 20_000)

    def test_the_quota_is_met_while_a_daemon_runs(self):
        cloud = self.iotsim(SCENARIO.replace("QueryTask: 50", "QueryTask: 20"), "--quota-share=0.5",
                            "--pace=0s")
        daemon = self.daemon(cloud.config_file).started()
        daemon.event("task_baseline", task_id="never")
        flag = f"--config.file={cloud.config_file}"
        for _ in range(2):
            self.assert_ended(self.cli("query", flag, "good", "bad", "soon", "never"), OK)
        (stats,) = [row for row in cloud.control("stats")["apis"] if row["account"] == "demo"]
        self.assertGreater(stats["calls"], 12, stats)
        self.assertEqual(stats["refused"], 0, stats)
        self.assertLessEqual(stats["peak_received"], 20, stats)

    def test_nothing_is_left_of_the_quota(self):
        self.assert_ended(self.cli("query", self.config(self.cloud.url, share="1"), "good"),
                          CONFIG, "quota_share is 1", "set quota_share below 1")
        self.assertEqual(self.calls(), [])

    def test_a_low_rate_is_reported(self):
        flag = self.config(self.cloud.url, share="0.997")
        self.assert_ended(self.cli("wait", flag, "--timeout=300ms", "good"), TIMEOUT,
                          "account demo: quota_share 0.997 leaves one call every 6.67 s")

    def test_reader_gone(self):
        child = subprocess.Popen([harness.program("TASKWATCHD"), "query", self.flag, "good", "bad"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=harness.clean_environment())
        child.stdout.close()
        self.assertEqual(child.wait(harness.DEADLINE), OTHER)
        child.stderr.close()
        self.assertEqual(len(self.calls()), 1)


class Places(Cli):
    TEXT = """
accounts:
  - name: one
    credentials: {{access_key_id: LTAI5tDemoKey, access_key_secret_file: secret}}
    quota: {{QueryTask: 50}}
    quota_share: 0.1
    instances:
      - {{name: main, region: cn-shanghai, id: iot-cn-demo0001, endpoint: "{url}", tasks: [good]}}
      - {{name: far, region: cn-beijing, id: iot-cn-far, endpoint: "{url}"}}
  - name: two
    credentials: {{access_key_id: LTAI5tDemoKey, access_key_secret_file: secret}}
    quota: {{QueryTask: 50}}
    quota_share: 0.1
    instances:
      - {{name: main, region: cn-shanghai, id: iot-cn-demo0001, endpoint: "{url}", tasks: [soon]}}
state: {{path: state.db}}
"""

    def setUp(self):
        super().setUp()
        cloud = self.iotsim(SCENARIO)
        self.write("secret", "demo-secret-not-a-real-one")
        self.flag = "--config.file=" + self.write("taskwatchd.yaml",
                                                  self.TEXT.format(url=cloud.url))

    def test_a_listed_task_is_queried_at_its_instance(self):
        result = self.cli("query", self.flag, "soon", "good")
        self.assert_ended(result, OK)
        self.assertEqual([(row["account"], row["iot_instance"]) for row in self.rows(result)],
                         [("two", "main"), ("one", "main")])

    def test_another_task_needs_a_place(self):
        self.assert_ended(self.cli("query", self.flag, "good", "bad"), CONFIG,
                          "task bad is listed nowhere", "--account and --instance",
                          "one/main, one/far, two/main")
        self.assert_ended(self.cli("query", self.flag, "--account=one", "bad"), CONFIG,
                          "one/main, one/far")
        for place in (["--account=one", "--instance=main"], ["--account=two"],
                      ["--account=one", "--instance=iot-cn-demo0001"]):
            with self.subTest(place):
                self.assert_ended(self.cli("query", self.flag, *place, "bad"), OK)

    def test_no_such_place(self):
        self.assert_ended(self.cli("query", self.flag, "--account=three", "good"), CONFIG,
                          "no --account=three", "one/main, one/far, two/main")

    def test_region_takes_keys_of_the_environment(self):
        arguments = ("query", "--region=cn-shanghai", "good")
        self.assert_ended(self.cli(*arguments), CONFIG, "no credentials", "ALIBABA_CLOUD_ACCESS_KEY_ID")
        half = harness.clean_environment(ALIBABA_CLOUD_ACCESS_KEY_ID="LTAI5tDemoKey")
        self.assert_ended(self.cli(*arguments, env=half), CONFIG,
                          "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not")


if __name__ == "__main__":
    unittest.main(verbosity=2)
