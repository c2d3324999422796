"""Shared by the tests of reloading: a world, its configuration, and functions that change it."""

import os
import signal

import harness
import worlds

QUOTA = 50


class Case(harness.TestCase):
    def begin(self, tasks, *accounts, **how):
        self.cloud = self.iotsim(worlds.scenario(worlds.account("demo", QUOTA, tasks), *accounts),
                                 "--pace=100ms", "--quota-share=0.8")
        self.state = os.path.join(self.cloud.directory, "state.db")
        if how:
            self.cloud.switch(**how)
        self.before_start()
        with open(self.cloud.config_file, encoding="utf-8") as file:
            self.config = file.read()
        return self.daemon(self.cloud.config_file, "--web.enable-lifecycle").started()

    def before_start(self):
        """For tests that change the configuration first."""

    def rewrite(self, *pairs):
        """Writes the first configuration with these changes."""
        text = self.config
        for before, after in pairs:
            self.assertIn(before, text)
            text = text.replace(before, after)
        worlds.rewrite(self.cloud.config_file, text)

    def without(self, *tasks):
        return [(f'          - "{task}"\n', "") for task in tasks]

    def reload(self, daemon, by_signal=False):
        """Requests a reload and waits until it is applied."""
        before = len(daemon.events("config_reloaded"))
        if by_signal:
            daemon.send(signal.SIGHUP)
        else:
            status, _, text = daemon.get("/-/reload", method="POST")
            self.assertEqual((status, text), (200, ""))
        harness.wait_for(lambda: f"config_reloaded; {daemon.tail()}",
                         lambda: len(daemon.events("config_reloaded")) > before)
        return daemon.events("config_reloaded")[-1]

    def series_of(self, daemon, task):
        return [name for name, labels in daemon.metrics() if ("task_id", task) in labels]

    def baselines(self):
        return [event["task_id"] for event in worlds.stored_events(self.state)
                if event["event"] == "task_baseline"]
