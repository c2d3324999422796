#!/usr/bin/env python3
"""Notifications of mass failures, at the size where it matters: 4,000 of 10,000 tasks, 100 jobs at once, and a receiver
that is down for an hour. Not part of the tests: they take minutes. tests/notify/chat_merge_test.cc simulates them."""

import collections
import json
import os
import random
import re
import time
import unittest

import harness
import notify_services as services
import receiver
import worlds
from harness import unix
from notify_case import Notify, failing

DOWN = float(os.environ.get("DOWN", "3600"))  # s
CHATS = (("ding", "dingtalk", services.DingTalk), ("fei", "feishu", services.Feishu), ("wecom", "wecom", services.WeCom),
         ("slack", "slack", services.Slack))


def job(name, tasks, bad):
    """Returns a job of `tasks` tasks; `bad` is {task id: seconds until it fails}."""
    steps = {task: [{"at": "0s", "status": "IN_PROGRESS"}, {"at": f"{round(at * 1000)}ms", "status": "FAILED", "message": "boom"}]
             for task, at in bad.items()}
    return {"id": name, "name": name + "-ota", "timeout": "0s", "devices": tasks - len(bad), "rollout": 1e6,
            "life": {"failed": 0, "hang": 0, "rejected": 0, "offline": 0, "run_median": "24h"},
            "tasks": [{"id": task, "device": task, "script": script} for task, script in steps.items()]}


class Mass(Notify):
    def platform(self, *jobs, quota=5):
        account = {"name": "prod", "keys": [{"id": "LTAI5tprodKey", "secret": "prod-secret-not-a-real-one"}],
                   "quota": {"QueryTask": quota},
                   "instances": [{"region": "cn-shanghai", "id": "iot-cn-prod0001", "jobs": list(jobs)}]}
        world = self.write("world.yaml", json.dumps({"accounts": [account]}))
        self.cloud = self.iotsim(world, "--watch=jobs")

    def chats(self):
        for name, form, service in CHATS:
            self.sink(name, form, service())

    def failures(self, path="/hook"):
        """Returns {task: request} of the failures that the webhook got first."""
        found = {}
        for request in self.there.requests(path, "ok"):
            if request.body["data"].get("to") == "FAILED" or request.body["data"].get("status") == "FAILED":
                found.setdefault(request.body["data"]["task_id"], request)
        return found

    def messages(self, path):
        return [(round(request.wall, 1), request.text.split("\n")[0]) for request in self.there.requests(path, "ok")]

    def test_4000_of_10000_fail_in_60_s(self):
        chance = random.Random(1)
        self.platform(job("big", 10_000, {f"t{i:04d}": 30 + chance.uniform(0, 60) for i in range(4000)}))
        self.chats()
        self.sink("hook", "cloudevents", services.Webhook())
        self.run_daemon()
        begun = time.time()
        harness.wait_for(lambda: f"4,000 failures at the webhook, {len(self.failures())}", lambda: len(self.failures()) == 4000,
                         400, every=2)
        found = self.failures()
        last_change = max(unix(request.body["data"]["modified_at"]) for request in found.values())
        last = max(request.wall for request in found.values())
        print(f"webhook: the last failure received {last - last_change:.1f} s after it happened")
        self.assertLess(last - last_change, 90)
        order = collections.defaultdict(list)
        for request in self.there.requests("/hook", "ok"):
            order[request.body.get("subject")].append(int(request.body["id"]))
        for subject, ids in order.items():
            self.assertEqual(ids, sorted(ids), subject)
        time.sleep(max(0, begun + 160 - time.time()))
        first_change = min(unix(request.body["data"]["modified_at"]) for request in found.values())
        for path, *_ in CHATS:
            got = self.messages("/" + path)
            after = self.there.requests("/" + path, "ok")[0].wall - first_change
            print(f"{path}: {len(got)} messages, the first {after:.1f} s after the first failure")
            self.assertLessEqual(len(got), 8, got)
            self.assertIn("4000 of 10000 tasks failed", got[-1][1], got)

    def test_a_job_whose_first_list_has_4000_failures(self):
        self.platform(job("old", 10_000, {f"t{i:04d}": 0.5 for i in range(4000)}))
        self.chats()
        self.run_daemon()
        harness.wait_for(lambda: f"all failures: {self.messages('/ding')}",
                         lambda: any("4000 of 10000" in text for _, text in self.messages("/ding")), 200, every=1)
        time.sleep(60)
        for path, *_ in CHATS:
            print(f"{path}: {self.messages('/' + path)}")
            self.assertLessEqual(len(self.messages("/" + path)), 2)

    def test_100_jobs_with_one_failure_each_in_a_minute(self):
        chance = random.Random(2)
        self.platform(*(job(f"job{i:02d}", 20, {f"j{i:02d}t": 40 + chance.uniform(0, 60)}) for i in range(100)), quota=50)
        self.chats()
        self.sink("hook", "cloudevents", services.Webhook())
        self.run_daemon()
        harness.wait_for(lambda: f"100 failures, {len(self.failures())}", lambda: len(self.failures()) == 100, 300, every=1)
        time.sleep(60)
        for path, *_ in CHATS:
            print(f"{path}: {len(self.messages('/' + path))} messages")
            self.assertLessEqual(len(self.messages("/" + path)), 10, self.messages("/" + path))

    def test_a_receiver_that_is_down_costs_the_others_nothing(self):
        span = DOWN + 60
        count = max(40, int(span / 6))
        self.world(worlds.account("prod", 50, {f"t{i:04d}": failing(5 + span * i / count) for i in range(count)}))
        self.sink("steady", "cloudevents", services.Webhook())
        away = receiver.Receiver()
        self.addCleanup(away.close)
        away.serve("/away", services.Webhook())
        self.blocks.append(f"  - name: away\n    format: cloudevents\n    url: {away.url('/away')}\n")
        daemon = self.run_daemon()
        time.sleep(5)
        away.down()
        time.sleep(DOWN)
        away.up()

        def tasks(where, path):
            return {request.body["data"]["task_id"] for request in where.requests(path, "ok")
                    if request.body["data"].get("to") == "FAILED"}
        for where, path in ((self.there, "/steady"), (away, "/away")):
            harness.wait_for(lambda: f"{path}: {len(tasks(where, path))} of {count}", lambda: len(tasks(where, path)) == count,
                             240, every=1)
        for sink in ("steady", "away"):
            labels = [(dict(series)["le"], value) for (name, series), value in daemon.metrics().items()
                      if name == "taskwatchd_notify_delivery_delay_seconds_bucket" and ("sink", sink) in series]
            print(f"{sink}: delays up to {re.sub('[()]', '', str(sorted(labels, key=lambda one: float(one[0]))))}")
        slow = [request for request in self.there.requests("/steady", "ok") if request.body["data"].get("to") == "FAILED"
                and request.wall - unix(request.body["data"]["observed_at"]) > 2]
        self.assertEqual(slow, [])
        self.assertEqual(daemon.metric("taskwatchd_notify_dropped_total", sink="away", reason="too_old"), 0)


if __name__ == "__main__":
    unittest.main()
