#!/usr/bin/env python3
"""Faults around the daemon: each gives a clear message with a fix, the right exit code or metric, and no flood of
messages. SIGTERM stops the daemon within 5 s in any state."""

import os
import signal
import socket
import sqlite3
import subprocess
import time
import unittest
import unittest.mock

import harness
import worlds

QUOTA = 20
GOOD = {f"task{i}": worlds.still() for i in range(5)}
SECRET = "demo-secret-not-a-real-one"
WATCH = 12  # s; an account counts as down after 10 s of failures
STOP_WITHIN = 5  # s


class Refused(harness.TestCase):
    """Faults that prevent the start: one line, and the exit code."""

    CONFIG = """
accounts:
  - name: demo
    credentials: {{access_key_id: LTAI5tdemoKey, access_key_secret_file: {secret}}}
    instances: [{{region: cn-shanghai, endpoint: "http://127.0.0.1:9", tasks: [one]}}]
state: {{path: {state}}}
"""

    def config(self, state="state.db", secret="demo.secret"):
        self.write("demo.secret", SECRET + "\n", mode=0o600)
        return self.write("taskwatchd.yaml", self.CONFIG.format(state=state, secret=secret))

    def refused(self, code, *fragments, config=None, listen="127.0.0.1:0"):
        result = self.cli("run", f"--config.file={config or self.config()}",
                          f"--web.listen-address={listen}")
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        for fragment in fragments:
            self.assertIn(fragment, result.stderr)
        self.assertNotIn(SECRET, result.stderr)

    def run_once(self, config):
        daemon = self.daemon(config).started()
        self.assertEqual(daemon.stop(), 0, daemon.tail())

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = f"127.0.0.1:{other.getsockname()[1]}"
            begun = time.monotonic()
            self.refused(69, address, "Address already in use", "--web.listen-address",
                         listen=address)
        self.assertGreater(time.monotonic() - begun, 1.5, "three tries")

    def test_state_in_no_folder(self):
        self.refused(74, "/none/state.db", "create its directory",
                     config=self.config(state="none/state.db"))

    def test_state_under_a_file(self):
        self.write("file", "")
        self.refused(74, "file/state.db", config=self.config(state="file/state.db"))

    def test_state_in_a_read_only_place(self):
        self.refused(74, "/proc/", config=self.config(state="/proc/sys/state.db"))

    def test_state_is_a_folder(self):
        os.mkdir(self.path("folder"))
        self.refused(74, "folder", config=self.config(state="folder"))

    def test_state_is_another_file(self):
        self.write("state.db", "precious notes\n" * 100)
        self.refused(74, "is not a taskwatchd database", "move this one away")

    def test_state_is_damaged(self):
        config = self.config()
        self.run_once(config)
        with open(self.path("state.db"), "r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 4096)
        self.refused(74, "state.db", "is damaged", config=config)

    def test_a_locked_state_is_reported(self):
        config = self.config()
        first = self.daemon(config).started()
        self.refused(75, "in use by another taskwatchd", str(first.pid), "state.path",
                     config=config)
        self.assertEqual(first.stop(), 0)
        self.run_once(config)

    def test_state_is_newer(self):
        config = self.config()
        self.run_once(config)
        database = sqlite3.connect(self.path("state.db"))
        database.execute("PRAGMA user_version=1000")
        database.close()
        self.refused(78, "written by a newer taskwatchd", "schema 1000", config=config)

    def test_key_file_is_missing(self):
        self.refused(78, "`access_key_secret_file`", "none.secret", "No such file",
                     config=self.config(secret="none.secret"))

    def test_key_file_is_a_folder(self):
        os.mkdir(self.path("folder"))
        self.refused(78, "`access_key_secret_file`", "folder", "not a regular file",
                     config=self.config(secret="folder"))

    def test_key_file_may_not_be_read(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        self.write("shut.secret", SECRET, mode=0o000)
        self.refused(78, "`access_key_secret_file`", "shut.secret", "Permission denied",
                     config=self.config(secret="shut.secret"))

    def test_no_configuration(self):
        self.refused(78, "nowhere.yaml", config=self.path("nowhere.yaml"))


class Case:
    """A world with one fault, and the expected behaviour of the daemon."""

    def __init__(self, event=None, reason=None, says=(), up=0.0, *, edit=(), lost=(), later=False,
                 events=None, counted=None, check=None, **switches):
        self.events = events if events is not None else ([(event, reason)] if event else [])
        self.reason = counted or reason  # as counted in taskwatchd_api_failures_total
        self.says = says
        self.up = up          # taskwatchd_account_up after WATCH seconds
        self.edit = edit      # of the configuration
        self.lost = lost      # configured ids that the platform does not know
        self.later = later    # the switches apply only after the first successful responses
        self.check = check
        self.switches = switches
        self.cloud = self.daemon = None


def refused_rate(test, case):
    rate = case.daemon.metric("taskwatchd_api_rate_limit", action="QueryTask")
    test.assertLess(rate, QUOTA * 0.8, "slower after refusals")


def watched_beside_lost(test, case):
    states = task_states(case.daemon)
    test.assertEqual(states["lost1"], "pending")
    test.assertEqual(states["task1"], "watched")


def all_pending(test, case):
    test.assertEqual(set(task_states(case.daemon).values()), {"pending"})


def clock_known(test, case):
    offset = case.daemon.metric("taskwatchd_clock_offset_seconds")
    test.assertAlmostEqual(offset, 1800, delta=5)
    all_calls, good = calls_of(case)
    test.assertGreater(good, 5)
    test.assertLessEqual(all_calls - good, 2, "signed anew from the second call on")


def get_remembered(test, case):
    all_calls, good = calls_of(case)
    test.assertGreater(good, 5)
    test.assertLessEqual(all_calls - good, 2, "asked by GET from the second call on")


def none_named_secret(test, case):
    test.assertNotIn(SECRET, "\n".join(case.daemon.lines))


def calls_of(case):
    """Returns the calls that the platform received, and the successful ones."""
    apis = case.cloud.control("stats")["apis"]
    return sum(api["calls"] for api in apis), sum(api["ok"] for api in apis)


def task_states(daemon):
    found = harness.select(daemon.metrics(), "taskwatchd_task_state")
    return {dict(labels)["task_id"]: dict(labels)["state"]
            for labels, value in found.items() if value == 1}


HOLDER, DEAD_PORT = harness.closed_port()
KEYS = ("Check access_key_id", "account demo")

CASES = {
    "wrong key": Case("auth_failed", "auth", KEYS, edit=[("LTAI5tdemoKey", "LTAI5tnobody")]),
    "key disabled": Case("auth_failed", "auth", KEYS, inactive_key="LTAI5tdemoKey"),
    "wrong secret": Case("auth_failed", "auth", KEYS, edit=[("demo.secret", "other.secret")],
                         check=none_named_secret),
    "key disabled later": Case("auth_failed", "auth", KEYS, later=True,
                               inactive_key="LTAI5tdemoKey"),
    "endpoint down": Case("account_unreachable", "unreachable",
                          ("Connection refused", "Check the network, DNS and firewall"),
                          edit=[("ENDPOINT", f"http://127.0.0.1:{DEAD_PORT}")]),
    "wrong instance": Case("account_unreachable", "bad_request",
                           ("Check id and region of instance",),
                           edit=[("iot-cn-demo0001", "iot-cn-other")]),
    "no instance id": Case("account_unreachable", "bad_request", ("Set the id of instance",),
                           edit=[('        id: "iot-cn-demo0001"\n', "")]),
    "one id unknown": Case("task_not_found", "not_found",
                           ("lost1", "Check the task id, its region and its instance"), up=1.0,
                           lost=["lost1"], check=watched_beside_lost),
    "all ids unknown": Case(events=[("task_not_found", "not_found")] * 2,
                            says=("Check the task id, its region and its instance",),
                            counted="bad_request", lost=["lost1", "lost2"],
                            edit=[(f'          - "{task}"\n', "") for task in GOOD],
                            check=all_pending),
    "5xx": Case("account_unreachable", "server_error", ("The platform returned a server error",),
                server_error=1),
    "5xx later": Case("account_unreachable", "server_error", ("The platform returned a server error",),
                      later=True, server_error=1),
    "HTML": Case("account_unreachable", "protocol", ("no proxy or portal responds",), html=1),
    "empty": Case("account_unreachable", "protocol", ("empty body",), empty=1),
    "cut": Case("account_unreachable", "unreachable", ("closed before the response was complete",), cut=1),
    "cut, no length": Case("account_unreachable", "protocol", ("not a JSON object",), cut=1,
                           cut_kind="bare"),
    "broken JSON": Case("account_unreachable", "protocol", ("not a JSON object",), broken_json=1),
    "dropped": Case("account_unreachable", "unreachable", ("Check the network",), drop=1),
    "slow": Case("account_unreachable", "timeout", ("Check the network",), slow=1, slow_ms=60000),
    "drip": Case("account_unreachable", "timeout", ("Check the network",), drip=1),
    "no permission": Case("api_forbidden", "forbidden", ("Grant the RAM action iot:QueryTask",),
                          forbidden="gateway"),
    "no permission, in band": Case("api_forbidden", "forbidden",
                                   ("Grant the RAM action iot:QueryTask",), forbidden="in_band"),
    "overdue": Case("api_forbidden", "overdue", ("Pay the overdue bill",), overdue=True),
    "throttled": Case("api_throttled", "throttled", ("lower quota or quota_share",),
                      throttled=1, check=refused_rate),
    "throttled later": Case("api_throttled", "throttled", ("lower quota or quota_share",), up=1.0,
                            later=True, throttled=1, check=refused_rate),
    "half throttled": Case("api_throttled", "throttled", ("lower quota or quota_share",), up=1.0,
                           throttled=0.5, check=refused_rate),
    "wrong clock": Case(up=1.0, clock_offset_ms=1800000, check=clock_known),
    "GET only": Case(up=1.0, get_only=True, check=get_remembered),
    "half 5xx": Case(up=1.0, reason="server_error", events=[], server_error=0.5, later=True),
}


class Cloud(harness.TestCase):
    """Faults at the platform. All worlds run in parallel, because each needs its 12 s."""

    def begin(self, case):
        world = worlds.scenario(worlds.account("demo", QUOTA, GOOD))
        case.cloud = self.iotsim(world, "--pace=200ms")
        config = case.cloud.config_file
        self.write(os.path.join(case.cloud.directory, "keys", "other.secret"), "wrong\n", 0o600)
        lost = "".join(f'          - "{task}"\n' for task in case.lost)
        worlds.replace_in(config, ("state:\n", lost + "state:\n"))
        for before, after in case.edit:
            worlds.replace_in(config, (case.cloud.url if before == "ENDPOINT" else before, after))
        if case.switches and not case.later:
            case.cloud.switch(**case.switches)
        case.daemon = self.daemon(config)

    def failures(self, case):
        found = harness.select(case.daemon.metrics(), "taskwatchd_api_failures_total")
        return {dict(labels)["reason"]: value for labels, value in found.items() if value}

    def check(self, case):
        daemon = case.daemon
        reported = [event for event in daemon.events() if event["event"] not in ("started",
                                                                             "task_baseline")]
        self.assertEqual([(event["event"], event.get("reason")) for event in reported], case.events,
                         daemon.tail())
        for event in reported:
            self.assertEqual(event["level"], "warn")
            for fragment in case.says:
                self.assertIn(fragment, event["msg"])
        if case.reason:
            self.assertEqual(set(self.failures(case)), {case.reason})
        if case.check:
            case.check(self, case)

    def stop_all(self, cases):
        """Sends SIGTERM while calls, backoffs and timeouts are in progress."""
        begun = {}
        for name, case in cases.items():
            begun[name] = time.monotonic()
            case.daemon.send(signal.SIGTERM)
        for name, case in cases.items():
            with self.subTest(name, ending=True):
                self.assertEqual(case.daemon.wait(), 0, case.daemon.tail())
                self.assertLess(time.monotonic() - begun[name], STOP_WITHIN)
                self.assertEqual(case.daemon.events()[-1]["event"], "stopping")

    def test_cases(self):
        for case in CASES.values():
            self.begin(case)
        for case in CASES.values():
            case.daemon.started()
            if case.later:
                case.daemon.wait_metric("taskwatchd_account_up", 1)
                case.cloud.switch(**case.switches)
        time.sleep(WATCH)
        for name, case in CASES.items():
            with self.subTest(name):
                case.daemon.wait_metric("taskwatchd_account_up", case.up, account="demo")
                self.check(case)
        self.stop_all(CASES)


class SilentDns(harness.TestCase):
    """A name server that never responds, in a separate mount namespace of the daemon."""

    def setUp(self):
        super().setUp()
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        try:
            # Any address in 127/8 is local; resolv.conf implies port 53.
            server.bind((f"127.53.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}", 53))
        except PermissionError:
            self.skipTest("NOT TESTED: binding port 53 needs root")
        self.resolv = self.write("resolv.conf", f"nameserver {server.getsockname()[0]}\n")
        trial = subprocess.run(["unshare", "-m", "sh", "-c", self.mount("true")],
                               capture_output=True, text=True, check=False)
        if trial.returncode:
            self.skipTest(f"NOT TESTED: no mount namespace: {trial.stderr.strip()}")
        self.server = server

    def mount(self, command):
        return f"mount --bind {self.resolv} /etc/resolv.conf && exec {command}"

    def test_nothing_waits_for_it(self):
        self.write("demo.secret", SECRET, mode=0o600)
        config = self.write("taskwatchd.yaml", """
accounts:
  - name: demo
    credentials: {access_key_id: LTAI5tdemoKey, access_key_secret_file: demo.secret}
    instances: [{region: cn-shanghai, tasks: [one, two, three]}]
state: {path: state.db}
""")
        wrapper = self.write("in_namespace.sh", "#!/bin/sh\nexec unshare -m sh -c '" + self.mount(
            f'{harness.program("TASKWATCHD")} "$@"') + "' sh \"$@\"\n", mode=0o755)
        with unittest.mock.patch.dict(os.environ, TASKWATCHD=wrapper):
            daemon = self.daemon(config)
        daemon.started()
        self.server.settimeout(harness.DEADLINE)
        self.server.recv(512)  # the daemon has sent a query
        slowest = 0
        end = time.monotonic() + 6
        while time.monotonic() < end:
            begun = time.monotonic()
            daemon.metrics()
            slowest = max(slowest, time.monotonic() - begun)
            time.sleep(0.05)
        print(f"/metrics took at most {slowest * 1000:.0f} ms", flush=True)
        # A blocking lookup in libcurl would delay the loop for 9 s; the rest is a margin for a busy machine.
        self.assertLess(slowest, 1)
        event = daemon.event("account_unreachable")
        self.assertIn("Check the network, DNS and firewall", event["msg"])
        self.assertEqual(len(daemon.events("account_unreachable")), 1)
        begun = time.monotonic()
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        self.assertLess(time.monotonic() - begun, STOP_WITHIN)


if __name__ == "__main__":
    unittest.main()
