"""From a change at the platform to the notification in a webhook receiver, with the shipped files except addresses.
A failed task, a timed-out task and a stalled job are each notified once; the failed task is notified again as
resolved after its rerun has succeeded. `make bench-notification` measures the delay.

Needs prometheus and prometheus-alertmanager on the PATH, besides the requirements of harness.py.
"""

import collections
import time
import unittest

import harness
import monitoring

# Each kind has a separate account, because Alertmanager groups alerts by account. One task of each job never
# finishes, because a finished job is polled only once a minute. The usual duration for the stalled job is learned
# from runs of 7 s; at that time the task that hangs is a minute old.
WORLD = """
accounts:
  - name: fails
    keys:
      - {id: LTAI5tFailsKey, secret: fails-secret-not-a-real-one}
    instances:
      - region: cn-shanghai
        id: iot-cn-fails01
        jobs:
          - id: failsJob
            timeout: 0s
            tasks:
              - {id: failsTask, device: valve-1, script: [{at: 0s, status: QUEUED}, {at: 1s, status: IN_PROGRESS},
                  {at: 20s, status: FAILED, message: "checksum mismatch"}],
                 rerun: [{at: 0s, status: IN_PROGRESS}, {at: 3s, status: SUCCEEDED}]}
              - {id: failsGoesOn, device: valve-2, script: [{at: 0s, status: IN_PROGRESS}]}
  - name: expires
    keys:
      - {id: LTAI5tExpiresKey, secret: expires-secret-not-a-real-one}
    instances:
      - region: cn-shanghai
        id: iot-cn-expires01
        jobs:
          - id: expiresJob
            timeout: 20s
            devices: 1
            life: {hang: 1, failed: 0, rejected: 0, offline: 0, timeout_slack: 1s}
          - id: expiresGoesOn
            timeout: 0s
            tasks:
              - {id: expiresGoesOnTask, device: valve-3, script: [{at: 0s, status: IN_PROGRESS}]}
  - name: stalls
    keys:
      - {id: LTAI5tStallsKey, secret: stalls-secret-not-a-real-one}
    instances:
      - region: cn-shanghai
        id: iot-cn-stalls01
        jobs:
          - id: stallsJob
            timeout: 0s
            start: -50s
            rollout: 150
            devices: 260
            life: {failed: 0, hang: 0, rejected: 0, offline: 0, start_mean: 100ms, run_median: 7s, run_sigma: 0.1}
            tasks:
              - {id: stallsTask, device: valve-4, script: [{at: 0s, status: IN_PROGRESS}]}
"""
BAD, STALLED = "TaskwatchdTasksBad", "TaskwatchdJobStalled"
REPORTED = {"fails": [(BAD, "firing"), (BAD, "resolved")], "expires": [(BAD, "firing")],
        "stalls": [(STALLED, "firing")]}
PATIENCE = 150  # s; a stalled job is notified 2 min after its last change, on an idle machine


class NotificationTest(harness.TestCase):
    def wait_notified(self, what, account, alert, status):
        """Waits for that notification; returns its time."""
        def look():
            return [at for at, *rest in self.receiver.notifications()
                    if rest == [account, alert, status]]

        return harness.wait_for(
            lambda: f"{what}; reported: {self.receiver.notifications()}; {self.daemon_.tail(5)}",
            look, PATIENCE, 0.1)[0]

    def report(self, what, changed, reported):
        print(f"{what}: reported after {reported - max(changed, self.ready):.1f} s", flush=True)
        self.assertGreater(reported, changed)

    def changed(self, task, status):
        """Returns the true time of the change."""
        history = self.cloud.control("history", task=task)["history"]
        return next(harness.unix(step["at"]) for step in reversed(history) if step["status"] == status)

    def test_each_kind_is_notified_once(self):
        self.cloud = self.iotsim(WORLD, "--watch=jobs")
        self.daemon_ = self.daemon(self.cloud.config_file).started()
        world = monitoring.Monitoring(self.path("monitoring"),
                                      [self.daemon_.url.removeprefix("http://")])
        self.addCleanup(world.close)
        self.receiver = world.receiver
        self.ready = time.time()

        reported = self.wait_notified("that a task failed", "fails", BAD, "firing")
        self.report("failed", self.changed("failsTask", "FAILED"), reported)
        alert, = next(body["alerts"] for _, _, body in self.receiver.received
                      if body["groupLabels"].get("account") == "fails")
        self.assertEqual(alert["labels"], {"alertname": BAD, "account": "fails", "severity": "warning",
                                           "job_id": "failsJob"})
        self.assertIn("Job failsJob has failed tasks (1)", alert["annotations"]["summary"])

        # Its rerun succeeds: the resolution is notified at the next flush of the group.
        self.cloud.control("rerun", job="failsJob", keep=True)
        reported = self.wait_notified("that a task timed out", "expires", BAD, "firing")
        task = self.cloud.control("tasks", job="expiresJob")["tasks"][0]["id"]
        self.report("timed out", self.changed(task, "TIMED_OUT"), reported)

        reported = self.wait_notified("that the failure is over", "fails", BAD, "resolved")
        self.report("succeeded when run again", self.changed("failsTask", "SUCCEEDED"), reported)
        reported = self.wait_notified("that a job stalls", "stalls", STALLED, "firing")
        self.report("stalled since", self.changed("stallsTask", "IN_PROGRESS"), reported)

        # There is no other and no repeated notification, except the alert that always fires.
        reported = collections.defaultdict(list)
        for _, account, alert, status in self.receiver.notifications():
            reported[account].append((alert, status))
        self.assertEqual(reported, REPORTED)
        self.assertIn("/alive", [path for _, path, _ in self.receiver.received])


if __name__ == "__main__":
    unittest.main(verbosity=2)
