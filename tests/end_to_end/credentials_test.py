#!/usr/bin/env python3
"""Temporary credentials from STS, the metadata service and a URI: renewed, revoked, and from
services that are down or hostile, which must not affect other accounts."""

import json
import unittest

import harness
import worlds

QUOTA = 50
ARN = "acs:ram::123456789:role/{name}"
ROLE = """
    role: {{arn: "acs:ram::123456789:role/{name}", external_id: "{name}-E1", ecs: {name}-ecs,
           oidc_provider: "acs:ram::1:oidc-provider/{name}", oidc_token: {name}.oidc.token}}"""
TASKS = {"one": worlds.still(), "two": worlds.still()}


class Case(harness.TestCase):
    def world(self, *names, **switches):
        """A simulated platform whose accounts have one role each; `self.config` is the
        configuration that iotsim wrote."""
        accounts = []
        for name in names:
            text = worlds.account(name, QUOTA, {f"{name}-{task}": life for task, life in TASKS.items()})
            mark = f"quota: {{QueryTask: {QUOTA}}}"
            self.assertIn(mark, text)
            accounts.append(text.replace(mark, mark + ROLE.format(name=name)))
        self.cloud = self.iotsim(worlds.scenario(*accounts), "--pace=100ms")
        if switches:
            self.cloud.switch(**switches)
        with open(self.cloud.config_file, encoding="utf-8") as file:
            self.config = file.read()

    def credentials(self, name, text):
        """Replaces the account's `credentials`; empty removes them, so that the default
        credential provider chain is used."""
        before = (f"    credentials:\n      access_key_id: \"LTAI5t{name}Key\"\n"
                  f"      access_key_secret_file: \"keys/{name}.secret\"\n")
        self.assertIn(before, self.config)
        self.config = self.config.replace(before, text and f"    credentials: {{{text}}}\n")

    def run_daemon(self, *flags, **environment):
        worlds.rewrite(self.cloud.config_file, self.config)
        services = {"TASKWATCHD_TEST_STS_URL": self.cloud.url,
                    "TASKWATCHD_TEST_IMDS_URL": self.cloud.url}
        env = harness.clean_environment(**{**services, **environment})
        return self.daemon(self.cloud.config_file, *flags, env=env).started()

    def keys_of(self, name):
        return (f"access_key_id: LTAI5t{name}Key, access_key_secret_file: keys/{name}.secret")

    def assert_watched(self, daemon, account):
        daemon.wait_metric("taskwatchd_account_up", 1, account=account)
        daemon.wait_metric("taskwatchd_tasks", 2, account=account, state="unfinished")

    def calls(self, operation):
        return self.cloud.control("sessions")["calls"].get(operation, 0)


class EachSource(Case):
    def test_assume_role(self):
        self.world("demo")
        self.credentials("demo", self.keys_of("demo") + ", assume_role: {role_arn: " +
                         f'"{ARN.format(name="demo")}", external_id: demo-E1, duration: 15m' + "}")
        daemon = self.run_daemon()
        self.assert_watched(daemon, "demo")
        self.assertEqual(self.calls("AssumeRole"), 1)
        self.assertEqual(daemon.events("auth_failed"), [])

    def test_ecs_role_with_tokens_only(self):
        self.world("demo", metadata_version="v2")
        self.credentials("demo", "ecs_ram_role: demo-ecs")
        self.assert_watched(self.run_daemon(), "demo")
        self.assertEqual((self.calls("token"), self.calls("role_keys")), (1, 1))

    def test_ecs_role_without_tokens_found_by_the_chain(self):
        self.world("demo", metadata_version="v1")
        self.credentials("demo", "")
        self.assert_watched(self.run_daemon(), "demo")
        self.assertEqual((self.calls("role"), self.calls("role_keys")), (1, 1))

    def test_oidc(self):
        self.world("demo")
        self.credentials("demo", "")
        token = self.write("token", "demo.oidc.token\n", mode=0o600)
        daemon = self.run_daemon(ALIBABA_CLOUD_ROLE_ARN=ARN.format(name="demo"),
                                 ALIBABA_CLOUD_OIDC_PROVIDER_ARN="acs:ram::1:oidc-provider/demo",
                                 ALIBABA_CLOUD_OIDC_TOKEN_FILE=token)
        self.assert_watched(daemon, "demo")
        self.assertEqual(self.calls("AssumeRoleWithOIDC"), 1)

    def test_cli_profile_with_a_role(self):
        self.world("demo")
        self.credentials("demo", "")
        self.write("home/.aliyun/config.json", json.dumps({"current": "ops", "profiles": [
            {"name": "ops", "mode": "ChainableRamRoleArn", "source_profile": "base",
             "ram_role_arn": ARN.format(name="demo"), "external_id": "demo-E1",
             "ram_session_name": "ops", "sts_region": "cn-beijing"},
            {"name": "base", "mode": "AK", "access_key_id": "LTAI5tdemoKey",
             "access_key_secret": "demo-secret-not-a-real-one"}]}), mode=0o600)
        self.assert_watched(self.run_daemon(HOME=self.path("home")), "demo")
        self.assertEqual(self.calls("AssumeRole"), 1)

    def test_ini_file(self):
        self.world("demo")
        self.credentials("demo", "")
        self.write("home/.alibabacloud/credentials", "[default]\ntype = access_key\n"
                   "access_key_id = LTAI5tdemoKey\n"
                   "access_key_secret = demo-secret-not-a-real-one\n", mode=0o600)
        self.assert_watched(self.run_daemon(HOME=self.path("home")), "demo")

    def test_uri(self):
        self.world("demo")
        self.credentials("demo", "")
        self.assert_watched(self.run_daemon(
            ALIBABA_CLOUD_CREDENTIALS_URI=self.cloud.url + "/credentials/demo",
            ALIBABA_CLOUD_ECS_METADATA_DISABLED="true"), "demo")
        self.assertEqual(self.calls("uri"), 1)

    def test_query_and_check_fetch_them_too(self):
        self.world("demo")
        self.credentials("demo", "ecs_ram_role: demo-ecs")
        worlds.rewrite(self.cloud.config_file, self.config)
        env = harness.clean_environment(TASKWATCHD_TEST_IMDS_URL=self.cloud.url)
        config = f"--config.file={self.cloud.config_file}"
        asked = self.cli("query", config, "demo-one", env=env)
        self.assertEqual(asked.returncode, 0, asked.stderr)
        self.assertEqual(json.loads(asked.stdout)["status"], "IN_PROGRESS")
        checked = self.cli("check", config, "--online", env=env)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn("ECS RAM role demo-ecs", checked.stdout)
        self.cloud.switch(session_fault="down")
        refused = self.cli("query", config, "demo-one", env=env)
        self.assertEqual(refused.returncode, 78, refused.stderr)
        self.assertIn("the ECS metadata service returned HTTP 503", refused.stderr)


class Life(Case):
    def test_sessions_end_while_it_runs_and_nothing_is_noticed(self):
        self.world("demo", session_seconds=4)
        self.credentials("demo", "ecs_ram_role: demo-ecs")
        daemon = self.run_daemon()
        self.assert_watched(daemon, "demo")
        harness.wait_for("three sessions", lambda: self.calls("role_keys") >= 4)
        # On a busy machine a call may arrive when its credentials have just expired: the daemon
        # repeats it.
        self.assertLess(daemon.metric("taskwatchd_api_failures_total", account="demo",
                                      action="QueryTask", reason="auth"), 4)
        self.assertEqual(daemon.events("auth_failed"), [])

    def test_a_revoked_session_is_replaced_and_the_call_made_again(self):
        self.world("demo")
        self.credentials("demo", "ecs_ram_role: demo-ecs")
        daemon = self.run_daemon()
        self.assert_watched(daemon, "demo")
        self.assertGreater(self.cloud.control("revoke")["revoked"], 0)
        harness.wait_for("another session", lambda: self.calls("role_keys") >= 2)
        good = worlds.stats_of(self.cloud, "QueryTask")["ok"]
        harness.wait_for("good replies",
                         lambda: worlds.stats_of(self.cloud, "QueryTask")["ok"] > good + 5)
        self.assertEqual(daemon.events("auth_failed"), [])
        self.assertGreater(daemon.metric("taskwatchd_api_retries_total", account="demo",
                                         action="QueryTask"), 0)

    def test_a_changed_key_file_signs_the_next_session(self):
        self.world("demo")
        self.credentials("demo", "access_key_id: LTAI5tdemoKey, access_key_secret_file: wrong, "
                         f'assume_role: {{role_arn: "{ARN.format(name="demo")}", '
                         "external_id: demo-E1}")
        wrong = self.write(self.cloud.directory + "/wrong", "a-wrong-one\n", mode=0o600)
        daemon = self.run_daemon()
        event = daemon.event("auth_failed")
        self.assertIn("returned error SignatureDoesNotMatch", event["msg"])
        self.assertIn("correct the source credentials", event["msg"])
        worlds.rewrite(wrong, "demo-secret-not-a-real-one\n")
        daemon.wait_metric("taskwatchd_account_up", 1, account="demo", deadline=40)
        daemon.event("account_recovered")


class Faults(Case):
    def test_a_failing_service_affects_no_other_account(self):
        """Each kind of failure, one after the other; the other account is polled at its usual
        rate meanwhile."""
        self.world("demo", "ecs", session_fault="down", slow_ms=4000)
        self.credentials("ecs", "ecs_ram_role: ecs-ecs")
        daemon = self.run_daemon()
        self.assert_watched(daemon, "demo")
        event = daemon.event("auth_failed", account="ecs")
        self.assertIn("the ECS metadata service returned HTTP 503", event["msg"])
        for fault in ("slow", "html", "huge", "redirect", "drop", "drip"):
            with self.subTest(fault=fault):
                self.cloud.switch(session_fault=fault)
                self.cloud.control("stats/reset")
                before = self.calls("role_keys") + self.calls("token")
                harness.wait_for("asked again", deadline=70, condition=lambda before=before: (
                    self.calls("role_keys") + self.calls("token") > before))
                harness.wait_for("others' calls", lambda: worlds.stats_of(
                    self.cloud, "QueryTask")["ok"] > 10)
                self.assertEqual(daemon.metric("taskwatchd_account_up", account="demo"), 1)
                self.assertEqual(daemon.metric("taskwatchd_account_up", account="ecs"), 0)
        self.assertEqual(len(daemon.events("auth_failed", account="ecs")), 1, "reported once")
        self.assertEqual(daemon.events("auth_failed", account="demo"), [])
        self.cloud.switch(session_fault="off")
        daemon.wait_metric("taskwatchd_account_up", 1, account="ecs", deadline=70)


if __name__ == "__main__":
    unittest.main()
