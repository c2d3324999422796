"""Converts the scenarios of tests/view/alert_situations.yml to promtool tests, and models how Alertmanager handles
their alerts.

A scenario defines the metrics of one or two daemons over time, and the time ranges in which each alert fires. It
lists all alerts, so an extra alert fails as a missing one does. `job` is the scrape job of a daemon. Times are
multiples of the scenario's `step` (15 s by default), at which Prometheus scrapes and evaluates.

`holds` makes a daemon a replica: it lists the time ranges in which the daemon holds the lease of each account. The
series of the account are exported in that time, and afterwards with their last values until 60 s after another
replica has acquired the lease, or until the process ends.
"""
import re

STEP = "15s"
ACTIONS = ("QueryTask", "QueryJobStatistics")
REASONS = ("auth", "forbidden", "not_found", "throttled", "timeout", "unreachable")
FORMER_HOLDER_EXPORTS = 60  # s, after another replica has acquired the lease
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


class Leases:
    """Who holds the lease of each account at which time, as the pages of the replicas define it."""

    def __init__(self, pages, lasts, step):
        self.times = range(0, lasts + 1, step)
        self.births = {}  # {daemon: [when the process started, or None while it is down; for each step]}
        self.holds = {}  # {(daemon, account): [(from, until or None)]}
        for daemon, page in pages.items():
            lives = spans(page.get("up", "0s-"), lasts, step)
            # A process that runs at the start has been running for a long time.
            self.births[daemon] = [
                max(a for a, _ in lives if a <= t) or -86400
                if any(a <= t and (b is None or t < b) for a, b in lives) else None for t in self.times]
            for account, when in page.get("holds", {}).items():
                self.holds[daemon, account] = spans(when, lasts, step)
        # {account: [(when, daemon)]}: each time that another process than the last one acquires the lease.
        self.moves = {}
        for account in sorted({account for _, account in self.holds}):
            begins = sorted((a, daemon) for (daemon, of), when in self.holds.items() if of == account
                            for a, _ in when)
            last, moves = None, []
            for when, daemon in begins:
                process = (daemon, self.births[daemon][when // step])
                if process[1] is None:
                    raise ValueError(f"{daemon} holds {account} at {when} s, when it is down")
                if process != last:
                    moves.append((when, daemon))
                last = process
            self.moves[account] = moves

    def series(self, daemon, account):
        """Returns the series of one replica about the lease of an account as {name: [value for each step]}."""
        births = self.births[daemon]

        def acquired(t):
            return sum(when <= t for when, _ in self.moves[account])
        return {
            "taskwatchd_lease_held": [None if birth is None else float(self._held(daemon, account, t) is not None)
                                      for t, birth in zip(self.times, births)],
            "taskwatchd_lease_epoch": [None if birth is None else float(acquired(t))
                                       for t, birth in zip(self.times, births)],
            "taskwatchd_lease_transitions_total": [
                None if birth is None else float(acquired(t) - acquired(max(birth, 0)))
                for t, birth in zip(self.times, births)]}

    def exported(self, daemon, account, values):
        """Returns the values of a series of the account that the replica exports."""
        shown, last, last_at, process = [], None, None, None
        for t, birth, value in zip(self.times, self.births[daemon], values):
            if birth != process:
                last, last_at, process = None, None, birth
            if birth is None:
                shown.append(None)
            elif self._held(daemon, account, t) is not None:
                shown.append(value)
                last, last_at = value, t
            else:
                others = [when for when, other in self.moves[account]
                          if other != daemon and last_at is not None and when > last_at]
                shown.append(last if not others or t < others[0] + FORMER_HOLDER_EXPORTS else None)
        return shown

    def _held(self, daemon, account, t):
        return next(((a, b) for a, b in self.holds[daemon, account] if a <= t and (b is None or t < b)), None)


class Situation:
    def __init__(self, row, severities):
        self.name = row["situation"]
        self.step = seconds(row.get("step", STEP))
        self.lasts = on_grid(row["lasts"], self.step)
        self.leases = Leases(row["pages"], self.lasts, self.step)
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
        births = self.leases.births[daemon]
        alive = [birth is not None for birth in births]
        shown = {}
        for source in (healthy_page(page.get("accounts", ["prod"]), self.step), page.get("series", {})):
            for text, values in source.items():
                name, labels = parse_series(text)
                steps = steps_of(values, self.lasts, self.step)
                if labels.get("account") in page.get("holds", {}):
                    steps = self.leases.exported(daemon, labels["account"], steps)
                shown[write_series(name, {**labels, **target})] = steps
        for account in page.get("holds", {}):
            for name, steps in self.leases.series(daemon, account).items():
                shown[write_series(name, {"account": account, **target})] = steps
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
                reported = {n for n in group["alerts"] if not self.muted(intervals[n][0], firing)}
                resolved = {n for n in group["alerts"] if (intervals[n][2] or end + 1) <= now}
                on = frozenset(name_of(intervals[n][0]) for n in reported - resolved)
                off = frozenset(name_of(intervals[n][0]) for n in reported & resolved) - on
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
