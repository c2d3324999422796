#!/usr/bin/env python3
"""Replicas on one PostgreSQL: who takes over, after how long, and what is neither lost nor doubled meanwhile.

ROUNDS=100 repeats each fault that often, those that take a minute a fifth as often, all of them at the same time, and
prints a line for each fault.
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import time
import unittest

import harness
import postgres
import worlds

MANY = "ROUNDS" in os.environ
ROUNDS = int(os.environ.get("ROUNDS", "1"))
MINUTE_ROUNDS = max(1, ROUNDS // 5)
ACCOUNTS = 30 if MANY else 9  # each moves alone, 5 s after the one before
QUOTA = 10  # calls/s; a machine that delays programs moves calls of the used share (8) together
TAKEOVER = 15  # s, from the last call of one holder to the first one of the next
HANDOVER = 3


def accounts_scenario(count, tasks, span=0):
    """Returns accounts with tasks: their changes are spread over `span` seconds, or they stay in progress."""
    def script(number):
        if span == 0:
            return worlds.still()
        end = span * (number + 1) / tasks
        return worlds.life((0, "QUEUED"), (end * 0.5, "IN_PROGRESS"), (end, ("SUCCEEDED", "FAILED")[number % 2]))
    return worlds.scenario(*(worlds.account(f"acc{i:02d}", QUOTA, {f"acc{i:02d}x{task}": script(task)
                                                                    for task in range(tasks)})
                             for i in range(count)))


def clients_of(pid):
    """Returns the local addresses of a process's TCP sockets, as iotsim names its clients."""
    links = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{number}"))
        except OSError:
            pass  # closed meanwhile
    inodes = {link[8:-1] for link in links if link.startswith("socket:")}
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return {f"127.0.0.1:{int(row[1].split(':')[1], 16)}" for row in rows if row[9] in inodes}


class Replicas(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.postgres = postgres.Postgres()
        self.addCleanup(self.postgres.close)
        self.running = {}
        self.most_calls = 0

    def world(self, accounts=1, tasks=4, span=0):
        self.cloud = self.iotsim(accounts_scenario(accounts, tasks, span))
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
                                deadline, every=0.2)

    def calls(self):
        return self.cloud.control("calls")["calls"]

    def last_call(self):
        return max((call["mono_us"] for call in self.calls()), default=0)

    def gap_after(self, begun_us, deadline):
        """Returns the longest time without a call after begun_us, in s, once calls come again."""
        def resumed():
            times = sorted(call["mono_us"] for call in self.calls())
            before = max((t for t in times if t <= begun_us), default=begun_us)
            after = [t for t in times if t > begun_us + 400_000]
            return (after[0] - before) / 1e6 if after else None
        return harness.wait_for("calls of the next holder", resumed, deadline, every=0.1)

    def end_round(self):
        """Checks the quota of the round's calls; iotsim keeps the last calls only."""
        calls = self.calls()
        for key in {(call["account"], call["api"]) for call in calls}:
            peak = worlds.peak([call for call in calls if (call["account"], call["api"]) == key], 1.0)
            self.most_calls = max(self.most_calls, peak)
            self.assertLessEqual(peak, QUOTA + 1, f"calls of {key} in a second")
        self.assertEqual([call for call in calls if call["refused"]], [])

    def begin_round(self):
        self.cloud.control("stats/reset")
        harness.wait_for("calls", lambda: len(self.calls()) > 5, every=0.1)

    def check_invariants(self):
        """Every end is stored, and no transition has two ids."""
        truth = {(task["account"], task["id"]): task["status"] for task in self.cloud.control("tasks")["tasks"]}

        def missing():
            rows = {(account, task): status for account, task, status in self.postgres.query(
                "SELECT account, task_id, status FROM taskwatchd.tasks")}
            return {key: (status, rows.get(key)) for key, status in truth.items()
                    if status in worlds.FINISHED and rows.get(key) != status}
        harness.wait_for(lambda: f"every end is stored; missing {len(missing())}: {list(missing().items())[:5]}",
                         lambda: not missing(), 120, every=1)
        events = self.postgres.query("SELECT id, account, task_id, body::json->>'to', body::json->>'attempt'"
                                     " FROM taskwatchd.events WHERE name='task_transition' ORDER BY id")
        seen = {}
        for number, *transition in events:
            key = tuple(transition)
            self.assertNotIn(key, seen, f"the ids {seen.get(key)} and {number} are one transition")
            seen[key] = number
        return len(events)

    def report(self, what, times, goal):
        transitions = self.check_invariants()
        print(f"{self.id().split('.')[-1]}: {len(times)} rounds, {what} median {statistics.median(times):.1f} s, "
              f"max {max(times):.1f} s; most calls in a second {self.most_calls}; {transitions} transitions stored, "
              "none lost, none twice", flush=True)
        self.assertLessEqual(max(times), goal)


class Takeover(Replicas):
    def rounds(self, fault, goal, recover, rounds=ROUNDS, length=15):
        self.world(tasks=60, span=rounds * length)
        self.replica("one")
        self.replica("two")
        taken = []
        for _ in range(rounds):
            holder = self.wait_holder()
            self.begin_round()
            begun = self.last_call()
            fault(holder)
            taken.append(self.gap_after(begun, goal + 10))
            self.assertNotEqual(self.wait_holder(but=(holder,)), holder)
            recover(holder)
            self.end_round()
        self.report("takeover", taken, goal)

    def test_killed(self):
        self.rounds(lambda name: self.running[name].kill(), TAKEOVER, self.replica)

    def test_stopped_gracefully(self):
        def stop(name):
            self.assertEqual(self.running[name].stop(), 0)
        self.rounds(stop, HANDOVER, self.replica, length=5)

    def test_frozen(self):
        frozen_for = 60 if MANY else 12
        self.late_calls = 0

        def freeze(name):
            self.clients = clients_of(self.running[name].pid)
            self.frozen_at = time.monotonic()
            self.running[name].send(signal.SIGSTOP)

        def wake(name):
            """The process that wakes sends at most one call per account and API."""
            daemon = self.running[name]
            time.sleep(max(0.0, self.frozen_at + frozen_for - time.monotonic()))
            losses = len(daemon.events("lease_lost"))
            woken = self.last_call()
            daemon.send(signal.SIGCONT)

            def lost():
                self.clients |= clients_of(daemon.pid)
                return len(daemon.events("lease_lost")) > losses
            harness.wait_for("the loss is noticed", lost, 15, every=0.02)
            time.sleep(1)
            late = [call for call in self.calls() if call["mono_us"] > woken and call["client"] in self.clients]
            self.late_calls = max(self.late_calls, len(late))
            self.assertLessEqual(len(late), len({call["api"] for call in late}), late)
            self.assertNotEqual(self.holder(), name)
            self.assertTrue(daemon.running())
        self.rounds(freeze, TAKEOVER, wake, MINUTE_ROUNDS if MANY else 1, frozen_for + 5)
        print(f"test_frozen: most calls of a woken process: {self.late_calls}", flush=True)


class Network(Replicas):
    def test_cut_between_the_holder_and_the_database(self):
        """The holder's calls end before another one's begin; it writes nothing when the network is back."""
        self.world(tasks=60, span=ROUNDS * 25)
        proxy = postgres.Proxy(self.postgres.port)
        self.addCleanup(proxy.close)
        self.replica("one", proxy.url)
        self.wait_holder()
        self.replica("two")
        taken = []
        for _ in range(ROUNDS):
            if self.wait_holder() != "one":
                self.assertEqual(self.running["two"].stop(), 0)
                self.wait_holder(but=("two",))
                self.replica("two")
            self.begin_round()
            proxy.silent = True
            cut = self.last_call()
            self.wait_holder(but=("one",))
            own = clients_of(self.running["one"].pid)
            others = set()

            def calls_of_the_other():
                others.update(clients_of(self.running["two"].pid))
                return [call["mono_us"] for call in self.calls() if call["client"] in others]
            first = min(harness.wait_for("calls of the other", calls_of_the_other, 5, every=0.05))
            taken.append((first - cut) / 1e6)
            self.assertEqual([call for call in self.calls() if call["mono_us"] >= first and call["client"] in own], [])
            lost = len(self.running["one"].events("lease_lost"))
            proxy.silent = False
            harness.wait_for("the loss is noticed",
                             lambda: len(self.running["one"].events("lease_lost")) > lost, 15, every=0.1)
            self.end_round()
        self.report("takeover", taken, TAKEOVER)


class Database(Replicas):
    def rounds(self, outage, rounds, length):
        """outage() ends as soon as the database is back."""
        self.world(accounts=2, tasks=60, span=rounds * length)
        self.replica("one")
        self.replica("two")
        resumed = []
        for _ in range(rounds):
            for name in self.names:
                self.wait_holder(name)
            self.begin_round()
            outage()
            back = time.monotonic()
            count = len(self.calls())
            harness.wait_for("calls", lambda before=count: len(self.calls()) > before, 10, every=0.05)
            resumed.append(time.monotonic() - back)
            self.end_round()
        self.report("polling again after the return", resumed, 5)

    def without_database(self, seconds):
        """Calls end with the lease."""
        self.postgres.kill(signal.SIGQUIT)
        time.sleep(9)
        count = len(self.calls())
        time.sleep(seconds - 9)
        self.assertLessEqual(len(self.calls()), count, "calls without a valid lease")
        self.postgres.start()

    def test_killed_and_restarted(self):
        def crash():
            self.postgres.crash()
            self.postgres.start()
        self.rounds(crash, ROUNDS, 20)

    def test_away(self):
        self.rounds(lambda: self.without_database(60 if MANY else 11), MINUTE_ROUNDS, 75 if MANY else 20)

    @unittest.skipUnless(postgres.faketime(), "needs the package libfaketime")
    def test_clock_stepped_by_an_hour(self):
        """Polling goes on as if nothing had happened."""
        self.postgres.close()
        self.postgres = postgres.Postgres(clock=True)
        self.addCleanup(self.postgres.close)
        self.world(accounts=2, tasks=60, span=MINUTE_ROUNDS * 15)
        self.replica("one")
        self.replica("two")
        gaps = []
        harness.wait_for("an account each", lambda: self.postgres.query(
            "SELECT count(DISTINCT holder) FROM taskwatchd.leases") == [["2"]], 30, every=0.3)
        for number in range(MINUTE_ROUNDS):
            transitions = self.postgres.query("SELECT sum(epoch) FROM taskwatchd.leases")
            self.begin_round()
            before = int(self.postgres.query("SELECT extract(epoch FROM now())::bigint")[0][0])
            self.postgres.set_clock(3600 * (1 - number % 2))
            time.sleep(12)
            after = int(self.postgres.query("SELECT extract(epoch FROM now())::bigint")[0][0])
            self.assertGreater(abs(after - before), 3000, "the clock of the database was not stepped")
            times = sorted(call["mono_us"] for call in self.calls())
            gaps.append(max(b - a for a, b in zip(times, times[1:])) / 1e6)
            self.assertEqual(self.postgres.query("SELECT sum(epoch) FROM taskwatchd.leases"), transitions)
            self.end_round()
        self.report("longest time without a call", gaps, 5)


class Balance(Replicas):
    def test_a_share_each(self):
        self.world(accounts=ACCOUNTS, tasks=4, span=300)
        even = [ACCOUNTS // 3] * 3
        for name in ("one", "two", "three"):
            self.replica(name)

        def counts():
            return sorted(int(row[0]) for row in self.postgres.query(
                "SELECT count(*) FROM taskwatchd.leases WHERE holder IS NOT NULL GROUP BY holder"))
        harness.wait_for(lambda: f"{even}, now {counts()}", lambda: counts() == even, 150, every=0.5)
        held, balanced = [], []
        for number in range(MINUTE_ROUNDS):
            victim = ("one", "two", "three")[number % 3]
            self.running[victim].kill()
            begun = time.monotonic()
            harness.wait_for(lambda: f"all with the others, now {counts()}",
                             lambda dead=victim: self.postgres.query(
                                 "SELECT count(*) FROM taskwatchd.leases l JOIN taskwatchd.replicas r USING (holder)"
                                 f" WHERE r.name<>'{dead}'") == [[str(ACCOUNTS)]], 20, every=0.2)
            held.append(time.monotonic() - begun)
            self.replica(victim)
            begun = time.monotonic()
            harness.wait_for(lambda: f"{even}, now {counts()}", lambda: counts() == even, 80, every=0.5)
            balanced.append(time.monotonic() - begun)
            self.end_round()
        print(f"test_a_share_each: {even} again after median {statistics.median(balanced):.1f} s, "
              f"max {max(balanced):.1f} s", flush=True)
        self.report("all accounts held", held, TAKEOVER)
        self.assertLessEqual(max(balanced), 60)


def all_at_the_same_time():
    """Most of a round is waiting, so the faults share the machine: each has its own world."""
    names = [f"{case.__name__}.{name}" for case in (Takeover, Network, Database, Balance)
             for name in unittest.defaultTestLoader.getTestCaseNames(case)]
    running = [subprocess.Popen([sys.executable, __file__, "--one", name]) for name in names]
    failed = [name for name, process in zip(names, running) if process.wait() != 0]
    if failed:
        sys.exit("failed: " + ", ".join(failed))


if __name__ == "__main__":
    if MANY and "--one" not in sys.argv:
        all_at_the_same_time()
    else:
        unittest.main(argv=[arg for arg in sys.argv if arg != "--one"])
