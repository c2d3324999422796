#!/usr/bin/env python3
"""Tests the receiver itself, which the tests of `notify` rely on: it accepts what the services accept, refuses the rest
with their codes, and fails as asked. No daemon; no waiting, because the clock is an argument."""

import base64
import contextlib
import gzip
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

import harness
import notify_services as services
import receiver

NOW = 1_790_000_000.5
KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
EVENT = {"specversion": "1.0", "id": "7", "source": "urn:taskwatchd:a/accounts/prod", "type": "taskwatchd.task_transition.v1",
         "subject": "T1", "time": "2026-09-21T14:13:20.123Z", "datacontenttype": "application/json", "data": {"to": "FAILED"}}
LOGS = {"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"scope": {"name": "taskwatchd"}, "logRecords": [
    {"timeUnixNano": "1790000000000000000", "observedTimeUnixNano": "1790000000500000000", "severityNumber": 13, "severityText": "WARN",
     "eventName": "task_transition", "body": {"stringValue": "task T1 is FAILED"},
     "attributes": [{"key": "attempt", "value": {"intValue": "1"}}]}]}]}]}


class Case(unittest.TestCase):
    def setUp(self):
        self.now = 0.0
        self.there = receiver.Receiver(clock=lambda: NOW + self.now, monotonic=lambda: 1000 + self.now)
        self.addCleanup(self.there.close)

    def post(self, path, body, headers=None, timeout=10):
        """Returns (status, headers, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.there.port, timeout=timeout)
        self.addCleanup(connection.close)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request("POST", path, raw, {"Content-Type": "application/json", **(headers or {})})
        reply = connection.getresponse()
        return reply.status, dict(reply.headers), reply.read()

    def code(self, path, body):
        """Returns the code in the body of a chat's response."""
        status, _, reply = self.post(path, body)
        self.assertEqual(status, 200)
        value = json.loads(reply)
        return value.get("errcode", value.get("code"))


class DingTalk(Case):
    def url(self, secret="SEC1", at=NOW, **changes):
        stamp = str(int(at * 1000))
        return "/ding?" + urllib.parse.urlencode({"access_token": "x", "timestamp": stamp, "sign": services.dingtalk_sign(secret, stamp), **changes})

    def message(self, text="job ota: 3 failed", **more):
        return {"msgtype": "markdown", "markdown": {"title": "[prod] failed", "text": text}, **more}

    def test_signature_and_time(self):
        self.there.serve("/ding", services.DingTalk(secret="SEC1"))
        # By openssl: printf '1577262236757\nthis is secret' | openssl dgst -sha256 -hmac 'this is secret' -binary | base64
        self.assertEqual(services.dingtalk_sign("this is secret", "1577262236757"), "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=")
        self.assertEqual(self.code(self.url(), self.message()), 0)
        self.assertEqual(self.code(self.url(at=NOW - 3599), self.message()), 0)
        for wrong, verdict in ((self.url(secret="SEC2"), "signature"), (self.url(sign=""), "signature"), (self.url(sign="é"), "signature"),
                               (self.url(at=NOW - 3602), "timestamp"), (self.url(at=NOW + 3602), "timestamp"),
                               (self.url(timestamp=str(int(NOW))), "timestamp"), ("/ding?access_token=x", "timestamp")):
            with self.subTest(wrong):
                self.assertEqual(self.code(wrong, self.message()), 310000)
                self.assertEqual(self.there.requests()[-1].verdict, verdict)

    def test_keyword_size_and_shape(self):
        self.there.serve("/ding", services.DingTalk(keyword="[prod]"))
        self.assertEqual(self.code("/ding", self.message()), 0)
        self.assertEqual(self.code("/ding", {"msgtype": "text", "text": {"content": "no word"}}), 310000)
        self.assertIn("keywords not in content", self.there.requests()[-1].answer.decode())
        self.assertEqual(self.code("/ding", self.message("x" * 20000)), 460101)
        for wrong in ({}, [], {"msgtype": "markdown"}, {"msgtype": "markdown", "markdown": {"text": "[prod]"}}, b"{", b'"\xff"',
                      b'{"msgtype": "text", "msgtype": "text", "text": {"content": "[prod]"}}'):
            with self.subTest(wrong):
                self.assertEqual(self.code("/ding", wrong), 40035)

    def test_too_fast_refuses_for_ten_minutes(self):
        self.there.serve("/ding", services.DingTalk())
        self.assertEqual([self.code("/ding", self.message()) for _ in range(20)], [0] * 20)
        self.assertEqual(self.code("/ding", self.message()), 130101)
        self.now = 599
        self.assertEqual(self.code("/ding", self.message()), 130101)
        self.now = 600
        self.assertEqual(self.code("/ding", self.message()), 0)

    def test_the_budget_is_of_any_minute(self):
        self.there.serve("/ding", services.DingTalk(per_minute=2))
        for self.now, code in ((0, 0), (50, 0), (60, 0), (109, 130101)):
            self.assertEqual(self.code("/ding", self.message()), code, self.now)

    def test_text_and_mentions(self):
        self.there.serve("/ding", services.DingTalk())
        self.code("/ding", self.message("failed: 3 @all", at={"isAtAll": False, "atUserIds": ["u1"], "atMobiles": ["138"]}))
        self.code("/ding", self.message(at={"isAtAll": True}))
        first, second = self.there.requests()
        self.assertEqual((first.text, first.mentions), ("[prod] failed\nfailed: 3 @all", ["u1", "138"]))
        self.assertEqual(second.mentions, ["all"])


class Feishu(Case):
    def message(self, secret=None, at=NOW, text="job ota: 3 failed", **changes):
        signed = {} if secret is None else {"timestamp": str(int(at)), "sign": services.feishu_sign(secret, str(int(at)))}
        return {**signed, "msg_type": "interactive", "card": {"header": {"title": {"tag": "plain_text", "content": "failed"}}, "elements": [
            {"tag": "markdown", "content": text}]}, **changes}

    def test_signature_and_time(self):
        self.there.serve("/fei", services.Feishu(secret="s1"))
        # By openssl: openssl dgst -sha256 -hmac "$(printf '1599360473\ndemo')" -binary </dev/null | base64
        self.assertEqual(services.feishu_sign("demo", "1599360473"), "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=")
        self.assertEqual(self.code("/fei", self.message("s1")), 0)
        self.assertEqual(json.loads(self.there.requests()[0].answer), {"code": 0, "msg": "success"})
        for wrong, verdict in ((self.message("s2"), "signature"), (self.message(), "timestamp"), (self.message("s1", sign=None), "signature"),
                               (self.message("s1", NOW - 3602), "timestamp"), (self.message("s1", NOW * 1000), "timestamp"),
                               (self.message("s1", timestamp=int(NOW)), "timestamp")):
            with self.subTest(verdict):
                self.assertEqual(self.code("/fei", wrong), 19021)
                self.assertEqual(self.there.requests()[-1].verdict, verdict)

    def test_keyword_size_and_shape(self):
        self.there.serve("/fei", services.Feishu(keyword="ota"))
        self.assertEqual(self.code("/fei", self.message()), 0)
        self.assertEqual(self.code("/fei", self.message(text="other")), 19024)
        for wrong in ({}, {"msg_type": "text"}, {"msg_type": "text", "content": "ota"}, self.message(text="ota" * 7000)):
            self.assertEqual(self.code("/fei", wrong), 9499)

    def test_five_per_second_and_a_hundred_per_minute(self):
        self.there.serve("/fei", services.Feishu())
        self.assertEqual([self.code("/fei", self.message()) for _ in range(6)], [0] * 5 + [11232])
        for self.now in range(1, 20):
            self.assertEqual([self.code("/fei", self.message()) for _ in range(5)], [0] * 5)
        self.now = 20
        self.assertEqual(self.code("/fei", self.message()), 11232)
        self.now = 60
        self.assertEqual(self.code("/fei", self.message()), 0)

    def test_text_and_mentions(self):
        self.there.serve("/fei", services.Feishu())
        self.code("/fei", self.message(text="3 failed <at id=all></at>"))
        self.code("/fei", {"msg_type": "text", "content": {"text": '<at user_id="ou_1">x</at> 3 failed'}})
        self.code("/fei", {"msg_type": "post", "content": {"post": {"zh_cn": {"title": "t", "content": [[
            {"tag": "text", "text": "3 failed "}, {"tag": "at", "user_id": "ou_2"}]]}}}})
        card, text, post = self.there.requests()
        self.assertEqual((card.text, card.mentions), ("failed\n3 failed <at id=all></at>", ["all"]))
        self.assertEqual(text.mentions, ["ou_1"])
        self.assertEqual((post.text, post.mentions), ("t\n3 failed ", ["ou_2"]))


class WeComAndSlack(Case):
    def wecom(self, text, kind="markdown"):
        return {"msgtype": kind, kind: {"content": text}}

    def test_wecom(self):
        self.there.serve("/wecom", services.WeCom(per_minute=3))
        self.assertEqual(self.code("/wecom", self.wecom("字" * 1365)), 0)  # 4,095 bytes
        self.assertEqual(self.code("/wecom", self.wecom("字" * 1366)), 40058)
        self.assertEqual(self.code("/wecom", self.wecom("x" * 2049, "text")), 40058)
        self.assertEqual(self.code("/wecom", {"msgtype": "image"}), 40008)
        self.assertEqual([self.code("/wecom", self.wecom("<@zhang> x")) for _ in range(3)], [0, 0, 45009])
        self.assertEqual(self.there.requests()[-1].mentions, ["zhang"])
        self.there.serve("/gone", services.WeCom(gone=True))
        self.assertEqual(self.code("/gone", self.wecom("x")), 93000)

    def test_wecom_mentions(self):
        self.there.serve("/wecom", services.WeCom())
        self.code("/wecom", {"msgtype": "text", "text": {"content": "x", "mentioned_list": ["zhang", "@all"], "mentioned_mobile_list": ["138"]}})
        self.assertEqual(self.there.requests()[0].mentions, ["zhang", "all", "138"])

    def test_slack(self):
        self.there.serve("/slack", services.Slack())
        message = {"text": "fallback", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<!channel> 3 failed"}}]}
        status, _, body = self.post("/slack", message)
        self.assertEqual((status, body), (200, b"ok"))
        self.assertEqual((self.there.requests()[0].text, self.there.requests()[0].mentions), ("<!channel> 3 failed", ["channel"]))
        status, headers, _ = self.post("/slack", message)
        self.assertEqual((status, headers["Retry-After"]), (429, "1"))
        self.now = 1
        self.assertEqual(self.post("/slack", {"text": "x"})[0], 200)
        self.assertEqual(self.post("/slack", b"not json")[2], b"invalid_payload")
        self.assertEqual(self.post("/slack", {"blocks": []})[2], b"no_text")


class Programs(Case):
    def webhook(self, event=None, secret=KEY, at=NOW, raw=None, **changes):
        """Returns (status, verdict)."""
        raw = raw if raw is not None else json.dumps(event or EVENT).encode()
        stamp = str(int(at))
        headers = {"Content-Type": "application/cloudevents+json; charset=utf-8", "Webhook-Id": "7", "Webhook-Timestamp": stamp,
                   "Webhook-Signature": services.webhook_sign(secret, "7", stamp, raw), **changes}
        status = self.post("/hook", raw, {name: value for name, value in headers.items() if value is not None})[0]
        return status, self.there.requests()[-1].verdict

    def test_the_signature_is_that_of_the_standard(self):
        # The example of the Standard Webhooks libraries.
        made = services.webhook_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
        self.assertEqual(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")

    def test_webhook(self):
        self.there.serve("/hook", services.Webhook([KEY, OTHER]))
        self.assertEqual(self.webhook(), (204, "ok"))
        self.assertEqual(self.webhook(secret=OTHER), (204, "ok"))
        self.assertEqual(self.webhook(at=NOW - 299), (204, "ok"))
        self.assertEqual(self.webhook({**EVENT, "replayed": True}), (204, "ok"))
        third = "whsec_" + base64.b64encode(b"t" * 32).decode()
        good = services.webhook_sign(KEY, "7", str(int(NOW)), json.dumps(EVENT).encode())
        self.assertEqual(self.webhook(**{"Webhook-Signature": f"v1,AAAA {good}"}), (204, "ok"))
        for wanted, how in (((401, "signature"), {"secret": third}), ((401, "timestamp"), {"at": NOW - 302}), ((401, "timestamp"), {"at": NOW + 302}),
                            ((401, "signature"), {"Webhook-Signature": None}), ((401, "signature"), {"Webhook-Id": "8"}),
                            ((401, "signature"), {"Webhook-Timestamp": "now"}), ((401, "signature"), {"Webhook-Signature": good[3:]}),
                            ((415, "content type"), {"Content-Type": "application/json"}), ((400, "event"), {"event": {**EVENT, "id": "8"}}),
                            ((400, "event"), {"raw": b"{}"}), ((400, "event"), {"raw": b"\xff"})):
            with self.subTest(how):
                self.assertEqual(self.webhook(**how), wanted)

    def test_events(self):
        self.assertIsNone(services.event_problem(EVENT))
        for wrong in (None, [], {}, {**EVENT, "specversion": "0.3"}, {**EVENT, "id": 7}, {**EVENT, "type": ""}, {**EVENT, "job_id": "x"},
                      {**EVENT, "time": "2026-09-21 14:13:20"}, {**EVENT, "labels": {}}, {**EVENT, "attempt": 2**31}, {**EVENT, "subject": None}):
            self.assertIsNotNone(services.event_problem(wrong), wrong)

    def test_required_headers(self):
        self.there.serve("/hook", services.Webhook(headers={"X-Token": "t"}))
        self.assertEqual(self.webhook(), (401, "header"))
        self.assertEqual(self.webhook(**{"x-token": "t"}), (204, "ok"))

    def test_otlp(self):
        self.there.serve("/v1/logs", services.Otlp(headers={"Authorization": "Bearer t"}))
        good = {"Authorization": "Bearer t"}
        status, _, body = self.post("/v1/logs", LOGS, good)
        self.assertEqual((status, json.loads(body)), (200, {}))
        self.assertEqual(self.there.requests()[0].text, "task T1 is FAILED")
        zipped = gzip.compress(json.dumps(LOGS).encode())
        self.assertEqual(self.post("/v1/logs", zipped, {**good, "Content-Encoding": "gzip"})[0], 200)
        self.assertEqual(self.post("/v1/logs", LOGS)[0], 401)
        self.assertEqual(self.post("/v1/logs", LOGS, {**good, "Content-Type": "application/x-protobuf"})[0], 415)
        written = json.dumps(LOGS)
        for wrong in ({}, [], {"resourceLogs": []}, b"{", written.replace('"1790000000000000000"', "1790000000000000000").encode(),
                      written.replace('{"intValue": "1"}', '{"intValue": 1}').encode(), written.replace("13", '"WARN"').encode()):
            with self.subTest(wrong):
                self.assertEqual(self.post("/v1/logs", wrong, good)[0], 400)


class Faults(Case):
    def setUp(self):
        super().setUp()
        self.there.serve("/hook", services.Webhook())

    def send(self, **how):
        return self.post("/hook", EVENT, {"Content-Type": "application/cloudevents+json"}, **how)

    def test_statuses(self):
        self.there.fail("/hook", receiver.status(429, retry_after=3), times=2)
        self.there.fail("/hook", receiver.status(410), times=1)
        self.there.fail("/hook", receiver.body_code({"errcode": 90030, "errmsg": "quota"}), times=1)
        replies = [self.send() for _ in range(5)]
        self.assertEqual([reply[0] for reply in replies], [429, 429, 410, 200, 204])
        self.assertEqual(replies[0][1]["Retry-After"], "3")
        self.assertEqual(json.loads(replies[3][2])["errcode"], 90030)
        self.assertEqual([one.verdict for one in self.there.requests()], ["fault: 429"] * 2 + ["fault: 410", "fault: body", "ok"])

    def test_until_healed_and_one_path_only(self):
        self.there.serve("/other", services.Webhook())
        self.there.fail("/hook", receiver.status(500))
        self.assertEqual([self.send()[0] for _ in range(3)], [500] * 3)
        self.assertEqual(self.post("/other", EVENT, {"Content-Type": "application/cloudevents+json"})[0], 204)
        self.there.heal("/hook")
        self.assertEqual(self.send()[0], 204)
        self.assertEqual(self.post("/nowhere", EVENT)[0], 404)

    def test_a_fault_takes_no_budget(self):
        self.there.serve("/wecom", services.WeCom(per_minute=1))
        self.there.fail("/wecom", receiver.status(500), times=1)
        message = {"msgtype": "text", "text": {"content": "x"}}
        self.assertEqual(self.post("/wecom", message)[0], 500)
        self.assertEqual(self.code("/wecom", message), 0)

    def test_bodies_and_connections(self):
        self.there.fail("/hook", receiver.huge(3 << 20), times=1)
        self.assertEqual(len(self.send()[2]), 3 << 20)
        self.there.fail("/hook", receiver.redirect(self.there.url("/other")), times=1)
        status, headers, _ = self.send()
        self.assertEqual((status, headers["Location"]), (307, self.there.url("/other")))
        self.there.fail("/hook", receiver.garbage(), times=1)
        with self.assertRaises(ValueError):
            json.loads(self.send()[2])
        self.there.fail("/hook", receiver.cut(), times=1)
        with self.assertRaises((http.client.RemoteDisconnected, ConnectionError)):
            self.send()
        self.there.fail("/hook", receiver.not_http(), times=1)
        with self.assertRaises(http.client.BadStatusLine):
            self.send()
        self.there.fail("/hook", receiver.slow(0.2), times=1)
        begin = time.monotonic()
        self.assertEqual(self.send()[0], 204)
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)
        self.there.fail("/hook", receiver.slow(5), times=1)
        with self.assertRaises(TimeoutError):
            self.send(timeout=0.1)
        self.assertEqual(len(self.there.requests("/hook")), 7)

    def test_down_and_up_on_the_same_port(self):
        port = self.there.port
        for _ in range(3):
            self.assertEqual(self.send()[0], 204)
            held = socket.create_connection(("127.0.0.1", port))
            self.addCleanup(held.close)
            held.sendall(b"POST /hook HTTP/1.1\r\n")
            harness.wait_for("the connection is accepted", lambda: self.there._connections)
            self.there.down()
            held.settimeout(5)
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(held.recv(1), b"")
            with self.assertRaises(ConnectionRefusedError):
                self.send()
            with self.assertRaises(OSError), socket.socket() as other:  # nobody else gets the port
                other.bind(("127.0.0.1", port))
            self.there.up()
            self.assertEqual(self.there.port, port)
        self.assertEqual(self.send()[0], 204)

    def test_chunks_and_bad_lengths(self):
        def raw(text):
            with socket.create_connection(("127.0.0.1", self.there.port), timeout=5) as connection:
                connection.sendall(text)
                return connection.recv(4096).split(b"\r\n")[0]
        head = b"POST /hook HTTP/1.1\r\nContent-Type: application/cloudevents+json\r\n"
        body = json.dumps(EVENT).encode()
        chunks = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (10, body[:10], len(body) - 10, body[10:])
        self.assertIn(b"204", raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks))
        self.assertEqual(self.there.requests()[-1].raw, body)
        for wrong in (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"Content-Length: -1\r\n\r\n", b"Content-Length: 99999999999\r\n\r\n"):
            self.assertIn(b"400", raw(head + wrong))
        self.assertEqual(len(self.there.requests()), 1)


class Waiting(Case):
    def setUp(self):
        super().setUp()
        self.there.serve("/wecom", services.WeCom())

    def send(self, text):
        self.post("/wecom", {"msgtype": "text", "text": {"content": text}})

    def test_waits_wake_up(self):
        timer = threading.Timer(0.1, self.send, ["second failed"])
        self.send("first failed")
        timer.start()
        self.addCleanup(timer.join)
        self.assertEqual(self.there.wait_for_text("second").text, "second failed")
        self.assertEqual([one.text for one in self.there.wait_for(2, "/wecom", "ok")], ["first failed", "second failed"])
        self.assertLess(self.there.requests()[0].at - 1000, 1)

    def test_waits_fail(self):
        self.send("first failed")
        for wait in (lambda: self.there.wait_for(2, deadline=0.05), lambda: self.there.wait_for_text("second", deadline=0.05),
                     lambda: self.there.wait_for(1, verdict="too fast", deadline=0.05), lambda: self.there.stays_at(2, during=0.05),
                     lambda: self.there.stays_at(0, during=0.05)):
            with self.assertRaises(AssertionError):
                wait()
        self.there.stays_at(1, during=0.05)
        self.there.clear()
        self.assertEqual(self.there.requests(), [])


class Tls(unittest.TestCase):
    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_its_certificate_is_accepted_by_its_own_ca_only(self):
        with tempfile.TemporaryDirectory() as folder:
            made, key = receiver.certificate(folder)
            with receiver.Receiver(tls=(made, key)) as there:
                there.serve("/slack", services.Slack())
                for path, works in ((made, True), (None, False)):
                    connection = http.client.HTTPSConnection("127.0.0.1", there.port, timeout=10, context=ssl.create_default_context(cafile=path))
                    self.addCleanup(connection.close)
                    if not works:
                        with self.assertRaises(ssl.SSLCertVerificationError):
                            connection.request("POST", "/slack", "{}")
                        continue
                    connection.request("POST", "/slack", '{"text": "x"}')
                    self.assertEqual(connection.getresponse().read(), b"ok")
                self.assertEqual(there.url("/slack")[:8], "https://")
                self.assertEqual(len(there.requests()), 1)

    def test_loopback_only(self):
        with self.assertRaises(ValueError):
            receiver.Receiver(host="0.0.0.0")


class Page(unittest.TestCase):
    def test_the_program_shows_messages_as_text(self):
        child = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "receiver.py"), "--listen", "127.0.0.1:0"],
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        url = child.stdout.readline().removeprefix("listening on ").strip().rstrip("/")
        status, headers, page = harness.fetch(url + "/")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        for unsafe in ("innerHTML", "insertAdjacentHTML", "outerHTML", "document.write", "eval(", "src=", "href="):
            self.assertNotIn(unsafe, page)
        self.assertIn("textContent", page)
        address = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
        self.addCleanup(connection.close)
        for text in ("<script>1</script>", "字"):
            connection.request("POST", "/wecom", json.dumps({"msgtype": "markdown", "markdown": {"content": text}}))
            connection.getresponse().read()
        status, headers, body = harness.fetch(url + "/-/messages?since=0")
        self.assertEqual(headers["Content-Type"], "application/json; charset=utf-8")
        self.assertEqual([(one["service"], one["verdict"], one["text"]) for one in json.loads(body)],
                         [("wecom", "ok", "<script>1</script>"), ("wecom", "ok", "字")])
        self.assertEqual(len(json.loads(harness.fetch(url + "/-/messages?since=1")[2])), 1)
        self.assertEqual(harness.fetch(url + "/other")[0], 404)
        child.terminate()
        self.assertEqual(child.wait(10), 0)


if __name__ == "__main__":
    unittest.main()
