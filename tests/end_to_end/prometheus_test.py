"""A real Prometheus with the shipped files scrapes the daemon: scrape, alert, crash, rerun.

Needs prometheus and promtool on the PATH, besides the requirements of harness.py.
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

# Besides the failing task, one that never finishes: if all are finished, tasks are polled only
# once a minute.
NEVER_ENDING = """
          - name: goes-on
            tasks:
              - {id: goesOn, device: valve-2, script: [{at: 0s, status: IN_PROGRESS}]}
"""
QUICK = "\n    pace: {task: 1s, finished: 2s}\n    instances:"
EVALUATIONS = 4  # during which an alert must still fire after the daemon was killed


def host_name():
    """Returns a name that resolves to 127.0.0.1: the host name of this machine if it does, else
    localhost."""
    name = socket.gethostname()
    try:
        found = {row[4][0] for row in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    except OSError:
        found = set()
    return name if found == {"127.0.0.1"} else "localhost"


class Alertmanager(monitoring.Receiver):
    """Receives the alerts that Prometheus sends to an Alertmanager."""

    def alerts(self, name):
        return [alert for _, path, body in list(self.received) if path == "/api/v2/alerts"
                for alert in body if alert["labels"]["alertname"] == name]


class PrometheusTest(harness.TestCase):
    def world(self):
        """Starts iotsim with the failing task and the endless one; writes the daemon's
        configuration."""
        with open(RERUN, encoding="utf-8") as file:
            cloud = self.iotsim(file.read().rstrip("\n") + NEVER_ENDING)
        with open(cloud.config_file, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count("\n    instances:"), 1, text)
        self.write(cloud.config_file, text.replace("\n    instances:", QUICK))
        return cloud

    def fixed_port(self):
        """Returns a port that stays reserved between two runs of the daemon: bound, but not
        listening."""
        holder = socket.socket()
        self.addCleanup(holder.close)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]

    def prometheus(self, targets, alertmanager):
        """Starts a Prometheus with the shipped files, except for addresses and intervals."""
        rules = monitoring.quick_rules()
        # The rules are unchanged: the one that this test waits for fires without delay.
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

        # The alert fires for this task only, and names the device.
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

        # It still fires after the daemon was killed, although Prometheus knows that the target is
        # gone.
        reported = {event["id"] for event in daemon.events(task_id=TASK)}
        self.assertTrue(reported)
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

        # After a restart the daemon continues from the state database. The log may repeat the
        # lines from just before the crash, with the same ids, but contains no new event.
        daemon = self.daemon(cloud.config_file, listen).started()
        prometheus.wait_query("up", lambda rows: rows[0][1] == 1)
        status = f'aliyun_iot_task_status{{task_id="{TASK}",status="%s"}} == 1'
        prometheus.wait_query(status % "FAILED", bool)
        self.assertEqual(len(self.firing_task(prometheus)), 1)
        self.assertEqual(self.firing_task(prometheus)[0]["activeAt"], alert["activeAt"])
        self.assertLessEqual({event["id"] for event in daemon.events(task_id=TASK)}, reported)

        # The alert is resolved when the task is rerun and succeeds.
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
        """Returns (status, headers in lower case, bytes), without decompression."""
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
            # Any host name is accepted, as for /metrics; the status page and the API are
            # stricter.
            for host in ("taskwatchd.example.com", "anything:1"):
                status, _, body = self.raw(daemon.url, path, Host=host)
                self.assertEqual((status, body), (200, text))
        self.assertEqual(self.raw(daemon.url, "/", Host="taskwatchd.example.com")[0], 403)

        status, headers, plain = self.raw(daemon.url, "/metrics", Host="taskwatchd.example.com")
        self.assertEqual(status, 200)
        self.assertEqual(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertNotIn("content-encoding", headers)
        self.assert_page_is_clean(plain)

        # The same headers as Prometheus sends.
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
        """A platform that does not respond does not make the daemon unready."""
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
