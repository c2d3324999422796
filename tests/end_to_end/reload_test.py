#!/usr/bin/env python3
"""Reload by SIGHUP and by HTTP: what changes, what stays, and nothing lost or told twice."""

import os
import random
import signal
import time
import unittest

import harness
import worlds

QUOTA = 50
TASKS = 8


class Reload(harness.TestCase):
    def begin(self, tasks, *accounts, **how):
        self.cloud = self.iotsim(worlds.scenario(worlds.account("demo", QUOTA, tasks), *accounts),
                                 "--pace=100ms", "--quota-share=0.8")
        self.state = os.path.join(self.cloud.directory, "state.db")
        if how:
            self.cloud.switch(**how)
        with open(self.cloud.config_file, encoding="utf-8") as file:
            self.config = file.read()
        return self.daemon(self.cloud.config_file, "--web.enable-lifecycle").started()

    def rewrite(self, *pairs):
        """The first configuration with these changes."""
        text = self.config
        for before, after in pairs:
            self.assertIn(before, text)
            text = text.replace(before, after)
        worlds.rewrite(self.cloud.config_file, text)

    def without(self, *tasks):
        return [(f'          - "{task}"\n', "") for task in tasks]

    def reload(self, daemon, by_signal=False):
        """Asks for it; waits until it is in force."""
        before = len(daemon.events("config_reloaded"))
        if by_signal:
            daemon.send(signal.SIGHUP)
        else:
            status, _, text = daemon.get("/-/reload", method="POST")
            self.assertEqual((status, text), (200, ""))
        harness.wait_for(lambda: f"config_reloaded; {daemon.tail()}",
                         lambda: len(daemon.events("config_reloaded")) > before)
        return daemon.events("config_reloaded")[-1]

    def series_of(self, daemon, task):
        return [name for name, labels in daemon.metrics() if ("task_id", task) in labels]

    def baselines(self):
        return [event["task_id"] for event in worlds.stored_events(self.state)
                if event["event"] == "task_baseline"]

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
        time.sleep(0.3)  # those in flight
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

    def test_fifty_under_load(self):
        """Tasks and a whole account go and come back, with calls in flight and commits waiting."""
        seed = int(os.environ.get("SEED", str(int(time.time()))))
        print(f"SEED={seed}", flush=True)
        chance = random.Random(seed)
        tasks = {f"task{i:03d}": worlds.quick_life(chance, 14) for i in range(60)}
        far = {f"far{i:03d}": worlds.quick_life(chance, 14) for i in range(60)}
        daemon = self.begin(tasks, worlds.account("second", QUOTA, far), latency_ms=150)
        second = self.config[self.config.index('  - name: "second"'):self.config.index("state:")]
        refused = 0
        for i in range(50):
            kind = i % 4
            if kind == 0:
                self.rewrite(*self.without(*chance.sample(sorted(tasks), 30)))
            elif kind == 1:
                self.rewrite()
            elif kind == 2:
                self.rewrite((second, ""))
            else:
                self.rewrite((f"QueryTask: {QUOTA}", f"QueryTask: {chance.choice((30, QUOTA))}"))
            if chance.random() < 0.5:
                daemon.send(signal.SIGHUP)
            else:
                status = daemon.get("/-/reload", method="POST")[0]
                refused += status != 200
            time.sleep(chance.choice((0.01, 0.05, 0.2, 0.4)))
        self.assertEqual(refused, 0)
        self.rewrite()
        self.reload(daemon)

        def all_known():
            truth = {task["id"]: task["status"] for task in self.cloud.control("tasks")["tasks"]}
            return (all(status in worlds.FINISHED for status in truth.values())
                    and worlds.stored_statuses(self.state) == truth)

        harness.wait_for(lambda: f"all ends known; {daemon.tail()}", all_known, deadline=60,
                         every=0.5)
        daemon.wait_metric("taskwatchd_events_pending", 0, sink="log")
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        transitions = worlds.check_stored(self, self.state, self.cloud)
        self.assertGreater(len(transitions), 100)
        worlds.check_log(self, [daemon.lines], self.state)
        refusals = sum(api["refused"] for api in self.cloud.control("stats")["apis"])
        self.assertEqual(refusals, 0)
        print(f"{len(transitions)} transitions", flush=True)


if __name__ == "__main__":
    unittest.main()
