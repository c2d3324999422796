#!/usr/bin/env python3
"""Checks what the documents promise to a reader of the demo, with the programs of `make demo`: the log line of a
failed task, the metrics, the responses of the daemon's paths, and the fields of each kind of event."""
import pathlib
import re
import sys
import unittest

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import doc_blocks
import events_page

DEMO = str(ROOT / "tests/data/scenarios/demo.yaml")
COMMON = {"ts", "level", "event", "msg", "id"}
FIRST_FAILURE = 60  # s; the document says about 10 s, for a machine that is not busy


class Documents(harness.TestCase):
    def shown(self, page, contains):
        """Returns the expected output in a page, as a regular expression."""
        line = next(line for block in doc_blocks.blocks((ROOT / page).read_text()) if block.info == "text"
                    for line in block.text.splitlines() if contains in line)
        return re.compile(doc_blocks.expected(line) + "$")

    def test_the_demo_logs_what_the_documents_show(self):
        # The same command as in demo.sh; the other tests use JSON.
        daemon = self.keep(harness.Process(
            [harness.program("TASKWATCHD"), "run", f"--config.file={self.iotsim(DEMO).config_file}", "--web.listen-address=127.0.0.1:0",
             "--log.format=logfmt"], env=harness.clean_environment()))
        for page in ("README.md", "docs/getting-started.md", "docs/zh/getting-started.md"):
            wanted = self.shown(page, "event=task_transition")
            harness.wait_for(f"the line of {page}", lambda: any(wanted.match(line) for line in daemon.lines), FIRST_FAILURE)

    def test_metrics_and_paths(self):
        daemon = self.daemon(self.iotsim(DEMO).config_file).started()
        daemon.wait_metric("taskwatchd_account_up", 1, account="demo")
        page = (ROOT / "docs/getting-started.md").read_text()
        block = next(block.text for block in doc_blocks.blocks(page) if block.text.startswith("taskwatchd_account_up"))
        series = daemon.metrics()
        for line in block.splitlines():
            name, labels = re.match(r"(\w+)\{(.*)\}", line).groups()
            state = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            self.assertIsNotNone(harness.value_of(series, name, **state | {"account": "demo"}), line)
        self.assertEqual(daemon.get("/-/ready")[2], "taskwatchd is ready.\n")
        paths = set(re.findall(r"^\| \[?`(/[^`]*)`", (ROOT / "docs/reference/http-api.md").read_text(), re.MULTILINE))
        self.assertGreater(len(paths), 8)
        for path in paths - {"/api/v1/tasks/ID", "/api/v1/events"}:  # the first needs an id, the second does not end
            self.assertEqual(daemon.get(path)[0], 200, path)

    def test_the_links_of_the_alerts_open(self):
        daemon = self.daemon(self.iotsim(DEMO).config_file).started()
        rules = (ROOT / "config/prometheus/taskwatchd.rules.yml").read_text()
        urls = set(re.findall(r"runbook_url: \S*?(/runbooks/\w+)$", rules, re.MULTILINE))
        self.assertEqual(len(urls), len(set(re.findall(r"- alert: (\w+)", rules))))
        for url in urls:
            status, _, body = daemon.get(url)
            self.assertEqual(status, 200, url)
            self.assertIn(f"<h1>{url.rpartition('/')[2]}</h1>", body)

    def test_events_have_the_fields_of_their_reference(self):
        daemon = self.daemon(self.iotsim(DEMO).config_file).started()
        harness.wait_for("a failure and the distribution", lambda: daemon.events("task_transition", to="FAILED")
                         and daemon.events("distribution_result"), FIRST_FAILURE)
        made = events_page.parsed()
        for event in daemon.events():
            name = event.get("event")
            if name:
                _, fields = made[name]
                self.assertLessEqual(set(event) - COMMON, set(fields), name)
                self.assertIn(event["level"], made[name][0], name)
                self.assertEqual("id" in event, events_page.KINDS[name][1], name)


if __name__ == "__main__":
    unittest.main()
