"""A peer of `make bench-scrape`: the series of N tasks in the gauges of Python's prometheus_client.

scrape_peer.py plain|gzip TASKS SCRAPES [BODY_FILE]: prints JSON, {"build_ms", "ms" and "cpu_ms": [of each scrape],
"bytes"}. The last body is written to BODY_FILE.
"""

import gzip
import json
import sys
import time

from prometheus_client import CollectorRegistry, Gauge, generate_latest

MODIFIED = 1763776923.004
STATUSES = ("QUEUED", "SENT", "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED", "TIMED_OUT", "CANCELLED", "UNKNOWN")
IDENTITY = ("account", "job_id", "task_id")


def fill(registry, tasks):
    def family(name, labels):
        return Gauge(name, "As taskwatchd's.", labels, registry=registry)
    status = family("aliyun_iot_task_status", (*IDENTITY, "status"))
    progress = family("aliyun_iot_task_progress_ratio", IDENTITY)
    info = family("aliyun_iot_task_info",
                  ("account", "iot_instance", "job_id", "task_id", "job_name", "product_key", "device_name"))
    queued = family("aliyun_iot_task_queued_timestamp_seconds", IDENTITY)
    modified = family("aliyun_iot_task_modified_timestamp_seconds", IDENTITY)
    account, job = "prod", "sGWotgRkutxXaaaaa010001"
    for i in range(tasks):
        task = f"MSnT9aaaaaaaa{i:06d}q010101"
        for one in STATUSES:
            status.labels(account, job, task, one).set(1 if one == "IN_PROGRESS" else 0)
        progress.labels(account, job, task).set(0.25)
        info.labels(account, "main", job, task, "ota", "pk", f"dev-{task}").set(1)
        queued.labels(account, job, task).set(MODIFIED - 3600)
        modified.labels(account, job, task).set(MODIFIED)


def main():
    form, tasks, scrapes, *file = sys.argv[1:]
    begun = time.perf_counter()
    registry = CollectorRegistry()
    fill(registry, int(tasks))
    build = time.perf_counter() - begun
    times, cpu_times, body = [], [], b""
    for _ in range(int(scrapes)):
        begun, cpu = time.perf_counter(), time.process_time()
        body = generate_latest(registry)
        if form == "gzip":
            body = gzip.compress(body)  # as its HTTP server does
        times.append(1000 * (time.perf_counter() - begun))
        cpu_times.append(1000 * (time.process_time() - cpu))
    print(json.dumps({"build_ms": 1000 * build, "ms": times, "cpu_ms": cpu_times, "bytes": len(body)}))
    for name in file:
        with open(name, "wb") as to:
            to.write(body)


if __name__ == "__main__":
    main()
