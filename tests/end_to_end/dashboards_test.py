"""Runs every query of the dashboards on a real Prometheus that scrapes two daemons of one account.

Needs prometheus on the PATH, besides the requirements of harness.py.
"""

import os
import sys
import unittest

import harness
import monitoring
import prometheus_test

sys.path.insert(0, os.path.join(monitoring.ROOT, "tests", "view"))
import dashboards  # noqa: E402

# A task for each final status that the dashboards show; the last two tasks never finish.
WORLD = """
accounts:
  - name: demo
    keys:
      - {id: LTAI5tBoardsKey, secret: boards-secret-not-a-real-one}
    instances:
      - region: cn-shanghai
        id: iot-cn-boards01
        jobs:
          - id: boardsJob
            name: ota-boards
            product_key: a1Boards
            timeout: 0s
            tasks:
              - {id: boardsFails, device: fails, script: [{at: 0s, status: QUEUED}, {at: 8s, status: SENT},
                  {at: 9s, status: IN_PROGRESS, progress: "10"}, {at: 12s, status: FAILED, progress: "40"}]}
              - {id: boardsGood, device: good, script: [{at: 0s, status: QUEUED}, {at: 8s, status: SENT},
                  {at: 9s, status: IN_PROGRESS, progress: "0"}, {at: 12s, status: SUCCEEDED, progress: "100"}]}
              - {id: boardsWaits, device: waits, script: [{at: 0s, status: QUEUED}]}
              - {id: boardsRuns, device: runs, script: [{at: 0s, status: QUEUED}, {at: 1s, status: SENT},
                  {at: 2s, status: IN_PROGRESS, progress: "50"}]}
"""
TASKS_ON_THE_PAGE = "\nmetrics: {task_series: all}\nbounds: {detection_delay: 30s}\n"
# Panels without data in this world: nothing stalls and no end is forecast before a job's usual duration is known;
# an id counts as unknown after 2 min; there is no distribution; the daemons are not replicas.
EMPTY = {"fleet: Stalled tasks", "fleet: Expected completion, 9 in 10", "job: Expected completion",
         "daemon: Ids not known to the platform",
         "daemon: Holder of each account", "daemon: Moves of leases", "daemon: Live replicas",
         "fleet: Distributions", "fleet: Distributed devices by result"}


class DashboardsTest(prometheus_test.PrometheusTest):
    def test_every_query_is_answered(self):
        cloud = self.iotsim(WORLD, "--watch=jobs")
        with open(cloud.config_file, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count("        jobs:"), 1, text)
        text = text.replace("        jobs:", "        deadline: 1s\n        jobs:") + TASKS_ON_THE_PAGE
        self.write(cloud.config_file, text)
        daemon = self.daemon(cloud.config_file).started()
        target = daemon.url.removeprefix("http://")
        # A second daemon that may not read the names of jobs: its job series have no name.
        for there, more in (("    instances:", "    quota: {QueryJob: 0, ListJob: 0}\n    instances:"),
                            ("state.db", "nameless.db")):
            self.assertEqual(text.count(there), 1, text)
            text = text.replace(there, more)
        config = self.write(os.path.join(cloud.directory, "nameless.yaml"), text)
        nameless = self.daemon(config).started().url.removeprefix("http://")
        alertmanager = prometheus_test.Alertmanager()
        self.addCleanup(alertmanager.close)
        prometheus = self.prometheus([target, nameless], alertmanager.address)
        cloud.switch(server_error=0.1)  # some calls fail
        prometheus.wait_query('rate(taskwatchd_api_failures_total{reason="server_error"}[1m]) > 0', bool)
        prometheus.wait_query('rate(taskwatchd_detection_delay_seconds_count{class="bad"}[1m]) > 0', bool)
        prometheus.wait_query('job:aliyun_iot_bad_tasks:max == 1', bool)
        prometheus.wait_query('ALERTS{alertstate="firing",alertname="TaskwatchdTasksOverdue"}', bool)
        prometheus.wait_query('count(count by (job_name) (aliyun_iot_job_info)) == 2', bool)

        values = {"$account": "demo", "$instance": target, "$job_id": "boardsJob"}
        asked, empty = 0, set()
        for board in dashboards.load():
            for where, metric, label in board.variables:
                found = prometheus.api(f"label/{label}/values", **{"match[]": metric})
                self.assertIn(values["$" + where.rpartition("$")[2]], found, where)
            for where, text in board.queries:
                for name, value in values.items():
                    text = text.replace(name, value)
                text = dashboards.plain(text)
                self.assertNotIn("$", text, where)
                asked += 1
                # Calls fail at random, and a rate without failures in the last scrapes is empty: wait for the next
                # one.
                if where in EMPTY and not prometheus.query(text):
                    empty.add(where)
                elif where not in EMPTY:
                    prometheus.wait_query(text, bool)
        self.assertGreater(asked, 60)
        self.assertEqual(empty, EMPTY)


# Only its own test, not those of its base class.
def load_tests(loader, _tests, _pattern):
    return unittest.TestSuite([DashboardsTest("test_every_query_is_answered")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
