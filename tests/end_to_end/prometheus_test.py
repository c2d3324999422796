"""A real Prometheus with the shipped files in front of the daemon: scrape, alert, crash, rerun.

Needs prometheus and promtool on the PATH, beside what harness.py needs.
"""

import gzip
import http.client
import os
import socket
import subprocess
import time
import unittest

import harness
import monitoring
from monitoring import SLOW

RERUN = os.path.join(monitoring.ROOT, "tests", "data", "scenarios", "rerun.yaml")
JOB, TASK = "sGWotgRkutxRerun010001", "MSnT9rerunTask1q010101"

# Beside the failing task one that never ends: when all is finished, tasks are asked once a minute.
NEVER_ENDING = """
          - name: goes-on
            tasks:
              - {id: goesOn, device: valve-2, script: [{at: 0s, status: IN_PROGRESS}]}
"""
QUICK = "\n    pace: {task: 1s, finished: 2s}\n    instances:"
EVALUATIONS = 4  # that an alert must outlive after the daemon's death


def host_name():
    """A name of this machine that leads to 127.0.0.1; the machine's own if it does."""
    name = socket.gethostname()
    try:
        found = {row[4][0] for row in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    except OSError:
        found = set()
    return name if found == {"127.0.0.1"} else "localhost"


class Alertmanager(monitoring.Receiver):
    """Takes what Prometheus sends to an Alertmanager."""

    def alerts(self, name):
        return [alert for _, path, body in list(self.received) if path == "/api/v2/alerts"
                for alert in body if alert["labels"]["alertname"] == name]


class PrometheusTest(harness.TestCase):
    def world(self):
        """iotsim with the task that fails and the one that goes on; the daemon's configuration."""
        with open(RERUN, encoding="utf-8") as file:
            cloud = self.iotsim(file.read().rstrip("\n") + NEVER_ENDING)
        with open(cloud.config_file, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count("\n    instances:"), 1, text)
        self.write(cloud.config_file, text.replace("\n    instances:", QUICK))
        return cloud

    def fixed_port(self):
        """A port that stays the test's between two lives of the daemon: bound, not listened on."""
        holder = socket.socket()
        self.addCleanup(holder.close)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]

    def prometheus(self, targets, alertmanager):
        """One with the shipped files, save the addresses."""
        rules = monitoring.shipped("prometheus/taskwatchd.rules.yml")
        # Nothing in the rules is changed: the one that this test waits for fires at once.
        tasks_bad = rules[rules.index("alert: TaskwatchdTasksBad"):].split("- alert:")[0]
        self.assertNotIn("for:", tasks_bad)
        self.write("prometheus/taskwatchd.rules.yml", rules)
        config = self.write("prometheus/prometheus.yml",
                            monitoring.prometheus_config(targets, alertmanager))
        return self.keep(monitoring.Prometheus(config, self.path("prometheus", "data"))).started()

    def firing_task(self, prometheus):
        alerts = prometheus.alerts("TaskwatchdTasksBad")
        self.assertLessEqual(len(alerts), 1, alerts)
        return [alert for alert in alerts if alert["state"] == "firing"]

    def test_failed_task_alerts_until_it_is_rerun(self):
        cloud = self.world()
        port = self.fixed_port()
        target = f"{host_name()}:{port}"
        listen = f"--web.listen-address=127.0.0.1:{port}"
        daemon = self.daemon(cloud.config_file, listen).started()
        alertmanager = Alertmanager()
        self.addCleanup(alertmanager.close)
        prometheus = self.prometheus([target], alertmanager.address)

        up, = prometheus.wait_query("up", lambda rows: rows and rows[0][1] == 1)
        self.assertEqual(up[0], {"__name__": "up", "job": "taskwatchd", "instance": target})

        # Fires, for this task alone, and says on which device.
        alert, = harness.wait_for(lambda: f"the alert to fire; {daemon.tail()}",
                                  lambda: self.firing_task(prometheus), SLOW, 0.2)
        self.assertEqual(alert["labels"], {
            "alertname": "TaskwatchdTasksBad", "account": "demo", "job_id": JOB,
            "severity": "warning"})
        self.assertIn(f"1, among them {TASK} on device valve-1", alert["annotations"]["description"])
        notified = harness.wait_for("the notification",
                                    lambda: alertmanager.alerts("TaskwatchdTasksBad"), SLOW)
        self.assertEqual(notified[0]["labels"], alert["labels"])
        self.assertEqual(prometheus.query("taskwatchd_account_up")[0][1], 1)

        # Stays when the daemon dies, though Prometheus knows that nothing is scraped any more.
        told = {event["id"] for event in daemon.events(task_id=TASK)}
        self.assertTrue(told)
        daemon.kill()
        prometheus.wait_query("up", lambda rows: rows[0][1] == 0)
        prometheus.wait_query("aliyun_iot_task_status", lambda rows: not rows)
        seen = set()
        end = time.monotonic() + SLOW
        while len(seen) < EVALUATIONS:
            self.assertLess(time.monotonic(), end, f"only {len(seen)} evaluations")
            seen.add(prometheus.last_evaluation("TaskwatchdTasksBad"))
            self.assertEqual(len(self.firing_task(prometheus)), 1)
            time.sleep(0.2)
        self.assertEqual(prometheus.query(f'aliyun_iot_task_status{{task_id="{TASK}"}}'), [])
        self.assertEqual(len(prometheus.alerts("TaskwatchdAbsent", "pending")), 1)

        # Goes on after a restart, from the state. The log may repeat what it said just before the
        # crash, under the same id; it says nothing new.
        daemon = self.daemon(cloud.config_file, listen).started()
        prometheus.wait_query("up", lambda rows: rows[0][1] == 1)
        status = f'aliyun_iot_task_status{{task_id="{TASK}",status="%s"}} == 1'
        prometheus.wait_query(status % "FAILED", bool)
        self.assertEqual(len(self.firing_task(prometheus)), 1)
        self.assertEqual(self.firing_task(prometheus)[0]["activeAt"], alert["activeAt"])
        self.assertLessEqual({event["id"] for event in daemon.events(task_id=TASK)}, told)

        # Clears when the task is rerun and succeeds.
        cloud.control("rerun", job=JOB, keep=True)
        prometheus.wait_query(status % "SUCCEEDED", bool)
        harness.wait_for(lambda: f"the alert to clear; {daemon.tail()}",
                         lambda: not self.firing_task(prometheus), SLOW, 0.2)
        harness.wait_for("the notification that it is resolved", lambda: any(
            note["endsAt"] <= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
            for note in alertmanager.alerts("TaskwatchdTasksBad")), SLOW, 0.2)
        end, = daemon.events("task_transition", task_id=TASK, to="SUCCEEDED")
        self.assertEqual(end["attempt"], 2)
        harness.wait_for("TaskwatchdAbsent to clear",
                         lambda: not prometheus.alerts("TaskwatchdAbsent"), SLOW, 0.2)

    def raw(self, url, path, **headers):
        """(status, headers in lower case, bytes), as sent: nothing is unpacked on the way."""
        host, port = url.removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=harness.DEADLINE)
        try:
            connection.request("GET", path, headers={
                name.replace("_", "-"): value for name, value in headers.items()})
            reply = connection.getresponse()
            return (reply.status, {name.lower(): value for name, value in reply.getheaders()},
                    reply.read())
        finally:
            connection.close()

    def assert_page_is_clean(self, page):
        check = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True,
                               timeout=harness.DEADLINE, check=False)
        self.assertEqual((check.returncode, check.stdout + check.stderr), (0, b""))

    def test_page(self):
        cloud = self.world()
        daemon = self.daemon(cloud.config_file).started()
        daemon.wait_metric("aliyun_iot_task_status", 1, task_id=TASK, status="FAILED")

        for path, text in (("/-/healthy", b"taskwatchd is healthy.\n"),
                           ("/-/ready", b"taskwatchd is ready.\n")):
            # Any name will do, as on /metrics; the pages for people are stricter.
            for host in ("taskwatchd.example.com", "anything:1"):
                status, _, body = self.raw(daemon.url, path, Host=host)
                self.assertEqual((status, body), (200, text))
        self.assertEqual(self.raw(daemon.url, "/", Host="taskwatchd.example.com")[0], 403)

        status, headers, plain = self.raw(daemon.url, "/metrics", Host="taskwatchd.example.com")
        self.assertEqual(status, 200)
        self.assertEqual(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertNotIn("content-encoding", headers)
        self.assert_page_is_clean(plain)

        # As Prometheus asks.
        status, headers, packed = self.raw(daemon.url, "/metrics", Accept_Encoding="gzip",
                                           Accept="application/openmetrics-text;version=1.0.0,"
                                                  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
        self.assertEqual((status, headers["content-encoding"]), (200, "gzip"))
        self.assertLess(len(packed), len(plain) / 4)
        self.assertEqual(headers["content-type"],
                         "application/openmetrics-text; version=1.0.0; charset=utf-8")
        unpacked = gzip.decompress(packed).decode()
        self.assertTrue(unpacked.endswith("\n# EOF\n"))
        before, after = (
            {(name, tuple((key, float(value) if key == "le" else value) for key, value in labels))
             for name, labels in harness.parse_metrics(text)} for text in (plain.decode(), unpacked))
        self.assertLessEqual(before, after)

    def test_page_without_a_cloud(self):
        """A cloud that does not answer is not the daemon's own trouble."""
        cloud = self.world()
        cloud.kill()
        daemon = self.daemon(cloud.config_file).started()
        daemon.wait_metric("taskwatchd_api_failures_total", lambda value: value and value >= 1,
                           account="demo", reason="unreachable")
        self.assertEqual(daemon.get("/-/ready")[0], 200)
        self.assertEqual(daemon.get("/-/healthy")[0], 200)
        page = daemon.get("/metrics")[2]
        self.assert_page_is_clean(page.encode())
        series = harness.parse_metrics(page)
        self.assertEqual(harness.value_of(series, "taskwatchd_account_up", account="demo"), 0)
        self.assertEqual(harness.value_of(series, "taskwatchd_tasks", state="unseen"), 2)
        self.assertEqual(harness.select(series, "aliyun_iot_task_status"), {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
