#!/usr/bin/env python3
"""Writes docs/reference/events.md, and a JSON schema of each event that sinks receive into config/events/, from the
C++ source and systemd/taskwatchd.catalog.

Kinds, levels, fields and MESSAGE_IDs are parsed from the source; the meaning of a kind and of a field is in this
file. A kind or a field without a meaning here is an error. tests/docs_test.py fails if the page is out of date:
`python3 tests/events_page.py` writes it.
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/reference/events.md"
SCHEMAS = ROOT / "config/events"
IDS = ROOT / "daemon/io/event_log/event_log_message_ids.cc"
CATALOG = ROOT / "systemd/taskwatchd.catalog"

# Kind: (meaning, whether it is stored with an id before delivery). The page has the same order.
KINDS = {
    "task_transition": ("A task changed its status. `warn` for FAILED, REJECTED and TIMED_OUT.", True),
    "task_baseline": ("First observation of an explicit task, or of a failed task of a job; not a transition. `warn` for a failure "
                      "that happened while the job was watched.", True),
    "task_details": ("The device message of a failed task, read by a QueryTask call after the transition.", True),
    "task_superseded": ("A rerun created a newer task for the same job and device.", True),
    "task_overdue": ("A task is unfinished after its `deadline`.", True),
    "task_gone": ("The platform does not know a configured task id, or no longer.", True),
    "job_baseline": ("The initial scan of a job is complete. The fields count its tasks by status.", True),
    "job_transition": ("A job changed its status. `warn` for TIMED_OUT.", True),
    "job_stalled": ("Tasks of a job are stalled: their progress has not moved for longer than is usual for this job, for at "
                    "least 1 minute. `info` with `stalled` 0 when no task is stalled any more.", True),
    "job_finished": ("All tasks of a job are finished and were observed; sent again after a rerun. `warn` if some failed. Not for "
                     "a job that was over when it was first observed.", True),
    "endless_list": ("ListTask returns more pages than the job has tasks; the scan is repeated with backoff.", False),
    "distribution_transition": ("A distribution changed its status. `warn` for ABORTED.", True),
    "distribution_result": ("The result file of a distribution was read. `warn` for failed devices and for a file that "
                            "cannot be read.", True),
    "distribution_file_failed": ("The result file of a distribution could not be downloaded; taskwatchd retries.", True),
    "auth_failed": ("The credentials of an account are rejected, or there are none.", True),
    "api_forbidden": ("The RAM policy denies an API, or the account has unpaid bills.", True),
    "api_throttled": ("Calls are throttled: the quota of the account is exhausted.", False),
    "account_unreachable": ("Calls of an account or instance fail for another reason: see `reason`.", True),
    "account_recovered": ("Calls of an account or instance succeed again.", True),
    "task_not_found": ("The platform does not know a task id, while it knows others of the instance.", False),
    "task_refused": ("The platform rejects calls for one task, while calls for others succeed.", False),
    "job_not_found": ("The platform does not know a job id.", False),
    "job_refused": ("The platform rejects calls for one job, while calls for others succeed.", False),
    "distribution_not_found": ("The platform does not know a distribution id.", False),
    "distribution_refused": ("The platform rejects calls for one distribution, while calls for others succeed.", False),
    "common_quota_found": ("All APIs of an account seem to share one quota.", False),
    "blind_interval": ("An account had a monitoring gap: unfinished tasks were not polled.", True),
    "started": ("The daemon is ready.", False),
    "stopping": ("The daemon stops as requested.", False),
    "config_reloaded": ("A new configuration, or web configuration, is active.", False),
    "config_reload_failed": ("A configuration has errors, or could not be applied; the previous one stays active.", False),
    "store_down": ("The state database cannot be written; status changes are buffered and not delivered.", False),
    "store_up": ("The state database is writable again; buffered changes are saved and delivered.", False),
    "lease_acquired": ("This replica holds the lease of an account: it sends the account's calls from now on.", False),
    "lease_lost": ("This replica no longer holds the lease of an account. `info` if it gave the lease up, `warn` if it could not "
                   "renew it in time.", False),
    "notify_failed": ("A sink of notifications takes nothing: it cannot be reached, or refuses. Requests are repeated.", False),
    "notify_recovered": ("The sink takes notifications again.", False),
    "heartbeat": ("taskwatchd is running. Sent to sinks of the format `cloudevents` at the interval `heartbeat`; neither logged nor "
                  "stored.", False),
    "admin_action": ("A user has tested or replayed a sink, or changed a mute, through the HTTP API.", False),
    "notify_dropped": ("Events were not delivered to a sink and never will be: too old, or rejected five times.", False),
}

FIELDS = {
    "account": "Name of the account in the configuration.",
    "iot_instance": "Name of the instance in the configuration; absent for the distribution endpoint.",
    "job_id": "JobId.",
    "job_name": "Name of the job; absent until read. Cut at 128 bytes.",
    "task_id": "TaskId.",
    "device_name": "Device of the task; absent if the platform returned none.",
    "product_key": "Product of the device.",
    "distribution_id": "JobId of the distribution.",
    "from": "Previous status.",
    "to": "New status.",
    "status": "Status at that time; for `endless_list` the status of the list, or `all`.",
    "status_text": "Text of a status that taskwatchd does not know; only if the status is UNKNOWN.",
    "status_message": "Message of the device, escaped and cut at 256 bytes; absent if there is none.",
    "status_detail": "Status detail of the device, escaped and cut at 256 bytes; absent if there is none.",
    "progress": "Progress as last reported by the device, 0 to 100; absent if it reported none.",
    "attempt": "1 for the first run of a task, 2 after its first rerun, and so on; of a job the highest one of its tasks.",
    "queued_at": "When the platform queued the task (UtcQueueTime).",
    "modified_at": "When the platform changed the status (UtcModified).",
    "observed_at": "When taskwatchd received the response that shows the status.",
    "not_before": "When the last response with the previous status was received. The change lies between this and `observed_at`.",
    "inferred": "Statuses that the task must have had between two polls.",
    "anomaly": "`regression` if the status moved backwards; accepted after three consistent responses.",
    "labels": "Labels of the instance from the configuration.",
    "superseded_by": "TaskId of the newer task.",
    "deadline_seconds": "The configured `deadline`.",
    "tasks": "Number of tasks.",
    "stalled": "Number of stalled tasks; 0 when this is over.",
    "unfinished": "Number of unfinished tasks.",
    "bad": "Tasks that are FAILED, REJECTED or TIMED_OUT.",
    "devices": "Number of devices of the distribution.",
    "result": "`read`, or `unknown` if the file could not be understood.",
    "format": "Format of the result file.",
    "ok": "Devices with code 200.",
    "failed": "Devices with another code; for jobs the tasks in that status, as `queued`, `sent` and so on.",
    "unknown": "Devices of which the result is unknown.",
    "codes": "Devices by code.",
    "failed_devices": "The first 100 failed devices with their codes.",
    "problem": "Why the file could not be read.",
    "action": "API, such as `QueryTask`.",
    "reason": "Reason of the failure, as in `taskwatchd_api_failures_total`; of a sink, what its receiver answered; of dropped events "
              "`too_old` or `rejected`.",
    "code": "Error code of the platform; absent if there was none.",
    "request_id": "RequestId of the response, for a support request to Alibaba Cloud.",
    "calls_per_second": "The quota found.",
    "sink": "Name of the sink in the configuration.",
    "failed_seconds": "How long the sink took nothing.",
    "count": "Number of events.",
    "accounts": "Number of accounts.",
    "jobs": "Number of watched jobs.",
    "jobs_with_failures": "Jobs with failed tasks.",
    "sinks_failing": "Names of the sinks that fail.",
    "address": "Address of the client.",
    "user": "User of basic_auth_users; absent without authentication.",
    "mute": "Id of the mute.",
    "job": "Pattern of the jobs that are muted.",
    "comment": "Why.",
    "first_id": "The oldest of these events.",
    "last_id": "The newest of these events.",
    "since": "Start of the monitoring gap; for `job_stalled`, since when tasks are stalled, or were.",
    "until": "End of the monitoring gap.",
    "transitions": "Transitions in the gap that were recorded late.",
    "version": "Version of taskwatchd.",
    "listen": "Addresses on which it listens.",
    "needs_restart": "Changed keys that become active at the next restart only.",
    "errors": "Number of errors; each further one is a log line without an event name.",
    "file": "The web configuration file; absent for the main configuration.",
}
# Types of the fields that are not text.
TYPES = {
    "integer": ("attempt", "tasks", "stalled", "unfinished", "bad", "devices", "ok", "failed", "unknown", "transitions", "accounts",
                "jobs", "jobs_with_failures"),
    "number": ("progress", "deadline_seconds"),
    "array": ("inferred", "failed_devices", "sinks_failing"),
    "object": ("labels", "codes"),
}
TASK_STATUSES = "queued sent in_progress succeeded failed rejected timed_out cancelled unknown".split()

HEAD = """# Events

<!-- Generated by tests/events_page.py from the C++ source and systemd/taskwatchd.catalog. After a change there:
     python3 tests/events_page.py -->

taskwatchd logs each status change and each change of the health of the daemon as one event: a logfmt line, a JSON object
(`--log.format=json`) or a journal entry, on stderr. The packaged service logs to the journal.

- **Common fields**: `ts`, `level`, `event`, `msg`, and `id` for stored events. Times are RFC 3339 in UTC with milliseconds.
- **Stored** events are saved before they are delivered: at least once, in order, with the same `id` after a crash. Ids rise and are
  never reused. [Delivery guarantees](../explanation/delivery-guarantees.md). The others are logged when a state changes, not while it lasts.
- **Text of devices** is escaped, cut at 256 bytes, and URLs in it lose their query.
- `GET /api/v1/transitions` and `/api/v1/events` return the stored events ([HTTP API](http-api.md)).

In the journal, `msg` is MESSAGE, `id` is EVENT_ID, `ts` is EVENT_TIME, `event` is EVENT, and every other field is its name in capitals.
Levels are PRIORITY 3 (error), 4 (warn), 6 (info), 7 (debug). `journalctl -x` prints the explanation that belongs to the MESSAGE_ID.

```sh pattern
sudo journalctl -u taskwatchd EVENT=task_transition TO=FAILED
sudo journalctl -u taskwatchd -x TASK_ID=TASK_ID
```
"""


def literals(text):
    return re.findall(r'"([a-z_]+)"', text)


def functions(path):
    """Returns {name: body} of the functions of a C++ file. It relies on clang-format's layout: a body ends at a
    brace in the first column."""
    found = {}
    for match in re.finditer(r"^(?:[\w:<>&*]+ )+\*?(?:\w+::)?(\w+)\((?:[^;{]*?)\)(?: const)? \{\n(.*?)^\}", path.read_text(),
                             re.MULTILINE | re.DOTALL):
        found[match[1]] = match[2]
    return found


def own_fields(body):
    """Returns the names of the fields that a piece of code adds, in order."""
    return [first or second for first, second in
            re.findall(r'\b(?:event\.add\(|add_if\(\s*event,)\s*"([a-z_]+)"|\{\s*"([a-z_]+)",(?!\s*Level)', body)]


def fields(body, known, seen=()):
    """Also returns the fields of the functions that the code calls, at the position of the call."""
    found = []
    for match in re.finditer(r'\b(?:event\.add\(|add_if\(\s*event,)\s*"[a-z_]+"|\{\s*"[a-z_]+",(?!\s*Level)|\b(\w+)\(', body):
        if match[1] is None:
            found += own_fields(match[0])
        elif match[1] in known and match[1] not in seen and match[1] not in ("add", "add_if"):
            found += fields(known[match[1]], known, (*seen, match[1]))
    return list(dict.fromkeys(found))


def levels(body):
    order = ("debug", "info", "warn", "error")
    return [level for level in order if f"Level::k{level.capitalize()}" in body]


def parsed():
    """Returns {kind: (levels, fields)} of every event in the source."""
    found = {}

    def add(kind, some_levels, some_fields):
        old = found.get(kind, ([], []))
        found[kind] = ([level for level in ("debug", "info", "warn", "error") if level in {*old[0], *some_levels}],
                       list(dict.fromkeys([*old[1], *some_fields])))

    for path in sorted((ROOT / "daemon/core/events").glob("*_events.cc")):
        known = functions(path)
        by_reason = [kind for kind in literals(known.get("event_of", "")) if "_" in kind]
        for name, body in known.items():
            kinds = re.findall(r'\bbegin\(\s*(?:at, Level::k\w+, )?"([a-z_]+)"', body)
            if "event_of(" in body and "begin(" in body:
                kinds = by_reason
            suffix = re.search(r'return about_item\([^;]*"(_\w+)"\);', body)
            if suffix:
                kinds = [noun + suffix[1] for noun in ("task", "job", "distribution")]
            for kind in kinds:
                of_kind = fields(body, known)
                if suffix:
                    # only QueryTask calls are for one task, so the event has no action
                    noun = kind.removesuffix(suffix[1])
                    of_kind = ["account", "iot_instance", noun + "_id", *([] if noun == "task" else ["action"]), "reason", "code",
                               "request_id"]
                if "add_counts(" in body and "tasks" in of_kind:
                    of_kind = [*of_kind[:of_kind.index("tasks") + 1], *TASK_STATUSES, *of_kind[of_kind.index("tasks") + 1:]]
                add(kind, levels(body) or levels(known.get("about_item", "")), of_kind)
    for path in sorted((ROOT / "daemon").rglob("*.cc")):
        text = path.read_text()
        # Matches log.tell(at, level, kind, message, fields). The fields may have been built just before the call.
        for match in re.finditer(r'\w+\(\s*(?:(?:ports_\.)?clock_?\.now\(\)\.wall|now(?:\.wall)?), (Level::k\w+), "([a-z_]+)",(.*?)\);\n', text, re.DOTALL):
            before = text[:match.start()].rpartition("\n}\n")[2] if "std::move(fields)" in match[3] else ""
            add(match[2], levels(match[1]), own_fields(before + match[3]))
        # Of a class with a function write(level, kind, message, ...) that adds the fields.
        for match in re.finditer(r'\bwrite\((Level::k\w+), "([a-z_]+)",', text):
            add(match[2], levels(match[1]), own_fields(functions(path)["write"]))
        # Of notify/program_request.cc, with all fields in one list.
        for match in re.finditer(r'event\.level = (Level::k\w+);\s*event\.name = "([a-z_]+)";(.*?)return event;', text, re.DOTALL):
            add(match[2], levels(match[1]), own_fields(match[3]))
        # Of server/notify_answers.cc: fields that each action adds.
        for match in re.finditer(r'\blog_action\(question, "\w+",(.*?)\);\n', text, re.DOTALL):
            add("admin_action", [], own_fields(match[1]))
        for match in re.finditer(r'event\.level = (.*?);\s*event\.name = (.*?);', text, re.DOTALL):
            for kind, level in zip(literals(match[2]), re.findall(r"Level::k\w+", match[1])):
                add(kind, levels(level), [])
    return found


def message_ids():
    return dict(re.findall(r'\{"([a-z_]+)", "([0-9a-f]{32})"\}', IDS.read_text()))


def catalog():
    """Returns {MESSAGE_ID: subject}."""
    return dict(re.findall(r"^-- ([0-9a-f]{32})\nSubject: (.*)$", CATALOG.read_text(), re.MULTILINE))


def page():
    made, ids, subjects = parsed(), message_ids(), catalog()
    if set(made) != set(KINDS):
        raise SystemExit(f"the source and {__file__} differ in the kinds: {sorted(set(made) ^ set(KINDS))}")
    if not set(ids) <= set(KINDS):
        raise SystemExit(f"a MESSAGE_ID of an event that is not made: {sorted(set(ids) - set(KINDS))}")
    if set(ids.values()) != set(subjects):
        raise SystemExit(f"the catalog and {IDS.name} differ: {sorted(set(ids.values()) ^ set(subjects))}")
    used = [field for kind in KINDS for field in made[kind][1]]
    missing = sorted({*used} - {*FIELDS} - {*TASK_STATUSES})
    if missing:
        raise SystemExit(f"fields without a meaning in {__file__}: {missing}")
    lines = [HEAD, "## Kinds\n", "| event | level | stored | MESSAGE_ID | meaning |", "| --- | --- | --- | --- | --- |"]
    for kind, (meaning, stored) in KINDS.items():
        ident = f"`{ids[kind]}`" if kind in ids else "none"
        lines.append(f"| [`{kind}`](#{kind}) | {', '.join(made[kind][0])} | {'yes' if stored else 'no'} | {ident} | {meaning} |")
    lines += ["", "## Fields of each kind", ""]
    for kind in KINDS:
        lines += [f"### `{kind}`", "", ", ".join(f"`{field}`" for field in made[kind][1]) or "None.", ""]
    lines += ["## Meaning of the fields", "",
              "A field without a value is absent. `queued`, `sent`, `in_progress` and so on count the tasks in that status.", "",
              "| field | meaning |", "| --- | --- |"]
    lines += [f"| `{field}` | {FIELDS[field]} |" for field in dict.fromkeys(used) if field in FIELDS]
    return "\n".join(lines) + "\n"


def schema_of(field):
    described = {"description": FIELDS.get(field, "Tasks in that status.")}
    if field in TASK_STATUSES:
        return {"type": "integer", **described}
    kind = next((kind for kind, names in TYPES.items() if field in names), "string")
    if kind == "array":
        return {"type": kind, "items": {"type": "string"}, **described}
    if kind == "object":
        return {"type": kind, "additionalProperties": {"type": "string"}, **described}
    return {"type": kind, **described}


def schemas():
    """Returns {file name: text}: a schema of `data` of a CloudEvent for each type."""
    made = parsed()
    found = {}
    for kind, (meaning, stored) in KINDS.items():
        if not stored and kind != "heartbeat":
            continue
        properties = {"level": {"type": "string", "enum": made[kind][0]},
                      "msg": {"type": "string", "description": "One sentence, for people. Its text may change."}}
        properties |= {field: schema_of(field) for field in made[kind][1]}
        found[f"taskwatchd.{kind}.v1.json"] = json.dumps({
            "$schema": "http://json-schema.org/draft-07/schema#", "$id": f"urn:taskwatchd:{kind}:v1",
            "title": f"taskwatchd.{kind}.v1", "description": meaning, "type": "object", "properties": properties,
            "required": ["level", "msg"]}, indent=2) + "\n"
    return found


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    PAGE.write_text(page())
    SCHEMAS.mkdir(exist_ok=True)
    for old in SCHEMAS.iterdir():
        old.unlink()
    for name, text in schemas().items():
        (SCHEMAS / name).write_text(text)
