#!/usr/bin/env python3
"""No secret leaves the daemon. The daemon runs at the most detailed log level, with secrets that
are easy to find, and every kind of rejection is forced. Then every byte that it wrote or serves
is searched for the secrets."""

import base64
import os
import re
import time
import unittest
import urllib.parse

import harness
import worlds

QUOTA = 50
SECRET = "cAnArYsEcReT+Static/0123456789=="
WRONG = "cAnArYwRoNg+Static/9876543210=="
SIGNER = "cAnArYsIgNeR+Role/0123456789abc="
TOKEN = "CAIScAnArYtOkEn+/0123456789abcdefghij=="
OIDC = "eyJhcAnArYoIdC.eyJzdWIiOiJ4In0.c2lnbmF0dXJl-_0123456789"
ARN = "acs:ram::123456789:role/"
CONFIG = """
accounts:
  - name: static
    credentials:
      access_key_id: STS.staticKey
      access_key_secret_file: static.secret
      security_token_file: static.token
    signature: v1
    pace: {{task: 100ms}}
    instances:
      - {{region: cn-shanghai, id: iot-cn-static0001, endpoint: "{url}", tasks: [static-one]}}
  - name: role
    credentials:
      access_key_id: LTAI5troleKey
      access_key_secret_file: role.secret
      assume_role: {{role_arn: "{arn}role", external_id: E1}}
    pace: {{task: 100ms}}
    instances:
      - {{region: cn-shanghai, id: iot-cn-role0001, endpoint: "{url}", tasks: [role-one]}}
  - name: chain
    signature: v1
    pace: {{task: 100ms}}
    instances:
      - {{region: cn-shanghai, id: iot-cn-chain0001, endpoint: "{url}", tasks: [chain-one]}}
state: {{path: state.db}}
"""


def forms(secret):
    """Returns the forms in which a secret could appear: plain, URL-encoded once and twice, base64
    at each offset, hex."""
    raw = secret.encode()
    once = urllib.parse.quote(secret, safe="")
    found = {raw, once.encode(), urllib.parse.quote(once, safe="").encode(),
             urllib.parse.quote_plus(secret).encode(), raw.hex().encode(),
             raw.hex().upper().encode()}
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + raw)
        # Without the ends, which depend on the neighbouring bytes.
        inner = text[4 if offset else 0:len(text) - 4]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return {form for form in found if len(form) >= 16}


class Canary(harness.TestCase):
    def world(self):
        accounts = []
        for name, secret in (("static", SECRET), ("role", SIGNER), ("chain", "unused-secret")):
            text = worlds.account(name, QUOTA, {f"{name}-one": worlds.life(
                *((i, "IN_PROGRESS" if i % 2 else "QUEUED") for i in range(0, 60, 2)))})
            key = f"secret: {name}-secret-not-a-real-one"
            self.assertIn(key, text)
            token = f', security_token: "{TOKEN}"' if name == "static" else ""
            text = text.replace(key, f'secret: "{secret}"{token}')
            text = text.replace("LTAI5tstaticKey", "STS.staticKey")  # others have no token
            mark = f"quota: {{QueryTask: {QUOTA}}}"
            self.assertIn(mark, text)
            role = (f'\n    role: {{arn: "{ARN}{name}", external_id: '
                    f'{"E1" if name == "role" else chr(34) * 2}, oidc_provider: "P:chain", '
                    f'oidc_token: "{OIDC if name == "chain" else ""}"}}')
            accounts.append(text.replace(mark, mark + role))
        return self.iotsim(worlds.scenario(*accounts))

    def shown(self, daemon):
        """Returns everything that the daemon wrote, serves or was started with, as {location:
        bytes}."""
        found = {"log": "\n".join(daemon.lines).encode()}
        for path in ("/metrics", "/", "/api/v1/tasks/static-one", "/api/v1/tasks/role-one",
                     "/api/v1/tasks/chain-one"):
            found[path] = daemon.get(path)[2].encode()
        for name in ("state.db", "state.db-wal", "state.db-shm"):
            if os.path.exists(self.path(name)):
                with open(self.path(name), "rb") as file:
                    found[name] = file.read()
        for name in ("cmdline", "environ"):
            with open(f"/proc/{daemon.pid}/{name}", "rb") as file:
                found[name] = file.read()
        return found

    def refused(self, cloud, code, since):
        """Waits until the platform has rejected calls with this code."""
        harness.wait_for(lambda: f"{code} at the cloud; {self.running.tail()}", lambda: any(
            call["code"].startswith(code) and call["mono_us"] > since
            for call in cloud.control("calls")["calls"]), deadline=90)

    def renewed(self, cloud, daemon):
        """Waits until both accounts with temporary credentials have valid ones."""
        harness.wait_for(lambda: f"a new session of each; {daemon.tail()}", lambda: {
            session["account"] for session in cloud.control("sessions")["sessions"]
            if not session["revoked"]} >= {"chain", "role"}, deadline=120)

    def reported(self, daemon, words):
        harness.wait_for(lambda: f"{words} in the log; {daemon.tail()}",
                         lambda: any(words in line for line in list(daemon.lines)), deadline=120)

    def force(self, cloud, daemon):
        """Forces each kind of rejection, for long enough that the daemon meets it."""
        def newest():
            return max(call["mono_us"] for call in cloud.control("calls")["calls"])

        def ok():
            return worlds.stats_of(cloud, "QueryTask")["ok"]

        before = len(daemon.events())
        for xml in (False, True):
            cloud.switch(xml_errors=xml)
            since = newest()
            worlds.rewrite(self.path("static.secret"), WRONG)  # the platform quotes the signed string
            self.refused(cloud, "SignatureDoesNotMatch", since)
            worlds.rewrite(self.path("static.secret"), SECRET)
            daemon.wait_metric("taskwatchd_account_up", 1, account="static", deadline=60)
        for name, on, off in (("html", 1, 0), ("empty", 1, 0), ("broken_json", 1, 0),
                              ("cut", 1, 0), ("drop", 1, 0), ("server_error", 1, 0),
                              ("forbidden", "gateway", "off"), ("get_only", True, False),
                              ("inactive_key", "STS.staticKey", ""),
                              ("clock_offset_ms", 3_600_000, 0)):
            cloud.switch(**{name: on})
            time.sleep(1.5)
            cloud.switch(**{name: off})
            seen = ok()
            harness.wait_for(lambda name=name: f"good replies after {name}; {daemon.tail()}",
                             lambda seen=seen: ok() > seen, deadline=70)
        since = newest()
        cloud.switch(session_fault="html")
        cloud.control("revoke", **{"as": "expired"})
        self.refused(cloud, "InvalidSecurityToken.Expired", since)
        self.reported(daemon, "did not return JSON")
        for fault in ("down", "redirect", "huge"):
            cloud.switch(session_fault=fault)
            time.sleep(2)
        cloud.switch(session_fault="off")
        self.renewed(cloud, daemon)
        worlds.rewrite(self.path("role.secret"), WRONG)
        self.write("token", OIDC[:-1] + "X", mode=0o600)  # STS quotes the token that it rejects
        cloud.control("revoke")
        self.refused(cloud, "InvalidSecurityToken.Malformed", since)
        self.reported(daemon, "AuthenticationFail.OIDCToken.Invalid")
        self.assertGreater(len(daemon.events()), before, "it logged none of it")

    def test_no_secret_is_written_or_shown(self):
        cloud = self.world()
        self.write("static.secret", SECRET, mode=0o600)
        self.write("static.token", TOKEN, mode=0o600)
        self.write("role.secret", SIGNER, mode=0o600)
        token = self.write("token", OIDC, mode=0o600)
        config = self.write("taskwatchd.yaml", CONFIG.format(url=cloud.url, arn=ARN))
        env = harness.clean_environment(TASKWATCHD_TEST_STS_URL=cloud.url,
                                        ALIBABA_CLOUD_ROLE_ARN=ARN + "chain",
                                        ALIBABA_CLOUD_OIDC_PROVIDER_ARN="P:chain",
                                        ALIBABA_CLOUD_OIDC_TOKEN_FILE=token,
                                        ALIBABA_CLOUD_ECS_METADATA_DISABLED="true")
        self.running = daemon = self.daemon(config, "--log.level=debug", env=env).started()
        for name in ("static", "role", "chain"):
            daemon.wait_metric("taskwatchd_account_up", 1, account=name)
        self.force(cloud, daemon)

        sessions = cloud.control("sessions")["sessions"]
        self.assertGreater(len(sessions), 2)
        secrets = {"key secret": SECRET, "wrong key secret": WRONG, "signer's secret": SIGNER,
                   "security token": TOKEN, "OIDC token": OIDC[:-1]}
        for i, session in enumerate(sessions):
            secrets[f"secret of session {i}"] = session["secret"]
            secrets[f"token of session {i}"] = session["security_token"]
            # A part of it is enough to find truncated copies.
            secrets[f"head of the token of session {i}"] = session["security_token"][4:64]
        shown = self.shown(daemon)
        for reported in (b"SignatureDoesNotMatch", b"AuthenticationFail.OIDCToken.Invalid",
                     b"did not return JSON", b"REDACTED"):
            self.assertIn(reported, shown["log"], "a refusal that was forced, and reported")
        self.assertGreater(len(shown["state.db"]), 0)
        self.assertEqual(daemon.stop(), 0, daemon.tail())
        shown["log to the end"] = "\n".join(daemon.lines).encode()
        found = [f"{what} in {where}" for what, secret in secrets.items()
                 for form in forms(secret) for where, text in shown.items() if form in text]
        self.assertEqual(found, [])
        self.assertEqual(re.findall(rb"Signature(?:%3D|=)[A-Za-z0-9%+/]{20,}", shown["log"]), [],
                         "signatures are no secrets, but of no use to anybody")
        print(f"searched {sum(map(len, shown.values()))} bytes in {len(shown)} places for "
              f"{len(secrets)} secrets", flush=True)

    def test_the_search_finds_what_is_there(self):
        for secret in (SECRET, TOKEN, OIDC):
            for prefix in (b"", b"x", b"xy", b"xyz"):
                for written in (prefix + secret.encode(),
                                base64.b64encode(prefix + secret.encode() + b"tail"),
                                urllib.parse.quote(secret, safe="").encode(),
                                secret.encode().hex().encode()):
                    self.assertTrue(any(form in written for form in forms(secret)), written)


if __name__ == "__main__":
    unittest.main()
