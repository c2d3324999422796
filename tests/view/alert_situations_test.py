"""Checks the alert scenarios: in each, exactly the expected alerts fire, at the expected times. Alertmanager
notifies of each at most twice: when it fires and when it is resolved.

Needs promtool on the PATH and PyYAML. TASKWATCHD_UPDATE_DOCS=1 writes the table in
docs/explanation/alert-scenarios.md again.
"""
import collections
import os
import pathlib
import subprocess
import tempfile
import unittest

import yaml

import alert_situations as situations

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DIRECT = "TaskwatchdDirectWorks"
RULES = ROOT / "config" / "prometheus" / "taskwatchd.rules.yml"
ALERTMANAGER = ROOT / "config" / "alertmanager" / "alertmanager.yml"
DOCS = ROOT / "docs" / "explanation" / "alert-scenarios.md"
BEGIN, END = "<!-- situations -->\n", "<!-- /situations -->\n"
MOST = 2  # notifications per incident: one when it fires, one when it is resolved
AFTERWARDS = 600  # s in which Alertmanager may still notify of the end of a scenario


def load(path):
    return yaml.safe_load(path.read_text())


def severities():
    return {rule["alert"]: rule["labels"]["severity"]
            for group in load(RULES)["groups"] for rule in group["rules"] if "alert" in rule}


def all_situations():
    known = severities()
    return [situations.Situation(row, known) for row in load(HERE / "alert_situations.yml")]


def reported(manager, situation):
    """Returns {alertname: the most notifications of one of its groups}; 0 if all of them were muted."""
    sent = manager.notifications(situation.intervals(), situation.lasts + AFTERWARDS)
    most = collections.Counter()
    for labels, _ in situation.alerts:
        if labels["alertname"] == DIRECT:  # its receiver notifies nobody
            most[DIRECT] = 0
            continue
        key = tuple(labels.get(name) for name in manager.group_by)
        most[labels["alertname"]] = max(most[labels["alertname"]], len(sent.get(key, [])))
    return most


def table():
    manager = situations.Alertmanager(load(ALERTMANAGER))
    rows = ["| situation | what fires, from - until | notifications |\n", "| --- | --- | --- |\n"]
    for situation in all_situations():
        most = reported(manager, situation)
        spans = collections.defaultdict(list)
        for row_labels, when in situation.alerts:
            spans[row_labels["alertname"]] += [(a, b) for a, b in when]
        names = sorted(spans, key=lambda name: (spans[name][0][0], name))
        fires = [name.removeprefix("Taskwatchd") + " " + ", ".join(
            span_text(a, b) for a, b in sorted(set(spans[name]), key=str)) for name in names]
        rows.append(f"| {situation.name} | {'; '.join(fires) or 'nothing'} | "
                    f"{', '.join(str(most[name]) for name in names)} |\n")
    return "".join(rows)


def span_text(begin, end):
    clock = [f"{t // 60}:{t % 60:02}" for t in (begin, end) if t is not None]
    return " - ".join(clock) if len(clock) == 2 else f"from {clock[0]}"


class Situations(unittest.TestCase):
    maxDiff = None

    def test_exactly_the_right_alerts_fire(self):
        rows = all_situations()
        self.assertGreaterEqual(len(rows), 20)
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for step in {row.step for row in rows}:
                files.append(pathlib.Path(folder) / f"situations{step}.test.yml")
                files[-1].write_text(yaml.safe_dump(
                    {"rule_files": [str(RULES)], "evaluation_interval": f"{step}s",
                     "tests": [row.promtool_test() for row in rows if row.step == step]},
                    sort_keys=False))
            run = subprocess.run(["promtool", "test", "rules", *map(str, files)], capture_output=True,
                                 text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_each_alert_has_a_situation(self):
        fired = {labels["alertname"] for row in all_situations() for labels, _ in row.alerts}
        self.assertEqual(fired, set(severities()) - {"TaskwatchdWatchdog"})

    def test_at_most_two_notifications(self):
        manager = situations.Alertmanager(load(ALERTMANAGER))
        for row in all_situations():
            with self.subTest(row.name):
                most = reported(manager, row)
                self.assertLessEqual(max(most.values(), default=0), MOST, dict(most))
                # Every alert is notified, except a warning that a critical alert mutes, and those that a chat
                # makes unnecessary.
                silent = {name for name, times in most.items() if times == 0} - {DIRECT}
                self.assertLessEqual(silent, {"TaskwatchdTasksBad"} if {"TaskwatchdTasksBadMany", DIRECT} & set(most)
                                     else set())

    def test_a_chat_that_works_makes_notifications_unnecessary(self):
        manager = situations.Alertmanager(load(ALERTMANAGER))
        times = [reported(manager, row)["TaskwatchdTasksBad"] for row in all_situations()
                 if DIRECT in {labels["alertname"] for labels, _ in row.alerts}]
        self.assertEqual(times, [0, 1], "none while it works; one after it began to fail")

    def test_the_model_of_alertmanager(self):
        manager = situations.Alertmanager({
            "route": {"group_by": ["alertname"], "group_wait": "30s", "group_interval": "5m",
                      "repeat_interval": "4h"},
            "inhibit_rules": [{"source_matchers": ['alertname = "S"'],
                               "target_matchers": ['alertname =~ "A|B"'], "equal": ["x"]}]})

        def sent(*intervals):
            return manager.notifications(list(intervals), 6000)

        a = {"alertname": "A", "x": "1"}
        other = {"alertname": "A", "x": "2"}
        source = {"alertname": "S", "x": "1"}
        self.assertEqual(sent((a, 60, 120)), {("A",): [(90, 1, 0), (390, 0, 1)]})
        self.assertEqual(sent((a, 60, 75)), {})  # resolved before the first notification
        self.assertEqual(sent((a, 60, 120), (other, 90, None)), {("A",): [(90, 2, 0), (390, 1, 1)]})
        # An alert that is resolved and fires again between two flushes of the group is not notified again; one that
        # fires again after its resolution was notified is.
        self.assertEqual(len(sent((a, 60, 120), (a, 180, None))[("A",)]), 1)
        self.assertEqual(len(sent((a, 60, 120), (a, 500, None))[("A",)]), 3)
        # An alert muted by one with the same x: neither its start nor its end is notified.
        muted = sent((source, 0, None), (a, 60, 120), (other, 60, None))
        self.assertEqual(muted[("A",)], [(90, 1, 0)])
        # An alert notified before it was muted: its end is notified if the mute ends within 15 minutes. Otherwise
        # it never is, and the alert is not notified when it fires again.
        self.assertEqual([(on, off) for _, on, off in sent((a, 60, 400), (source, 300, 1200))[("A",)]],
                         [(1, 0), (0, 1)])
        self.assertEqual(sent((a, 60, 400), (source, 300, 1500), (a, 2000, None))[("A",)], [(90, 1, 0)])

    def test_the_table_in_the_docs(self):
        text = DOCS.read_text()
        self.assertEqual((text.count(BEGIN), text.count(END)), (1, 1))
        head, rest = text.split(BEGIN)
        found, tail = rest.split(END)
        if os.environ.get("TASKWATCHD_UPDATE_DOCS"):
            DOCS.write_text(head + BEGIN + table() + END + tail)
            return
        self.assertEqual(found, table(), "TASKWATCHD_UPDATE_DOCS=1 writes it anew")


if __name__ == "__main__":
    unittest.main(verbosity=2)
