#!/usr/bin/env python3
"""Replicas on one PostgreSQL: who takes over, after how long, and what is neither lost nor doubled meanwhile.

ROUNDS=100 repeats each fault that often and prints a table.
"""

import os
import re
import signal
import statistics
import time
import unittest

import harness
import postgres
import worlds

ACCOUNTS = 30 if "ROUNDS" in os.environ else 9  # each moves alone, 5 s after the one before
ROUNDS = int(os.environ.get("ROUNDS", "1"))
QUOTA = 10  # calls/s; a machine that delays programs moves calls of the used share (8) together
TAKEOVER = 15  # s, from the last call of one holder to the first one of the next
HANDOVER = 3


def accounts_scenario(count, tasks):
    """Returns accounts with tasks that stay in progress."""
    return worlds.scenario(*(worlds.account(f"acc{i:02d}", QUOTA, {f"acc{i:02d}x{task}": worlds.still()
                                                                    for task in range(tasks)})
                             for i in range(count)))


class Replicas(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.postgres = postgres.Postgres()
        self.addCleanup(self.postgres.close)
        self.running = {}

    def world(self, accounts=1, tasks=4):
        self.cloud = self.iotsim(accounts_scenario(accounts, tasks))
        self.names = [f"acc{i:02d}" for i in range(accounts)]

    def replica(self, name, database=None):
        with open(self.cloud.config_file, encoding="utf-8") as file:
            text = file.read()
        text = re.sub(r"^state:.*\n(?:[ \t]+.*\n)*", "", text, flags=re.MULTILINE)
        text += f"state: {{url: '{database or self.postgres.url}'}}\nreplica: {{name: {name}}}\n"
        config = os.path.join(os.path.dirname(self.cloud.config_file), f"{name}.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        daemon = self.daemon(config).started()
        self.running[name] = daemon
        return daemon

    def holder(self, account="acc00"):
        """Returns the name of the replica that holds the account's lease; "" if none does."""
        rows = self.postgres.query(
            "SELECT r.name FROM taskwatchd.leases l JOIN taskwatchd.replicas r USING (holder)"
            f" WHERE l.account='{account}'")
        return rows[0][0] if rows else ""

    def wait_holder(self, account="acc00", but=(), deadline=20):
        return harness.wait_for(f"a holder of {account}",
                                lambda: (lambda name: name if name not in ("", *but) else None)(self.holder(account)),
                                deadline, every=0.1)

    def calls(self):
        return self.cloud.control("calls")["calls"]

    def last_call(self, before=None):
        times = [call["mono_us"] for call in self.calls() if before is None or call["mono_us"] <= before]
        return max(times, default=0)

    def gap_after(self, begun_us, deadline):
        """Returns the longest time without a call after begun_us, in s, once calls come again."""
        def resumed():
            times = sorted(call["mono_us"] for call in self.calls())
            before = max((t for t in times if t <= begun_us), default=begun_us)
            after = [t for t in times if t > begun_us + 400_000]
            return (after[0] - before) / 1e6 if after else None
        return harness.wait_for("calls of the next holder", resumed, deadline, every=0.1)

    def check_invariants(self):
        events = self.postgres.query("SELECT id, account, task_id, body::json->>'to', body::json->>'attempt'"
                                     " FROM taskwatchd.events WHERE name='task_transition' ORDER BY id")
        seen = {}
        for number, *transition in events:
            key = tuple(transition)
            self.assertNotIn(key, seen, f"the ids {seen.get(key)} and {number} are one transition")
            seen[key] = number


class Takeover(Replicas):
    def setUp(self):
        super().setUp()
        self.world()
        self.table = {}

    def rounds(self, fault, goal, recover):
        taken = []
        for name in ("one", "two"):
            if name not in self.running:
                self.replica(name)
        for _ in range(ROUNDS):
            holder = self.wait_holder()
            harness.wait_for("calls", lambda: len(self.calls()) > 3, every=0.1)
            time.sleep(1)
            begun = self.last_call()
            fault(holder)
            taken.append(self.gap_after(begun, goal + 10))
            self.assertNotEqual(self.wait_holder(but=(holder,)), holder)
            recover(holder)
        print(f"{self.id().split('.')[-1]}: {len(taken)} rounds, takeover median {statistics.median(taken):.1f} s, "
              f"max {max(taken):.1f} s", flush=True)
        self.assertLessEqual(max(taken), goal)
        self.check_invariants()
        per_second = worlds.peak(self.calls(), 1.0)
        self.assertLessEqual(per_second, QUOTA + 1, "calls in a second")

    def restart(self, name):
        self.replica(name)

    def test_killed(self):
        self.rounds(lambda name: self.running[name].kill(), TAKEOVER, self.restart)

    def test_stopped_gracefully(self):
        def stop(name):
            self.assertEqual(self.running[name].stop(), 0)
        self.rounds(stop, HANDOVER, self.restart)

    def test_frozen(self):
        def wake(name):
            before = len(self.calls())
            self.running[name].send(signal.SIGCONT)
            self.running[name].event("lease_lost", deadline=10)
            self.assertTrue(self.running[name].running())
            self.assertGreater(len(self.calls()), before - 1)
        self.rounds(lambda name: self.running[name].send(signal.SIGSTOP), TAKEOVER, wake)


class Network(Replicas):
    def test_cut_between_the_holder_and_the_database(self):
        """The holder's calls end before another one's begin; it writes nothing when the network is back."""
        self.world()
        proxy = postgres.Proxy(self.postgres.port)
        self.addCleanup(proxy.close)
        self.replica("one", proxy.url)
        self.wait_holder()
        self.replica("two")
        for _ in range(ROUNDS):
            holder = self.wait_holder()
            if holder != "one":
                self.running["two"].stop()
                self.wait_holder(but=("two",))
                self.replica("two")
            harness.wait_for("calls", lambda: len(self.calls()) > 3, every=0.1)
            begun = time.monotonic()
            proxy.silent = True
            self.wait_holder(but=("one",))
            print(f"takeover {time.monotonic() - begun:.1f} s after the cut", flush=True)
            self.assertLessEqual(time.monotonic() - begun, TAKEOVER + 2)
            time.sleep(3)
            lost = len(self.running["one"].events("lease_lost"))
            proxy.silent = False
            harness.wait_for("the loss is noticed",
                             lambda: len(self.running["one"].events("lease_lost")) > lost, 15, every=0.1)
        self.check_invariants()
        self.assertLessEqual(worlds.peak(self.calls(), 1.0), QUOTA, "calls in a second")


class Database(Replicas):
    def test_killed_and_back(self):
        self.world(accounts=2)
        self.replica("one")
        for name in self.names:
            self.wait_holder(name)
        harness.wait_for("calls", lambda: len(self.calls()) > 5, every=0.1)
        self.postgres.kill(signal.SIGQUIT)
        # Calls end with the lease.
        time.sleep(9)
        count = len(self.calls())
        time.sleep(2)
        self.assertLessEqual(len(self.calls()), count, "calls without a valid lease")
        self.postgres.start()
        back = time.monotonic()
        harness.wait_for("calls", lambda: len(self.calls()) > count, 10, every=0.1)
        print(f"polling again {time.monotonic() - back:.1f} s after the database's return", flush=True)
        self.assertLess(time.monotonic() - back, 5)
        self.check_invariants()


class Balance(Replicas):
    def test_a_share_each(self):
        self.world(accounts=ACCOUNTS, tasks=1)
        even = [ACCOUNTS // 3] * 3
        for name in ("one", "two", "three"):
            self.replica(name)

        def counts():
            return sorted(int(row[0]) for row in self.postgres.query(
                "SELECT count(*) FROM taskwatchd.leases WHERE holder IS NOT NULL GROUP BY holder"))
        harness.wait_for(lambda: f"{even}, now {counts()}", lambda: counts() == even, 150, every=0.5)
        self.running["two"].kill()
        begun = time.monotonic()
        harness.wait_for(lambda: f"all with the others, now {counts()}",
                         lambda: self.postgres.query(
                             "SELECT count(*) FROM taskwatchd.leases l JOIN taskwatchd.replicas r USING (holder)"
                             " WHERE r.name<>'two'") == [[str(ACCOUNTS)]], 20, every=0.2)
        print(f"all accounts have a holder {time.monotonic() - begun:.1f} s after the death", flush=True)
        self.assertLessEqual(time.monotonic() - begun, TAKEOVER)
        self.replica("two")
        begun = time.monotonic()
        harness.wait_for(lambda: f"{even}, now {counts()}", lambda: counts() == even, 60, every=0.5)
        print(f"{even} again after {time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    unittest.main()
