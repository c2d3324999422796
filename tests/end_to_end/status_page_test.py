#!/usr/bin/env python3
"""The status page: how it is served, and how a real Chromium shows it with 20,000 tasks (tests/page/page.js) and
with long and hostile names (tests/page/names.js). SCREENSHOTS=DIR keeps the screenshots. Without Chromium, Node.js
or their packages that part is skipped."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
import urllib.request

import harness
import notify_services
import npm
import receiver
import worlds

SKIPPED = 77  # ctest reports this exit code as skipped
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEB, TESTS = os.path.join(ROOT, "daemon", "page"), os.path.join(ROOT, "tests", "page")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TASKS = 20_241  # of LARGE
BROWSER_WITHIN = 480  # s
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")

SMALL = worlds.scenario(worlds.account("demo", 50, {"good": worlds.life((0, "SUCCEEDED"))}))
# A large roll-out and a small job with a device whose name is a script.
LARGE = """
seed: 4
accounts:
  - name: prod
    keys: [{id: LTAI5tDemoKey, secret: demo-secret-not-a-real-one}]
    quota: {QueryTask: 60, ListTask: 150, QueryJobStatistics: 10}
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
        jobs:
          - {name: ota-big, product_key: a1Gate, devices: 20000, rollout: 20000, start: -2m, timeout: 10m,
             life: {failed: 0.06, rejected: 0.008, offline_mean: 3m, run_median: 60s, failed_median: 40s}}
          - {name: ota-ended, product_key: a1Pump, devices: 200, rollout: 6000, start: -20m, timeout: 2m, life: {failed: 0.03, offline: 0, run_median: 30s}}
          - name: set-interval
            product_key: a1Meter
            type: SET_PROPERTY
            devices: 40
            rollout: 600
            timeout: 0s
            life: {failed: 0, hang: 0, offline: 0, rejected: 0}
            tasks:
              - device: pump-hostile
                script:
                  - {at: 0s, status: QUEUED}
                  - {at: 1s, status: FAILED, progress: "62", message: '<img src=x onerror="window.hacked=1">',
                     detail: '{"html":"<script>window.hacked=2</script>"}'}
                rerun:
                  - {at: 0s, status: QUEUED}
                  - {at: 3s, status: IN_PROGRESS, progress: "0"}
                  - {at: 7s, status: SUCCEEDED, progress: "100"}
    distributions:
      - {id: D1, product_key: a1Pump, devices: 30, running: 1s, failed: 0, format: csv,
         results: [{device: pump-lost, code: 6100, message: device not found}]}
"""
# Names of the maximum length, without a possible line break, and one that is HTML for an image.
NAMES = """
accounts:
  - name: ACCOUNT
    keys: [{id: LTAI5tLongKey, secret: long-secret-not-a-real-one}]
    instances:
      - region: cn-shanghai
        id: iot-cn-INSTANCE
        jobs:
          - name: ota-WORD
            product_key: a1Gate
            timeout: 0s
            tasks:
              - {id: TASK, device: pump-WORD, script: [{at: 0s, status: QUEUED},
                  {at: 1s, status: FAILED, progress: "62", message: 0xWORDWORD, detail: '{"WORD":"WORDWORD"}'}]}
              - {device: valve-WORD, script: [{at: 0s, status: IN_PROGRESS, progress: "12"}]}
          - name: HAN
            product_key: a1Gate
            timeout: 0s
            tasks:
              - {device: HAN, script: [{at: 0s, status: QUEUED}, {at: 1s, status: TIMED_OUT, message: HANHAN}]}
          - name: 'one "two" <img src=x onerror=window.hacked=1>'
            product_key: a1Gate
            timeout: 0s
            tasks: [{device: only, script: [{at: 0s, status: IN_PROGRESS, progress: "5"}]}]
          - {name: ota-small, product_key: a1Pump, devices: 40, rollout: 6000, start: -20m, timeout: 2m,
             life: {failed: 0.3, offline: 0, run_median: 3s}}
    distributions:
      - {id: TASK, product_key: INSTANCE, source: iot-cn-INSTANCE, targets: [iot-cn-INSTANCE, iot-cn-INSTANCE], devices: 3,
         running: 1s, failed: 0, format: csv, results: [{device: pump-WORD, code: 6100, message: 0xWORDWORD}]}
  - name: second
    keys: [{id: LTAI5tSecondKey, secret: second-secret-not-a-real-one}]
    instances: [{region: cn-shanghai, id: iot-cn-second, jobs: [{name: calm, product_key: a1Pump, timeout: 0s,
      tasks: [{device: calm, script: [{at: 0s, status: IN_PROGRESS}]}]}]}]
"""
for word, long in (("ACCOUNT", "a" * 64), ("INSTANCE", "i" * 60), ("TASK", "T" * 128), ("WORD", "W" * 112), ("HAN", "固件升级" * 20)):
    NAMES = NAMES.replace(word, long)
TYPOS = "".join(f"          - MSnT9typo{number}{'x' * 100}\n" for number in range(5))


class Served(harness.TestCase):
    def test_headers_hosts_packing_and_names(self):
        cloud = self.iotsim(SMALL)
        daemon = self.daemon(cloud.config_file, "--web.route-prefix=/watch", "--web.telemetry-path=/m&m").started()
        status, headers, text = daemon.get("/watch/")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn('href="./m&amp;m"', text)
        self.assertNotRegex(text, r"<script>|<style|\son\w+=|style=")
        for name, value in (("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff"),
                            ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
                            ("Cross-Origin-Resource-Policy", "same-origin"), ("Cache-Control", "no-cache")):
            self.assertEqual(headers[name], value)
        again = daemon.get("/watch/", headers={"If-None-Match": headers["ETag"]})
        self.assertEqual((again[0], again[2]), (304, ""))

        assets = re.findall(r'(?:src|href)="\.(/assets/[^"]+)"', text)
        self.assertEqual(len(assets), 2)
        for path in assets:
            kind = "text/css; charset=utf-8" if path.endswith(".css") else "text/javascript; charset=utf-8"
            status, headers, body = daemon.get("/watch" + path)
            self.assertEqual((status, headers["Content-Type"]), (200, kind))
            self.assertEqual(headers["Cache-Control"], "public, max-age=31536000, immutable")
            with open(os.path.join(WEB, "dist", "page" + os.path.splitext(path)[1]), encoding="utf-8") as file:
                self.assertEqual(body, file.read())
            request = urllib.request.Request(daemon.url + "/watch" + path, headers={"Accept-Encoding": "gzip"})
            with urllib.request.urlopen(request, timeout=harness.DEADLINE) as reply:
                packed = reply.read()
                self.assertEqual(reply.headers["Content-Encoding"], "gzip")
            self.assertEqual(gzip.decompress(packed).decode(), body)
            self.assertEqual(daemon.get("/watch" + path, method="POST")[0], 405)
        for path in ["/watch/", *("/watch" + path for path in assets)]:
            self.assertEqual(daemon.get(path, headers={"Host": "evil.example"})[0], 403, path)
        for path in ("/", "/assets/", "/watch/assets/", "/watch/assets/page.js", "/watch/assets/../m&m", "/watchful"):
            self.assertEqual(daemon.get(path)[0], 404, path)
        # The links of the page are relative, so the final slash matters; the client follows the redirect to it.
        self.assertIn("/assets/page-", daemon.get("/watch")[2])
        self.assertEqual(daemon.stop(), 0)


class Browser(harness.TestCase):
    def setUp(self):
        super().setUp()
        if not CHROMIUM:
            raise unittest.SkipTest("chromium is not installed")
        self.packages = npm.install("web", WEB, TESTS)

    def browse(self, script, daemon, cloud):
        shots = os.environ.get("SCREENSHOTS") or self.path("shots")
        os.makedirs(shots, exist_ok=True)
        home = self.path("home")
        os.makedirs(home)
        done = subprocess.run([npm.NODE, script, daemon.url + "/", cloud.url, shots], cwd=self.packages,
                              timeout=BROWSER_WITHIN, stdin=subprocess.DEVNULL, check=False,
                              env=harness.clean_environment(HOME=home, CHROMIUM=CHROMIUM))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(daemon.stop(), 0)

    def sinks(self):
        """Returns the configuration of a chat that works and of a webhook that is down."""
        there = receiver.Receiver()
        self.addCleanup(there.close)
        there.serve("/ops", notify_services.Slack())
        there.serve("/broken", notify_services.Webhook())
        there.fail("/broken", receiver.status(503))
        robot = self.write(self.path("ops-url"), there.url("/ops?token=secret") + "\n", 0o600)
        return (f"notify:\n  - {{name: ops, format: slack, url_file: {robot}}}\n"
                f"  - {{name: broken, format: cloudevents, url: {there.url('/broken')}}}\n")

    def test_twenty_thousand_tasks(self):
        cloud = self.iotsim(LARGE, "--watch=jobs", "--pace=1s")
        with open(cloud.config_file, "a", encoding="utf-8") as file:
            file.write("bounds: {detection_delay: 30s}\n")
        daemon = self.daemon(cloud.config_file).started()
        seen = lambda: json.loads(daemon.get("/api/v1/tasks?limit=1")[2])["data"]["total"]
        harness.wait_for(lambda: f"all tasks, last {seen()}", lambda: seen() == TASKS, deadline=90, every=0.5)
        daemon.event("distribution_result", deadline=60)
        self.browse("page.js", daemon, cloud)

    def test_long_and_hostile_names(self):
        cloud = self.iotsim(NAMES, "--watch=jobs", "--pace=1s")
        with open(cloud.config_file, encoding="utf-8") as file:
            before, jobs, after = file.read().partition("        jobs:")
        self.write(cloud.config_file, before + "        tasks:\n" + TYPOS + jobs + after + self.sinks())
        daemon = self.daemon(cloud.config_file).started()
        daemon.event("distribution_result", deadline=60)
        bad = lambda: json.loads(daemon.get("/api/v1/tasks?limit=1&status=FAILED,TIMED_OUT")[2])["data"]["total"]
        harness.wait_for("bad tasks", lambda: bad() > 2, deadline=60, every=0.5)
        self.browse("names.js", daemon, cloud)


if __name__ == "__main__":
    run = unittest.main(verbosity=2, exit=False).result
    for test, why in run.skipped:
        print("skipped:", test, why, file=sys.stderr)
    sys.exit(1 if not run.wasSuccessful() else SKIPPED if run.skipped else 0)
