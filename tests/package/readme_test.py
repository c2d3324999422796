"""From a fresh Debian to a notification, with the commands of docs/getting-started.md and docs/how-to/alerting.md
as printed.

A user with sudo executes their `sh run` blocks in order, in a Debian root that is booted for the test. The test
changes only what a reader changes (ids, pasted AccessKeys, addresses), and iotsim replaces the platform. The test
fails if a command fails, if an expected output does not appear, or if a notification takes longer than
getting-started.md promises.
"""
import json
import pathlib
import re
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))
import debian_root
import doc_blocks

STARTED, ALERTING = "docs/getting-started.md", "docs/how-to/alerting.md"
PROMISED = 600  # s from the first command to the notification, without the build
DEADLINE = 1500  # s in the booted root; a run that is merely slow must still finish and report its times
USER, TREE = "reader", "/home/reader/taskwatchd"
CONFIG = "/etc/taskwatchd/taskwatchd.yaml"
HOOK = "http://127.0.0.1:5099/hook"
TASK, JOB = "MSnT9aaaaaaaaaaaaq010101", "ota"  # of world.yaml; it fails after 20 s
PASTED = {"keys/access-key-id'": "LTAI5tDemoKey\n", "keys/access-key-secret'": "demo-secret-not-a-real-one\n"}
# Repeated until its output shows this, as a reader does; `journalctl -f` is then stopped.
SHOWS = {"journalctl ": f"{TASK}.*FAILED", "promtool query ": "taskwatchd_build_info", " alert query ": "TaskwatchdWatchdog"}

# Alertmanager requires a private address, which a cloud server has.
ADDRESS = "ExecStartPre=ip address add 192.168.77.1/24 dev lo\n"


def replaced(text, *changes):
    """Replaces each (old, new); `old` must occur exactly once."""
    for old, new in changes:
        if text.count(old) != 1:
            raise AssertionError(f"{old!r} stands {text.count(old)} times, not once, in:\n{text}")
        text = text.replace(old, new)
    return text


def reader_changes(text):
    """Returns the text with the values that a reader of getting-started.md replaces."""
    return text.replace("iot-cn-0pp1n8t0000", "iot-cn-demo0001")


def documents():
    """Returns the two documents, with the values that a reader replaces."""
    alerting = replaced((SOURCE / ALERTING).read_text(), ("https://hooks.example.com/alerts", HOOK))
    return [reader_changes((SOURCE / STARTED).read_text()), alerting]


def steps():
    """Returns all steps of a reader, in order: {"command"} or {"write", "text"}."""
    made = []
    for text in documents():
        wanted = dict(doc_blocks.outputs(text))
        for block in doc_blocks.blocks(text):
            if block.info == "yaml":
                made.append({"write": CONFIG, "text": replaced(
                    block.text, ("region: cn-shanghai\n", "region: cn-shanghai\n        endpoint: http://127.0.0.1:18080\n"))})
            elif block.info == "json":
                json.loads(block.text)  # the policy and a notification, not commands
            elif block.info == "sh run":
                made += [{"command": command, "expects": wanted.get(command, [])} for command in doc_blocks.commands(block.text)]
    for step in made:
        command = step.get("command", "")
        step["paste"] = next((text for name, text in PASTED.items() if command.endswith(name) or name + " " in command), "")
        step["shows"] = next((text for name, text in SHOWS.items() if name in command), "")
    return made


def installs(step):
    return "apt-get" in step.get("command", "")


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.steps = steps()
        # The package is built outside of the root, so the first command, which is also not run as printed, is
        # removed.
        first = cls.steps.pop(0)
        if first["command"] != "make package":
            raise AssertionError(f"the first command is not to build but: {first}")
        with debian_root.root() as root:
            cls.prepare(root)
            cls.downloaded = cls.download(root)
            root.write("/steps.json", json.dumps([step for step in cls.steps if "apt-get update" not in step.get("command", "")]))
            booted = root.boot(DEADLINE)
            log, results = root.path("/log"), root.path("/results.json")
            if not results.exists():
                raise AssertionError(f"it did not come to its end:\n{log.read_text() if log.exists() else booted.stdout[-3000:]}")
            cls.log, cls.results = log.read_text(errors="replace"), json.loads(results.read_text())

    @staticmethod
    def prepare(root):
        """Prepares the root for the reader: a user with sudo, the source tree with its package, and the files of
        the test itself."""
        # Every Debian that is not minimal has procps and iproute2.
        for command in (("apt-get", "-q", "update"),
                        ("apt-get", "-qy", "--no-install-recommends", "install", "sudo", "procps", "iproute2", "python3"),
                        ("useradd", "--create-home", "--shell=/bin/bash", USER)):
            done = root.run(*command)
            if done.returncode != 0:
                raise AssertionError(f"{command}:\n{done.stdout}")
        root.run("sh", "-c", "rm -rf /var/lib/apt/lists/*")  # restore the fresh state
        root.write("/etc/sudoers.d/reader", f"{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)
        root.write("/etc/apt/apt.conf.d/answers", 'APT::Get::Assume-Yes "true";\n')
        root.write("/etc/hosts", f"127.0.0.1 localhost {root.path('/etc/hostname').read_text().strip()}\n")
        root.path(f"{TREE}/build/release").mkdir(parents=True)
        root.put(debian_root.deb(), f"{TREE}/build/release/{debian_root.deb().name}", 0o644)
        root.put_cloud()
        root.put(HERE / "readme_inside.py", "/usr/local/bin/readme_inside.py")
        root.when_booted("/usr/bin/python3 /usr/local/bin/readme_inside.py", "/log", before=ADDRESS)

    @classmethod
    def download(cls, root):
        """Downloads the packages of the apt commands, because the booted root has no network. Returns the seconds."""
        begun = time.monotonic()
        for step in filter(installs, cls.steps):
            command = step["command"].replace(" install ", " install --download-only ")
            done = root.run("runuser", "-u", USER, "--", "bash", "-c", f"cd {TREE} && {command}", deadline=900, cached=False)
            if done.returncode != 0:
                raise AssertionError(f"{command}:\n{done.stdout}")
        return time.monotonic() - begun

    def test_every_command_does(self):
        print(f"\n{self.downloaded:6.1f} s  (downloads for apt-get)")
        for step in self.results["steps"]:
            print(f"{step['seconds']:6.1f} s  {step['what'].splitlines()[0]}")
        for step in self.results["steps"]:
            with self.subTest(step["what"]):
                self.assertTrue(step["ok"], f"{step['what']}\nexit code {step['exit']}:\n{step['said']}")

    def test_the_expected_output_appears(self):
        said = {step["what"]: step["said"] for step in self.results["steps"]}
        for step in self.steps:
            for line in step.get("expects", []):
                with self.subTest(line):
                    self.assertRegex(said[step["command"]], doc_blocks.expected(line))

    def test_notified_within_the_promised_time(self):
        reported = [(note["at"], alert) for note in self.results["notes"] for alert in note["body"]["alerts"]]
        test = [at for at, alert in reported if alert["annotations"].get("summary") == "A test: nothing failed"]
        bad = [(at, alert) for at, alert in reported if alert["labels"]["alertname"] == "TaskwatchdTasksBad" and TASK in json.dumps(alert)]
        self.assertTrue(bad, f"no notification about {TASK}: {self.results['notes']}\n{self.log}")
        self.assertTrue(test, f"the notification to try it with did not come: {self.results['notes']}")
        at, alert = min(bad, key=lambda row: row[0])
        self.assertEqual((alert["status"], alert["labels"]["account"]), ("firing", "prod"))
        taken = self.downloaded + at
        said = re.search(r"about\s(\d+)\sminutes\son\stwo\scores", (SOURCE / STARTED).read_text())
        print(f"\nfrom the first command to the notification: {taken:.0f} s without `make package`; with it, at the "
              f"{said.group(1)} min that the document states for it: {int(said.group(1)) + taken / 60:.1f} min")
        self.assertLess(taken, PROMISED)


if __name__ == "__main__":
    debian_root.needs("mmdebstrap", "systemd-nspawn")
    unittest.main(verbosity=2)
