"""Prometheus, Alertmanager and a receiver of notifications, with the shipped files: only addresses are changed.

Needs prometheus and prometheus-alertmanager on the PATH, besides the requirements of harness.py.
"""

import http.server
import json
import os
import re
import subprocess
import threading
import time
import urllib.parse

import harness

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SLOW = 60  # s; for what takes several scrapes and evaluations on a busy machine


def shipped(name, *replacements):
    """Returns a file of config/ as text; each (old, new, times) must occur in it exactly that often."""
    with open(os.path.join(ROOT, "config", name), encoding="utf-8") as file:
        text = file.read()
    for old, new, times in replacements:
        found = text.count(old)
        if found != times:
            raise AssertionError(f"{name} has {old!r} {found} times, not {times}")
        text = text.replace(old, new)
    return text


def quick_rules():
    """Returns the shipped rules with the quick interval of docs/how-to/alerting.md."""
    return shipped("prometheus/taskwatchd.rules.yml", ("    interval: 5s\n", "    interval: 1s\n", 1))


def prometheus_config(targets, alertmanager):
    """Returns the shipped configuration with the quick interval of docs/how-to/alerting.md and other addresses;
    `targets` and `alertmanager` are HOST:PORT."""
    return shipped("prometheus/prometheus.yml", ("scrape_interval: 15s", "scrape_interval: 2s", 1),
                   ('["taskwatchd.example.com:10120"]', json.dumps(targets), 1),
                   ("localhost:9093", alertmanager, 1))


class Server(harness.Process):
    """One of the two programs: it logs its address and serves /-/ready."""

    def __init__(self, *command):
        super().__init__([*command, "--web.listen-address=127.0.0.1:0"], stdout=subprocess.DEVNULL)
        self.url = None

    def started(self):
        def port():
            for line in list(self.lines):
                match = re.search(r'msg="Listening on" address=127\.0\.0\.1:(\d+)', line)
                if match:
                    return match.group(1)
            if not self.running():
                raise AssertionError(self.tail())
            return None

        self.url = "http://127.0.0.1:" + harness.wait_for(f"the port of {self.command[0]}", port)
        harness.wait_for(lambda: f"it to be ready: {self.tail()}",
                         lambda: harness.fetch(self.url + "/-/ready")[0] == 200, every=0.1)
        return self

    @property
    def address(self):
        return self.url.removeprefix("http://")


class Alertmanager(Server):
    """A single instance: it does not wait for the notifications of others."""

    def __init__(self, config_file, folder):
        super().__init__("prometheus-alertmanager", f"--config.file={config_file}",
                         f"--storage.path={folder}", "--cluster.listen-address=")


class Prometheus(Server):
    def __init__(self, config_file, folder):
        super().__init__("prometheus", f"--config.file={config_file}",
                         f"--storage.tsdb.path={folder}")

    def api(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        status, _, text = harness.fetch(f"{self.url}/api/v1/{path}?{query}")
        if status != 200:
            raise AssertionError(f"Prometheus refuses {path} {parameters}: {status} {text}")
        return json.loads(text)["data"]

    def query(self, expression):
        """Returns [(labels, value), ...] at the current time."""
        return [(row["metric"], float(row["value"][1]))
                for row in self.api("query", query=expression)["result"]]

    def samples(self, selector):
        """Returns [(labels, [(time, value), ...]), ...] as stored; the selector ends with its range."""
        return [(row["metric"], [(at, float(value)) for at, value in row["values"]])
                for row in self.api("query", query=selector)["result"]]

    def alerts(self, name, state=None):
        return [alert for alert in self.api("alerts")["alerts"]
                if alert["labels"]["alertname"] == name and state in (None, alert["state"])]

    def last_evaluation(self, alert):
        for group in self.api("rules")["groups"]:
            for rule in group["rules"]:
                if rule["name"] == alert:
                    return rule["lastEvaluation"]
        raise AssertionError(f"Prometheus has no rule {alert}")

    def wait_query(self, expression, test):
        found = None

        def look():
            nonlocal found
            found = self.query(expression)
            return test(found)

        harness.wait_for(lambda: f"{expression}, last {found}; {self.tail()}", look, SLOW, 0.2)
        return found


class Receiver(http.server.ThreadingHTTPServer):
    """Receives notifications as a webhook: `received` is [(time, path, body), ...]."""

    daemon_threads = True
    request_queue_size = 200

    def __init__(self):
        self.received = []
        received = self.received

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((time.time(), self.path, json.loads(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"

    def close(self):
        self.shutdown()
        self.server_close()

    def notifications(self):
        """Returns [(time, account, alertname, status), ...] of the notifications to people."""
        return [(at, body["groupLabels"].get("account"), body["groupLabels"]["alertname"], body["status"])
                for at, path, body in list(self.received) if path == "/alerts"]


class Monitoring:
    """All three programs; close() stops them. `targets` are the daemons' HOST:PORT."""

    def __init__(self, folder, targets):
        self._parts = []
        self.receiver = self._keep(Receiver())
        os.mkdir(folder)

        def write(name, text):
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return path

        config = write("alertmanager.yml", shipped(
            "alertmanager/alertmanager.yml", ("127.0.0.1:5001", self.receiver.address, 2)))
        self.alertmanager = self._keep(
            Alertmanager(config, os.path.join(folder, "alertmanager"))).started()
        write("taskwatchd.rules.yml", quick_rules())
        config = write("prometheus.yml", prometheus_config(targets, self.alertmanager.address))
        self.prometheus = self._keep(
            Prometheus(config, os.path.join(folder, "prometheus"))).started()

    def _keep(self, part):
        self._parts.append(part)
        return part

    def close(self):
        while self._parts:
            self._parts.pop().close()
