"""Converts the scenarios of tests/view/alert_situations.yml to promtool tests, and models how Alertmanager handles
their alerts.

A scenario defines the metrics of one or two daemons over time, and the time ranges in which each alert fires. It
lists all alerts, so an extra alert fails as a missing one does. `job` is the scrape job of a daemon. Times are
multiples of the scenario's `step` (15 s by default), at which Prometheus scrapes and evaluates.
"""
import re

STEP = "15s"
ACTIONS = ("QueryTask", "QueryJobStatistics")
REASONS = ("auth", "forbidden", "not_found", "throttled", "timeout", "unreachable")
TASK_STATUSES = ("FAILED", "REJECTED", "TIMED_OUT", "SUCCEEDED", "UNKNOWN")


def seconds(text):
    """Returns "90s" or "1h30m" as a number of seconds."""
    parts = re.findall(r"(\d+)([smh])", text)
    if "".join(number + unit for number, unit in parts) != text or not parts:
        raise ValueError(f"not a time: {text!r}")
    return sum(int(number) * {"s": 1, "m": 60, "h": 3600}[unit] for number, unit in parts)


def on_grid(text, step):
    value = seconds(text)
    if value % step:
        raise ValueError(f"{text} is not a multiple of {step} s")
    return value


def spans(text, lasts, step):
    """Parses "3m-6m 9m-" as [(180, 360), (540, None)]: (from, until), where `until` is the first step without the
    alert."""
    result = []
    for span in text.split():
        begin, _, end = span.partition("-")
        result.append((on_grid(begin, step), on_grid(end, step) if end else None))
        if result[-1][0] > lasts or (result[-1][1] or lasts) > lasts:
            raise ValueError(f"{span} is beyond the situation's end")
    return result


def steps_of(values, lasts, step):
    """Parses "0s=0 3m=4 6m=+2 9m=gone" as one value per step. From that step on, `+2` adds 2 per step, and `+-2`
    subtracts 2."""
    changes = {}
    for word in values.split():
        when, _, what = word.partition("=")
        changes[on_grid(when, step)] = what
    value, slope, steps = None, 0.0, []
    for t in range(0, lasts + 1, step):
        value = value + slope if value is not None else None
        what = changes.pop(t, None)
        if what == "gone":
            value, slope = None, 0.0
        elif what is not None and what.startswith("+"):
            slope = float(what[1:])
            value += slope
        elif what is not None:
            value, slope = float(what), 0.0
        steps.append(value)
    if changes:
        raise ValueError(f"beyond the situation's end: {changes}")
    return steps


def parse_series(text):
    """Parses 'name{a="b"}' as (name, {"a": "b"})."""
    match = re.fullmatch(r'(\w+)(?:\{((?:\w+="[^"]*",?\s*)*)\})?', text)
    if not match:
        raise ValueError(f"not a series: {text!r}")
    return match.group(1), dict(re.findall(r'(\w+)="([^"]*)"', match.group(2) or ""))


def write_series(name, labels):
    return name + "{" + ", ".join(f'{key}="{labels[key]}"' for key in sorted(labels)) + "}"


def healthy_page(accounts, step):
    """Returns the metrics of a healthy daemon as {series: values}."""
    page = {"taskwatchd_build_info{version=\"1\"}": "0s=1", "taskwatchd_store_up": "0s=1",
            "taskwatchd_config_last_reload_successful": "0s=1",
            'taskwatchd_events_pending{sink="log"}': "0s=0",
            "taskwatchd_job_series_refused": "0s=0", "taskwatchd_task_series_refused": "0s=0"}
    for account in accounts:
        own = f'account="{account}"'
        page[f"taskwatchd_account_up{{{own}}}"] = "0s=1"
        page[f'taskwatchd_instance_up{{{own},iot_instance="main"}}'] = "0s=1"
        page[f"taskwatchd_blind_seconds_total{{{own}}}"] = "0s=0"
        page[f"taskwatchd_detection_delay_bound_seconds{{{own}}}"] = "0s=30"
        for state, tasks in (("unseen", 0), ("unfinished", 10), ("finished", 0), ("gone", 0)):
            page[f'taskwatchd_tasks{{{own},state="{state}"}}'] = f"0s={tasks}"
        for edge in ("15", "30", "60", "+Inf"):
            page[f'taskwatchd_detection_delay_seconds_bucket{{{own},class="bad",le="{edge}"}}'] = "0s=0"
        for action in ACTIONS:
            call = f'{own},action="{action}"'
            page[f"taskwatchd_api_rate_limit{{{call}}}"] = "0s=4"
            page[f"taskwatchd_api_rate_limit_configured{{{call}}}"] = "0s=4"
            page[f"taskwatchd_api_last_success_timestamp_seconds{{{call}}}"] = f"0s=0 {step}s=+{step}"
            for reason in REASONS:
                page[f'taskwatchd_api_failures_total{{{call},reason="{reason}"}}'] = "0s=0"
    return page


class Situation:
    def __init__(self, row, severities):
        self.name = row["situation"]
        self.step = seconds(row.get("step", STEP))
        self.lasts = on_grid(row["lasts"], self.step)
        self.inputs = []  # (series, [a value, None or "stale" for each step])
        for daemon, page in row["pages"].items():
            self._add_daemon(daemon, page)
        self.alerts = []  # (labels, [(from, until)])
        for text, when in (row.get("alerts") or {}).items():
            name, labels = parse_series(text)
            labels = {"alertname": name, "severity": severities[name], **labels}
            self.alerts.append((labels, spans(when, self.lasts, self.step)))

    def _add_daemon(self, daemon, page):
        target = {"job": page.get("job", "taskwatchd"), "instance": daemon}
        lives = spans(page.get("up", "0s-"), self.lasts, self.step)
        times = range(0, self.lasts + 1, self.step)
        alive = [any(a <= t and (b is None or t < b) for a, b in lives) for t in times]
        shown = {}
        for source in (healthy_page(page.get("accounts", ["prod"]), self.step), page.get("series", {})):
            for text, values in source.items():
                name, labels = parse_series(text)
                shown[write_series(name, {**labels, **target})] = steps_of(values, self.lasts, self.step)
        # A process that runs at the start has been running for a long time.
        births = [max(a for a, _ in lives if a <= t) or -86400 if up else None
                  for t, up in zip(times, alive)]
        shown[write_series("process_start_time_seconds", target)] = births
        for series, values in shown.items():
            self.inputs.append((series, [v if up else None for v, up in zip(values, alive)]))
        self.inputs.append((write_series("up", target), [1.0 if up else 0.0 for up in alive]))

    def promtool_test(self):
        """Checks every alert except the watchdog: its first and last evaluation, the number of evaluations and of
        starts."""
        firing = 'ALERTS{alertstate="firing",alertname!="TaskwatchdWatchdog"}'
        window = f"[{self.lasts}s:{self.step}s]"
        expected = {"first": [], "last": [], "count": [], "begins": []}
        for labels, when in self.alerts:
            ends = [(a, (b if b is not None else self.lasts + self.step) - self.step) for a, b in when]
            name = "{" + ", ".join(f'{k}="{v}"' for k, v in
                                   sorted({**labels, "alertstate": "firing"}.items())) + "}"
            for kind, value in (("first", ends[0][0]), ("last", ends[-1][1]),
                                ("count", sum((b - a) // self.step + 1 for a, b in ends)),
                                ("begins", len(ends))):
                expected[kind].append({"labels": name, "value": value})
        queries = {"first": f"min_over_time(({firing} * time()){window})",
                   "last": f"max_over_time(({firing} * time()){window})",
                   "count": f"count_over_time(({firing} * 1){window})",
                   "begins": f"count_over_time((({firing} unless {firing} offset {self.step}s) * 1){window})"}
        checks = [{"expr": queries[kind], "eval_time": f"{self.lasts}s", "exp_samples": expected[kind]}
                  for kind in queries]
        checks.append({"expr": f'count_over_time((ALERTS{{alertname="TaskwatchdWatchdog"}} * 1){window})',
                       "eval_time": f"{self.lasts}s",
                       "exp_samples": [{"labels": '{alertname="TaskwatchdWatchdog", alertstate="firing",'
                                                  ' severity="none"}',
                                        "value": self.lasts // self.step + 1}]})
        return {"name": self.name, "interval": f"{self.step}s", "promql_expr_test": checks,
                "input_series": [{"series": series, "values": promtool_values(values)}
                                 for series, values in self.inputs]}

    def intervals(self):
        """Returns [(labels, from, until or None)]."""
        return [(labels, a, b) for labels, when in self.alerts for a, b in when]


def promtool_values(values):
    words, before = [], None
    for value in values:
        words.append(f"{value:g}" if value is not None and abs(value) < 1e5 else
                     repr(value) if value is not None else "stale" if before is not None else "_")
        before = value
    return " ".join(words)


class Alertmanager:
    """Models grouping, waiting and inhibition of Alertmanager 0.25 with the given configuration. Prometheus repeats
    a resolved alert for RETOLD. So Alertmanager sends the resolution if the inhibition ends within that time."""

    RETOLD, AGAIN = 900, 60  # s: for how long, and at what interval

    def __init__(self, config):
        route = config["route"]
        self.group_by = route["group_by"]
        self.wait, self.interval, self.repeat = (
            seconds(route[key]) for key in ("group_wait", "group_interval", "repeat_interval"))
        self.inhibitions = [
            ([matcher(m) for m in rule["source_matchers"]], [matcher(m) for m in rule["target_matchers"]],
             rule.get("equal", [])) for rule in config["inhibit_rules"]]

    def muted(self, labels, firing):
        return any(all(match(labels) for match in target) and any(
            all(match(source) for match in sources)
            and all(source.get(name) == labels.get(name) for name in equal) for source in firing)
            for sources, target, equal in self.inhibitions)

    def notifications(self, intervals, end):
        """Returns {(label values of the group): [(time, firing, resolved)]}. `end`: the last second of the model."""
        groups, log, sent = {}, {}, {}
        for now in range(end + 1):
            firing = [labels for labels, a, b in intervals if a <= now and (b is None or now < b)]
            for number, (labels, a, b) in enumerate(intervals):
                if not self._comes_in(labels, a, b, firing, now):
                    continue
                key = tuple(labels.get(name) for name in self.group_by)
                # An alert that is already older than group_wait when it arrives does not wait.
                first = max(now, a + self.wait)
                groups.setdefault(key, {"alerts": set(), "flush": first})["alerts"].add(number)
            for key, group in list(groups.items()):
                if now < group["flush"]:
                    continue
                group["flush"] = now + self.interval
                told = {n for n in group["alerts"] if not self.muted(intervals[n][0], firing)}
                resolved = {n for n in group["alerts"] if (intervals[n][2] or end + 1) <= now}
                on = frozenset(name_of(intervals[n][0]) for n in told - resolved)
                off = frozenset(name_of(intervals[n][0]) for n in told & resolved) - on
                if self._news(log, key, on, off, now):
                    sent.setdefault(key, []).append((now, len(on), len(off)))
                group["alerts"] -= resolved
                if not group["alerts"]:
                    del groups[key]
        return sent

    def _comes_in(self, labels, begin, until, firing, now):
        """Returns whether Prometheus sends the alert now, as firing or as resolved."""
        if until is None or now < until:
            return begin <= now
        return (now - until <= self.RETOLD and (now - until) % self.AGAIN == 0 and labels not in firing)

    def _news(self, log, key, firing, resolved, now):
        """Alertmanager's DedupStage: returns whether to notify, and records the notification."""
        if not firing and not resolved:
            return False
        before = log.get(key)
        if before is None:
            news = bool(firing)
        elif not firing <= before[0]:
            news = True
        elif not firing:
            news = bool(before[0])
        else:
            news = not resolved <= before[1] or now - before[2] >= self.repeat
        if news:
            log[key] = (firing, resolved, now)
        return news


def name_of(labels):
    return tuple(sorted(labels.items()))


def matcher(text):
    name, how, value = re.fullmatch(r'(\w+)\s*(=~|!~|!=|=)\s*"(.*)"', text).groups()
    if how in ("=", "!="):
        return lambda labels: (labels.get(name, "") == value) == (how == "=")
    return lambda labels: bool(re.fullmatch(value, labels.get(name, ""))) == (how == "=~")
