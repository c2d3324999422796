"""Checks the contents of the package: files, their modes and dependencies, the output of lintian, the manual, the
bill of materials. The same commit gives the same bytes. The test installs nothing and does not need root."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import debian_root

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TASKWATCHD = os.environ["TASKWATCHD"]
# Only a package that is uploaded to Debian closes a bug there.
SUPPRESSED = "initial-upload-closes-no-bugs"

FILES = """
/etc/default/taskwatchd
/etc/taskwatchd/taskwatchd.yaml
/usr/bin/taskwatchd
/usr/lib/systemd/catalog/taskwatchd.catalog
/usr/lib/systemd/system/taskwatchd.service
/usr/share/bash-completion/completions/taskwatchd
/usr/share/doc/taskwatchd/changelog.Debian.gz
/usr/share/doc/taskwatchd/changelog.gz
/usr/share/doc/taskwatchd/copyright
/usr/share/doc/taskwatchd/examples/credentials.conf
/usr/share/doc/taskwatchd/examples/taskwatchd.socket
/usr/share/doc/taskwatchd/sbom.cdx.json
/usr/share/fish/vendor_completions.d/taskwatchd.fish
/usr/share/man/man5/taskwatchd.yaml.5.gz
/usr/share/man/man7/taskwatchd-metrics.7.gz
/usr/share/man/man8/taskwatchd.8.gz
/usr/share/taskwatchd/alertmanager/alertmanager.yml
/usr/share/taskwatchd/example.yaml
/usr/share/taskwatchd/minimal.yaml
/usr/share/taskwatchd/prometheus/prometheus.yml
/usr/share/taskwatchd/prometheus/taskwatchd.rules.yml
/usr/share/taskwatchd/taskwatchd.schema.json
/usr/share/zsh/vendor-completions/_taskwatchd
""".split()


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


class Contents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deb = debian_root.deb()
        cls.tree = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        run("dpkg-deb", "-x", cls.deb, cls.tree)
        cls.modes = {}
        for line in run("dpkg-deb", "-c", cls.deb).splitlines():
            mode, owner, _, _, _, name = line.split(None, 5)
            cls.modes[name.removeprefix(".")] = (mode, owner)

    def field(self, name):
        return run("dpkg-deb", "-f", self.deb, name).strip()

    def page(self, name, width=80):
        path = self.tree / "usr/share/man" / f"man{name[-1]}" / f"{name}.gz"
        environment = {**os.environ, "MANWIDTH": str(width), "LC_ALL": "C.UTF-8", "MANROFFSEQ": ""}
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", path], capture_output=True, text=True, env=environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""), name)
        return re.sub(r"\s+", " ", re.sub(r".\x08", "", done.stdout))

    def test_files(self):
        dashboards = {f"/usr/share/taskwatchd/grafana/{path.name}" for path in (ROOT / "config/grafana").iterdir()}
        self.assertGreaterEqual(len(dashboards), 3)
        schemas = {f"/usr/share/taskwatchd/events/{path.name}" for path in (ROOT / "config/events").iterdir()}
        self.assertIn("/usr/share/taskwatchd/events/taskwatchd.task_transition.v1.json", schemas)
        found = {name for name, (mode, _) in self.modes.items() if mode.startswith("-")}
        self.assertEqual(found, set(FILES) | dashboards | schemas)

    def test_modes(self):
        for name, (mode, owner) in self.modes.items():
            wanted = "drwxr-xr-x" if mode[0] == "d" else "-rwxr-xr-x" if name == "/usr/bin/taskwatchd" else "-rw-r--r--"
            self.assertEqual((mode, owner), (wanted, "root/root"), name)

    def test_control(self):
        self.assertRegex(self.deb.name, rf"^taskwatchd_{re.escape(self.field('Version'))}_\w+\.deb$")
        self.assertIn(f"version {self.field('Version').rpartition('-')[0]} ", run(TASKWATCHD, "--version"))
        depends = self.field("Depends")
        for library in ("libc6", "libcurl4", "libssl3", "libsqlite3-0", "libsystemd0", "ca-certificates"):
            self.assertRegex(depends, rf"(^|, ){re.escape(library)}( |,|$)")
        conffiles = run("dpkg-deb", "-I", self.deb, "conffiles").split()
        self.assertEqual(conffiles, sorted(name for name in FILES if name.startswith("/etc/")))

    def test_program_is_stripped_and_hardened(self):
        program = self.tree / "usr/bin/taskwatchd"
        self.assertNotIn(".symtab", run("readelf", "-SW", program))
        self.assertIn("DYN (Position-Independent Executable file)", run("readelf", "-h", program))
        dynamic = run("readelf", "-dW", program)
        self.assertIn("BIND_NOW", dynamic)
        self.assertNotIn("RUNPATH", dynamic)
        segments = run("readelf", "-lW", program)
        self.assertIn("GNU_RELRO", segments)
        self.assertRegex(segments, r"GNU_STACK .* RW ")
        self.assertIn("__stack_chk_fail", run("readelf", "--dyn-syms", "-W", program))

    def test_lintian(self):
        done = subprocess.run(["lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on=error,warning",
                               f"--suppress-tags={SUPPRESSED}", self.deb], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_manual_of_the_program_lists_every_flag(self):
        page = self.page("taskwatchd.8")
        commands = re.findall(r"^  ([a-z]+)\s{2,}", run(TASKWATCHD, "--help").split("Subcommands:")[1], re.MULTILINE)
        self.assertIn("run", commands)
        for command in commands:
            self.assertIn(f"taskwatchd {command} [FLAG...]", page)
            for flag in re.findall(r"^  (?:-h,)?(--[\w.-]+)", run(TASKWATCHD, command, "--help"), re.MULTILINE):
                self.assertRegex(page, rf"{re.escape(flag)}[ =]", command)
        self.assertIn(debian_root.check_told(self.tree), page)
        for name in re.findall(r"(?<![=\w])/(?:etc|usr)/\S+?(?=[ .,]?\s)", page):
            self.assertTrue((self.tree / name.strip("/")).exists(), f"the page names {name}")

    def test_manual_of_the_configuration_lists_every_key(self):
        page = self.page("taskwatchd.yaml.5", 400)
        keys = set()
        for line in (ROOT / "docs/reference/configuration.md").read_text().splitlines():
            keys |= set(re.findall(r"`(\w+)`", line.split("|")[1])) if line.startswith("| `") else set()
        self.assertGreater(len(keys), 50)
        for key in keys:
            self.assertRegex(page, rf"\b{key}\b")

    def test_manual_of_the_metrics_lists_every_metric(self):
        page = self.page("taskwatchd-metrics.7", 400)
        metrics = re.findall(r"^\| `(\w+)` \| (\w+) \|", (ROOT / "docs/reference/metrics.md").read_text(), re.MULTILINE)
        self.assertGreater(len(metrics), 50)
        for name, kind in metrics:
            if kind in ("gauge", "counter", "histogram"):
                self.assertIn(f" {name} ({kind}", page)

    def test_bill_of_materials(self):
        bill = json.loads((self.tree / "usr/share/doc/taskwatchd/sbom.cdx.json").read_text())
        self.assertEqual((bill["bomFormat"], bill["specVersion"]), ("CycloneDX", "1.5"))
        parts = {part["name"]: part["version"] for part in bill["components"]}
        for package in re.findall(r"(?:^|, )(lib[\w.+-]+|zlib1g)", self.field("Depends")):
            # A dependency may have the name of a virtual package, which another package provides.
            name = package if package in parts else package.rpartition("-")[0]
            self.assertEqual(parts.get(name), run("dpkg-query", "-W", "-f=${Version}", name), package)
        self.assertTrue(any(name.startswith("libboost") for name in parts))
        self.assertIn("libcli11-dev", parts)
        # The packages bundled into the status page, without those that are only for building or testing it.
        npm = {part["name"]: part["version"] for part in bill["components"] if part["purl"].startswith("pkg:npm/")}
        self.assertEqual(set(npm), {"htm", "preact", "uplot"})
        self.assertEqual(npm, json.loads((ROOT / "daemon/page/package.json").read_text())["dependencies"])
        self.assertEqual(len({part["bom-ref"] for part in bill["components"]}), len(parts))

    def test_copyright_has_the_notices_of_the_page(self):
        words = " ".join((self.tree / "usr/share/doc/taskwatchd/copyright").read_text().replace("\n .\n", " ").split())
        notices = (ROOT / "daemon/page/dist/page.js").read_text().partition("*/")[0]
        self.assertIn("htm (Apache-2.0, Google Inc.)", notices)
        self.assertIn("2018 Google Inc.", words)
        holders = re.findall(r"^Copyright \(c\) (.+)$", notices, re.MULTILINE)
        self.assertEqual(len(holders), 2)
        for holder in holders:
            self.assertIn(holder, words)
        texts = re.findall(r"Permission is hereby granted.+?SOFTWARE\.$", notices, re.DOTALL | re.MULTILINE)
        self.assertEqual(len(texts), 2)
        for text in texts:
            self.assertIn(" ".join(text.split()), words)

    def test_built_again_it_is_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            build = pathlib.Path(os.environ["BUILD_FOLDER"])
            again = pathlib.Path(folder) / self.deb.name
            # The time in the header of the first member of the archive.
            seconds = self.deb.read_bytes()[24:36].decode().strip()
            run("cpack", "--config", build / "CPackConfig.cmake", "-B", folder, "-D", f"CPACK_OUTPUT_FILE_PREFIX={folder}",
                env={**os.environ, "SOURCE_DATE_EPOCH": seconds})
            self.assertEqual(again.read_bytes(), self.deb.read_bytes())


class Completions(unittest.TestCase):
    """Queries each shell for completions, as the Tab key does."""

    @classmethod
    def setUpClass(cls):
        cls.made = pathlib.Path(os.environ["BUILD_FOLDER"]) / "package"
        cls.commands = re.findall(r"^  ([a-z]+)\s{2,}", run(TASKWATCHD, "--help").split("Subcommands:")[1], re.MULTILINE)
        cls.flags = {command: set(re.findall(r"^  (?:-h,)?(--[\w.-]+)", run(TASKWATCHD, command, "--help"), re.MULTILINE))
                     for command in cls.commands}

    def shell(self, name):
        if not shutil.which(name):
            self.skipTest(f"no {name}; see .ci/packages.txt")
        return name

    def check(self, complete):
        """`complete` returns the possible next words of a line, with the cursor at its end."""
        self.assertEqual(set(complete("taskwatchd ")), set(self.commands))
        for command in self.commands:
            self.assertEqual({word.rstrip("=") for word in complete(f"taskwatchd {command} --")}, self.flags[command])
        # Without a command, the command is run.
        self.assertEqual({word.rstrip("=") for word in complete("taskwatchd --")}, self.flags["run"])
        self.assertEqual(set(complete("taskwatchd state ")), {"schema", "copy", "restored"})
        values = {word.rpartition("=")[2] for word in complete("taskwatchd run --log.level=")}
        self.assertEqual(values, {"debug", "info", "warn", "error"})

    def test_bash(self):
        script = f"""source {self.made}/taskwatchd.bash
          COMP_LINE=$1
          # bash takes = for a word of its own.
          read -ra COMP_WORDS <<<"${{1//=/ = }}"
          [[ $1 == *[\\ =] ]] && COMP_WORDS+=("")
          COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
          _taskwatchd taskwatchd
          printf '%s\\n' "${{COMPREPLY[@]}}" """
        self.check(lambda line: run(self.shell("bash"), "--norc", "-c", script, "bash", line).split())

    def test_fish(self):
        def complete(line):
            said = run(self.shell("fish"), "--no-config", "-c", f"source {self.made}/taskwatchd.fish; complete -C $argv[1]", line,
                       env={**os.environ, "HOME": str(self.home)})
            return [row.split("\t")[0] for row in said.splitlines()]
        self.home = self.enterContext(tempfile.TemporaryDirectory())
        self.check(complete)

    def test_zsh(self):
        # Completion works only in the line editor: the test starts a shell in a separate terminal. It shows no menu
        # except the arguments of compadd.
        script = f"""zmodload zsh/zpty
          zpty asked zsh -f -i
          zpty -w asked 'PS1= PROMPT_EOL_MARK=; unsetopt zle; setopt zle; fpath=({self.made} $fpath); autoload -Uz compinit; compinit -u -D
            compadd () {{ local -a found; builtin compadd -A found -D found "$@" 2>/dev/null; builtin compadd -O found "$@"
              print -rl -- "FOUND:"${{^found}} >>{{out}}; builtin compadd "$@" }}
            zle -C show complete-word _generic; bindkey "^X" show; done_ () {{ print END >>{{out}}; }}; zle -N done_; bindkey "^Y" done_
            print READY >>{{out}}'
          while [[ "$(<{{out}})" != *READY* ]] sleep 0.05
          zpty -w -n asked "$1"$'\\C-x\\C-y'
          while [[ "$(<{{out}})" != *END* ]] {{ zpty -r -t asked ignored; sleep 0.05 }}
          zpty -d asked
          sed -n 's/^FOUND://p' {{out}}"""
        def complete(line):
            with tempfile.NamedTemporaryFile(mode="r") as out:
                return run(self.shell("zsh"), "-f", "-c", script.replace("{out}", out.name), "zsh", line, timeout=60).split()
        self.check(complete)


if __name__ == "__main__":
    unittest.main(verbosity=2)
