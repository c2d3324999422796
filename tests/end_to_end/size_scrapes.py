#!/usr/bin/env python3
"""Scrapes of a job whose tasks all have series, and requests of its API, while the daemon polls: their time and size,
how long the event loop is held, memory with clients that do not read, and the time of a health check meanwhile. Not part of `make test`: it takes minutes and needs an idle machine.

TASKS=100000; TURNS: see LoopTurns
"""

import contextlib
import http.client
import json
import os
import re
import selectors
import socket
import statistics
import subprocess
import threading
import time
import unittest
import urllib.parse

import harness
from size_case import SCENARIO, LoopTurns, Peak, Silent, memory

TASKS = int(os.environ.get("TASKS", "100000"))
CLIENTS = 40
FORMS = {"plain": (), "gzip": ("Accept-Encoding: gzip",),
         "OpenMetrics, gzip": ("Accept-Encoding: gzip", "Accept: application/openmetrics-text")}


DISTRIBUTION = """
accounts:
  - name: demo
    keys: [{{id: LTAI5tDemoKey, secret: demo-secret-not-a-real-one}}]
    instances: [{{region: cn-shanghai, id: iot-cn-demo0001}}]
    distributions: [{{id: D1, product_key: a1Pump, devices: {devices}, failed: 1, running: 1s, format: csv}}]
"""
API = ("status", "jobs", "tasks", "tasks?limit=1000", "tasks?q=000999", "tasks?q=no-such-text",
       "tasks?status=FAILED,TIMED_OUT,REJECTED&job=sGWotgRkutxXaaaaa010001", "tasks?cursor={middle}", "distributions")


def curl(url, *headers, path="/metrics"):
    """Returns (seconds to the first byte, seconds in total, bytes)."""
    flags = [flag for header in headers for flag in ("-H", header)]
    out = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w",
                          "%{time_starttransfer} %{time_total} %{size_download} %{http_code}", *flags, url + path],
                         capture_output=True, text=True, check=True, env=harness.clean_environment()).stdout.split()
    assert out[3] == "200", out
    return float(out[0]), float(out[1]), int(out[2])


def receive(url, *headers, count=1):
    """Requests the metrics with `count` connections at the same time, all in this process: the processors are needed by
    the daemon. Connecting is not included. Returns (seconds to the last first byte, seconds until all are complete, bytes of one response)."""
    at = urllib.parse.urlsplit(url)
    request = "\r\n".join(("GET /metrics HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", "")).encode()
    room = bytearray(1 << 20)
    with selectors.DefaultSelector() as waiting, contextlib.ExitStack() as opened:
        clients = [opened.enter_context(socket.create_connection((at.hostname, at.port), timeout=30)) for _ in range(count)]
        sizes, expected = dict.fromkeys(clients, 0), {}
        begun = time.monotonic()
        for client in clients:
            client.sendall(request)
            waiting.register(client, selectors.EVENT_READ)
        first = None
        while waiting.get_map():
            for key, _ in waiting.select():
                client = key.fileobj
                got = client.recv_into(room)
                if sizes[client] == 0:
                    assert room[:got].startswith(b"HTTP/1.1 200 "), room[:200]
                    first = time.monotonic()
                    head, _, _ = bytes(room[:got]).partition(b"\r\n\r\n")
                    expected[client] = len(head) + 4 + int(re.search(rb"Content-Length: (\d+)", head)[1])
                sizes[client] += got
                if got == 0:
                    waiting.unregister(client)
        ended = time.monotonic()
    assert sizes == expected, (sizes, expected)
    return first - begun, ended - begun, sizes[clients[0]]


class Health:
    """Asks /-/healthy all the time; stop() returns the longest times in ms."""

    def __init__(self, url):
        self.url = urllib.parse.urlsplit(url)
        self.times = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._ask, daemon=True)
        self.thread.start()

    def _ask(self):
        while not self.over.is_set():
            begun = time.monotonic()
            connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=30)
            connection.request("GET", "/-/healthy")
            status = connection.getresponse().status
            connection.close()
            self.times.append((time.monotonic() - begun, status))
            time.sleep(0.01)

    def stop(self):
        self.over.set()
        self.thread.join()
        assert {status for _, status in self.times} == {200}, self.times
        times = sorted(taken for taken, _ in self.times)
        return f"/-/healthy median {1000 * statistics.median(times):.1f} ms, most {1000 * times[-1]:.1f} ms"


class SizeOfScrapes(harness.TestCase):
    def step(self, name, work):
        self.turns.longest(self.watched.pid)
        health, peak = Health(self.watched.url), Peak(self.watched.pid)
        result = work()
        most = peak.stop()
        print(f"{name}: {result}; {health.stop()}; {self.turns.longest(self.watched.pid)}; memory {memory(self.watched.pid)['VmRSS'] / 1e6:.0f}, "
              f"most {most / 1e6:.0f} MB", flush=True)

    def watch(self, cloud):
        self.turns = LoopTurns(self.path("turns"))
        self.watched = self.daemon(cloud.config_file, env=harness.clean_environment(**self.turns.environment)).started()

    def besiege(self, headers, path="/metrics"):
        """Returns the statuses of the answers to clients that do not read."""
        silent = Silent(self.watched.url, CLIENTS, "".join(header + "\r\n" for header in headers), pause=0.1, path=path)
        time.sleep(3)
        statuses = silent.statuses()
        silent.close()
        return statuses

    def answers(self, path, headers=()):
        firsts = []
        for _ in range(15):
            first, _, size = curl(self.watched.url, *headers, path=path)
            firsts.append(1000 * first)
        return f"{size / 1e3:.1f} kB, first byte {statistics.median(firsts):.1f} ms ({min(firsts):.1f} to {max(firsts):.1f})"

    def scrapes(self, headers, count=1, rounds=7):
        totals, firsts, size = [], [], 0
        for _ in range(rounds):
            time.sleep(1.2)  # output is shared for 1 s
            first, total, size = receive(self.watched.url, *headers, count=count)
            firsts.append(first)
            totals.append(total)
        return (f"{size / 1e6:.2f} MB, first byte {1000 * statistics.median(firsts):.0f} ms ({1000 * min(firsts):.0f} to "
                f"{1000 * max(firsts):.0f}), all {1000 * statistics.median(totals):.0f} ms ({1000 * min(totals):.0f} to "
                f"{1000 * max(totals):.0f})")

    def test_scrapes(self):
        cloud = self.iotsim(SCENARIO.format(tasks=TASKS), "--watch=jobs", "--quota-share=1.0")
        with open(cloud.config_file, "a", encoding="utf-8") as file:
            file.write(f"\nmetrics: {{task_series: all, task_series_limit: {TASKS}}}\n")
        self.watch(cloud)
        harness.wait_for("its baseline", lambda: self.watched.events("job_baseline"), deadline=300, every=0.5)
        time.sleep(5)
        print(f"\n{TASKS} tasks: {self.turns.longest(self.watched.pid)}; memory {memory(self.watched.pid)['VmRSS'] / 1e6:.0f} MB", flush=True)
        self.step("no scrape for 10 s", lambda: time.sleep(10))
        for form, headers in FORMS.items():
            self.step(form, lambda: self.scrapes(headers))
        self.step("four gzip at once", lambda: self.scrapes(FORMS["gzip"], count=4))
        for form in ("plain", "gzip"):
            self.step(f"{CLIENTS} clients that do not read, {form}", lambda: self.besiege(FORMS[form]))
        middle = harness.fetch(self.watched.url + "/api/v1/tasks?limit=1000")[2]
        middle = json.loads(middle)["data"]["next_cursor"]
        for path in API:
            path = "/api/v1/" + path.format(middle=middle)
            self.step(path, lambda: self.answers(path))
        self.assertEqual(self.watched.stop(), 0, self.watched.tail())

    def test_distribution(self):
        cloud = self.iotsim(DISTRIBUTION.format(devices=TASKS))
        self.watch(cloud)
        self.watched.event("distribution_result", deadline=300)
        print(f"\n{TASKS} failed devices: {self.turns.longest(self.watched.pid)}; memory {memory(self.watched.pid)['VmRSS'] / 1e6:.0f} MB", flush=True)
        for path in ("/api/v1/distributions", "/api/v1/distributions/D1/failed.csv"):
            for form in ("plain", "gzip"):
                self.step(f"{path}, {form}", lambda: self.answers(path, FORMS[form]))
        self.step(f"{CLIENTS} clients that do not read", lambda: self.besiege((), "/api/v1/distributions"))
        self.step("scrape", lambda: self.scrapes(()))
        self.assertEqual(self.watched.stop(), 0, self.watched.tail())


if __name__ == "__main__":
    unittest.main()
