"""Explicit tasks in a file, all observed before; memory, CPU time and turns of the event loop of a daemon that serves requests."""

import os
import re
import signal
import socket
import threading
import time

import harness
import worlds

SCENARIO = """
accounts:
  - name: demo
    keys:
      - {{id: LTAI5tDemoKey, secret: demo-secret-not-a-real-one}}
    quota: {{QueryTask: 5, ListTask: 200, QueryJobStatistics: 5, QueryJob: 5}}
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
        jobs:
          - {{id: sGWotgRkutxXaaaaa010001, name: ota-size, devices: {tasks}, start: 24h}}
"""


def memory(pid):
    """Returns {name: bytes}: VmRSS is the current resident memory, VmHWM its maximum."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        rows = dict(line.split(":", 1) for line in file)
    return {key: int(rows[key].split()[0]) * 1024 for key in ("VmRSS", "VmHWM")}


TICK = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Peak:
    """The peak memory of a process from now until stop(). Root can reset the kernel's own counter; otherwise the
    memory is sampled every few milliseconds."""

    def __init__(self, pid):
        self.pid = pid
        self.most = 0
        self.over = threading.Event()
        try:
            with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
                file.write("5")
            self.counted = True
        except OSError:
            self.counted = False
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self):
        while not self.over.wait(0.005):
            try:
                self.most = max(self.most, memory(self.pid)["VmRSS"])
            except (OSError, KeyError):
                return  # it has ended

    def stop(self):
        self.over.set()
        self.thread.join()
        return memory(self.pid)["VmHWM"] if self.counted else self.most


class LoopTurns:
    """The turns of the event loop of a daemon that is started with this environment: CPU time of its thread, by
    tests/bench/loop_turns.c, which TURNS names when compiled. Without it, turns are not measured."""

    LIBRARY = os.environ.get("TURNS", "")

    def __init__(self, file):
        self.file = file
        self.environment = {"LD_PRELOAD": self.LIBRARY, "LOOP_TURNS": file} if self.LIBRARY else {}

    def _lines(self):
        if not os.path.exists(self.file):
            return []
        with open(self.file, encoding="ascii") as opened:
            return opened.read().splitlines()

    def longest(self, pid):
        """Returns the longest turns since the last call."""
        if not self.LIBRARY:
            return "turns not measured"
        before = len(self._lines())
        os.kill(pid, signal.SIGUSR2)
        harness.wait_for("the turns", lambda: len(self._lines()) > before)
        count, *longest = self._lines()[-1].split()
        return f"{count} turns, longest " + ", ".join(f"{int(us) / 1000:.1f}" for us in longest[:4]) + " ms"


class Silent:
    """Clients that request a path and read nothing."""

    def __init__(self, url, count, headers="", pause=0.0, path="/metrics"):
        self.sockets = []
        host, _, port = url.removeprefix("http://").rpartition(":")
        for _ in range(count):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect((host, int(port)))
            one.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
            self.sockets.append(one)
            time.sleep(pause)

    def statuses(self):
        """Returns the number of responses with each status, by their first bytes."""
        counts = {}
        for one in self.sockets:
            one.settimeout(harness.DEADLINE)
            status = one.recv(12).decode()[-3:]
            counts[status] = counts.get(status, 0) + 1
        return counts

    def close(self):
        for one in self.sockets:
            one.close()


class NamedTasks(harness.TestCase):
    def named(self, tasks, limit=20):
        """Starts a daemon with that many explicit tasks, all of them observed in an earlier run."""
        cloud = self.iotsim(SCENARIO.format(tasks=tasks), "--watch=jobs", "--quota-share=1.0")
        daemon = self.daemon(cloud.config_file).started()
        harness.wait_for("its baseline", lambda: daemon.events("job_baseline"), deadline=300,
                         every=0.2)
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        ids = sorted(worlds.stored_statuses(os.path.join(cloud.directory, "state.db")))
        self.assertEqual(len(ids), tasks)
        self.ids_file = os.path.join(cloud.directory, "ids")
        worlds.rewrite(self.ids_file, "\n".join(ids) + "\n")
        with open(cloud.config_file, encoding="utf-8") as file:
            text = file.read()
        text, lists = re.subn(r" jobs:\n +- \S+\n", f" task_files: [{self.ids_file}]\n", text)
        self.assertEqual(lists, 1, text)
        worlds.rewrite(cloud.config_file, text)
        begun = time.monotonic()
        daemon = self.daemon(cloud.config_file).started(deadline=limit)
        self.start_seconds = time.monotonic() - begun
        return daemon

    def during(self, daemon, work):
        """Returns the result of work() and the peak memory meanwhile."""
        peak = Peak(daemon.pid)
        result = work()
        return result, peak.stop()

    def reload(self, daemon):
        before = len(daemon.events("config_reloaded"))
        daemon.send(signal.SIGHUP)
        harness.wait_for("a reload", lambda: len(daemon.events("config_reloaded")) > before)

    def rename_half(self, daemon):
        """Removes half of the ids from the file and adds them again."""
        with open(self.ids_file, encoding="ascii") as file:
            ids = file.read()
        for text in (ids[:len(ids) // 2].rpartition("\n")[0] + "\n", ids):
            before = len(daemon.events("config_reloaded"))
            worlds.rewrite(self.ids_file, text)
            harness.wait_for("the ids are taken over",
                             lambda: len(daemon.events("config_reloaded")) > before, deadline=60)

    def scrape(self, daemon, *headers):
        """Returns the size of the response in bytes as sent, and the duration in seconds."""
        host, _, port = daemon.url.removeprefix("http://").rpartition(":")
        begun = time.monotonic()
        size = 0
        with socket.create_connection((host, int(port)), timeout=60) as client:
            lines = ["GET /metrics HTTP/1.1", "Host: localhost", "Connection: close", *headers]
            client.sendall("".join(line + "\r\n" for line in lines).encode() + b"\r\n")
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.assertIn(b" 200 ", head.splitlines()[0])
            expected = int(re.search(rb"Content-Length: (\d+)", head).group(1))
            size = len(head.partition(b"\r\n\r\n")[2])
            while part := client.recv(1 << 20):
                size += len(part)
        self.assertEqual(size, expected)
        return size, time.monotonic() - begun

    def besieged(self, daemon, count, headers="", pause=0.0):
        """Starts that many clients that do not read. Returns the statuses of their responses and the longest time
        of a health check."""
        clients = Silent(daemon.url, count, headers, pause)
        slowest = 0.0
        for _ in range(20):
            begun = time.monotonic()
            status, _, _ = daemon.get("/-/healthy")
            self.assertEqual(status, 200)
            slowest = max(slowest, time.monotonic() - begun)
            time.sleep(0.05)
        statuses = clients.statuses()
        clients.close()
        return statuses, slowest
