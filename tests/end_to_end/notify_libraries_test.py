#!/usr/bin/env python3
"""Checks that the official libraries accept messages that follow the standards, and refuse those that do not: so the
tests of `notify` may rely on their verdict. First receiver_test's messages are judged, then all that a daemon sends."""

import copy
import dataclasses
import json
import sys
import time
import unittest

import harness
import notify_case
import notify_libraries
import notify_services as services
import receiver
import receiver_test
import worlds

SKIPPED = 77  # ctest reports this exit code as skipped
EVENT, LOGS, KEY, OTHER = receiver_test.EVENT, receiver_test.LOGS, receiver_test.KEY, receiver_test.OTHER
LIBRARIES = None


def setUpModule():
    global LIBRARIES
    LIBRARIES = notify_libraries.Libraries()


def request(body, content_type="application/json", **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return receiver.Request(0, 0, "/", {}, {"content-type": content_type, **headers}, raw, body)


class Webhook(unittest.TestCase):
    def signed(self, secret=KEY, at=None, **changes):
        stamp, raw = str(int(time.time() if at is None else at)), json.dumps(EVENT).encode()
        return request(raw, "application/cloudevents+json", **{"webhook-id": "7", "webhook-timestamp": stamp, **changes,
                                                               "webhook-signature": services.webhook_sign(secret, "7", stamp, raw)})

    def test_the_library_agrees_with_the_receiver(self):
        self.assertIsNone(LIBRARIES.webhook(self.signed(), KEY))
        both = self.signed()
        both.headers["webhook-signature"] += " " + self.signed(OTHER).headers["webhook-signature"]
        self.assertIsNone(LIBRARIES.webhook(both, KEY))
        self.assertIsNone(LIBRARIES.webhook(both, OTHER))
        self.assertIsNone(LIBRARIES.webhook(self.signed(at=1000), KEY, now=1000))
        for wrong, how in ((self.signed(OTHER), "No matching signature"), (self.signed(at=time.time() - 330), "too old"),
                           (self.signed(at=time.time() + 330), "too new"), (self.signed(**{"webhook-id": "8"}), "No matching signature"),
                           (dataclasses.replace(self.signed(), raw=json.dumps({**EVENT, "id": "8"}).encode()), "No matching signature")):
            self.assertIn(how, LIBRARIES.webhook(wrong, KEY) or "accepted")


class CloudEvent(unittest.TestCase):
    def test_events(self):
        def judged(event, content_type="application/cloudevents+json; charset=utf-8"):
            return LIBRARIES.cloudevent(request(event, content_type))
        self.assertIsNone(judged(EVENT))
        self.assertIsNone(judged({**EVENT, "replayed": True, "data": {"status_message": "电量不足 \u202e <b>"}}))
        for wrong in ({**EVENT, "specversion": "2.0"}, {key: value for key, value in EVENT.items() if key != "id"}, {**EVENT, "id": ""},
                      {**EVENT, "job_id": "x"}, {**EVENT, "time": "yesterday"}, {**EVENT, "source": ""}, [EVENT], b"{"):
            with self.subTest(wrong):
                self.assertIsNotNone(judged(wrong))
        self.assertIsNotNone(judged(EVENT, "application/json"))


class Otlp(unittest.TestCase):
    def changed(self, change):
        made = copy.deepcopy(LOGS)
        change(made["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0])
        return request(made)

    def test_records(self):
        self.assertIsNone(LIBRARIES.otlp(request(LOGS)))
        kinds = [{"key": "s", "value": {"stringValue": ""}}, {"key": "b", "value": {"boolValue": False}}, {"key": "d", "value": {"doubleValue": 0.5}},
                 {"key": "n", "value": {"intValue": "0"}}, {"key": "a", "value": {"arrayValue": {"values": [{"stringValue": "x"}]}}},
                 {"key": "m", "value": {"kvlistValue": {"values": [{"key": "team", "value": {"stringValue": "ota"}}]}}}]
        self.assertIsNone(LIBRARIES.otlp(self.changed(lambda record: record.update(attributes=kinds))))
        wrong = {
            "a number": lambda record: record.update(timeUnixNano=1790000000000000000),
            "an enum by name": lambda record: record.update(severityNumber="SEVERITY_NUMBER_WARN"),
            "snake case": lambda record: record.update(severity_text="WARN"),
            "an integer": lambda record: record.update(attributes=[{"key": "attempt", "value": {"intValue": 1}}]),
            "two values": lambda record: record.update(attributes=[{"key": "a", "value": {"intValue": "1", "stringValue": "1"}}]),
            "a bare value": lambda record: record.update(attributes=[{"key": "a", "value": "1"}]),
            "a map": lambda record: record.update(attributes={"attempt": "1"}),
            "a duplicate": lambda record: record["attributes"].append(record["attributes"][0]),
            "base64": lambda record: record.update(traceId="W47/95gDgQPSacF6a3+EEg=="),
            "a text": lambda record: record.update(body="task T1 is FAILED"),
        }
        for name, change in wrong.items():
            with self.subTest(name):
                self.assertIsNotNone(LIBRARIES.otlp(self.changed(change)))
        for empty in ({}, {"resourceLogs": []}, b"{"):
            self.assertIsNotNone(LIBRARIES.otlp(request(empty)))
        self.assertIsNotNone(LIBRARIES.otlp(request(LOGS, "application/x-protobuf")))


class OfTheDaemon(notify_case.Notify):
    def test_every_message(self):
        """Events of all kinds of a job, with hostile text; tests, replays and a rotated secret."""
        lives = {f"t{i}": notify_case.failing(1 + i / 10, notify_case.HOSTILE) for i in range(4)}
        lives |= {f"s{i}": worlds.life((0, "QUEUED"), (1, "SENT"), (2, "IN_PROGRESS"), (3, "SUCCEEDED")) for i in range(4)}
        self.world(worlds.account("prod", 50, lives))
        self.sink("hook", "cloudevents", services.Webhook(secrets=[KEY, OTHER]), secret_file=KEY + "\n" + OTHER + "\n")
        self.sink("logs", "otlp", services.Otlp())
        daemon = self.run_daemon("--web.enable-lifecycle")

        def failed(replayed):
            return {request.body["subject"] for request in self.there.requests("/hook", "ok")
                    if request.body["data"].get("to") == "FAILED" and request.body.get("replayed", False) == replayed}
        harness.wait_for("four failures", lambda: len(failed(False)) == 4, 40)
        for sink in ("hook", "logs"):
            for action in (["test", sink], ["replay", sink, "--since=1h"]):
                self.assertEqual(self.cli("notify", *action, f"--url={daemon.url}").returncode, 0)
        harness.wait_for("the replay", lambda: len(failed(True)) == 4, 20)
        time.sleep(1)
        for request in self.there.requests("/hook"):
            for key in (KEY, OTHER):
                self.assertIsNone(LIBRARIES.webhook(request, key, now=request.wall), request.raw)
            self.assertIsNone(LIBRARIES.cloudevent(request), request.raw)
        self.assertGreater(len(self.there.requests("/logs")), 2)
        for request in self.there.requests("/logs"):
            self.assertIsNone(LIBRARIES.otlp(request), request.raw)


if __name__ == "__main__":
    run = unittest.main(verbosity=2, exit=False).result
    if run.skipped and run.testsRun == 0:
        print("skipped:", run.skipped[0][1], file=sys.stderr)
        sys.exit(SKIPPED)
    sys.exit(0 if run.wasSuccessful() else 1)
