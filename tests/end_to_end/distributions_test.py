#!/usr/bin/env python3
"""Distributions from the first poll to the failed devices, with the real daemon: every format of a result file,
expired links, files that may not be downloaded, a denied API, a restart. The signature of the link is a secret: the
test searches all output of the daemon for it."""

import csv
import glob
import io
import json
import os
import unittest

import harness
import worlds

SMALL = """
accounts:
  - name: demo
    keys:
      - {{id: LTAI5tDemoKey, secret: demo-secret-not-a-real-one}}
    denied: [{denied}]
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
    distributions:
      - id: D1
        product_key: pk
        devices: 10
        running: {running}
        format: csv
        failed: 0
        results: [{{device: lost, code: 6100, message: not found}}]
"""


class Distributions(harness.TestCase):
    def world(self, denied="", running="1s"):
        return self.iotsim(SMALL.format(denied=denied, running=running))

    def devices(self, daemon, result, distribution="D1"):
        return daemon.metric("aliyun_iot_distribution_devices", account="demo", distribution_id=distribution,
                             result=result)

    def api(self, daemon):
        status, _, body = daemon.get("/api/v1/distributions")
        self.assertEqual(status, 200)
        return {one["distribution_id"]: one for one in json.loads(body)["data"]}

    def test_each_kind_and_format_is_read(self):
        cloud = self.iotsim(worlds.scenario_file("distributions.yaml"))
        daemon = self.daemon(cloud.config_file, "--log.level=debug").started()
        truth = {one["id"]: one for one in cloud.control("distributions")["distributions"]}
        self.assertEqual(len(truth), 10)
        harness.wait_for(lambda: "all results; " + daemon.tail(),
                         lambda: len(daemon.events("distribution_result")) == len(truth), deadline=60, every=0.2)
        results = {event["distribution_id"]: event for event in daemon.events("distribution_result")}
        reported = self.api(daemon)
        for name, one in reported.items():
            print(name, one["status"], {k: v for k, v in one["result"].items() if k != "failed_devices"}, flush=True)
        unknown = reported.pop("UbmsMHmkqv0PiAGnone010001")
        self.assertFalse(unknown["result"]["understood"])
        self.assertEqual(self.devices(daemon, "unknown", "UbmsMHmkqv0PiAGnone010001"), 20)
        self.assertEqual(results["UbmsMHmkqv0PiAGnone010001"]["result"], "unknown")
        self.assertEqual(results["UbmsMHmkqv0PiAGnone010001"]["level"], "warn")
        aborted = reported.pop("UbmsMHmkqv0PiAGstop010001")
        self.assertEqual(aborted["status"], "ABORTED")
        self.assertEqual([e["level"] for e in daemon.events("distribution_transition", to="ABORTED")], ["warn"])
        for name, one in reported.items():
            self.assertTrue(one["result"]["understood"], name)
            self.assertEqual(one["result"]["ok"] + one["result"]["failed"] + one["result"]["unknown"],
                             one["devices"], name)
            self.assertEqual(self.devices(daemon, "failed", name), len(one["result"]["failed_devices"]), name)
        failing = reported["UbmsMHmkqv0PiAGfail010001"]["result"]
        self.assertIn("pump-lost", [device["device_name"] for device in failing["failed_devices"]])
        self.assertEqual(failing["unknown"], 1, "an empty code is neither good nor bad")
        self.assertEqual(self.devices(daemon, "failed", "UbmsMHmkqv0PiAGgood010001"), 0)
        self.assertEqual(len(reported["UbmsMHmkqv0PiAGcgbk010001"]["result"]["failed_devices"]),
                         reported["UbmsMHmkqv0PiAGcgbk010001"]["result"]["failed"])
        status, headers, body = daemon.get("/api/v1/distributions/UbmsMHmkqv0PiAGfail010001/failed.csv")
        self.assertEqual(status, 200)
        self.assertTrue(body.startswith("\ufeff"), "for spreadsheets")
        rows = list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))
        self.assertEqual(len(rows), failing["failed"])
        self.assertEqual(rows[-1].keys(), {"product_key", "device_name", "code", "message"})
        kept = glob.glob(os.path.join(cloud.directory, "distributions", "*.raw"))
        self.assertEqual(len(kept), len(truth), "each file as it came")
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        self.no_signature(cloud, daemon)

    def no_signature(self, cloud, daemon):
        everything = daemon.tail(100_000).encode()
        for path in glob.glob(os.path.join(cloud.directory, "state.db*")):
            with open(path, "rb") as file:
                everything += file.read()
        for secret in (b"Signature=", b"OSSAccessKeyId=", b"Expires="):
            self.assertNotIn(secret, everything)

    def test_a_list_that_a_thread_writes(self):
        world = SMALL.format(denied="", running="1s").replace("devices: 10", "devices: 600").replace("failed: 0", "failed: 1")
        daemon = self.daemon(self.iotsim(world).config_file).started()
        daemon.event("distribution_result", distribution_id="D1", failed=601)
        self.assertEqual(len(self.api(daemon)["D1"]["result"]["failed_devices"]), 601)
        path = "/api/v1/distributions/D1/failed.csv"
        status, headers, body = daemon.get(path)
        self.assertEqual((status, headers["Content-Type"]), (200, "text/csv; charset=utf-8"))
        self.assertEqual(len(list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))), 601)
        self.assertEqual(daemon.get(path, headers={"If-None-Match": headers["ETag"]})[0], 304)
        self.assertEqual(daemon.stop(), 0, daemon.tail())

    def test_a_restart_continues_and_reports_nothing_twice(self):
        cloud = self.world()
        daemon = self.daemon(cloud.config_file).started()
        first = daemon.event("distribution_result", distribution_id="D1")
        self.assertEqual(first["failed"], 1)
        self.assertEqual(first["failed_devices"], ["pk/lost 6100"])
        daemon.kill()
        again = self.daemon(cloud.config_file).started()
        again.wait_metric("taskwatchd_account_up", 1, account="demo")
        self.assertEqual(self.devices(again, "failed"), 1)
        self.assertEqual(self.api(again)["D1"]["result"]["codes"]["6100"], 1)
        self.assertTrue(all(event["id"] == first["id"] for event in again.events("distribution_result")),
                        "only what was not known to be delivered comes again")
        self.assertEqual(again.stop(), 0)

    def test_an_expired_link_is_requested_again(self):
        cloud = self.world()
        cloud.switch(link_ms="0")
        daemon = self.daemon(cloud.config_file).started()
        daemon.event("distribution_transition", to="FINISHED")
        harness.wait_for(lambda: "more links; " + daemon.tail(),
                         lambda: cloud.control("calls") and len(
                             [c for c in cloud.control("calls")["calls"]
                              if c["api"] == "QueryDeviceDistributeDetail"]) >= 2)
        cloud.switch(link_ms="600000")
        daemon.event("distribution_result", deadline=60)
        self.assertEqual(daemon.stop(), 0)

    def test_a_file_that_may_not_be_fetched_is_logged_once_and_affects_nothing_else(self):
        cloud = self.world()
        with open(cloud.config_file) as file:
            text = file.read()
        elsewhere = text.replace('distribution_file_hosts: ["127.0.0.1"]', "distribution_file_hosts: [files.example]")
        self.assertNotEqual(text, elsewhere)
        with open(cloud.config_file, "w") as file:
            file.write(elsewhere)
        daemon = self.daemon(cloud.config_file).started()
        reported = daemon.event("distribution_file_failed")
        self.assertIn("distribution_file_hosts", reported["msg"])
        daemon.wait_metric("taskwatchd_account_up", 1, account="demo")
        self.assertEqual(len(daemon.events("distribution_file_failed")), 1)
        self.assertEqual(daemon.stop(), 0)

    def test_faults_of_the_file_server_end_by_themselves(self):
        for fault in ("redirect", "cut", "huge"):
            with self.subTest(fault):
                cloud = self.world()
                cloud.switch(result_file=fault)
                daemon = self.daemon(cloud.config_file).started()
                reported = daemon.event("distribution_file_failed", deadline=90)
                print(fault + ": " + reported["msg"], flush=True)
                cloud.switch(result_file="good")
                daemon.event("distribution_result", deadline=60)
                self.assertEqual(daemon.stop(), 0)

    def test_without_the_status_the_file_is_requested_once_per_minute(self):
        cloud = self.world(denied="QueryDeviceDistributeJob")
        daemon = self.daemon(cloud.config_file).started()
        reported = daemon.event("distribution_result", deadline=90)
        self.assertEqual(reported["failed"], 1)
        self.assertEqual(len(daemon.events("api_forbidden")), 1)
        self.assertEqual(self.api(daemon)["D1"]["status"], "UNKNOWN")
        details = [c for c in cloud.control("calls")["calls"] if c["api"] == "QueryDeviceDistributeDetail"]
        self.assertLessEqual(len(details), 3)
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main()
