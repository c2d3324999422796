"""Shared by the tests of the command line: a small world, a configuration for it, exit codes."""

import json

import harness

OK, OTHER, SOME_BAD, UNAVAILABLE, CONFIG, TIMEOUT, INTERRUPTED = 0, 1, 2, 69, 78, 124, 130

SCENARIO = """
accounts:
  - name: demo
    keys:
      - {id: LTAI5tDemoKey, secret: demo-secret-not-a-real-one}
    quota: {QueryTask: 50}
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
        jobs:
          - id: jobA
            name: ota
            devices: 0
            timeout: 0s
            tasks:
              - {id: good, device: pump-1, script: [{at: 0s, status: SUCCEEDED, progress: "100"}]}
              - id: bad
                device: pump-2
                script:
                  - {at: 0s, status: FAILED, progress: "62", message: boom, detail: '{"code":4001}'}
              - id: soon
                device: pump-3
                script:
                  - {at: 0s, status: IN_PROGRESS, progress: "10"}
                  - {at: 4s, status: SUCCEEDED}
              - {id: never, device: pump-4, script: [{at: 0s, status: IN_PROGRESS}]}
"""
SHARE = "0.1"  # of the daemon; leaves 45 of 50 calls per second to the commands

CONFIG_TEXT = """
accounts:
  - name: demo
    credentials:
      access_key_id: LTAI5tDemoKey
      access_key_secret_file: keys/demo.secret
    quota: {{QueryTask: 50}}
    quota_share: {share}
    instances:
      - name: main
        region: cn-shanghai
        id: {instance}
        endpoint: {endpoint}
        tasks: [good, bad]
state:
  path: state.db
"""


class Cli(harness.TestCase):
    """A test of commands that exit without a signal."""

    def config(self, endpoint, share=SHARE, instance="iot-cn-demo0001",
               secret="demo-secret-not-a-real-one"):
        if secret is not None:
            self.write("keys/demo.secret", secret + "\n", mode=0o600)
        text = CONFIG_TEXT.format(endpoint=endpoint, share=share, instance=instance)
        return "--config.file=" + self.write("taskwatchd.yaml", text)

    def dead_endpoint(self):
        holder, port = harness.closed_port()
        self.addCleanup(holder.close)
        return f"http://127.0.0.1:{port}"

    def assert_ended(self, result, code, *fragments):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for fragment in fragments:
            self.assertIn(fragment, result.stderr)

    def rows(self, result):
        return [json.loads(line) for line in result.stdout.splitlines()]
