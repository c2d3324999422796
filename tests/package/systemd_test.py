"""The installed package under a real systemd: boots a separate Debian root, with iotsim inside as the platform.

inside.sh runs in it as a unit, does the checks in order and powers the root off. This file converts its report to
tests.
"""
import pathlib
import re
import tempfile
import unittest

import debian_root

HERE = pathlib.Path(__file__).resolve().parent
CHECKS = ("unconfigured", "empty_configuration", "start", "keys", "journal_fields", "catalog", "runbooks", "reload", "watchdog",
          "writes", "stop", "lost_credential", "upgrade", "restore", "tls", "socket", "remove")
DEADLINE = 900  # s; the watchdog check alone takes 35 s, and the machine may be busy


class Systemd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with debian_root.root() as root, tempfile.TemporaryDirectory() as folder:
            root.install(debian_root.deb())
            root.put(debian_root.newer(debian_root.deb(), folder), "/newer.deb", 0o644)
            root.put_cloud()
            root.put(HERE / "inside.sh", "/usr/local/bin/inside.sh")
            for page in ("backup-restore.md", "serve-with-tls.md"):
                root.put(HERE.parent.parent / "docs/how-to" / page, f"/{page}", 0o644)
            # For the backup commands.
            fetched = root.run("apt-get", "-qy", "--no-install-recommends", "install", "sqlite3")
            if fetched.returncode != 0:
                raise AssertionError(fetched.stdout)
            root.when_booted("/usr/local/bin/inside.sh", "/results")
            booted = root.boot(DEADLINE)
            results = root.path("/results")
            cls.report = results.read_text(errors="replace") if results.exists() else ""
        if "END" not in cls.report.splitlines():
            raise AssertionError(f"the checks did not come to their end:\n{cls.report}\n{booted.stdout[-3000:]}")
        print(cls.report[:cls.report.index("\nEND")])
        cls.said = dict(re.findall(r"^CHECK (\w+) (.*)$", cls.report, re.MULTILINE))


def one(name):
    def test(self):
        if self.said.get(name) != "ok":
            self.fail(f"{self.said.get(name, 'was not run')}\n{self.report}")
    return test


for check_name in CHECKS:
    setattr(Systemd, f"test_{check_name}", one(check_name))


if __name__ == "__main__":
    debian_root.needs("mmdebstrap", "systemd-nspawn", "dpkg-deb")
    unittest.main(verbosity=2)
