#!/usr/bin/env python3
"""`make demo-replicas`: the simulated platform, PostgreSQL and three replicas on loopback. One replica is killed and
started again, another is frozen and woken; the output says who took over and after how long.

DEMO_SECONDS=40 ends it after that time; otherwise Ctrl-C does.
"""

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import time

import harness
import postgres

SCENARIO = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data", "scenarios",
                        "replicas.yaml")
NAMES = ("one", "two", "three")


def say(text):
    print(f"demo: {text}", flush=True)


class Demo:
    def __init__(self, folder):
        self.folder = folder
        self.database = postgres.Postgres()
        self.cloud = harness.Iotsim(SCENARIO, folder)
        self.running = {}
        self.begun = time.monotonic()

    def start(self, name):
        with open(self.cloud.config_file, encoding="utf-8") as file:
            text = re.sub(r"^state:.*\n(?:[ \t]+.*\n)*", "", file.read(), flags=re.MULTILINE)
        port = postgres.free_port()
        config = os.path.join(self.folder, f"{name}.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"{text}state: {{url: '{self.database.url}'}}\n"
                       f"replica: {{name: {name}, url: 'http://127.0.0.1:{port}'}}\n")
        self.running[name] = harness.Daemon(config, f"--web.listen-address=127.0.0.1:{port}").started()
        say(f"replica {name} started: http://127.0.0.1:{port}/")

    def holders(self):
        """Returns {account: name of the replica that holds it}."""
        rows = self.database.query("SELECT l.account, coalesce(r.name, '') FROM taskwatchd.leases l"
                                   " LEFT JOIN taskwatchd.replicas r USING (holder) ORDER BY 1")
        return dict(rows)

    def report(self):
        held = self.holders()
        say("accounts: " + ", ".join(f"{name} holds {sum(holder == name for holder in held.values())}"
                                     for name in NAMES))

    def fault(self, name, what, act):
        mine = [account for account, holder in self.holders().items() if holder == name]
        say(f"replica {name} is {what}; it holds {', '.join(mine) or 'no account'}")
        begun = time.monotonic()
        act()
        waiting = set(mine)
        while waiting and time.monotonic() - begun < 30:
            held = self.holders()
            for account in sorted(waiting):
                if held.get(account, name) not in ("", name):
                    say(f"  {held[account]} took over {account} after {time.monotonic() - begun:.1f} s")
                    waiting.discard(account)
            time.sleep(0.1)
        return waiting

    def close(self):
        for daemon in self.running.values():
            if daemon.running():
                daemon.send(signal.SIGCONT)
            daemon.close()
        self.cloud.close()
        self.database.close()


def show(demo):
    for name in NAMES:
        demo.start(name)
    settled = time.monotonic() + 40
    while sorted(demo.holders().values()) != ["one", "three", "two"] and time.monotonic() < settled:
        time.sleep(0.5)
    demo.report()
    left = demo.fault("one", "killed (SIGKILL)", demo.running["one"].kill)
    demo.start("one")
    left |= demo.fault("two", "frozen (SIGSTOP)", lambda: demo.running["two"].send(signal.SIGSTOP))
    before = len(demo.running["two"].events("lease_lost"))
    demo.running["two"].send(signal.SIGCONT)
    lost = harness.wait_for("the woken replica's log", lambda: demo.running["two"].events("lease_lost")[before:], 10)
    say(f"replica two woke up: {lost[0]['msg']}")
    demo.report()
    return left


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", help="the folder of the built programs")
    build = parser.parse_args().build
    os.environ.setdefault("TASKWATCHD", os.path.join(build, "daemon", "taskwatchd"))
    os.environ.setdefault("IOTSIM", os.path.join(build, "tests", "simulator", "iotsim"))
    folder = tempfile.mkdtemp(prefix="taskwatchd-demo-")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    demo = None
    try:
        demo = Demo(folder)
        left = show(demo)
        if left:
            sys.exit(f"demo: nobody took over {', '.join(sorted(left))}")
        if "DEMO_SECONDS" not in os.environ:
            say("Ctrl-C ends")
            while True:
                time.sleep(1)
    except KeyboardInterrupt:
        pass
    finally:
        if demo:
            demo.close()
        shutil.rmtree(folder, ignore_errors=True)
        say("ended")


if __name__ == "__main__":
    main()
