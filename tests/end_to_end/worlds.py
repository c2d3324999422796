"""Worlds for iotsim, and checks of what a run left in the state database, in the log and at the
platform."""

import collections
import contextlib
import json
import os
import sqlite3
import threading
import time

import harness

ACCOUNT = """
  - name: {name}
    keys:
      - {{id: LTAI5t{name}Key, secret: {name}-secret-not-a-real-one}}
    quota: {{QueryTask: {quota}}}
    instances:
      - region: cn-shanghai
        id: iot-cn-{name}0001
        jobs:
          - {{id: {name}Job, name: {name}-ota, devices: 0, timeout: 0s, tasks: [
"""
SCENARIOS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data",
                         "scenarios")
BAD = ("FAILED", "REJECTED", "TIMED_OUT")
LONG_STALL = 0.25  # s
FINISHED = BAD + ("SUCCEEDED", "CANCELLED")


def life(*steps):
    """Returns [(seconds, status), ...] as a script."""
    return "[" + ", ".join(f"{{at: {round(at * 1000)}ms, status: {status}}}"
                           for at, status in steps) + "]"


def quick_life(random, spread, first=0.0):
    """QUEUED from the start, then three more statuses within `spread` seconds."""
    end = "FAILED" if random.random() < 0.3 else "SUCCEEDED"
    times = sorted(random.uniform(first, first + spread) for _ in range(3))
    return life((0, "QUEUED"), *zip(times, ("SENT", "IN_PROGRESS", end)))


def still(status="IN_PROGRESS"):
    return life((0, status))


def account(name, quota, scripts):
    """Returns an account with one job; `scripts` is {task id: script}."""
    rows = ",\n".join(f"            {{id: {task}, script: {script}}}"
                      for task, script in scripts.items())
    return ACCOUNT.format(name=name, quota=quota) + rows + "]}\n"


def scenario(*accounts):
    return "accounts:" + "".join(accounts)


def scenario_file(name):
    return os.path.join(SCENARIOS, name)


def replace_in(file, *pairs):
    """Edits a file as an editor does: a new file replaces the old one."""
    with open(file, encoding="utf-8") as old:
        text = old.read()
    for before, after in pairs:
        if before not in text:
            raise AssertionError(f"{file} lacks {before!r}")
        text = text.replace(before, after)
    rewrite(file, text)


def rewrite(file, text):
    with open(file + ".new", "w", encoding="utf-8") as new:
        new.write(text)
    os.rename(file + ".new", file)


@contextlib.contextmanager
def state(file):
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=harness.DEADLINE)
    try:
        yield database
    finally:
        database.close()


def stored_events(file):
    """Returns all stored events in the order of their ids, as objects with `id`."""
    with state(file) as database:
        rows = database.execute("SELECT id, body FROM events ORDER BY id").fetchall()
    return [{"id": number, **json.loads(body)} for number, body in rows]


def delays_of_ends(file, statuses):
    """Returns the seconds from the change at the platform to the response that showed it, for
    each completion with one of these statuses."""
    delays = []
    for event in stored_events(file):
        status = event.get("to") or event.get("status")
        if event["event"] in ("task_transition", "task_baseline") and status in statuses:
            delays.append(harness.unix(event["observed_at"]) - harness.unix(event["modified_at"]))
    return delays


def stored_statuses(file):
    with state(file) as database:
        return dict(database.execute("SELECT task_id, status FROM tasks"))


def log_cursor(file):
    with state(file) as database:
        row = database.execute("SELECT event_id FROM cursors WHERE sink = 'log'").fetchone()
    return row[0] if row else 0


def check_stored(test, file, cloud):
    """Checks that each transition is stored once, in order, and happened at the platform."""
    transitions = [e for e in stored_events(file) if e["event"] == "task_transition"]
    seen = collections.Counter((e["task_id"], e["attempt"], e["to"]) for e in transitions)
    test.assertEqual([key for key, times in seen.items() if times > 1], [], "recorded twice")
    baselines = collections.Counter(
        e["task_id"] for e in stored_events(file) if e["event"] == "task_baseline")
    test.assertEqual([task for task, times in baselines.items() if times > 1], [],
                     "second baseline")
    last = {e["task_id"]: (e["status"], e["modified_at"])
            for e in stored_events(file) if e["event"] == "task_baseline"}
    truth = {}
    for event in transitions:
        task = event["task_id"]
        if task not in truth:
            truth[task] = cloud.control("history", task=task)["history"]
        happened = [(step["status"], step["at"]) for step in truth[task]]
        if task not in last:  # the successful tasks of jobs begin without an event
            last[task] = next(step for step in happened if step[0] == event["from"])
        status, modified = last[task]
        test.assertEqual(event["from"], status, f"chain is broken: {event}")
        test.assertLess(modified, event["modified_at"], f"order is broken: {event}")
        last[task] = (event["to"], event["modified_at"])
        test.assertIn(last[task], happened, f"{task} never did that")
        begin, end = happened.index((status, modified)), happened.index(last[task])
        test.assertEqual(event.get("inferred", []), [step for step, _ in happened[begin + 1:end]],
                         f"steps between: {event}")
    stored = stored_statuses(file)
    for task, (status, _) in last.items():
        test.assertEqual(stored[task], status, f"the record of {task} and its events disagree")
    return transitions


def log_ids(lines):
    """Returns the ids of the stored events in a log, in order. An incomplete line is an error."""
    return [event["id"] for event in map(json.loads, lines) if "id" in event]


def check_log(test, runs, file):
    """Checks that all stored events are in the logs of the runs, in order, at least once, each as
    stored."""
    stored = {event["id"]: event for event in stored_events(file)}
    reported = 0
    for run in runs:
        events = [json.loads(line) for line in run]
        ids = [event["id"] for event in events if "id" in event]
        test.assertEqual(ids, sorted(set(ids)), "one run tells in order, once")
        if ids:
            test.assertLessEqual(ids[0], reported + 1, "a gap between two runs")
            test.assertEqual(ids, list(range(ids[0], ids[0] + len(ids))), "a gap in a run")
            reported = max(reported, ids[-1])
        for event in events:
            if "id" in event:
                test.assertEqual(event, stored.get(event["id"]), "the log tells what is not stored")
    test.assertEqual(reported, max(stored, default=0), "the last events were not reported")


class Stalls:
    """Measures how long this machine delays a ready program: this can cause a burst at the
    platform."""

    def __enter__(self):
        self.worst = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._measure, daemon=True)
        self._thread.start()
        return self

    def _measure(self):
        pause = 0.004
        while not self._ended.is_set():
            begun = time.monotonic()
            time.sleep(pause)
            self.worst = max(self.worst, time.monotonic() - begun - pause)

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


def peak(calls, window):
    """Returns the most calls in any [t, t + window) seconds; 0 without a window."""
    if window <= 0:
        return 0
    times = sorted(call["mono_us"] / 1e6 for call in calls)
    most = begin = 0
    for end, time_of_end in enumerate(times):
        while times[begin] <= time_of_end - window:
            begin += 1
        most = max(most, end - begin + 1)
    return most


def stats_of(cloud, api):
    """Returns the statistics of one API, as counted by the simulated platform, which has one
    account."""
    return next(stats for stats in cloud.control("stats")["apis"] if stats["api"] == api)


def check_rate(test, calls, limit, stalls):
    """Checks that each API gets at most `limit` calls in any second, whatever the machine
    delayed. Returns the peak of the busiest API in one second.

    The daemon sends calls at the required interval, but a stall of s seconds can push a call s
    seconds towards the next ones. A call passes two processes, the daemon and the simulated
    platform, which notes its time: so the checked window is shorter by two stalls. After a long
    stall, the check uses ten seconds and allows s seconds of calls more.
    """
    by_api = {}
    for call in calls:
        by_api.setdefault(call["api"], []).append(call)
    plain = max(peak(of_api, 1.0) for of_api in by_api.values())
    if plain > limit and stalls.worst < LONG_STALL:
        window = 1.0 - 2 * stalls.worst
        for api, of_api in by_api.items():
            test.assertLessEqual(peak(of_api, window), limit,
                                 f"{plain} calls of {api} in a second, and no stall explains it "
                                 f"(worst {stalls.worst * 1000:.1f} ms)")
    elif plain > limit:
        # The stall is longer than the window. Calls that arrive within ten seconds were sent
        # within ten seconds and the stall.
        for api, of_api in by_api.items():
            test.assertLessEqual(peak(of_api, 10.0), limit * (10.0 + stalls.worst) + 1,
                                 f"calls of {api} in ten seconds, with a stall of "
                                 f"{stalls.worst * 1000:.0f} ms")
    if plain > limit:
        print(f"note: {plain} calls came within a second, after a stall of up to "
              f"{stalls.worst * 1000:.0f} ms", flush=True)
    return plain
