#!/usr/bin/env python3
"""Several accounts: the instances of one share its quota, no account waits for another, and each has its own proxy."""

import http.client
import http.server
import threading
import time
import unittest
import urllib.parse

import harness
import worlds

QUOTA = 10
SHARE = 0.8
LIMIT = 8      # ceil(QUOTA * SHARE)
SPAN = 8       # s
PACE_KEPT = 0.9
PACE_BUSY = 0.75   # of the rate before, on a machine that delays programs

TWO_REGIONS = """
accounts:
  - name: demo
    keys:
      - {{id: LTAI5tdemoKey, secret: demo-secret-not-a-real-one}}
    quota: {{QueryTask: {quota}}}
    instances:
"""
INSTANCE = """      - region: {region}
        id: iot-{region}-0001
        jobs:
          - {{id: {region}Job, name: {region}, devices: 0, timeout: 0s, tasks: [
{tasks}]}}
"""


def still_tasks(name, count):
    return {f"{name}{i:02d}": worlds.still() for i in range(count)}


class Proxy:
    """Forwards complete requests, as an HTTP proxy does, and counts them by the AccessKey that signs them."""

    def __init__(self):
        self.seen = []
        seen = self.seen

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                seen.append((self.path, self.headers.get("Authorization", "")))
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                target = urllib.parse.urlsplit(self.path)
                upstream = http.client.HTTPConnection(target.hostname, target.port, timeout=10)
                headers = {name: value for name, value in self.headers.items()
                           if name.lower() not in ("connection", "proxy-connection")}
                upstream.request("POST", target.path + "?" + target.query, body, headers)
                reply = upstream.getresponse()
                data = reply.read()
                self.send_response(reply.status)
                for name, value in reply.getheaders():
                    if name.lower() not in ("connection", "content-length", "transfer-encoding",
                                            "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
                upstream.close()
                if stopped.is_set():
                    self.close_connection = True

            def log_message(self, *_):
                pass

        self.stopped = stopped = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()


class Accounts(harness.TestCase):
    def calls(self, cloud):
        return cloud.control("calls")["calls"]

    def test_two_regions_share_the_quota(self):
        world = TWO_REGIONS.format(quota=QUOTA)
        for region in ("cn-shanghai", "cn-beijing"):
            tasks = ",\n".join(f"            {{id: {task}, script: {script}}}"
                               for task, script in still_tasks(region, 30).items())
            world += INSTANCE.format(region=region, tasks=tasks)
        cloud = self.iotsim(world, "--pace=0s", f"--quota-share={SHARE}")
        with worlds.Stalls() as stalls:
            daemon = self.daemon(cloud.config_file).started()
            daemon.wait_metric("taskwatchd_tasks", 60, state="unfinished")
            time.sleep(SPAN)
            self.assertEqual(daemon.stop(), 0, daemon.tail())
        calls = self.calls(cloud)
        peak = worlds.check_rate(self, calls, LIMIT, stalls)
        by_region = {region: sum(call["task"].startswith(region) for call in calls)
                     for region in ("cn-shanghai", "cn-beijing")}
        print(f"peak {peak} of {LIMIT} over both, calls {by_region}", flush=True)
        for region, count in by_region.items():
            self.assertGreater(count, len(calls) * 0.4, f"{region} has its part")

    def rates(self, cloud, names):
        """Returns the calls per second of each account within SPAN."""
        before = self.calls(cloud)
        begun = time.monotonic()
        time.sleep(SPAN)
        span = time.monotonic() - begun
        last = before[-1]["mono_us"]
        calls = [call for call in self.calls(cloud) if call["mono_us"] > last]
        return {name: sum(call["account"] == name for call in calls) / span for name in names}

    def test_no_account_waits_for_another(self):
        names = [f"acc{i}" for i in range(10)]
        cloud = self.iotsim(worlds.scenario(*(worlds.account(name, QUOTA, still_tasks(name, 12))
                                              for name in names)),
                            "--pace=0s", f"--quota-share={SHARE}")
        daemon = self.daemon(cloud.config_file).started()
        with worlds.Stalls() as stalls:
            for name in names:
                daemon.wait_metric("taskwatchd_tasks", 12, account=name, state="unfinished")
            before = self.rates(cloud, names)
            # The endpoint of the first account does not respond: each of its calls takes the 10 s of its timeout.
            cloud.switch(only_account="acc0", slow=1, slow_ms=60000)
            time.sleep(2)
            after = self.rates(cloud, names)
        reported = {name: f"{before[name]:.2f} -> {after[name]:.2f}" for name in names}
        print(f"calls/s: {reported}; worst stall {stalls.worst * 1000:.0f} ms", flush=True)
        kept = PACE_KEPT if stalls.worst < 0.05 else PACE_BUSY
        for name in names[1:]:
            self.assertGreater(after[name], kept * before[name], f"{name} keeps its pace; {reported}")
        self.assertLess(after["acc0"], before["acc0"] / 2, "it hangs indeed")
        self.assertEqual(daemon.stop(), 0, daemon.tail())

    def test_a_proxy_is_its_accounts_own(self):
        cloud = self.iotsim(worlds.scenario(worlds.account("demo", QUOTA, still_tasks("demo", 4)),
                                            worlds.account("plain", QUOTA, still_tasks("plain", 4))),
                            "--pace=0s", f"--quota-share={SHARE}")
        proxy = Proxy()
        worlds.replace_in(cloud.config_file,
                          ('  - name: "demo"\n', f'  - name: "demo"\n    proxy: {proxy.url}\n'))
        # The daemon must not use the proxy settings of the environment.
        holder, dead = harness.closed_port()
        self.addCleanup(holder.close)
        env = harness.clean_environment(http_proxy=f"http://127.0.0.1:{dead}",
                                        https_proxy=f"http://127.0.0.1:{dead}")
        daemon = self.daemon(cloud.config_file, env=env).started()
        for name in ("demo", "plain"):
            daemon.wait_metric("taskwatchd_tasks", 4, account=name, state="unfinished")
        self.assertGreater(len(proxy.seen), 3)
        self.assertTrue(all("LTAI5tdemoKey" in authorization for _, authorization in proxy.seen))
        self.assertTrue(all(path.startswith(cloud.url + "/") for path, _ in proxy.seen))
        of_demo = sum(call["account"] == "demo" for call in self.calls(cloud))
        self.assertLessEqual(abs(of_demo - len(proxy.seen)), LIMIT, "none goes another way")

        before = self.rates(cloud, ("demo", "plain"))
        proxy.stop()
        reported = daemon.event("account_unreachable", deadline=40)
        self.assertEqual(reported["account"], "demo")
        after = self.rates(cloud, ("demo", "plain"))
        print(f"calls/s with the proxy {before}, without {after}: {reported['msg']}", flush=True)
        self.assertEqual(after["demo"], 0, "not past the proxy")
        self.assertGreater(after["plain"], PACE_BUSY * before["plain"])
        self.assertEqual(daemon.metric("taskwatchd_account_up", account="plain"), 1)
        self.assertEqual(daemon.metric("taskwatchd_account_up", account="demo"), 0)
        self.assertEqual(daemon.stop(), 0, daemon.tail())


if __name__ == "__main__":
    unittest.main()
