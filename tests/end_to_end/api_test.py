#!/usr/bin/env python3
"""The HTTP API of a running daemon: pages of a job whose tasks change, filters, the event stream across a restart.
All responses are checked against docs/reference/openapi.yaml."""

import gzip
import json
import os
import re
import socket
import sqlite3
import time
import unittest
import urllib.parse
import urllib.request

import yaml

import harness
import worlds

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")
TASKS = 2000
BAD = set(worlds.BAD)


class Stream:
    """A client for the part of Server-Sent Events that the daemon uses."""

    def __init__(self, url, last=None):
        address = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((address.hostname, address.port), timeout=1)
        header = "" if last is None else f"Last-Event-ID: {last}\r\n"
        self.socket.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: {address.netloc}\r\n{header}\r\n".encode())
        self.raw = b""
        self.closed = False

    def read(self):
        """Returns everything received so far, without the frames of the chunks."""
        try:
            while not self.closed:
                part = self.socket.recv(65536)
                self.closed = not part
                self.raw += part
        except TimeoutError:
            pass
        body, rest = b"", self.raw.partition(b"\r\n\r\n")[2]
        while b"\r\n" in rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            if len(rest) < length + 2:
                break
            body, rest = body + rest[:length], rest[length + 2:]
        return body.decode()

    def events(self):
        """Returns (id, name, data) of each complete event."""
        found = []
        for block in self.read().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "data" in fields:
                found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
        return found

    def close(self):
        self.socket.close()


class Schema:
    """Checks responses against docs/reference/openapi.yaml. It supports the part of JSON schema that the file uses."""

    def __init__(self):
        with open(os.path.join(DOCS, "reference", "openapi.yaml"), encoding="utf-8") as file:
            self.doc = yaml.safe_load(file)

    def resolve(self, schema):
        while "$ref" in schema:
            node = self.doc
            for part in schema["$ref"].removeprefix("#/").split("/"):
                node = node[part]
            schema = node
        return schema

    def check(self, value, schema, where):
        schema = self.resolve(schema)
        for part in schema.get("allOf", ()):
            self.check(value, part, where)
        if value is None:
            assert schema.get("nullable"), f"{where} is null"
            return
        kind = schema.get("type") or ("object" if "properties" in schema else None)
        python = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
                  "number": (int, float)}
        if kind:
            good = isinstance(value, python[kind]) and (kind == "boolean") == isinstance(value, bool)
            assert good, f"{where} is no {kind}: {value!r}"
        if "enum" in schema:
            assert value in schema["enum"], f"{where}: {value!r}"
        if schema.get("format") == "date-time":
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value), f"{where}: {value!r}"
        assert value >= schema["minimum"] if "minimum" in schema else True, f"{where}: {value!r}"
        if kind == "array":
            for number, item in enumerate(value):
                self.check(item, schema["items"], f"{where}[{number}]")
        if kind == "object":
            properties = schema.get("properties", {})
            missing = set(schema.get("required", ())) - set(value)
            assert not missing, f"{where} lacks {missing}"
            more = schema.get("additionalProperties")
            for name, member in value.items():
                if name in properties:
                    self.check(member, properties[name], f"{where}.{name}")
                elif isinstance(more, dict):
                    self.check(member, more, f"{where}.{name}")
                else:
                    assert more or not properties or "data" in properties, f"{where}.{name} is not documented"

    def check_answer(self, path, status, answer):
        responses = self.doc["paths"][path]["get"]["responses"]
        response = self.resolve(responses.get(str(status), responses["default"]))
        self.check(answer, response["content"]["application/json"]["schema"], f"{path} {status}")


SMALL = worlds.scenario(worlds.account("demo", 50, {
    "good": worlds.life((0, "SUCCEEDED")), "bad": worlds.life((0, "FAILED")),
    "soon": worlds.life((0, "QUEUED"), (3, "SENT"), (5, "IN_PROGRESS"), (7, "SUCCEEDED")),
    **{f"t{n}": worlds.life((0, "QUEUED"), (2 + n * 0.3, "SENT"), (4 + n * 0.5, "FAILED"))
       for n in range(20)}}))


class Api(harness.TestCase):
    def begin(self, scenario, *flags):
        cloud = self.iotsim(scenario, *flags)
        return cloud, self.daemon(cloud.config_file).started()

    def ask(self, daemon, path, code=200, **how):
        status, _, body = daemon.get("/api/v1/" + path, **how)
        self.assertEqual(status, code, f"{path}: {body[:500]}")
        answer = json.loads(body)
        return answer["data"] if code == 200 else answer

    def pages(self, daemon, query, limit):
        """Returns all tasks, page by page, and the total in each response."""
        found, totals, cursor = [], [], ""
        while True:
            data = self.ask(daemon, f"tasks?limit={limit}{query}" + (f"&cursor={cursor}" if cursor else ""))
            self.assertLessEqual(len(data["tasks"]), limit)
            found += data["tasks"]
            totals.append(data["total"])
            cursor = data.get("next_cursor")
            if not cursor:
                return found, totals

    def test_pages_name_each_task_of_a_moving_job_once(self):
        _, daemon = self.begin(worlds.scenario_file("two_thousand.yaml"), "--watch=jobs", "--time-scale=30")
        job = harness.wait_for(lambda: "all tasks seen; " + daemon.tail(3), lambda: next(
            (job for job in self.ask(daemon, "jobs")["jobs"] if sum(job["observed"].values()) == TASKS), None), 120)
        self.assertEqual(job["total"], TASKS)
        before = self.ask(daemon, "transitions?limit=1")["next"]
        began = time.monotonic()
        found, totals = self.pages(daemon, f"&job={job['job_id']}", 37)
        took = time.monotonic() - began
        ids = [task["task_id"] for task in found]
        self.assertEqual(ids, sorted(ids))
        self.assertEqual(len(set(ids)), TASKS)
        self.assertEqual(set(totals), {TASKS})
        while self.ask(daemon, "transitions?limit=1")["next"] == before:
            found, _ = self.pages(daemon, "", 37)
            self.assertEqual([task["task_id"] for task in found], ids, "it moved meanwhile")
        self.assertEqual([task["task_id"] for task in self.pages(daemon, "", 1000)[0]], ids, "long pages")
        numbers = [event["id"] for event in self.ask(daemon, "transitions?since=0&limit=1000")["events"]]
        self.assertGreater(len(numbers), 100, "a long page")
        self.assertEqual(numbers, sorted(set(numbers)))
        print(f"{len(totals)} pages of 37 in {took:.2f} s", flush=True)

        device = found[1234]["device_name"]
        self.assertIn(ids[1234], [t["task_id"] for t in self.ask(daemon, f"tasks?q={device}")["tasks"]])
        self.assertEqual([t["task_id"] for t in self.ask(daemon, f"tasks?q={ids[7]}")["tasks"]], [ids[7]])
        bad = self.pages(daemon, "&status=FAILED,REJECTED,TIMED_OUT", 1000)[0]
        self.assertTrue(all(task["status"] in BAD for task in bad))
        self.assertEqual(self.ask(daemon, "tasks?job=other")["total"], 0)
        self.assertEqual(self.ask(daemon, "tasks?account=demo&limit=1")["total"], TASKS)
        self.assertEqual(daemon.stop(), 0)

    def test_the_stream_sends_each_event_once_across_a_restart(self):
        cloud, daemon = self.begin(SMALL)
        stream = Stream(daemon.url, 0)
        self.addCleanup(stream.close)
        first = harness.wait_for("events", lambda: (lambda e: e if len(e) >= 12 else None)(stream.events()))
        self.assertEqual(daemon.stop(deadline=6), 0)
        first = stream.events()
        self.assertTrue(stream.closed, "the stream ends with the daemon")

        again = self.daemon(cloud.config_file).started()
        second_stream = Stream(again.url, first[-1][0])
        self.addCleanup(second_stream.close)
        again.event("task_transition", task_id="t19", to="FAILED", deadline=60)
        harness.wait_for("t19", lambda: any(e[2].get("task_id") == "t19" and e[2].get("to") == "FAILED"
                                            for e in second_stream.events()))
        reported = first + second_stream.events()
        ids = [event[0] for event in reported]
        self.assertEqual(ids, list(range(1, len(ids) + 1)))
        with sqlite3.connect(f"file:{cloud.directory}/state.db?mode=ro", uri=True) as state:
            stored = state.execute("SELECT id,name FROM events WHERE id<=? ORDER BY id", (ids[-1],)).fetchall()
        self.assertEqual([(event[0], event[1]) for event in reported], stored)
        for number, name, data in reported:
            self.assertEqual((data["id"], data["event"]), (number, name))
        page = self.ask(again, "transitions?since=0&limit=1000")
        self.assertEqual([e["id"] for e in page["events"]][:len(ids)], ids)

        self.assertEqual(self.ask(again, "events", 410, headers={"Last-Event-ID": "999999"})["errorType"], "gone")
        self.assertEqual(again.stop(), 0)
        # The same state as after pruning.
        with sqlite3.connect(f"{cloud.directory}/state.db") as state:
            state.execute("DELETE FROM events WHERE id<=3")
        third = self.daemon(cloud.config_file).started()
        self.ask(third, "events?last_event_id=2", 410)
        self.ask(third, "transitions?since=3", 410)
        self.assertEqual(self.ask(third, "transitions?since=4&limit=1")["events"][0]["id"], 5)
        self.assertEqual(third.stop(), 0)

    def test_errors_hosts_packing_and_tags(self):
        _, daemon = self.begin(SMALL)
        daemon.event("task_baseline", task_id="bad")
        for path, word in (("tasks?limit=0", "limit"), ("tasks?limit=1001", "limit"), ("tasks?status=failed", "status"),
                           ("tasks?cursor=zz", "cursor"), ("tasks?account=nobody", "account"), ("tasks?stauts=FAILED", "stauts"),
                           ("jobs?x=1", "x"), ("status?x=1", "x"), ("tasks/bad?acount=a", "acount"),
                           ("distributions?account=a", "account"), ("distributions/d/failed.csv?x=1", "x"),
                           ("tasks/bad?account=a&account=a", "account"), ("transitions?since=-1", "since"),
                           ("transitions?limit=a", "limit"), ("events?last_event_id=a", "last_event_id")):
            answer = self.ask(daemon, path, 400)
            self.assertEqual((answer["status"], answer["errorType"]), ("error", "bad_data"), path)
            self.assertTrue(answer["error"].startswith(f"parameter {word}: "), answer)
        self.assertEqual(len(self.ask(daemon, "tasks?&limit=1&&")["tasks"]), 1, "nothing stands between the signs")
        for path in ("status", "jobs", "tasks", "transitions", "events", "distributions"):
            self.assertEqual(daemon.get("/api/v1/" + path, headers={"Host": "evil.example"})[0], 403, path)
            self.assertEqual(daemon.get("/api/v1/" + path, method="POST")[0], 405, path)

        request = urllib.request.Request(daemon.url + "/api/v1/tasks", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=harness.DEADLINE) as reply:
            self.assertEqual(reply.headers["Content-Encoding"], "gzip")
            self.assertEqual(len(json.loads(gzip.decompress(reply.read()))["data"]["tasks"]), 23)

        status, headers, body = daemon.get("/api/v1/distributions")
        self.assertEqual((status, headers["Cache-Control"]), (200, "no-cache"))
        status, again, body = daemon.get("/api/v1/distributions", headers={"If-None-Match": headers["ETag"]})
        self.assertEqual((status, body, again["ETag"]), (304, "", headers["ETag"]))
        self.assertNotIn("Content-Length", again)
        self.assertEqual(daemon.stop(), 0)

    def test_openmetrics(self):
        _, daemon = self.begin(SMALL)
        daemon.event("task_baseline", task_id="bad")
        accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
        status, headers, text = daemon.get("/metrics", headers={"Accept": accept})
        self.assertEqual((status, headers["Content-Type"]),
                         (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        self.assertTrue(text.endswith("\n# EOF\n"))
        lines = text.splitlines()
        self.assertEqual(lines.count("# EOF"), 1)
        self.assertNotIn("", lines)
        kinds, family, seen = {}, None, set()
        for line in lines[:-1]:
            if line.startswith("#"):
                _, word, name, rest = line.split(" ", 3)
                if word == "HELP":
                    self.assertNotRegex(rest, r'(?<!\\)"')
                    self.assertNotIn(name, seen, "a family comes once")
                    seen.add(name)
                else:
                    kinds[name] = rest
                family = name
                continue
            name = re.match(r"[a-zA-Z_:][a-zA-Z0-9_:]*", line).group()
            suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(kinds[family], ("",))
            self.assertIn(name, [family + suffix for suffix in suffixes], line)
            bound = re.search(r'[{,]le="([^"]*)"', line)
            if bound:
                self.assertRegex(bound.group(1), r"^(\+Inf|\d+\.\d+|\d+(\.\d+)?e[+-]\d+)$")
        self.assertIn("counter", kinds.values())
        self.assertIn("histogram", kinds.values())
        plain = harness.parse_metrics(daemon.get("/metrics")[2])
        names = {re.match(r"[^{ ]*", line).group() for line in lines if not line.startswith("#")}
        self.assertLessEqual(names, {name for name, _ in plain}, "each is in the older format too")
        self.assertEqual(daemon.stop(), 0)

    def test_the_openapi_file_is_true(self):
        schema = Schema()
        cloud, daemon = self.begin(worlds.scenario_file("distributions.yaml"))
        small = self.begin(SMALL)[1]
        small.event("task_transition", to="FAILED")
        with open(os.path.join(DOCS, "..", "daemon", "server", "api_question.cc"), encoding="utf-8") as file:
            source = file.read()
        routes = {route.replace("ID", "{id}") for route in re.findall(r'"(/api/v1/[^"]*)"', source)}
        self.assertEqual(set(schema.doc["paths"]), routes)
        one = daemon.event("distribution_result", deadline=90)["distribution_id"]
        for what, path, query in (
                (small, "/api/v1/status", ""), (small, "/api/v1/jobs", ""), (small, "/api/v1/tasks", "?limit=5"),
                (small, "/api/v1/transitions", ""), (daemon, "/api/v1/distributions", ""), (daemon, "/api/v1/status", ""),
                (daemon, "/api/v1/jobs", ""), (daemon, "/api/v1/tasks", ""), (daemon, "/api/v1/transitions", ""),
                (small, "/api/v1/tasks/{id}", "bad"), (small, "/api/v1/tasks/{id}", "nobody"),
                (small, "/api/v1/tasks", "?limit=x"), (small, "/api/v1/transitions", "?since=99999"),
                (small, "/api/v1/events", "?last_event_id=99999")):
            status, _, body = what.get(path.replace("{id}", "") + query)
            schema.check_answer(path, status, json.loads(body))
        self.assertEqual(daemon.get(f"/api/v1/distributions/{one}/failed.csv")[0], 200)
        for each in (daemon, small):
            self.assertEqual(each.stop(), 0)


if __name__ == "__main__":
    unittest.main()
