"""Measures the time from a change at the platform to the notification, for the daemon and for a round-robin script.
See notification.sh.

The benchmark starts one iotsim, one Prometheus and one Alertmanager, with the shipped files for both sides. Each
account exists twice, with the same tasks and the same changes at the same instants, so that both sides have their
own quota: a daemon watches one, a script (round_robin.py) the other. There are several daemons. Each has a metrics
address of the script as its twin, because the time of a scrape depends on the address.

Each daemon also has a sink: what its webhook receives is the way without Prometheus.
"""

import argparse
import collections
import json
import math
import os
import random
import sys
import tempfile
import textwrap
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "end_to_end"))
import harness  # noqa: E402
import monitoring  # noqa: E402
import notify_services  # noqa: E402
import receiver  # noqa: E402
from bench import machine  # noqa: E402

RATE = 5 * 0.8  # QueryTask calls per second: the default quota and quota_share
WARM_UP = 60    # s; the script's first round over a job of 200 takes 50
GRACE = 90      # s to wait for the last change
STALL_EDGE = 60  # s without a change before anything counts as stalled (core/forecast/forecast.cc)
OLD = 3600      # s; age of the jobs when the run starts
GOALS = {"p50": 8, "p99": 20}  # s
NOT_KEPT = 3  # exit status
DIRECT_GOALS = {"p50": 1.2, "p99": 2.5}  # s; of failures in a job, at the webhook
OURS, SCRIPT, DIRECT = "taskwatchd", "round robin", "taskwatchd, webhook"
BY_ALERT = ("seen", "scraped", "evaluated", "notified")
BY_WEBHOOK = ("seen", "received")
BAD = 'status=~"FAILED|REJECTED|TIMED_OUT"'
STEADY = {"failed": 0, "hang": 0, "rejected": 0, "offline": 0, "run_sigma": 0.1}


class Incident:
    """An account with one job, one task of which fails or hangs, `at` seconds after the start."""

    def __init__(self, number, who, kind, end, tasks, at):
        self.who, self.kind, self.end, self.tasks, self.at = who, kind, end, tasks, at
        self.account = f"{'tw' if who == OURS else 'rr'}-{number:03}"
        self.job, self.task = f"{self.account}-job", f"{self.account}-bad"
        self.changed = None  # the true time of the change
        self.when = {}       # seen, scraped, evaluated, notified; received (webhook): times in Unix seconds

    @property
    def instance(self):
        return f"iot-cn-{self.account}"

    @property
    def key(self):
        return {"id": f"LTAI5t{self.account}", "secret": f"{self.account}-not-a-real-one"}

    def scenario(self):
        """Returns the account for iotsim."""
        job = {"id": self.job, "timeout": "0s", "devices": self.tasks - 1}
        if self.end == "stalls":  # the usual duration is learned from the runs of the other tasks
            begin, after = 0, "IN_PROGRESS"
            job |= {"rollout": 120, "life": {**STEADY, "start_mean": "100ms", "run_median": "7s"}}
        else:
            begin, after = -OLD, self.end
            job |= {"rollout": 1e6, "life": {**STEADY, "run_median": "24h"}}
        script = [{"at": "0s", "status": "QUEUED"},
                  {"at": f"{round((self.at - begin) * 1000)}ms", "status": after}]
        if begin:
            script.insert(1, {"at": "2s", "status": "IN_PROGRESS"})
        job |= {"start": f"{begin}s", "tasks": [{"id": self.task, "device": "bad", "script": script}]}
        return {"name": self.account, "keys": [self.key],
                "instances": [{"region": "cn-shanghai", "id": self.instance, "jobs": [job]}]}

    def shown_by(self):
        """Returns the calls whose response shows the change, as iotsim records them."""
        return [("QueryTask", self.task, ""), ("QueryJobStatistics", self.job, ""),
                ("ListTask", self.job, self.end)]


def plan(options, seed):
    """Returns [[incidents of one daemon and its twin], ...], at random times, evenly distributed."""
    rng, number, pairs = random.Random(seed), 0, []
    for _ in range(options.pairs):
        pair = []
        kinds = ([("job", options.tasks)] * options.jobs + [("ids", options.ids_each)] * options.ids
                 + [("quick ids", options.ids_each)] * options.ids)
        for i, (kind, tasks) in enumerate(kinds):
            at = WARM_UP + rng.uniform(0, options.seconds)
            for who in (OURS, SCRIPT):
                pair.append(Incident(number, who, kind, ("FAILED", "TIMED_OUT")[i % 2], tasks, at))
            number += 1
        pair.append(Incident(number, OURS, "stall", "stalls", 700, rng.uniform(30, 50)))
        number += 1
        pairs.append(pair)
    return pairs


KEPT_CALLS = 10000  # recorded by iotsim


class Calls(threading.Thread):
    """Records when the platform first showed each change to a client. iotsim keeps only its last calls, so they are
    read often."""

    def __init__(self, cloud, incidents):
        super().__init__(daemon=True)
        self.cloud, self.ended, self.missed, self.last = cloud, threading.Event(), False, 0
        self.shows = {(incident.account, *call): incident
                      for incident in incidents for call in incident.shown_by()}

    def run(self):
        while not self.ended.wait(2):
            calls = self.cloud.control("calls")["calls"]
            new = [call for call in calls if call["mono_us"] > self.last]
            self.missed = self.missed or (self.last > 0 and len(new) >= KEPT_CALLS)
            for call in new:
                self.last = max(self.last, call["mono_us"])
                incident = self.shows.get((call["account"], call["api"], call["task"], call["filter"]))
                if incident and call["ok"] and call["at_ms"] / 1000 >= incident.changed:
                    incident.when.setdefault("seen", call["at_ms"] / 1000)

    def close(self):
        self.ended.set()
        self.join()


class Run:
    """One complete run, from the start to the last notification."""

    def __init__(self, options, seed, folder):
        self.options, self.folder, self.parts = options, folder, []
        self.pairs = plan(options, seed)
        self.incidents = [incident for pair in self.pairs for incident in pair]
        try:
            self.start(seed)
            self.watch()
            self.measure()
        finally:
            while self.parts:
                self.parts.pop().close()

    def keep(self, part):
        self.parts.append(part)
        return part

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", opener=lambda *a: os.open(*a, 0o600)) as file:
            file.write(text)
        return path

    def start(self, seed):
        world = self.write("world.yaml", json.dumps(
            {"seed": seed, "accounts": [incident.scenario() for incident in self.incidents]}))
        self.cloud = self.keep(harness.Iotsim(world, os.path.join(self.folder, "cloud")))
        self.hook = self.keep(receiver.Receiver())
        self.hook.serve("/hook", notify_services.Webhook())
        self.began = time.monotonic()
        daemons = [self.daemon(number, pair) for number, pair in enumerate(self.pairs)]
        targets = [daemon.started().url.removeprefix("http://") for daemon in daemons]
        self.script = self.start_script()
        targets += [f"127.0.0.1:{port}" for port in json.loads(self.script.child.stdout.readline())]
        self.monitoring = self.keep(monitoring.Monitoring(
            os.path.join(self.folder, "monitoring"), targets))
        for incident in self.incidents:
            history = self.cloud.control("history", task=incident.task, all=True)["history"]
            incident.changed = history[-1]["at_ms"] / 1000
            if incident.end == "stalls":
                incident.changed += STALL_EDGE
        self.calls = self.keep(Calls(self.cloud, [i for i in self.incidents if i.end != "stalls"]))
        self.calls.start()

    def tasks(self, incident):
        return [task["id"] for task in self.cloud.control("tasks", job=incident.job)["tasks"]]

    def daemon(self, number, pair):
        accounts = []
        for incident in pair:
            if incident.who != OURS:
                continue
            instance = {"region": "cn-shanghai", "id": incident.instance, "endpoint": self.cloud.url}
            instance |= ({"tasks": self.tasks(incident)} if "ids" in incident.kind
                         else {"jobs": [incident.job]})
            secret = self.write(f"{number}/{incident.account}", incident.key["secret"])
            accounts.append({"name": incident.account, "instances": [instance], "credentials": {
                "access_key_id": incident.key["id"], "access_key_secret_file": secret}})
            if incident.kind == "quick ids":
                accounts[-1]["pace"] = {"task": "1s"}
        config = self.write(f"{number}/taskwatchd.yaml", json.dumps(
            {"accounts": accounts, "state": {"path": "state.db"},
             "notify": [{"name": "hook", "format": "cloudevents", "url": self.hook.url("/hook")}]}))
        return self.keep(harness.Daemon(config))

    def start_script(self):
        pages = [{"accounts": [
            {"name": i.account, "instance": i.instance, "rate": RATE, "tasks": self.tasks(i),
             "key": i.key["id"], "secret": i.key["secret"]} for i in pair if i.who == SCRIPT]}
                 for pair in self.pairs]
        file = self.write("round_robin.json", json.dumps(
            {"cloud": self.cloud.url.removeprefix("http://"), "pages": pages}))
        return self.keep(harness.Process(
            [sys.executable, os.path.join(ROOT, "tests", "bench", "round_robin.py"), file]))

    def notified(self):
        """Returns {account: (time, its alert)} of the first notifications."""
        first = {}
        for at, path, body in list(self.monitoring.receiver.received):
            if path == "/alerts" and body["status"] == "firing":
                first.setdefault(body["groupLabels"].get("account"), (at, body["alerts"][0]))
        return first

    def received(self):
        """Returns {account: time} of the first failures, or stalled jobs, at the webhook."""
        first = {}
        for request in self.hook.requests("/hook", "ok"):
            data = request.body["data"]
            if data.get("to") in ("FAILED", "REJECTED", "TIMED_OUT") or data.get("stalled"):
                first.setdefault(data["account"], request.wall)
        return first

    def watch(self):
        time.sleep(max(0, self.began + WARM_UP - time.monotonic()))
        self.cloud.control("stats/reset")
        counted = time.monotonic()
        time.sleep(max(0, self.began + WARM_UP + self.options.seconds - time.monotonic()))
        stats = self.cloud.control("stats")["accounts"]
        seconds = time.monotonic() - counted
        self.calls_a_second = {row["account"]: row["calls"] / seconds for row in stats}
        end = time.monotonic() + GRACE
        while time.monotonic() < end and len(self.notified()) < len(self.incidents):
            time.sleep(0.5)
        time.sleep(3)  # for the list of calls
        if self.script.lines:
            raise SystemExit(f"the script failed: {self.script.tail()}")

    def measure(self):
        def first(selector):
            """Returns {account: the first time at which a sample was above 0}."""
            when = {}
            for labels, samples in prometheus.samples(f"{selector}[1h]"):
                above = [at for at, value in samples if value > 0]
                if above:
                    name = labels["account"]
                    when[name] = min(above[0], when.get(name, above[0]))
            return when

        prometheus = self.monitoring.prometheus
        jobs, tasks = (first(f"{name}{{{BAD}}}") for name in (
            "aliyun_iot_job_tasks", "aliyun_iot_task_status"))
        scraped = {name: min(jobs.get(name, math.inf), tasks.get(name, math.inf))
                   for name in {*jobs, *tasks}} | first("aliyun_iot_job_stalled_tasks")
        evaluated = (first("job:aliyun_iot_bad_tasks:max")
                     | first('ALERTS{alertname="TaskwatchdJobStalled",alertstate="firing"}'))
        notified, received = self.notified(), self.received()
        for incident in self.incidents:
            if incident.account in received:
                incident.when["received"] = received[incident.account]
            for stage, when in (("scraped", scraped), ("evaluated", evaluated)):
                if incident.account in when:
                    incident.when[stage] = when[incident.account]
            if incident.account in notified:
                incident.when["notified"], alert = notified[incident.account]
                incident.named = "among them" in alert["annotations"]["description"]
        own = harness.parse_metrics("\n".join(
            line for line in harness.fetch(prometheus.url + "/metrics")[2].splitlines()
            if line.startswith("prometheus_rule_group_")))
        self.rules_took = harness.value_of(own, "prometheus_rule_group_duration_seconds", quantile="0.99")
        self.missed = sum(harness.select(own, "prometheus_rule_group_iterations_missed_total").values())
        self.others = [note for note in self.monitoring.receiver.notifications() if note[1] is None]


def at(values, share):
    """Returns the value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def spread(values):
    return f"{at(values, 0.5):.1f} / {at(values, 0.99):.1f}"


def stages(incidents, names):
    """Returns, for each stage, [seconds since the previous stage], without incidents that were not notified."""
    rows = {name: [] for name in names}
    for incident in incidents:
        before = incident.changed
        for name in names:
            rows[name].append(incident.when[name] - before)
            before = incident.when[name]
    return rows


def row(what, who, incidents, calls, names=BY_ALERT):
    notified = [i for i in incidents if names[-1] in i.when]
    whole = [i for i in notified if "seen" in i.when]
    delays = [i.when[names[-1]] - i.changed for i in notified]
    parts = stages(whole, names)
    if names == BY_WEBHOOK:  # the other columns are of the way through Prometheus
        parts = {"seen": parts["seen"], "scraped": None, "evaluated": None, "received": parts["received"]}
    print(f"| {what} | {who} | {len(notified)} of {len(incidents)} | {at(delays, 0.5):.1f} | {at(delays, 0.99):.1f} | "
          f"{max(delays, default=math.nan):.1f} | " + " | ".join(spread(part) if part is not None else "" for part in parts.values()) +
          f" | {sum(calls[i.account] for i in incidents) / len(incidents):.1f} |")
    return delays


def say(text):
    """Prints a paragraph, wrapped as documents are."""
    print(textwrap.fill(text, 100))


def report(runs, options):
    incidents = [incident for run in runs for incident in run.incidents]
    calls = collections.ChainMap(*[run.calls_a_second for run in runs])
    print("| | polled by | notifications | p50 | p99 | max | detected | scraped | evaluated | notified | calls/s |")
    print("| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |")
    kept = True
    for what, kind, ends in (
            (f"FAILED, a job of {options.tasks}", "job", ("FAILED",)),
            (f"TIMED_OUT, a job of {options.tasks}", "job", ("TIMED_OUT",)),
            (f"either, {options.ids_each} explicit tasks", "ids", ("FAILED", "TIMED_OUT")),
            ("the same, `pace: {task: 1s}`", "quick ids", ("FAILED", "TIMED_OUT"))):
        for who in (OURS, SCRIPT):
            chosen = [i for i in incidents if (i.who, i.kind) == (who, kind) and i.end in ends]
            if chosen:
                row(what, who, chosen, calls)
            if chosen and who == OURS:
                row(what, DIRECT, chosen, calls, BY_WEBHOOK)
    for who in (OURS, SCRIPT):
        delays = row("**all**", who, [i for i in incidents if i.who == who and i.end != "stalls"], calls)
        if who == OURS:
            kept = at(delays, 0.5) <= GOALS["p50"] and at(delays, 0.99) <= GOALS["p99"]
    in_jobs = [i.when["received"] - i.changed for i in incidents if i.kind == "job" and "received" in i.when]
    directly = at(in_jobs, 0.5) <= DIRECT_GOALS["p50"] and at(in_jobs, 0.99) <= DIRECT_GOALS["p99"]
    print()
    stalls = [i for i in incidents if i.end == "stalls"]
    whole = [i for i in stalls if "notified" in i.when]
    parts = stages(whole, ("scraped", "evaluated", "notified"))
    say(f"Stalled jobs, {len(whole)} of {len(stalls)} notified, counted from {STALL_EDGE} s without a change: scraped "
          f"after {spread(parts['scraped'])} s, firing {spread(parts['evaluated'])} s later (`for: 1m`), notified "
          f"{spread(parts['notified'])} s later; together "
          f"{spread([i.when['notified'] - i.changed for i in whole])} s.")
    named = [i for i in incidents if i.who == OURS and i.end != "stalls" and "notified" in i.when]
    say(f"{sum(i.named for i in named)} of {len(named)} notifications of taskwatchd contained the task and its device. Evaluating the "
          f"rules took {max(run.rules_took for run in runs) * 1000:.0f} ms (p99); "
          f"{sum(run.missed for run in runs):.0f} evaluations were skipped.")
    others = [note for run in runs for note in run.others]
    if others:
        print(f"Other notifications: {others}")
    if any(run.calls.missed for run in runs):
        print("Calls were missed: `detected` is too late.")
    print()
    say(f"Goals, p50 {GOALS['p50']} s and p99 {GOALS['p99']} s: **{'met' if kept else 'not met'}**. Goals of failures in a job "
          f"at the webhook, p50 {DIRECT_GOALS['p50']} s and p99 {DIRECT_GOALS['p99']} s: **{'met' if directly else 'not met'}**.")
    return kept and directly


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value, text in (
            ("pairs", 6, "daemons, each beside a page of the script"),
            ("jobs", 14, "accounts of each that watch a job"), ("tasks", 200, "in each job"),
            ("ids", 3, "accounts of each that watch tasks by id, and as many at a quicker pace"),
            ("ids-each", 10, "so many"),
            ("seconds", 180, "over which the incidents are spread"), ("runs", 1, "with other seeds")):
        parser.add_argument(f"--{name}", type=int, default=value, help=f"{text} ({value})")
    options = parser.parse_args()
    loads, runs = [], []
    for seed in range(1, options.runs + 1):
        with tempfile.TemporaryDirectory(prefix="taskwatchd-notification-") as folder:
            runs.append(Run(options, seed, folder))
        loads.append(os.getloadavg()[1])
    where = machine()
    say(f"{where[0]}; load average of 5 min at the end {', '.join(f'{load:.1f}' for load in loads)}.")
    print()
    sys.exit(0 if report(runs, options) else NOT_KEPT)


if __name__ == "__main__":
    main()
