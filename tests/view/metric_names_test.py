"""Checks that rules and dashboards use only metrics, labels and label values that the daemon exports.

Metrics and labels come from docs/reference/metrics.md, which a test keeps equal to the code. Label values are
searched for among the string literals of the code. Needs promtool on the PATH and PyYAML.
"""
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

import dashboards
import promql

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RULES = ROOT / "config" / "prometheus" / "taskwatchd.rules.yml"
TARGET = {"job", "instance"}  # what Prometheus adds to each series
INFO = re.compile(r"aliyun_iot_(task|job)_info$")  # also has the instance's configured labels


def families():
    """Returns {series name: labels}; a histogram has three names."""
    found = {}
    rows = re.findall(r"^\| `(\w+)` \| (gauge|counter|histogram) \| ([^|]*)\|",
                      (ROOT / "docs" / "reference" / "metrics.md").read_text(), re.MULTILINE)
    for name, kind, text in rows:
        labels = set(re.findall(r"\w+", text)) | TARGET
        if kind == "histogram":
            found[name + "_bucket"] = labels | {"le"}
            found[name + "_sum"] = found[name + "_count"] = labels
        else:
            found[name] = labels
    found["up"] = TARGET
    found["ALERTS"] = {"*", "alertname", "alertstate"}  # Prometheus exports it itself
    return found


def literals():
    """Returns all string literals of the code, and the integers among label values."""
    found = set()
    for path in (ROOT / "daemon").rglob("*"):
        if path.suffix in (".cc", ".h"):
            found.update(re.findall(r'"((?:[^"\\\n]|\\.)*)"', path.read_text()))
    return found


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def with_records(known):
    """Returns the families and the recorded series of the rules, with the labels of each expression."""
    found = dict(known)
    for rule in rules():
        if "record" in rule:
            # A recording rule may read itself: it first counts as having every label.
            before = {**found, rule["record"]: {"*"}}
            labels = promql.Expression(rule["expr"], before).labels - {"*"}
            found[rule["record"]] = labels
            promql.Expression(rule["expr"], found)
    return found


class MetricNames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.literals = literals()
        cls.families = with_records(families())

    def check(self, text, where):
        try:
            expression = promql.Expression(text, self.families)
        except promql.Unknown as problem:
            self.fail(f"{where}: {problem}\n{text}")
        for metric, label, operator, value in expression.matchers:
            if value.startswith("$") or metric in ("up", "ALERTS") or label in TARGET:
                continue
            for one in value.split("|") if operator in ("=~", "!~") else [value]:
                self.assertTrue(one in self.literals or re.fullmatch(r"[\d.]+|\+Inf|%q|\.[*+]", one),
                                f"{where}: {metric} never has {label}={one!r}")
        return expression

    def test_the_declarations_were_found(self):
        known = families()
        self.assertGreater(len(known), 60)
        self.assertEqual(known["taskwatchd_api_failures_total"], {"account", "action", "reason"} | TARGET)
        self.assertIn("le", known["taskwatchd_detection_delay_seconds_bucket"])

    def test_rules(self):
        for rule in rules():
            name = rule.get("alert") or rule["record"]
            labels = self.check(rule["expr"], name).labels
            if "alert" not in rule:
                continue
            texts = " ".join(rule["annotations"].values())
            used = set(re.findall(r"\$labels\.(\w+)", texts))
            self.assertLessEqual(used, labels | set(rule["labels"]), f"{name}: not among its labels")
            for query in re.findall(r'printf "((?:[^"\\]|\\.)*)"', texts):
                self.check(query.replace('\\"', '"').replace("%q", '"%q"'), name)

    def test_dashboards(self):
        self.assertEqual([board.name for board in dashboards.load()], ["daemon", "fleet", "job"])
        for board in dashboards.load():
            for where, text in board.queries:
                self.check(dashboards.plain(text), where)
            for where, metric, label in board.variables:
                self.assertIn(metric, self.families, where)
                self.assertIn(label, self.families[metric], where)
            self.assertGreater(len(board.queries), 5)

    def test_dashboards_parse(self):
        for board in dashboards.load():
            with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
                yaml.safe_dump({"groups": [{"name": "queries", "rules": [
                    {"record": f"query:{number}", "expr": dashboards.plain(text)}
                    for number, (_, text) in enumerate(board.queries)]}]}, file)
                file.flush()
                run = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True,
                                     text=True, check=False)
            self.assertEqual(run.returncode, 0, board.name + run.stdout + run.stderr)

    def test_errors_are_found(self):
        for wrong in ('taskwatchd_no_such_metric', 'taskwatchd_store_up{account="a"}',
                      'sum by (task_id) (aliyun_iot_job_tasks)', 'sum by (job_name) (aliyun_iot_task_status)',
                      'aliyun_iot_job_tasks and on (task_id) aliyun_iot_task_status',
                      'taskwatchd_account_up * on (account) group_left (job_name) taskwatchd_instance_up',
                      'histogram_quantile(0.9, sum by (account) (taskwatchd_detection_delay_seconds_bucket))',
                      'rate(taskwatchd_detection_delay_seconds[5m])', 'aliyun_iot_job_tasks{status="FAILURE"}',
                      'aliyun_iot_job_tasks{status=~"FAILED|TIMEDOUT"}', 'sum(up) by (account)'):
            with self.subTest(wrong), self.assertRaises(AssertionError):
                self.check(wrong, "a mistake")

    def test_what_is_right_passes(self):
        for right in ('sum without (le) (taskwatchd_detection_delay_seconds_bucket{class="bad"})',
                      'topk(3, increase(taskwatchd_api_failures_total{account="$account"}[15m]))',
                      '100 * aliyun_iot_job_progress_ratio > 5 or -taskwatchd_account_up offset 5m',
                      'aliyun_iot_job_tasks * on (account, job_id) group_left (job_name) aliyun_iot_job_info',
                      'time() - max(taskwatchd_api_last_success_timestamp_seconds) by (account)',
                      'max_over_time((aliyun_iot_job_stalled_tasks > 0)[1h:1m])'):
            with self.subTest(right):
                self.check(right, "no mistake")


if __name__ == "__main__":
    unittest.main(verbosity=2)
