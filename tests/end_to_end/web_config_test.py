#!/usr/bin/env python3
"""--web.config.file, in the format of exporter-toolkit: TLS, client certificates, users and headers, certificates
that change while the daemon runs, and clients that try to block it. A real Prometheus scrapes with all of these.

Needs openssl, and uses prometheus and prometheus-node-exporter if installed.
"""

import base64
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest
import urllib.parse
import warnings

import harness
import worlds

SECRET = "$2y$05$qetjvy7veMo4y6ReBoUtU.dN5aJIh.fF4wdqKYzd.wKYZhC5pNWi6"  # htpasswd -nbBC 5: secret
ROTATED = "$2y$05$WbvvYvzZabJxi/eZ3Nvlf.55AxB9yL61anwoF1moIcJDMlDDNpvhG"  # rotated
COST12 = "$2b$12$pM9oYhXfyGpf5VMYoO3B9.EraW0F4hU9/fg9.PCnrwsSYSCfYcQHS"  # htpasswd -nbBC 12: secret
PATHS = ("/metrics", "/-/healthy", "/-/ready", "/", "/api/v1/status", "/api/v1/events", "/nowhere")

WORLD = worlds.scenario(worlds.account("demo", 50, {
    f"t{n}": worlds.life((0, "QUEUED"), (1 + n * 0.5, "SENT"), (2 + n * 0.5, "FAILED")) for n in range(40)}))

TLS = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"
MTLS = TLS + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: client-ca.pem\n"
USERS = f"basic_auth_users:\n  prometheus: {SECRET}\n"
HEADERS = ("http_server_config:\n  http2: true\n  headers:\n    Strict-Transport-Security: max-age=31536000\n"
           "    X-Frame-Options: deny\n    Content-Security-Policy: frame-ancestors 'none'\n")


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


LOGIN = basic("prometheus", "secret")


class WebCase(harness.TestCase):
    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)

    def authority(self, name):
        """Creates NAME.pem and NAME.key, a CA certificate."""
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                     "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")

    def certificate(self, name, authority, sans="IP:127.0.0.1,DNS:localhost", to=None):
        """Creates NAME.pem and NAME.key, or those of `to`. Both are replaced at once, as in a renewal."""
        self.write(f"{name}.ext", f"subjectAltName={sans}\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", f"{name}.newkey", "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                     "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.newpem")
        for kind in ("key", "pem"):
            os.replace(self.path(f"{name}.new{kind}"), self.path(f"{to or name}.{kind}"))

    def setUp(self):
        super().setUp()
        self.authority("ca")
        self.certificate("server", "ca")

    def start(self, web, *flags, **how):
        """Starts a daemon with that web configuration; its url is https if it has TLS."""
        cloud = self.iotsim(WORLD)
        self.write("web.yml", web)
        daemon = self.daemon(cloud.config_file, f"--web.config.file={self.path('web.yml')}", *flags, **how).started()
        self.address = urllib.parse.urlsplit(daemon.url).netloc
        return daemon

    def context(self, client=None, **versions):
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of old versions, which must be rejected
            for name, value in versions.items():
                setattr(context, name, value)
        if client:
            context.load_cert_chain(self.path(f"{client}.pem"), self.path(f"{client}.key"))
        return context

    def ask(self, path, headers=None, method="GET", context=None, plain=False):
        """Returns (status, headers, body)."""
        connection = (http.client.HTTPConnection(self.address, timeout=harness.DEADLINE) if plain else
                      http.client.HTTPSConnection(self.address, timeout=harness.DEADLINE,
                                                  context=context or self.context()))
        try:
            connection.request(method, path, headers=headers or {})
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read().decode()
        finally:
            connection.close()

    def status(self, path, headers=None, **how):
        return self.ask(path, headers, **how)[0]

    def refused(self, context):
        """Returns whether the handshake rejects a client with that context."""
        try:
            self.ask("/-/healthy", context=context)
        except (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected):
            return True
        return False

    def served_certificate(self):
        with socket.create_connection(self.address.split(":"), timeout=harness.DEADLINE) as raw:
            with self.context().wrap_socket(raw, server_hostname="localhost") as tls:
                return tls.getpeercert()["serialNumber"]


class Tls(WebCase):
    def test_https_and_nothing_else(self):
        self.start(TLS)
        status, headers, body = self.ask("/metrics")
        self.assertEqual(status, 200)
        self.assertIn("taskwatchd_build_info", body)
        self.assertTrue(harness.parse_metrics(body))
        status, _, body = self.ask("/metrics", plain=True)
        self.assertEqual(status, 400)
        self.assertIn("this port uses https", body)
        self.assertNotIn("taskwatchd_build_info", body)
        old = self.context(minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
        old.set_ciphers("ALL:@SECLEVEL=0")
        self.assertTrue(self.refused(old))
        self.assertFalse(self.refused(self.context(maximum_version=ssl.TLSVersion.TLSv1_2)))

    def test_clients_show_a_certificate(self):
        self.authority("client-ca")
        self.authority("stranger")
        self.certificate("scraper", "client-ca", sans="DNS:scraper.example")
        self.certificate("other", "client-ca", sans="DNS:other.example")
        self.certificate("wrong", "stranger", sans="DNS:scraper.example")
        self.start(MTLS + "  client_allowed_sans: [scraper.example]\n")
        self.assertEqual(self.status("/metrics", context=self.context("scraper")), 200)
        for client in (None, "wrong", "other"):
            self.assertTrue(self.refused(self.context(client)), client)

    def test_a_renewed_certificate_needs_no_restart(self):
        daemon = self.start(TLS)
        kept = http.client.HTTPSConnection(self.address, timeout=harness.DEADLINE, context=self.context())
        kept.request("GET", "/-/healthy")
        self.assertEqual(kept.getresponse().read(), b"taskwatchd is healthy.\n")
        first = self.served_certificate()
        self.certificate("renewed", "ca", to="server")
        harness.wait_for("the new certificate", lambda: self.served_certificate() != first, deadline=10)
        daemon.event("config_reloaded", file=self.path("web.yml"))
        kept.request("GET", "/-/healthy")
        self.assertEqual(kept.getresponse().read(), b"taskwatchd is healthy.\n", "the old connection goes on")
        kept.close()
        # After a failed renewal, the active certificate stays, and the failure is logged once.
        good = self.served_certificate()
        self.write("server.key", "no key\n")
        failed = daemon.event("config_reload_failed", file=self.path("web.yml"))
        self.assertIn("web.yml:3:13: `key_file`", failed["msg"])
        time.sleep(6)  # the file is checked again meanwhile
        self.assertEqual(self.served_certificate(), good)
        self.assertEqual(len(daemon.events("config_reload_failed")), 1)
        self.assertIn("taskwatchd_config_last_reload_successful 0", self.ask("/metrics")[2])
        self.certificate("mended", "ca", to="server")
        harness.wait_for("the mended certificate", lambda: self.served_certificate() != good, deadline=10)
        self.assertIn("taskwatchd_config_last_reload_successful 1", self.ask("/metrics")[2])

    def test_half_open_handshakes_hold_up_no_scrape(self):
        daemon = self.start(TLS + USERS)
        hello = bytes.fromhex("16030102000100")
        hanging = []
        try:
            for number in range(1000):
                hanging.append(socket.create_connection(self.address.split(":"), timeout=harness.DEADLINE))
                if number % 2:
                    hanging[-1].sendall(hello)
            start = time.monotonic()
            self.assertEqual(self.status("/metrics", LOGIN), 200)
            self.assertLess(time.monotonic() - start, 10, "Prometheus's scrape_timeout")
            slow = threading.Thread(target=self.send_slowly, args=(hanging[:50],))
            slow.start()
            for _ in range(5):
                self.assertEqual(self.status("/metrics", LOGIN), 200)
            slow.join()
        finally:
            for one in hanging:
                one.close()
        self.assertTrue(daemon.running())

    def send_slowly(self, sockets):
        for _ in range(20):
            for one in sockets:
                try:
                    one.sendall(b"\x00")
                except OSError:
                    pass
            time.sleep(0.05)

    def test_the_watchdog_is_fed(self):
        path = self.path("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(path)
            listener.settimeout(harness.DEADLINE)
            self.start(TLS + USERS, env=harness.clean_environment(NOTIFY_SOCKET=path, WATCHDOG_USEC=600000))
            fed = 0
            while fed < 4:
                fed += b"WATCHDOG=1" in listener.recv(4096)


class Users(WebCase):
    def test_every_path_requires_authentication(self):
        self.start(TLS + USERS + HEADERS)
        for path in PATHS:
            status, headers, _ = self.ask(path)
            self.assertEqual(status, 401, path)
            self.assertTrue(headers["WWW-Authenticate"].startswith("Basic"), path)
            self.assertEqual(headers["X-Frame-Options"], "deny", path)
        for wrong in (basic("prometheus", "Secret"), basic("prometheus", ""), basic("anna", "secret"),
                      basic("", "secret"), {"Authorization": "Basic secret"}, {"Authorization": "Bearer x"}):
            for _ in range(2):
                self.assertEqual(self.status("/metrics", wrong), 401, wrong)
        for path in ("/metrics", "/-/healthy", "/", "/api/v1/status"):
            for _ in range(2):
                status, headers, _ = self.ask(path, LOGIN)
                self.assertEqual(status, 200, path)
                self.assertEqual(headers["Strict-Transport-Security"], "max-age=31536000")
                self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
        self.assertEqual(self.status("/-/reload", LOGIN, method="POST"), 403, "not enabled")
        series = harness.parse_metrics(self.ask("/metrics", LOGIN)[2])
        refusals = len(PATHS) + 12
        self.assertEqual(harness.value_of(series, "taskwatchd_http_requests_total", handler="login", code="401"), refusals)

    def test_without_tls_too(self):
        self.start(USERS)
        self.assertEqual(self.status("/metrics", plain=True), 401)
        self.assertEqual(self.status("/metrics", LOGIN, plain=True), 200)

    def test_users_change_without_a_restart(self):
        daemon = self.start(TLS + USERS)
        self.assertEqual(self.status("/metrics", LOGIN), 200)
        self.write("web.yml", TLS + f"basic_auth_users:\n  prometheus: {ROTATED}\n  anna: {SECRET}\n")
        harness.wait_for("the new password", lambda: self.status("/metrics", basic("prometheus", "rotated")) == 200,
                         deadline=10)
        self.assertEqual(self.status("/metrics", LOGIN), 401, "the old one is of no use")
        self.assertEqual(self.status("/metrics", basic("anna", "secret")), 200)
        # An empty file does not disable authentication.
        self.write("web.yml", "")
        daemon.event("config_reload_failed")
        self.assertEqual(self.status("/metrics"), 401)
        self.assertEqual(self.status("/metrics", basic("anna", "secret")), 200)

    def test_events_come_over_tls_with_a_login(self):
        self.start(TLS + USERS)
        connection = http.client.HTTPSConnection(self.address, timeout=harness.DEADLINE, context=self.context())
        connection.request("GET", "/api/v1/events", headers=LOGIN)
        reply = connection.getresponse()
        self.assertEqual(reply.status, 200)
        line = ""
        while line != "event: task_transition":
            line = reply.readline().decode().rstrip("\n")
        connection.close()

    def test_guesses_do_not_keep_prometheus_out(self):
        cost10 = "$2y$10$" + "abcdefghijklmnopqrstuu" + "A" * 31
        self.start(TLS + USERS + f"  slow: {cost10}\n")
        self.assertEqual(self.status("/metrics", LOGIN), 200)
        seen, stop = [], threading.Event()

        def guess(number):
            count = 0
            while not stop.is_set():
                seen.append(self.status("/metrics", basic("slow", f"{number}-{count}")))
                count += 1

        guessers = [threading.Thread(target=guess, args=(number,)) for number in range(24)]
        for one in guessers:
            one.start()
        try:
            for _ in range(10):
                self.assertEqual(self.status("/metrics", LOGIN), 200)
                time.sleep(0.1)
        finally:
            stop.set()
            for one in guessers:
                one.join()
        self.assertLessEqual(set(seen), {401, 503})
        self.assertIn(503, seen, "one waits at a time")

    def test_guesses_from_elsewhere_keep_no_login_out(self):
        """40 clients guess at the most expensive hash while users log in whose logins are not cached."""
        logins = int(os.environ.get("LOGINS", "8"))
        self.start("basic_auth_users:\n" + "".join(f"  user{n}: {COST12}\n" for n in range(logins)))
        seen, stop, slowest = [], threading.Event(), 0

        def guess(number):
            while not stop.is_set():
                connection = http.client.HTTPConnection(self.address, timeout=60,
                                                        source_address=(f"127.0.1.{number}", 0))
                connection.request("GET", "/metrics", headers=basic("user0", f"{number}-{time.monotonic()}"))
                seen.append(connection.getresponse().status)
                connection.close()

        guessers = [threading.Thread(target=guess, args=(number,)) for number in range(1, 41)]
        for one in guessers:
            one.start()
        try:
            for number in range(logins):
                begun = time.monotonic()
                self.assertEqual(self.status("/metrics", basic(f"user{number}", "secret"), plain=True), 200, number)
                slowest = max(slowest, time.monotonic() - begun)
        finally:
            stop.set()
            for one in guessers:
                one.join()
        self.assertLessEqual(set(seen), {401, 503})
        print(f"{logins} logins at a cost of 12 among 40 guessing clients ({len(seen)} guesses): each within "
              f"{slowest:.2f} s", flush=True)

    def test_explain_logs_in(self):
        daemon = self.start(TLS + USERS)
        password = self.write("password", "secret\n")
        url = f"--url=https://{self.address}"

        def explain(*flags):
            return self.cli("explain", url, *flags, "t1")

        login = ["--user=prometheus", f"--password-file={password}"]
        harness.wait_for("the task", lambda: explain(f"--ca-file={self.path('ca.pem')}", *login).returncode == 0)
        without = explain(f"--ca-file={self.path('ca.pem')}")
        self.assertEqual(without.returncode, 69)
        self.assertIn("set --user and --password-file", without.stderr)
        self.assertEqual(explain(*login).returncode, 69, "an authority that is not known")
        self.assertEqual(explain("--user=prometheus").returncode, 78)
        self.assertEqual(explain("--user=a", "--password-file=/nonexistent").returncode, 78)
        self.assertTrue(daemon.running())


class Mistakes(WebCase):
    def check_and_run(self, web, *fragments):
        cloud = self.iotsim(WORLD)
        path = self.write("web.yml", web)
        for command in (("check",), ("run", "--web.listen-address=127.0.0.1:0")):
            result = self.cli(*command, f"--config.file={cloud.config_file}", f"--web.config.file={path}",
                              env=harness.clean_environment(STATE_DIRECTORY=self.folder))
            self.assertEqual(result.returncode, 78, result.stderr)
            for fragment in fragments:
                self.assertIn(fragment, result.stderr)
            for secret in ("hunter2", SECRET):
                self.assertNotIn(secret, result.stderr)

    def test_all_are_named_with_their_places(self):
        self.check_and_run("tls_server_config:\n  cert_file: server.pem\n  min_version: TLS9\n"
                           "basic_auth_users:\n  anna: hunter2\nbasic_auth: x\n",
                           "web.yml:2:3: `key_file` is missing in `tls_server_config`", "web.yml:3:16: `min_version` must be",
                           "web.yml:5:9: the password of user `anna` must be a bcrypt hash",
                           "web.yml:6:1: unknown key `basic_auth`")

    def test_files_that_cannot_be_used(self):
        self.check_and_run("tls_server_config: {cert_file: absent.pem, key_file: absent.key}\n",
                           f"web.yml:1:32: `cert_file` {self.path('absent.pem')} cannot be read: No such file",
                           f"`key_file` {self.path('absent.key')} cannot be read: No such file")
        self.check_and_run("tls_server_config: {cert_file: server.pem, key_file: ca.key}\n",
                           "is not the key of `cert_file`")

    def test_a_key_with_a_passphrase_does_not_ask_for_it(self):
        self.openssl("ec", "-in", "server.key", "-aes256", "-passout", "pass:x", "-out", "locked.key")
        self.check_and_run("tls_server_config: {cert_file: server.pem, key_file: locked.key}\n",
                           "contains no usable key", "without a passphrase")

    def test_good_ones_are_summed_up(self):
        cloud = self.iotsim(WORLD)
        path = self.write("web.yml", TLS + USERS)
        result = self.cli("check", f"--config.file={cloud.config_file}", f"--web.config.file={path}")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("web: TLS 1.2 or later, 1 user\n", result.stdout)
        self.assertNotIn("web.yml", result.stderr)
        self.write("web.yml", TLS + "  client_auth_type: RequireAnyClientCert\n" + USERS)
        result = self.cli("check", f"--config.file={cloud.config_file}", f"--web.config.file={path}")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("client certificates required, not verified, 1 user\n", result.stdout)
        self.assertIn("web.yml:4:21: warning: `client_auth_type` does not verify", result.stderr)

    def test_an_open_door_is_warned_of(self):
        cloud = self.iotsim(WORLD)
        daemon = self.daemon(cloud.config_file, "--web.listen-address=0.0.0.0:0").started()
        harness.wait_for("the warning", lambda: [e for e in daemon.events(level="warn")
                                                 if "without TLS and authentication" in e["msg"]])
        shut = self.start(TLS + USERS, "--web.listen-address=[::1]:0")
        self.assertEqual([e for e in shut.events(level="warn") if "accepts connections from other hosts" in e["msg"]], [])


@unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed")
class RealClients(WebCase):
    def test_prometheus_scrapes_with_all_of_it(self):
        self.authority("client-ca")
        self.certificate("scraper", "client-ca", sans="DNS:scraper.example")
        self.start(MTLS + USERS + HEADERS)
        holder, port = harness.closed_port()
        holder.close()
        config = self.write("prometheus.yml", json.dumps({
            "scrape_configs": [{
                "job_name": "taskwatchd", "scrape_interval": "1s", "scheme": "https",
                "basic_auth": {"username": "prometheus", "password": "secret"},
                "tls_config": {"ca_file": "ca.pem", "cert_file": "scraper.pem", "key_file": "scraper.key"},
                "static_configs": [{"targets": [self.address]}]}]}))
        prometheus = self.keep(harness.Process([
            "prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.path('tsdb')}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]))
        query = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": "up"})

        def up():
            try:
                status, _, text = harness.fetch(query)
            except OSError:
                return False
            result = json.loads(text)["data"]["result"] if status == 200 else []
            return result and result[0]["value"][1] == "1"

        harness.wait_for(lambda: f"a scrape; {prometheus.tail()}", up, deadline=60, every=0.5)

    @unittest.skipUnless(shutil.which("prometheus-node-exporter"), "prometheus-node-exporter is not installed")
    def test_the_same_file_is_taken_by_another_exporter(self):
        self.start(TLS + USERS + HEADERS)
        ours = [(self.status(path), self.status(path, LOGIN)) for path in ("/metrics", "/")]
        holder, port = harness.closed_port()
        holder.close()
        exporter = self.keep(harness.Process([
            "prometheus-node-exporter", "--collector.disable-defaults", f"--web.listen-address=127.0.0.1:{port}",
            f"--web.config={self.path('web.yml')}" if self.old_flag() else
            f"--web.config.file={self.path('web.yml')}"]))
        self.address = f"127.0.0.1:{port}"

        def answers():
            try:
                return self.status("/metrics") == 401
            except OSError:
                return False

        harness.wait_for(lambda: f"node_exporter; {exporter.tail()}", answers)
        self.assertEqual([(self.status(path), self.status(path, LOGIN)) for path in ("/metrics", "/")], ours)
        self.assertTrue(self.refused(self.context(minimum_version=ssl.TLSVersion.TLSv1,
                                                  maximum_version=ssl.TLSVersion.TLSv1_1)))
        exporter.send(signal.SIGTERM)

    def old_flag(self):
        said = subprocess.run(["prometheus-node-exporter", "--help"], capture_output=True, text=True, check=False)
        return "--web.config.file" not in said.stdout + said.stderr


if __name__ == "__main__":
    unittest.main()
