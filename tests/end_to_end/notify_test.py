#!/usr/bin/env python3
"""Notifications as receivers see them: signed CloudEvents, OpenTelemetry logs and the four chats, with receivers that
are slow, down, or refuse; with a daemon that is killed; with hostile text of devices."""

import collections
import os
import random
import re
import signal
import time
import unittest

import harness
import notify_services as services
import receiver
import worlds
from harness import unix
from notify_case import HOSTILE, KEY, SIGN, TOKEN, Notify, failing

KILLS = int(os.environ.get("KILLS", "3"))


class Programs(Notify):
    def test_signed_events_in_order(self):
        self.world(worlds.account("prod", 20, {f"t{i}": worlds.life((0, "QUEUED"), (1 + i / 10, "IN_PROGRESS"),
                                                                    (4 + i / 10, "SUCCEEDED" if i % 2 else "FAILED"))
                                               for i in range(8)}))
        self.sink("hook", "cloudevents", services.Webhook(secrets=["whsec_" + KEY]), secret_file="whsec_" + KEY + "\n",
                  headers_file="X-Team: ota\n")
        self.sink("logs", "otlp", services.Otlp())
        daemon = self.run_daemon()

        def ended(path):
            return {request.body["subject"] for request in self.there.requests(path, "ok")
                    if request.body["data"].get("to") in ("SUCCEEDED", "FAILED")}
        harness.wait_for(lambda: f"eight ends at the webhook, {sorted(ended('/hook'))}", lambda: len(ended("/hook")) == 8, 40)
        got = self.there.requests("/hook", "ok")
        self.assertEqual({request.verdict for request in self.there.requests("/hook")}, {"ok"})
        by_subject = collections.defaultdict(list)
        for request in got:
            self.assertEqual(request.headers["x-team"], "ota")
            self.assertEqual(request.headers["webhook-id"], request.body["id"])
            by_subject[request.body.get("subject")].append(int(request.body["id"]))
        for subject, ids in by_subject.items():
            self.assertEqual(ids, sorted(set(ids)), subject)
        one = next(request.body for request in got if request.body["data"].get("to") == "FAILED")
        self.assertEqual((one["type"], one["specversion"]), ("taskwatchd.task_transition.v1", "1.0"))
        self.assertTrue(one["source"].endswith("/accounts/prod"), one["source"])

        def logged():
            return [record for request in self.there.requests("/logs/v1/logs", "ok") + self.there.requests("/logs", "ok")
                    for resource in request.body["resourceLogs"] for scope in resource["scopeLogs"]
                    for record in scope["logRecords"]]
        harness.wait_for("the same events as logs", lambda: len(logged()) >= len(got), 20)
        self.assertEqual(daemon.metric("taskwatchd_notify_up", sink="hook"), 1)
        sent = [value for (name, labels), value in daemon.metrics().items()
                if name == "taskwatchd_notify_requests_total" and ("sink", "hook") in labels]
        self.assertGreaterEqual(sum(sent), len(got))
        self.assertGreaterEqual(
            daemon.metric("taskwatchd_notify_delivery_delay_seconds_count", sink="hook"), len(got))

    def test_a_new_sink_begins_now_and_a_known_one_goes_on(self):
        self.world(worlds.account("prod", 20, {"early": failing(0.5), "late": failing(9)}))
        self.sink("first", "cloudevents", services.Webhook())
        daemon = self.run_daemon()
        self.there.wait_for(1, path="/first")
        daemon.event("task_transition", task_id="early")
        self.sink("second", "cloudevents", services.Webhook())
        self.configured()
        daemon.send(signal.SIGHUP)
        daemon.event("config_reloaded")
        harness.wait_for("the late failure at both", lambda: all(
            any(request.body["data"].get("task_id") == "late" and request.body["data"].get("to") == "FAILED"
                for request in self.there.requests(path, "ok")) for path in ("/first", "/second")), 30)
        self.assertFalse([request for request in self.there.requests("/second")
                          if request.body["data"].get("task_id") == "early"
                          and request.body["data"].get("to") == "FAILED"])
        ids = [request.body["id"] for request in self.there.requests("/first", "ok")]
        self.assertEqual(len(ids), len(set(ids)), "a reload repeats nothing of a sink that did not change")

    def test_rejected_and_failing(self):
        """An event that is rejected five times is dropped; all else is kept until the sink works."""
        self.world(worlds.account("prod", 20, {f"t{i}": failing(1 + i * 0.2) for i in range(5)}))
        self.sink("hook", "cloudevents", services.Webhook())
        self.there.fail("/hook", receiver.status(503, retry_after=1), times=2)
        daemon = self.run_daemon()
        daemon.event("notify_failed", sink="hook")
        daemon.event("notify_recovered", sink="hook", deadline=30)
        self.there.fail("/hook", receiver.status(400))
        daemon.event("notify_dropped", sink="hook", reason="rejected", deadline=60)
        self.assertGreaterEqual(daemon.metric("taskwatchd_notify_dropped_total", sink="hook", reason="rejected"), 1)


@unittest.skipUnless("MEASURE" in os.environ, "a measurement: MEASURE=1")
class Delay(Notify):
    def test_from_the_change_to_the_receiver(self):
        """A job of 200 at the default pace; only printed: machines are shared."""
        chance = random.Random(3)
        self.world(worlds.account("prod", 5, {f"t{i:03d}": failing(5 + chance.uniform(0, 40)) for i in range(200)}))
        self.sink("hook", "cloudevents", services.Webhook())
        with open(self.cloud.config_file, encoding="utf-8") as file:
            text = file.read()
        tasks = re.search(r"        tasks:\n(?: {10}- .*\n)+", text)[0]
        worlds.replace_in(self.cloud.config_file, (tasks, "        jobs: [prodJob]\n"))
        self.run_daemon()

        def delays():
            return sorted(request.wall - unix(request.body["data"]["modified_at"])
                          for request in self.there.requests("/hook", "ok") if request.body["data"].get("to") == "FAILED")
        harness.wait_for(lambda: f"200 failures, {len(delays())}", lambda: len(delays()) == 200, 120, every=1)
        found = delays()
        print(f"change to received, job of 200: p50 {found[100]:.2f} s, p99 {found[198]:.2f} s, max {found[-1]:.2f} s")


class Kills(Notify):
    """kill -9 while a receiver is down half of the time."""

    def stored(self):
        return worlds.stored_events(os.path.join(self.cloud.directory, "state.db"))

    def kill_while_down_half_of_the_time(self, chance):
        daemon = self.run_daemon()
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.5, 1.5))
            self.there.down()
            time.sleep(chance.uniform(0.2, 1.2))
            daemon.kill()
            daemon = self.run_daemon()
            time.sleep(chance.uniform(0.2, 1.0))
            self.there.up()

    def test_programs(self):
        """Each event is received at least once with the same id, in order for each subject."""
        chance = random.Random(7)
        span = KILLS * 3.0
        self.world(worlds.account("prod", 50, {f"t{i}": worlds.quick_life(chance, span, 0.5) for i in range(40)}))
        self.sink("shaky", "cloudevents", services.Webhook(secrets=["whsec_" + KEY]), secret_file="whsec_" + KEY + "\n")
        other = receiver.Receiver()
        self.addCleanup(other.close)
        other.serve("/steady", services.Webhook())
        self.blocks.append(f"  - name: steady\n    format: cloudevents\n    url: {other.url('/steady')}\n")
        self.kill_while_down_half_of_the_time(chance)

        time.sleep(span * 0.5 + 2)
        wanted = {str(event["id"]) for event in self.stored()}

        def seen(where, path):
            return [request.body["id"] for request in where.requests(path, "ok")]
        for where, path in ((self.there, "/shaky"), (other, "/steady")):
            harness.wait_for(lambda: f"{path}: missing {sorted(wanted - set(seen(where, path)))[:5]}",
                             lambda: wanted <= set(seen(where, path)), 90, every=0.5)
            first = {}
            newest = collections.defaultdict(int)
            for request in where.requests(path, "ok"):
                number, subject = int(request.body["id"]), request.body.get("subject")
                self.assertEqual(first.setdefault(number, request.raw), request.raw, "a repeated event is the same")
                if number > newest[subject]:
                    newest[subject] = number
            # The first times that the ids of a subject are seen rise.
            order = collections.defaultdict(list)
            for request in where.requests(path, "ok"):
                number = int(request.body["id"])
                if number not in order[request.body.get("subject")]:
                    order[request.body.get("subject")].append(number)
            for subject, ids in order.items():
                self.assertEqual(ids, sorted(ids), subject)

    def test_chats(self):
        """The last message of each job has its final count, and no message a lower one than those before."""
        chance = random.Random(11)
        span = KILLS * 3.0
        self.world(*(worlds.account(name, 50, {f"{name}{i}": worlds.quick_life(chance, span, 0.5) for i in range(40)})
                     for name in ("prod", "test")))
        self.sink("ding", "dingtalk", services.DingTalk(secret=SIGN), secret_file=SIGN + "\n")
        self.sink("slack", "slack", services.Slack())
        other = receiver.Receiver()
        self.addCleanup(other.close)
        other.serve("/steady", services.Slack())
        url = self.write("steady-url", other.url(f"/steady?access_token={TOKEN}") + "\n", 0o600)
        self.blocks.append(f"  - name: steady\n    format: slack\n    url_file: {url}\n")
        self.kill_while_down_half_of_the_time(chance)

        time.sleep(span * 0.5 + 2)
        failed = collections.Counter(event["account"] for event in self.stored() if event.get("to") in worlds.BAD
                                     or event["event"] == "task_baseline" and event["status"] in worlds.BAD)
        for where, path in ((self.there, "/ding"), (self.there, "/slack"), (other, "/steady")):
            def counts(name):
                found = [re.search(rf"{name}-ota: (?:finished, )?(\d+)(?: of 40)? tasks? failed", request.text)
                         for request in where.requests(path, "ok")]
                return [int(match[1]) for match in found if match]
            for name in ("prod", "test"):
                harness.wait_for(lambda: f"{path}: {failed[name]} failures of {name} in the end, {counts(name)}",
                                 lambda: counts(name)[-1:] == [failed[name]], 90, every=0.5)
                self.assertEqual(counts(name), sorted(counts(name)), f"{path} {name}")


class Chats(Notify):
    def all_chats(self, more=""):
        self.sink("ding", "dingtalk", services.DingTalk(secret=SIGN, keyword="[prod]"), more + '    title: "[prod] "\n',
                  secret_file=SIGN + "\n")
        self.sink("fei", "feishu", services.Feishu(secret=SIGN, keyword="[prod]"), more + '    title: "[prod] "\n',
                  secret_file=SIGN + "\n")
        self.sink("wecom", "wecom", services.WeCom(), more)
        self.sink("slack", "slack", services.Slack(), more)

    def test_hostile_text_and_canaries(self):
        self.world(worlds.account("prod", 20, {"t1": failing(1, HOSTILE), "t2": failing(1, "x" * 5000)}))
        self.all_chats()
        daemon = self.run_daemon("--log.level=debug")
        for path in ("/ding", "/fei", "/wecom", "/slack"):
            request = self.there.wait_for(1, path=path, verdict="ok", deadline=30)[0]
            self.assertEqual(request.mentions, [], path)
            raw = request.raw.decode()
            for forbidden in ("@all", "<!channel>", "<@U1>", "<at ", "](http://evil", "http://evil", "www.evil.example", "\\u001b",
                              "**bold**"):
                self.assertNotIn(forbidden, raw, path)
            self.assertIn("boom" if path == "never" else "evil", request.text, path)
        for path in ("/metrics", "/api/v1/status", "/api/v1/tasks?account=prod"):
            _, _, text = daemon.get(path)
            for canary in (TOKEN, SIGN):
                self.assertNotIn(canary, text, path)
        daemon.stop()
        for canary in (TOKEN, SIGN):
            self.assertNotIn(canary, "\n".join(daemon.lines))
            for folder, _, names in os.walk(os.path.dirname(self.cloud.config_file)):
                for name in names:
                    if name.startswith("state"):
                        with open(os.path.join(folder, name), "rb") as file:
                            self.assertNotIn(canary.encode(), file.read(), name)

    def test_many_failures_few_messages(self):
        """The first message at once, the last with the right count; the robot's limit is kept."""
        self.world(worlds.account("prod", 50, {f"t{i:03d}": failing(2 + i * 0.05) for i in range(200)}))
        self.all_chats()
        self.run_daemon()
        first = self.there.wait_for(1, path="/ding", verdict="ok", deadline=30)[0]
        self.assertIn("prod", first.text)

        def last_has_all():
            return [text for text in self.texts("/ding") if "200" in text]
        harness.wait_for(lambda: f"a message with all failures: {self.texts('/ding')}", last_has_all, 120, every=0.5)
        for path in ("/ding", "/fei", "/wecom", "/slack"):
            self.assertLessEqual(len(self.texts(path)), 8, self.texts(path))

    def test_codes_in_the_body(self):
        self.world(worlds.account("prod", 20, {"t1": failing(1)}))
        self.sink("ding", "dingtalk", services.DingTalk(secret="another"), secret_file=SIGN + "\n")
        daemon = self.run_daemon()
        event = daemon.event("notify_failed", sink="ding", deadline=30)
        self.assertIn("310000", event["reason"])
        self.assertEqual(daemon.metric("taskwatchd_notify_up", sink="ding"), 0)
        self.write("ding-secret_file", "another\n", 0o600)
        daemon.event("notify_recovered", sink="ding", deadline=60)
        self.assertEqual(len(self.texts("/ding")), 1)


if __name__ == "__main__":
    unittest.main()
