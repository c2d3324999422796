#!/usr/bin/env python3
"""The flags of `run` that define where and how it serves, one by one, and sockets that systemd passes."""

import http.client
import os
import shutil
import socket
import subprocess
import unittest
import urllib.parse

import harness
import worlds

WORLD = worlds.scenario(worlds.account("demo", 50, {"t1": worlds.still()}))


class WebFlags(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.cloud = self.iotsim(WORLD)

    def start(self, *flags):
        return self.daemon(self.cloud.config_file, *flags).started()

    def status(self, daemon, path, host=None, method="GET"):
        return harness.fetch(daemon.url + path, method=method, headers={"Host": host} if host else None)[0]

    def test_each_address_is_served_and_named(self):
        daemon = self.start("--web.listen-address=localhost:0", "--web.listen-address", "127.0.0.2:0")
        addresses = daemon.event("started")["listen"]
        self.assertEqual(len(addresses), 3)
        self.assertEqual(len({address.rsplit(":")[-1] for address in addresses} - {"0"}), 3)
        for address in addresses:
            self.assertEqual(harness.fetch(f"http://{address}/-/ready")[0], 200)

    def test_an_address_in_use(self):
        holder = socket.socket()
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        self.addCleanup(holder.close)
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        result = self.cli("run", f"--config.file={self.cloud.config_file}", f"--web.listen-address={address}")
        self.assertEqual(result.returncode, 69, result.stderr)
        self.assertIn(f"cannot listen on {address}", result.stderr)

    def test_telemetry_path(self):
        daemon = self.start("--web.telemetry-path=/iot/metrics")
        self.assertEqual(self.status(daemon, "/iot/metrics"), 200)
        self.assertEqual(self.status(daemon, "/metrics"), 404)

    def test_route_prefix(self):
        daemon = self.start("--web.route-prefix=/iot/", "--web.external-url=https://tasks.example.com/other")
        for path in ("/metrics", "/-/healthy", "/-/ready", "/api/v1/status", "/"):
            self.assertEqual(self.status(daemon, "/iot" + path), 200, path)
            self.assertEqual(self.status(daemon, path), 404, path)
            self.assertEqual(self.status(daemon, "/other" + path), 404, path)

    def test_external_url_gives_the_prefix_and_a_host(self):
        daemon = self.start("--web.external-url=https://tasks.example.com/iot")
        self.assertEqual(self.status(daemon, "/iot/metrics"), 200)
        self.assertEqual(self.status(daemon, "/iot/api/v1/status", host="tasks.example.com"), 200)
        self.assertEqual(self.status(daemon, "/iot/api/v1/status", host="evil.example"), 403)
        daemon.stop()
        no_prefix = self.start("--web.external-url=https://tasks.example.com/iot", "--web.route-prefix=/")
        self.assertEqual(self.status(no_prefix, "/metrics"), 200)

    def test_allowed_host(self):
        daemon = self.start("--web.allowed-host=a.example", "--web.allowed-host=b.example:8443")
        for host in ("a.example", "A.example:10120", "b.example", "localhost", "127.0.0.1", "[::1]:80",
                     socket.gethostname()):
            self.assertEqual(self.status(daemon, "/api/v1/status", host=host), 200, host)
        for path in ("/", "/api/v1/status"):
            self.assertEqual(self.status(daemon, path, host="evil.example"), 403, path)
        for path in ("/metrics", "/-/healthy", "/-/ready"):
            self.assertEqual(self.status(daemon, path, host="evil.example"), 200, path)

    def test_lifecycle(self):
        shut = self.start()
        for method in ("POST", "PUT"):
            self.assertEqual(self.status(shut, "/-/reload", method=method), 403)
        shut.stop()
        daemon = self.start("--web.enable-lifecycle")
        for method in ("POST", "PUT"):
            self.assertEqual(self.status(daemon, "/-/reload", method=method), 200)
        self.assertEqual(self.status(daemon, "/-/reload"), 405)
        self.assertEqual(self.status(daemon, "/-/reload", host="evil.example", method="POST"), 403)
        self.write(self.cloud.config_file, "accounts: []\n")
        status, _, body = harness.fetch(daemon.url + "/-/reload", method="POST")
        self.assertEqual(status, 500)
        self.assertIn("taskwatchd.yaml:1:11:", body)

    def test_max_requests(self):
        """Clients that do not read count towards the limit of pages, not towards that of the API."""
        many = worlds.scenario(worlds.account("demo", 50, {f"t{n}": worlds.still() for n in range(1000)}))
        self.cloud = self.iotsim(many)
        with open(self.cloud.config_file, "a", encoding="utf-8") as file:
            file.write("\nmetrics: {task_series: all, task_series_limit: 100000}\n")
        daemon = self.start("--web.max-requests=2")
        address = urllib.parse.urlsplit(daemon.url)
        harness.wait_for("a large page", lambda: len(daemon.get("/metrics")[2]) > 500_000, deadline=60, every=0.5)
        holding = []
        for _ in range(2):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect((address.hostname, address.port))
            one.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 40)
            holding.append(one)
        try:
            harness.wait_for("503", lambda: self.status(daemon, "/") == 503, deadline=8, every=0.1)
            self.assertEqual(self.status(daemon, "/api/v1/status"), 200)
            for path in ("/-/healthy", "/-/ready"):
                self.assertEqual(self.status(daemon, path), 200, "no part in the limit")
        finally:
            for one in holding:
                one.close()
        harness.wait_for("room again", lambda: self.status(daemon, "/") == 200)


class Sockets(harness.TestCase):
    def start(self, *activate, flags=()):
        cloud = self.iotsim(WORLD)
        return self.keep(harness.Process(
            ["systemd-socket-activate", *activate, "--setenv=HOME", harness.program("TASKWATCHD"), "run",
             f"--config.file={cloud.config_file}", "--log.format=json", "--web.systemd-socket", *flags],
            stdout=subprocess.DEVNULL))

    def free_port(self):
        holder, port = harness.closed_port()
        holder.close()
        return port

    @unittest.skipUnless(shutil.which("systemd-socket-activate"), "systemd-socket-activate is not installed")
    def test_sockets_that_systemd_passes_are_served(self):
        ports = [self.free_port(), self.free_port()]
        self.start(*[f"--listen=127.0.0.1:{port}" for port in ports], flags=["--web.listen-address=192.0.2.1:1"])

        def answers(port):
            try:
                return harness.fetch(f"http://127.0.0.1:{port}/-/ready")[0] == 200
            except (OSError, http.client.HTTPException):
                return False

        for port in ports:
            harness.wait_for(f"port {port}", lambda port=port: answers(port))

    @unittest.skipUnless(shutil.which("systemd-socket-activate"), "systemd-socket-activate is not installed")
    def test_a_socket_of_another_kind(self):
        path = self.path("socket")
        process = self.start(f"--listen={path}")
        harness.wait_for("the socket", lambda: os.path.exists(path))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            self.assertEqual(process.wait(), 78)
        self.assertIn("ListenStream=127.0.0.1:10120", "\n".join(process.lines))

    def test_no_socket(self):
        cloud = self.iotsim(WORLD)
        result = self.cli("run", f"--config.file={cloud.config_file}", "--web.systemd-socket")
        self.assertEqual(result.returncode, 78, result.stderr)
        self.assertIn("systemd passed no socket", result.stderr)


if __name__ == "__main__":
    unittest.main()
