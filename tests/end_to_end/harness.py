"""Helpers of the end-to-end tests: start, stop and observe the built programs from outside.

Every wait has a deadline and a message that names the condition. The kernel selects ports, and files are in a
folder that is deleted with its test, so test files may run in parallel. Needs TASKWATCHD and IOTSIM, the paths of
the two programs; ctest sets them.
"""

import datetime
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

DEADLINE = 20  # s; generous, because the machine may be busy

_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def program(variable):
    path = os.environ.get(variable)
    if not path:
        raise unittest.SkipTest(f"{variable} is not set: run by ctest, or give the program's path")
    return path


def clean_environment(**extra):
    """Returns the environment without variables that change the behaviour of the programs."""
    drop = re.compile(r"^(ALIBABA_CLOUD_|.*_proxy$|STATE_DIRECTORY|CREDENTIALS_DIRECTORY"
                      r"|NOTIFY_SOCKET|WATCHDOG_|LISTEN_|JOURNAL_STREAM|TASKWATCHD_TEST_)", re.IGNORECASE)
    kept = {name: value for name, value in os.environ.items() if not drop.match(name)}
    # No credentials of the user who runs the tests, and no metadata service of the machine.
    kept |= {"HOME": "/nonexistent", "TASKWATCHD_TEST_IMDS_URL": "http://127.0.0.1:1"}
    return {**kept, **{name: str(value) for name, value in extra.items()}}


def fetch(url, method="GET", headers=None, timeout=DEADLINE):
    """Returns (status, headers, body as text); an error status does not raise an exception."""
    request = urllib.request.Request(url, method=method, headers=headers or {})
    try:
        with _NO_PROXY.open(request, timeout=timeout) as reply:
            return reply.status, dict(reply.headers), reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode()


def wait_for(what, condition, deadline=DEADLINE, every=0.02):
    """Returns the first true value of condition(). At the deadline it raises an error with `what`, which may be a
    function."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what() if callable(what) else what}")
        time.sleep(every)


def unix(text):
    """Returns the Unix time in seconds of a time in an event."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def closed_port():
    """Returns a loopback port on which no program listens. The port stays bound, without listening, until it is
    closed."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    return holder, holder.getsockname()[1]


_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def parse_metrics(text):
    """Returns {(name, ((label, value), ... sorted)): value}. A duplicate series is an error."""
    series = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = _SAMPLE.match(line)
        if not match:
            raise AssertionError(f"not a sample: {line!r}")
        name, labels, value = match.groups()
        pairs = tuple(sorted(
            (key, re.sub(r'\\[\\"n]', lambda escape: _ESCAPES[escape.group()], raw))
            for key, raw in _LABEL.findall(labels or "")))
        if (name, pairs) in series:
            raise AssertionError(f"series given twice: {line!r}")
        series[name, pairs] = float(value)
    return series


def select(series, name, **labels):
    """Returns {labels as dict items: value} of the series with that name and all these labels."""
    wanted = set(labels.items())
    return {pairs: value for (own, pairs), value in series.items()
            if own == name and wanted <= set(pairs)}


def value_of(series, name, **labels):
    """Returns the value of the only such series; None if there is none."""
    found = select(series, name, **labels)
    if len(found) > 1:
        raise AssertionError(f"{name} with {labels} is {len(found)} series")
    return next(iter(found.values()), None)


class Process:
    """A program whose stderr is read line by line."""

    def __init__(self, command, env=None, stdout=subprocess.PIPE):
        self.command = command
        self.lines = []
        self.child = subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE,
                                      stdin=subprocess.DEVNULL, env=env or clean_environment())
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for raw in self.child.stderr:
            self.lines.append(raw.decode(errors="replace").rstrip("\n"))

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child.poll() is None

    def send(self, number):
        self.child.send_signal(number)

    def wait(self, deadline=DEADLINE):
        """Returns the exit code. If the process does not end, it is killed and the test fails."""
        try:
            code = self.child.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end within {deadline} s: {self.tail()}") from None
        self._reader.join(deadline)
        return code

    def stop(self, number=signal.SIGTERM, deadline=DEADLINE):
        if self.running():
            self.send(number)
        return self.wait(deadline)

    def kill(self):
        if self.running():
            self.child.kill()
        self.child.wait()
        self._reader.join(DEADLINE)

    def close(self):
        self.kill()
        for pipe in (self.child.stdout, self.child.stderr):
            if pipe:
                pipe.close()

    def tail(self, lines=15):
        return "\n".join([f"{' '.join(self.command)} said last:"] + self.lines[-lines:])


class Daemon(Process):
    """`taskwatchd run` with JSON logs, on a free port."""

    def __init__(self, config_file, *flags, env=None):
        super().__init__([program("TASKWATCHD"), "run", f"--config.file={config_file}",
                          "--web.listen-address=127.0.0.1:0", "--log.format=json", *flags],
                         env=env, stdout=subprocess.DEVNULL)
        self.url = None

    def started(self, deadline=DEADLINE):
        """Waits until the daemon has started. Returns the daemon."""
        event = self.event("started", deadline=deadline)
        self.url = f"http://{event['listen'][0]}"
        return self

    def events(self, name=None, **fields):
        """Returns all JSON lines so far, in order, that have this event name and these fields."""
        found = []
        for line in list(self.lines):
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if name is not None and event.get("event") != name:
                continue
            if all(event.get(key) == value for key, value in fields.items()):
                found.append(event)
        return found

    def event(self, name, deadline=DEADLINE, **fields):
        """Waits for the first such event and returns it. Fails at once if the daemon has ended without it."""
        def look():
            ended = not self.running()
            if ended:
                self._reader.join(DEADLINE)
            found = self.events(name, **fields)
            if not found and ended:
                raise AssertionError(f"ended without event {name} {fields}: {self.tail()}")
            return found

        return wait_for(lambda: f"event {name} {fields}; {self.tail()}", look, deadline)[0]

    def get(self, path, **how):
        return fetch(self.url + path, **how)

    def metrics(self):
        status, _, text = self.get("/metrics")
        if status != 200:
            raise AssertionError(f"/metrics answers {status}: {text}")
        return parse_metrics(text)

    def metric(self, name, **labels):
        return value_of(self.metrics(), name, **labels)

    def wait_metric(self, name, value, deadline=DEADLINE, **labels):
        """Waits until the series has that value, or until value(it) is true."""
        test = value if callable(value) else lambda seen: seen == value
        seen = None

        def look():
            nonlocal seen
            seen = self.metric(name, **labels)
            return test(seen)

        wait_for(lambda: f"{name} {labels}, last {seen}; {self.tail()}", look, deadline, every=0.1)
        return seen


class Iotsim(Process):
    """The simulated platform; writes a configuration that watches all of its tasks."""

    def __init__(self, scenario, directory, *flags):
        super().__init__([program("IOTSIM"), f"--scenario={scenario}",
                          f"--write-config={directory}", *flags])
        line = self.child.stdout.readline().decode().strip()
        if not line.startswith("listening on "):
            self.kill()
            raise AssertionError(f"iotsim did not start: {self.tail()}")
        self.url = line.removeprefix("listening on ")
        self.directory = directory
        self.config_file = os.path.join(directory, "taskwatchd.yaml")

    def control(self, path, **parameters):
        """Returns the response of /-/PATH as a value."""
        query = urllib.parse.urlencode(
            {name: str(value).lower() if isinstance(value, bool) else value
             for name, value in parameters.items()})
        status, _, text = fetch(f"{self.url}/-/{path}" + (f"?{query}" if query else ""))
        if status != 200:
            raise AssertionError(f"iotsim refuses {path} {parameters}: {status} {text}")
        return json.loads(text)

    def switch(self, **switches):
        return self.control("switch", **switches)


class TestCase(unittest.TestCase):
    """A test with a separate folder; it stops every program that it started."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="taskwatchd-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text, mode=0o644):
        """Writes a file in the test's folder; returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def keep(self, process):
        """Stops the process at the end of the test."""
        self.addCleanup(process.close)
        return process

    def iotsim(self, scenario, *flags):
        """`scenario` is the text of a scenario, or the path of a file."""
        directory = tempfile.mkdtemp(prefix="iotsim-", dir=self.folder)
        if "\n" in scenario:
            scenario = self.write(os.path.join(directory, "scenario.yaml"), scenario)
        return self.keep(Iotsim(scenario, directory, *flags))

    def daemon(self, config_file, *flags, env=None):
        return self.keep(Daemon(config_file, *flags, env=env))

    def cli(self, *arguments, env=None, deadline=DEADLINE):
        """Runs `taskwatchd ARGUMENTS` until it exits; returns .returncode, .stdout, .stderr as text."""
        return subprocess.run([program("TASKWATCHD"), *arguments], capture_output=True, text=True,
                              errors="replace", timeout=deadline, stdin=subprocess.DEVNULL,
                              cwd=self.folder, env=env or clean_environment(), check=False)
