"""Installs, upgrades, removes and purges the package in a separate Debian root, with apt and dpkg as an operator
does."""
import re
import tempfile
import unittest

import debian_root

CONFIG = "/etc/taskwatchd/taskwatchd.yaml"
EDITED = "accounts:\n  - name: edited\n    instances: [{region: cn-shanghai, tasks: [T1]}]\n"
STATE = "/var/lib/private/taskwatchd/state.db"
ENABLED = "/etc/systemd/system/multi-user.target.wants/taskwatchd.service"


class Install(unittest.TestCase):
    """The life cycle of one installation: the steps run in the order of their names."""

    @classmethod
    def setUpClass(cls):
        cls.root = cls.enterClassContext(debian_root.root())
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())

    def ok(self, *command):
        done = self.root.run(*command)
        self.assertEqual(done.returncode, 0, f"{command}:\n{done.stdout}")
        return done.stdout

    def there(self, *names):
        for name in names:
            self.assertTrue(self.root.path(name).exists() or self.root.path(name).is_symlink(), f"{name} is missing")

    def gone(self, *names):
        for name in names:
            self.assertFalse(self.root.path(name).exists() or self.root.path(name).is_symlink(), f"{name} is still there")

    def test_1_install(self):
        said = self.root.install(debian_root.deb())
        self.assertIn("edit /etc/taskwatchd/taskwatchd.yaml", said)
        self.assertIn(debian_root.check_told(self.root.folder), said)
        self.assertNotRegex(said, r"(?i)\b(error|warning: taskwatchd|not found)\b")
        self.assertEqual(self.ok("dpkg", "--audit"), "")
        self.assertEqual(self.ok("dpkg", "--verify", "taskwatchd"), "")
        self.assertIn("taskwatchd, version", self.ok("taskwatchd", "--version"))
        # No task is watched yet: the service is not enabled, and the check reports what to do.
        self.gone(ENABLED)
        check = self.root.run("taskwatchd", "check")
        self.assertEqual(check.returncode, 78)
        self.assertIn(f"{CONFIG}:1:1: the file is empty; add `accounts`", check.stdout)
        self.assertIn("Task @TASK_ID@ is now @TO@", self.ok("journalctl", "--list-catalog"))

    def test_2_the_template_is_right_once_its_comments_are_taken_off(self):
        shipped = self.root.path(CONFIG).read_text()
        # Everything from the first key on.
        filled = re.sub(r"^#", "", shipped[shipped.index("#accounts:"):], flags=re.MULTILINE)
        self.root.write(CONFIG, filled + "\n")
        self.assertIn("account prod: 1 instance, 1 task", self.ok("taskwatchd", "check"))

    def test_3_upgrade_keeps_what_the_operator_wrote(self):
        self.root.write(CONFIG, EDITED)
        self.root.write("/etc/default/taskwatchd", 'ARGS="--log.level=debug"\n')
        self.root.write(STATE, "history")
        self.root.path("/var/lib/taskwatchd").symlink_to("private/taskwatchd")
        self.ok("systemctl", "enable", "taskwatchd")
        self.there(ENABLED)
        before = self.ok("dpkg-query", "-W", "-f=${Version}", "taskwatchd")
        said = self.root.install(debian_root.newer(debian_root.deb(), self.folder))
        self.assertNotIn("edit /etc/taskwatchd", said)
        self.assertEqual(self.ok("dpkg-query", "-W", "-f=${Version}", "taskwatchd"), before + ".1")
        self.assertEqual(self.root.path(CONFIG).read_text(), EDITED)
        self.assertEqual(self.root.path("/etc/default/taskwatchd").read_text(), 'ARGS="--log.level=debug"\n')
        self.assertIn("a line of the newer version", self.root.path(CONFIG + ".dpkg-dist").read_text())
        self.there(ENABLED, STATE)

    def test_4_remove_keeps_configuration_and_state(self):
        self.ok("dpkg", "--remove", "taskwatchd")
        self.gone("/usr/bin/taskwatchd", "/usr/lib/systemd/system/taskwatchd.service", "/usr/share/taskwatchd")
        self.there(STATE, "/etc/default/taskwatchd")
        self.assertEqual(self.root.path(CONFIG).read_text(), EDITED)

    def test_5_installed_again_it_is_as_it_was(self):
        self.root.install(debian_root.deb())
        self.assertEqual(self.root.path(CONFIG).read_text(), EDITED)
        self.there(ENABLED, STATE)

    def test_6_purge_leaves_nothing(self):
        self.ok("dpkg", "--purge", "taskwatchd")
        self.gone(STATE, "/var/lib/private/taskwatchd", "/var/lib/taskwatchd", "/etc/taskwatchd", ENABLED,
                  "/etc/default/taskwatchd")
        left = self.ok("find", "/", "-xdev", "-name", "*taskwatchd*").split()
        self.assertEqual(left, [])
        self.assertNotIn("is now @TO@", self.root.run("journalctl", "--list-catalog").stdout)


if __name__ == "__main__":
    debian_root.needs("mmdebstrap", "systemd-nspawn", "dpkg-deb")
    unittest.main(verbosity=2)
