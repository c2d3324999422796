#!/usr/bin/env python3
"""What operators do with sinks: test, list and replay them, mute chats; and what is sent without a stored event."""

import os
import re
import sqlite3
import time
import unittest

import harness
import notify_services as services
import receiver
import worlds
from notify_case import KEY, SIGN, TOKEN, Notify, failing

OK, OTHER, UNAVAILABLE, CONFIG = 0, 1, 69, 78


class Commands(Notify):
    def ask(self, daemon, *arguments):
        return self.cli(*arguments, f"--url={daemon.url}")

    def assert_ended(self, result, code, text):
        self.assertEqual(result.returncode, code, result)
        self.assertIn(text, result.stdout if code == OK else result.stdout + result.stderr)
        return result

    def both(self):
        self.sink("ops", "dingtalk", services.DingTalk(secret=SIGN), "    mention: {mobiles: ['13800000000']}\n",
                  secret_file=SIGN + "\n")
        self.sink("hook", "cloudevents", services.Webhook(secrets=["whsec_" + KEY]), secret_file="whsec_" + KEY + "\n")
        self.sink("logs", "otlp", services.Otlp())

    def test_test_messages(self):
        self.world(worlds.account("prod", 20, {"t1": failing(600)}))
        self.both()
        daemon = self.run_daemon("--web.enable-lifecycle")
        checked = self.assert_ended(self.cli("check", "--online", f"--config.file={self.cloud.config_file}"), OK, "")
        self.assertIn("sink ops has never delivered anything: run `taskwatchd notify test ops`", checked.stderr)
        self.assert_ended(self.ask(daemon, "notify", "test", "ops"), OK, "failure: accepted (200)\n")
        failure, recovery = self.there.requests("/ops", "ok")
        self.assertIn("TEST, nothing failed", failure.text)
        self.assertIn("TEST, nothing failed", recovery.text)
        self.assertEqual(failure.mentions + recovery.mentions, [])
        self.assert_ended(self.ask(daemon, "notify", "test", "ops", "--mention"), OK, "recovery: accepted (200)\n")
        harness.wait_for("the test in the state", lambda: "sink ops: last success" in self.cli(
            "check", "--online", f"--config.file={self.cloud.config_file}").stdout, 10, every=0.5)
        self.assertEqual([request.mentions for request in self.there.requests("/ops", "ok")[2:]], [["13800000000"], []])
        self.assert_ended(self.ask(daemon, "notify", "test", "hook"), OK, "failure: accepted")
        bodies = [request.body for request in self.there.requests("/hook", "ok") if "test" in request.body]
        self.assertEqual([(body["test"], body["data"]["to"]) for body in bodies], [(True, "FAILED"), (True, "SUCCEEDED")])
        self.assertEqual(len({body["id"] for body in bodies}), 2)
        self.assert_ended(self.ask(daemon, "notify", "test", "logs"), OK, "failure: accepted")
        actions = daemon.events("admin_action", action="notify_test")
        self.assertEqual([(event["sink"], event["address"]) for event in actions],
                         [("ops", "127.0.0.1"), ("ops", "127.0.0.1"), ("hook", "127.0.0.1"), ("logs", "127.0.0.1")])

        self.there.fail("/ops", receiver.body_code({"errcode": 310000, "errmsg": f"keywords not in content {TOKEN * 3}"}))
        refused = self.assert_ended(self.ask(daemon, "notify", "test", "ops"), UNAVAILABLE, "failure: not accepted (310000)")
        self.assertNotIn(TOKEN, refused.stdout)
        self.assertNotIn("recovery", refused.stdout)
        self.assert_ended(self.ask(daemon, "notify", "test", "nobody"), OTHER, "the sinks are ops, hook, logs")
        listed = self.assert_ended(self.ask(daemon, "notify", "list"), OK, "hook (cloudevents): works\n").stdout
        self.assertNotIn("never", listed, "an accepted test counts")
        daemon.stop()

        self.there.heal()
        config = self.cloud.config_file
        self.assert_ended(self.cli("notify", "test", "hook", f"--config.file={config}"), OK, "recovery: accepted (204)")
        self.assertEqual(len([request for request in self.there.requests("/hook", "ok") if "test" in request.body]), 4)
        self.assert_ended(self.cli("notify", "test", "none", f"--config.file={config}"), CONFIG, "has no sink none")

    def test_changes_need_the_lifecycle_flag_and_no_other_site(self):
        self.world(worlds.account("prod", 20, {"t1": failing(600)}))
        self.both()
        daemon = self.run_daemon()
        self.assert_ended(self.ask(daemon, "notify", "test", "ops"), OTHER, "--web.enable-lifecycle")
        self.assert_ended(self.ask(daemon, "mute", "--for=1h", "--comment=x"), OTHER, "--web.enable-lifecycle")
        self.assert_ended(self.ask(daemon, "mutes"), OK, "no mute is active")
        daemon.stop()
        daemon = self.run_daemon("--web.enable-lifecycle")
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}):
            status, _, body = daemon.get("/api/v1/mutes?for=1h&comment=x", headers=headers, method="POST")
            self.assertEqual(status, 403, body)
        for query, part in (("for=1h", "comment"), ("comment=x", "parameter for"), ("for=31d&comment=x", "at most 30d"),
                            ("for=1h&comment=x&sink=hook", "the name of a chat: ops"),
                            ("for=1h&comment=x&account=none", "configured account"), ("for=1h&comment=x&jobs=a", "accepts")):
            status, _, body = daemon.get("/api/v1/mutes?" + query, method="POST")
            self.assertEqual((status, part in body), (400, True), body)
        status, headers, _ = daemon.get("/api/v1/mutes", method="PUT")
        self.assertEqual((status, headers["Allow"]), (405, "GET, POST"))
        self.assertEqual(daemon.events("admin_action"), [])
        self.assertEqual(self.there.requests("/ops"), [])

    def test_replay(self):
        self.world(worlds.account("prod", 20, {f"t{i}": failing(1 + i * 0.1) for i in range(4)}))
        self.both()
        daemon = self.run_daemon("--web.enable-lifecycle")

        def failed(replayed):
            return {request.body["id"] for request in self.there.requests("/hook", "ok")
                    if request.body["data"].get("to") == "FAILED" and request.body.get("replayed", False) == replayed}
        harness.wait_for("four failures", lambda: len(failed(False)) == 4, 40)
        self.there.wait_for(1, path="/ops", verdict="ok", deadline=30)
        self.assert_ended(self.ask(daemon, "notify", "replay", "hook", "--since=1h"), OK, "are being sent again")
        harness.wait_for("the same again", lambda: failed(True) == failed(False), 30)
        harness.wait_for("a success in the state", lambda: "sink hook: last success 20" in self.cli(
            "check", "--online", f"--config.file={self.cloud.config_file}").stdout, 20, every=0.5)
        before = len(self.texts("/ops"))
        self.assert_ended(self.ask(daemon, "notify", "replay", "ops", "--since=1h"), OK, "are being sent again")
        harness.wait_for(lambda: f"a digest: {self.texts('/ops')}", lambda: len(self.texts("/ops")) > before, 30)
        self.assertIn("REPLAYED", self.texts("/ops")[before])
        self.assertIn("4 tasks failed", self.texts("/ops")[before])
        self.assert_ended(self.ask(daemon, "notify", "replay", "ops", "--since=7h"), OTHER, "within the last 6h")
        self.assert_ended(self.ask(daemon, "notify", "replay", "ops", "--since=yesterday"), OTHER, "parameter since")
        self.assert_ended(self.ask(daemon, "notify", "replay", "ops"), CONFIG, "no --since")

    def test_mute(self):
        """Nothing of what a mute covers is sent, also across a kill; then one digest has all of it."""
        self.world(worlds.account("prod", 50, {f"t{i}": failing(6 + i * 0.5) for i in range(10)}))
        self.both()
        daemon = self.run_daemon("--web.enable-lifecycle")
        muted = self.ask(daemon, "mute", "--sink=ops", "--for=1h", "--comment=maintenance of the fleet")
        mute = re.search(r"id ([0-9a-f]{8})$", self.assert_ended(muted, OK, "muted: sink ops").stdout.strip())[1]
        daemon.wait_metric("taskwatchd_mutes", 1, sink="ops")
        self.assertEqual(daemon.metric("taskwatchd_notify_direct", account="prod"), 0)
        daemon.event("task_transition", to="FAILED", deadline=30)
        time.sleep(1)
        daemon.kill()
        daemon = self.run_daemon("--web.enable-lifecycle")
        self.assertIn(f"{mute}  sink ops", self.assert_ended(self.ask(daemon, "mutes"), OK, "maintenance").stdout)

        def failures():
            return {event["task_id"] for event in worlds.stored_events(os.path.join(self.cloud.directory, "state.db"))
                    if event["event"] == "task_transition" and event["to"] == "FAILED"}
        harness.wait_for("ten failures", lambda: len(failures()) == 10, 60)
        time.sleep(3)
        self.assertEqual(self.texts("/ops"), [])
        self.assertTrue(self.there.requests("/hook", "ok"), "programs are not muted")
        self.assert_ended(self.ask(daemon, "unmute", mute), OK, "ended: sink ops")
        digest = self.there.wait_for(1, path="/ops", verdict="ok", deadline=20)[0].text
        self.assertIn("the mute ended", digest)
        self.assertIn("10 tasks failed", digest)
        daemon.wait_metric("taskwatchd_notify_direct", 1, account="prod")
        self.assert_ended(self.ask(daemon, "unmute", mute), OTHER, "no active mute")
        self.assertEqual([event["mute"] for event in daemon.events("admin_action", action="unmute")], [mute])
        self.there.stays_at(1, path="/ops", during=6)

    def test_a_mute_of_some_jobs_ends_by_itself(self):
        self.world(worlds.account("prod", 50, {"quiet": failing(3)}), worlds.account("test", 50, {"loud": failing(3)}))
        self.both()
        daemon = self.run_daemon("--web.enable-lifecycle")
        self.assert_ended(self.ask(daemon, "mute", "--job=prod*", "--for=12s", "--comment=x"), OK, "all chats, jobs prod*")
        loud = self.there.wait_for(1, path="/ops", verdict="ok", deadline=11)[0]
        self.assertIn("test", loud.text)
        self.assertNotIn("prod", loud.text)
        digest = self.there.wait_for(2, path="/ops", verdict="ok", deadline=30)[1].text
        self.assertIn("the mute ended", digest)
        self.assertIn("prod", digest)


class Unstored(Notify):
    def test_store_down_reaches_chats_and_programs_get_heartbeats(self):
        self.world(worlds.account("prod", 20, {f"t{i}": failing(3 + i) for i in range(20)}))
        self.sink("ops", "slack", services.Slack())
        self.sink("hook", "cloudevents", services.Webhook(), "    heartbeat: 10s\n")
        daemon = self.run_daemon()
        self.there.wait_for(1, path="/ops", verdict="ok", deadline=30)
        lock = sqlite3.connect(os.path.join(self.cloud.directory, "state.db"), isolation_level=None)
        self.addCleanup(lock.close)
        lock.execute("BEGIN IMMEDIATE")
        daemon.event("store_down", deadline=60)
        self.there.wait_for_text("the state database cannot be written", path="/ops", deadline=15)
        lock.execute("COMMIT")
        self.there.wait_for_text("writable again", path="/ops", deadline=15)

        def beats():
            return [request.body for request in self.there.requests("/hook", "ok")
                    if request.body["type"] == "taskwatchd.heartbeat.v1"]
        harness.wait_for("two heartbeats", lambda: len(beats()) >= 2, 40)
        self.assertEqual((beats()[0]["data"]["accounts"], beats()[0]["data"]["sinks_failing"]), (1, []))
        self.assertEqual(len({body["id"] for body in beats()}), len(beats()))


if __name__ == "__main__":
    unittest.main()
