"""`taskwatchd wait`, as a pipeline calls it: its output and exit codes."""

import os
import pty
import select
import signal
import subprocess
import time
import unittest

import harness
from cli_case import (CONFIG_TEXT, INTERRUPTED, OK, OTHER, SCENARIO, SOME_BAD, TIMEOUT,
                      UNAVAILABLE, Cli)


class Wait(Cli):
    def setUp(self):
        super().setUp()
        self.cloud = self.iotsim(SCENARIO)
        self.flag = self.config(self.cloud.url)

    def start(self, *arguments):
        return self.keep(harness.Process([harness.program("TASKWATCHD"), "wait", *arguments]))

    def test_ends(self):
        """All cases that take seconds, in parallel."""
        self.write("wrong/keys/demo.secret", "some-other-secret")
        wrong = self.write("wrong/taskwatchd.yaml", CONFIG_TEXT.format(
            endpoint=self.cloud.url, share="0.1", instance="iot-cn-demo0001"))
        down = self.write("taskwatchd-down.yaml", CONFIG_TEXT.format(
            endpoint=self.dead_endpoint(), share="0.1", instance="iot-cn-demo0001"))
        good = self.start(self.flag, "good", "soon")
        unknown = self.start(self.flag, "nope")
        late = self.start(self.flag, "--timeout=2500ms", "never")
        refused = self.start(f"--config.file={wrong}", "good")
        unreachable = self.start(f"--config.file={down}", "good")
        troubled_cloud = self.iotsim(SCENARIO)
        outage = self.write("taskwatchd-outage.yaml", CONFIG_TEXT.format(
            endpoint=troubled_cloud.url, share="0.1", instance="iot-cn-demo0001"))
        patient = self.start(f"--config.file={outage}", "soon")
        harness.wait_for("progress", lambda: patient.lines)
        troubled_cloud.switch(server_error=1)

        self.assertEqual(refused.wait(), OTHER)
        self.assertIn("Check access_key_id", refused.lines[0])
        self.assertEqual(len(refused.lines), 1)

        self.assertEqual(late.wait(), TIMEOUT)
        self.assertIn("not all tasks finished within 2s500ms", late.lines[-1])

        self.assertEqual(unreachable.wait(), UNAVAILABLE)
        self.assertIn("Check the network", unreachable.lines[0])
        self.assertEqual(len(unreachable.lines), 1)

        harness.wait_for("the trouble", lambda: len(patient.lines) > 1)
        self.assertIn("server_error", patient.lines[1])
        troubled_cloud.switch(server_error=0)

        self.assertEqual(good.wait(), OK)
        self.assertEqual(good.lines, ["good: SUCCEEDED, progress 100 (1 of 2 finished)",
                                      "soon: IN_PROGRESS, progress 10 (1 of 2 finished)",
                                      "soon: SUCCEEDED (2 of 2 finished)"])
        self.assertEqual(good.child.stdout.read(), b"")
        asked = [call for call in self.cloud.control("calls")["calls"] if call["task"] == "soon"]
        self.assertEqual(len(asked), 2)
        self.assertGreaterEqual(asked[1]["mono_us"] - asked[0]["mono_us"], 4_900_000)

        self.assertEqual(unknown.wait(), OTHER)
        self.assertIn("task nope", unknown.lines[0])
        self.assertIn("Check the task id", unknown.lines[0])

        self.assertEqual(patient.wait(), OK)
        self.assertEqual(len(patient.lines), 3)

    def test_some_bad(self):
        result = self.cli("wait", self.flag, "good", "bad")
        self.assert_ended(result, SOME_BAD, "bad: FAILED, progress 62: boom (2 of 2 finished)")
        self.assertEqual(result.stdout, "")

    def test_interrupted(self):
        child = self.start(self.flag, "never")
        harness.wait_for("progress", lambda: child.lines)
        child.send(signal.SIGINT)
        self.assertEqual(child.wait(), INTERRUPTED)
        self.assertEqual(child.lines, ["never: IN_PROGRESS (0 of 1 finished)"])

    def test_interrupted_in_a_call(self):
        self.cloud.switch(latency_ms=8000)
        child = self.start(self.flag, "never")
        harness.wait_for("a call", lambda: self.cloud.control("calls")["calls"])
        child.send(signal.SIGINT)
        self.assertEqual(child.wait(deadline=3), INTERRUPTED)
        self.assertEqual(child.lines, [])

    def test_terminal_line_is_rewritten(self):
        master, slave = pty.openpty()
        child = subprocess.Popen([harness.program("TASKWATCHD"), "wait", self.flag, "good", "bad"],
                                 stdout=subprocess.DEVNULL, stderr=slave, stdin=slave,
                                 env=harness.clean_environment(TERM="xterm"))
        os.close(slave)
        shown = b""
        end = time.monotonic() + harness.DEADLINE
        while time.monotonic() < end:
            if not select.select([master], [], [], 0.1)[0]:
                continue
            try:
                piece = os.read(master, 4096)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            shown += piece
        os.close(master)
        self.assertEqual(child.wait(harness.DEADLINE), SOME_BAD)
        text = shown.decode()
        self.assertIn("1 of 2 finished: 1 SUCCEEDED, 1 not observed yet\r\x1b[K", text)
        self.assertTrue(text.endswith("bad: FAILED, progress 62: boom\r\n"
                                      "2 of 2 finished: 1 SUCCEEDED, 1 FAILED\r\n"), repr(text))


if __name__ == "__main__":
    unittest.main(verbosity=2)
