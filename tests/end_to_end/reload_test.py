#!/usr/bin/env python3
"""Reload by SIGHUP and by HTTP: what changes and what stays."""

import json
import os
import signal
import time
import unittest

import harness
import reload_case
import worlds
from reload_case import QUOTA

TASKS = 8


class Reload(reload_case.Case):
    def still_tasks(self):
        return {f"task{i}": worlds.still() for i in range(TASKS)}

    def test_tasks_go_and_come_back(self):
        for by_signal in (True, False):
            with self.subTest(by_signal=by_signal):
                daemon = self.begin(self.still_tasks())
                daemon.wait_metric("taskwatchd_tasks", TASKS, state="unfinished")
                self.rewrite(*self.without("task0", "task1"))
                event = self.reload(daemon, by_signal)
                self.assertEqual(event["tasks"], TASKS - 2)
                self.assertEqual(self.series_of(daemon, "task0"), [])
                self.assertNotEqual(self.series_of(daemon, "task2"), [])
                self.assertEqual(daemon.metric("taskwatchd_tasks", state="unfinished"), TASKS - 2)
                self.check_unasked(daemon, {"task0", "task1"})
                first = daemon.metric("aliyun_iot_task_first_seen_total", status="IN_PROGRESS")
                self.assertEqual(first, TASKS, "counters of the job go on")

                self.rewrite()
                self.reload(daemon, by_signal)
                self.assertNotEqual(self.series_of(daemon, "task0"), [], "at once, from the state")
                self.assertEqual(daemon.metric("taskwatchd_tasks", state="unfinished"), TASKS)
                time.sleep(1)
                self.assertEqual(
                    daemon.metric("aliyun_iot_task_first_seen_total", status="IN_PROGRESS"), TASKS)
                self.assertEqual(daemon.stop(), 0, daemon.tail())
                self.assertEqual(sorted(self.baselines()), sorted(self.still_tasks()))

    def check_unasked(self, daemon, tasks):
        time.sleep(0.3)  # calls in flight
        self.cloud.control("stats/reset")
        count = len(self.cloud.control("calls")["calls"])
        time.sleep(0.8)
        asked = [call["task"] for call in self.cloud.control("calls")["calls"]][count:]
        self.assertEqual(tasks & set(asked), set())
        self.assertGreater(len(asked), 3, daemon.tail())

    def test_accounts_and_quota_change(self):
        daemon = self.begin(self.still_tasks(),
                            worlds.account("second", QUOTA, {"far1": worlds.still()}))
        daemon.wait_metric("taskwatchd_tasks", 1, account="second", state="unfinished")
        second = self.config[self.config.index('  - name: "second"'):self.config.index("state:")]
        self.rewrite((second, ""))
        self.reload(daemon)
        left = [labels for _, labels in daemon.metrics() if ("account", "second") in labels]
        self.assertEqual(left, [])

        self.rewrite((f"QueryTask: {QUOTA}", "QueryTask: 5"))
        self.reload(daemon, by_signal=True)
        self.assertEqual(daemon.metric("taskwatchd_api_rate_limit_configured", account="demo",
                                       action="QueryTask"), 5 * 0.8)
        time.sleep(0.3)
        count = len(self.calls("demo"))
        time.sleep(2)
        self.assertIn(len(self.calls("demo")) - count, range(4, 9))
        daemon.wait_metric("taskwatchd_tasks", 1, account="second", state="unfinished")
        self.rewrite()
        self.reload(daemon)
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        self.assertEqual(self.baselines().count("far1"), 1)

    def test_jobs_distributions_credentials_and_bounds_change(self):
        """A reload adds and removes each, and does not disturb the rest."""
        second = worlds.account("second", QUOTA, {f"far{i}": worlds.still() for i in range(3)})
        second = second.replace("real-one}", "real-one}\n      - {id: LTAI5tnext, secret: next}", 1)
        second += ("    distributions:\n      - {id: D1, product_key: pk, devices: 3, running: 1s,"
                   " format: csv, failed: 0}\n")
        daemon = self.begin(self.still_tasks(), second, latency_ms=100)
        daemon.event("distribution_result", distribution_id="D1")
        listed = "".join(f'          - "far{i}"\n' for i in range(3))
        distributions = '    distributions:\n      - "D1"\n'
        self.assertIn(distributions, self.config)

        by_job = ("        tasks:\n" + listed, '        jobs:\n          - "secondJob"\n')
        with open(os.path.join(self.cloud.directory, "keys", "next.secret"), "w",
                  encoding="utf-8") as file:
            file.write("next\n")
        new_key = [("LTAI5tsecondKey", "LTAI5tnext"), ("keys/second.secret", "keys/next.secret")]
        bounds = ("state:\n", "bounds:\n  detection_delay: 5s\nstate:\n")
        self.rewrite(by_job, (distributions, ""), bounds, *new_key)
        self.reload(daemon)
        self.cloud.switch(inactive_key="LTAI5tsecondKey")
        daemon.wait_metric("taskwatchd_jobs", 1, account="second", state="watched")
        daemon.wait_metric("aliyun_iot_job_tasks", 3, job_id="secondJob", status="IN_PROGRESS")
        self.assertEqual(self.distributions(daemon), [])
        bound = "taskwatchd_detection_delay_bound_seconds"
        self.assertEqual(daemon.metric(bound, account="demo"), 5)

        self.cloud.switch(inactive_key="")
        self.rewrite()
        self.reload(daemon, by_signal=True)
        self.assertEqual(self.distributions(daemon), ["D1"], "at once, from the state")
        self.assertEqual(daemon.metric("taskwatchd_tasks", account="second", state="unfinished"), 3)
        self.assertIsNone(daemon.metric(bound, account="demo"))
        time.sleep(1)
        failures = harness.select(daemon.metrics(), "taskwatchd_api_failures_total")
        self.assertEqual({key: value for key, value in failures.items() if value}, {})
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        self.assertEqual(len(daemon.events("distribution_result")), 1)
        self.assertEqual(len([task for task in self.baselines() if task.startswith("far")]), 3)

    def distributions(self, daemon):
        return [one["distribution_id"]
                for one in json.loads(daemon.get("/api/v1/distributions")[2])["data"]]

    def calls(self, account):
        return [call for call in self.cloud.control("calls")["calls"]
                if call["account"] == account]

    def test_a_bad_file_changes_nothing(self):
        daemon = self.begin(self.still_tasks())
        daemon.wait_metric("taskwatchd_tasks", TASKS, state="unfinished")
        good_at = daemon.metric("taskwatchd_config_last_reload_success_timestamp_seconds")
        self.rewrite(("accounts:", "acounts:"), ("quota_share: 0.8", "quota_share: 7"))
        status, _, text = daemon.get("/-/reload", method="POST")
        self.assertEqual(status, 500)
        self.assertIn("taskwatchd.yaml:2:1: ", text)
        self.assertIn("acounts", text)
        failed = daemon.event("config_reload_failed")
        self.assertEqual(failed["level"], "error")
        self.assertIn("taskwatchd.yaml:2:1: ", failed["msg"])
        daemon.send(signal.SIGHUP)
        harness.wait_for("a second failure", lambda: len(daemon.events("config_reload_failed")) > 1)
        metrics = daemon.metrics()
        value = lambda name, **labels: harness.value_of(metrics, name, **labels)
        self.assertEqual(value("taskwatchd_config_last_reload_successful"), 0)
        self.assertEqual(value("taskwatchd_config_last_reload_success_timestamp_seconds"), good_at)
        self.assertEqual(value("taskwatchd_tasks", state="unfinished"), TASKS)
        self.assertEqual(daemon.get("/-/ready")[0], 200)
        self.check_unasked(daemon, set())

        self.rewrite()
        self.reload(daemon)
        self.assertEqual(daemon.metric("taskwatchd_config_last_reload_successful"), 1)
        self.assertGreaterEqual(
            daemon.metric("taskwatchd_config_last_reload_success_timestamp_seconds"), good_at)
        self.assertEqual(daemon.stop(), 0, daemon.tail())

    def test_state_path_needs_a_restart(self):
        daemon = self.begin(self.still_tasks())
        self.rewrite(("path: state.db", "path: other.db"))
        self.assertEqual(self.reload(daemon)["needs_restart"], ["state.path"])
        self.assertFalse(os.path.exists(os.path.join(self.cloud.directory, "other.db")))
        self.assertEqual(daemon.stop(), 0, daemon.tail())

    def test_without_lifecycle_and_by_get(self):
        daemon = self.begin(self.still_tasks())
        self.assertEqual(daemon.get("/-/reload")[0], 405)
        self.assertEqual(daemon.get("/-/reload", method="POST",
                                    headers={"Host": "evil.example"})[0], 403)
        self.assertEqual(daemon.stop(), 0)
        plain = self.daemon(self.cloud.config_file).started()
        self.assertEqual(plain.get("/-/reload", method="POST")[0], 403)
        self.assertEqual(plain.events("config_reloaded"), [])

    def test_task_files_are_followed(self):
        daemon = self.begin(self.still_tasks())
        folder = os.path.join(self.cloud.directory, "tasks.d")
        os.mkdir(folder)
        self.rewrite(('        tasks:\n', "        task_files: [tasks.d/*.txt]\n        tasks:\n"),
                     *self.without("task5", "task6", "task7"))
        self.reload(daemon)
        daemon.wait_metric("taskwatchd_tasks", TASKS - 3, state="unfinished")
        file = os.path.join(folder, "a.txt")
        worlds.rewrite(file, "# grown by a program\ntask5\n")
        daemon.wait_metric("taskwatchd_tasks", TASKS - 2, state="unfinished")
        with open(file, "a", encoding="utf-8") as grown:
            grown.write("task6\n")
        worlds.rewrite(os.path.join(folder, "b.txt"), "task7\n")
        daemon.wait_metric("taskwatchd_tasks", TASKS, state="unfinished")
        os.remove(file)
        daemon.wait_metric("taskwatchd_tasks", TASKS - 2, state="unfinished")
        self.assertEqual(self.series_of(daemon, "task5"), [])
        self.assertEqual(daemon.stop(), 0, daemon.tail())


if __name__ == "__main__":
    unittest.main()
