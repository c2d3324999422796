"""Checks the documents: every link resolves; every command block is either run by a test or marked as a pattern;
the commands and fields that they name exist; each event and metric has one row in one reference table; and the
terms are those of the glossary.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(HERE / "package")]
import doc_blocks
import events_page

os.environ.setdefault("BUILD_FOLDER", str(ROOT / "build"))  # the tests of the package read it when they are imported
import readme_test

TASKWATCHD = os.environ.get("TASKWATCHD")
# Types of a block: a test runs it, no test runs it as printed, the output of a command, and text that is not a
# command.
MARKS = {"sh run", "sh pattern", "text output", "text", "yaml", "json", "mermaid"}
# Programs, and the documents whose programs a test runs: tests/end_to_end/notify_snippets_test.py.
PROGRAMS = {"python", "go", "js"}
PROGRAMS_RUN = {"docs/how-to/notify-webhook.md"}
# Not in documents for users. Each word has a plain replacement in docs/concepts.md, or adds nothing.
REJECTED = re.compile(r"\b(told|tells?|mend(s|ed|ing)?|anew|likewise|of its own|is no)\b", re.IGNORECASE)
# Their lines may have any length.
GENERATED = {"docs/reference/metrics.md", "docs/reference/events.md", "CHANGELOG.md"}
WIDTH = 100


def files(*patterns):
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", *patterns],
                         capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in out.splitlines() if (ROOT / line).is_file()]


def documents():
    return files("*.md")


def name(path):
    return str(path.relative_to(ROOT))


def prose(text):
    """Removes fenced blocks and comments. The other text keeps its line numbers."""
    def blank(match):
        return "\n" * match[0].count("\n")
    text = re.sub(r"^ *```.*?^ *```$", blank, text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"<!--.*?-->", blank, text, flags=re.DOTALL)


def anchors(path):
    """Returns the anchors that GitHub generates from headings, and the explicit ones."""
    text = prose(path.read_text())
    found = set(re.findall(r'<a id="([^"]+)">', text))
    seen = {}
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = seen.get(slug, 0)
        seen[slug] = number + 1
        found.add(f"{slug}-{number}" if number else slug)
    return found


def links(text):
    """Yields (line, target)."""
    for number, line in enumerate(prose(text).splitlines(), 1):
        for match in re.finditer(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
            yield number, match[1]


def inside_commands(page):
    """Returns the commands of a page of docs/how-to that tests/package/inside.sh evaluates, extracted by its own
    shell function."""
    inside = (HERE / "package/inside.sh").read_text()
    function = re.search(r"^documented\(\) \{.*?^\}", inside, re.MULTILINE | re.DOTALL)[0]
    made = []
    for check in re.findall(r"^check_\w+\(\) \{.*?^\}", inside, re.MULTILINE | re.DOTALL):
        check = check.replace('"$page"', re.search(r"page=(\S+)|$", check)[1] or "")
        for block in sorted(set(re.findall(rf'eval "\$\(documented {re.escape(page)} (\d)\)"', check))):
            script = function.replace('"/$1"', f'"{ROOT}/docs/how-to/$1"') + f"\ndocumented {page} {block}\n"
            made += doc_blocks.commands(subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout)
    return made


def readme_commands(document):
    done = [step["command"] for step in readme_test.steps() if "command" in step]
    text = (ROOT / document).read_text()
    wanted = [command for block in doc_blocks.blocks(text) if block.info == "sh run" for command in doc_blocks.commands(block.text)]
    for command in wanted:  # the parts that a reader replaces
        replaced = readme_test.reader_changes(command).replace("https://hooks.example.com/alerts", readme_test.HOOK)
        if replaced in done:
            done.append(command)
    return done


# The commands of the `sh run` blocks that a test runs, by document.
RUN = {
    "docs/getting-started.md": lambda: readme_commands("docs/getting-started.md"),
    "docs/zh/getting-started.md": lambda: readme_commands("docs/getting-started.md"),
    "docs/how-to/alerting.md": lambda: readme_commands("docs/how-to/alerting.md"),
    "README.md": lambda: readme_commands("docs/getting-started.md"),
    "README.zh.md": lambda: readme_commands("docs/getting-started.md"),
    "docs/how-to/backup-restore.md": lambda: inside_commands("backup-restore.md"),
    "docs/how-to/serve-with-tls.md": lambda: inside_commands("serve-with-tls.md"),
    "docs/how-to/size-and-quota.md": lambda: Offline.COMMANDS,
}


def shell_blocks():
    """Yields (document, block) of every shell block in all documents."""
    for path in documents():
        for block in doc_blocks.blocks(path.read_text()):
            if block.info.startswith("sh"):
                yield name(path), block


def mentioned():
    """Yields (document, line, command) of every command in a block or in `code`."""
    for document, block in shell_blocks():
        for command in doc_blocks.commands(block.text):
            yield document, block.line, command
    for path in documents():
        for number, line in enumerate(prose(path.read_text()).splitlines(), 1):
            for code in re.findall(r"`([^`]+)`", line):
                yield name(path), number, code


class Links(unittest.TestCase):
    def test_links_and_anchors_resolve(self):
        wrong = []
        for path in documents():
            for line, target in links(path.read_text()):
                if re.match(r"(https?|mailto):", target):
                    continue
                file, _, anchor = urllib.parse.unquote(target).partition("#")
                other = (path.parent / file).resolve() if file else path
                if not other.exists():
                    wrong.append(f"{name(path)}:{line}: no {target}")
                elif anchor and (other.suffix != ".md" or anchor not in anchors(other)):
                    wrong.append(f"{name(path)}:{line}: no anchor {target}")
        self.assertEqual(wrong, [])

    def test_every_document_that_a_file_names_exists(self):
        """Sources mention documents in comments, messages and paths."""
        wrong = []
        for path in files():
            if path.suffix in {".png", ".xlsx", ".zip", ".js"} or name(path).startswith("tests/data/"):
                continue
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                for named in re.findall(r"(?<![\w/.-])docs/[\w/-]+\.(?:md|yaml|png)", line):
                    if not (ROOT / named).exists():
                        wrong.append(f"{name(path)}:{number}: no {named}")
        self.assertEqual(wrong, [])

    def test_every_document_is_reached_from_the_index(self):
        reached, open_ = set(), [ROOT / "docs/README.md"]
        while open_:
            path = open_.pop()
            if path in reached or path.suffix != ".md":
                continue
            reached.add(path)
            open_ += [(path.parent / target.partition("#")[0]).resolve() for _, target in links(path.read_text())
                      if not re.match(r"(https?:|mailto:|#)", target)]
        self.assertEqual([name(path) for path in files("docs/*.md") if path not in reached], [])


class Commands(unittest.TestCase):
    def test_every_block_is_marked(self):
        wrong = [f"{name(path)}:{block.line}: {block.info or 'no mark'}" for path in documents()
                 for block in doc_blocks.blocks(path.read_text())
                 if block.info not in MARKS | (PROGRAMS if name(path) in PROGRAMS_RUN else set())]
        self.assertEqual(wrong, [])
        indented = [f"{name(path)}:{number}" for path in documents()
                    for number, line in enumerate(prose(path.read_text()).splitlines(), 1)
                    if re.match(r"    (?:sudo|make|taskwatchd|curl|systemctl|journalctl|cd|npm|promtool|amtool) ", line)]
        self.assertEqual(indented, [], "a command in an indented block has no mark")

    def test_what_is_marked_as_run_is_run(self):
        wrong, run = [], {}
        for document, block in shell_blocks():
            if block.info == "sh run":
                if document not in run:
                    run[document] = RUN[document]() if document in RUN else []
                wrong += [f"{document}:{block.line}: {command}" for command in doc_blocks.commands(block.text)
                          if command not in run[document]]
        self.assertEqual(wrong, [])

    def test_make_targets_exist(self):
        targets = set(re.findall(r"^([a-z][\w|-]*(?: [a-z][\w-]*)*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        targets = {target for group in targets for target in group.split()}
        wrong = [f"{document}:{line}: {command}" for document, line, command in mentioned()
                 for target in re.findall(r"(?:^|\n|&& )make ([a-z][\w-]*)", command) if target not in targets]
        self.assertEqual(wrong, [])

    def test_commands_and_flags_exist(self):
        flags = "".join(path.read_text() for path in sorted((ROOT / "daemon/commands").glob("*flags.cc")))
        known = set(re.findall(r'"(?:-\w,)?(--[\w.-]+)"', flags)) | {"--help", "--version"}
        wrong = []
        for document, line, command in mentioned():
            for called in re.finditer(r"(?:^|[\s/])taskwatchd ([a-z-][^|\n;&]*)", command):
                # taskwatchd is also an argument, for example of journalctl and systemctl, and a name.
                before = command[:called.start() + 1].rpartition("\n")[2]
                if re.search(r"(systemctl|journalctl|apt-get|apt|clone|disable) [^|;&]*$", before):
                    continue
                words = called[1].split()
                if words[:2] == ["is", "ready."]:  # the response of /-/ready
                    continue
                if words[0] not in {"run", "check", "query", "wait", "plan", "explain", "state", "notify", "mute", "unmute", "mutes", "--version", "--help"}:
                    wrong.append(f"{document}:{line}: taskwatchd {words[0]}")
                wrong += [f"{document}:{line}: {flag}" for flag in re.findall(r"(?<!\S)(--[\w.-]+)", called[1]) if flag not in known]
        self.assertEqual(wrong, [])

    def test_every_flag_of_the_service_is_in_the_reference(self):
        flags = set(re.findall(r'"(--(?:web|log)\.[\w.-]+)"', (ROOT / "daemon/commands/flags.cc").read_text()))
        self.assertGreater(len(flags), 8)
        rows = set(re.findall(r"^\| `(--[\w.-]+)` \|", (ROOT / "docs/reference/cli.md").read_text(), re.MULTILINE))
        self.assertEqual(flags - rows, set())

    def test_commands_that_read_keys_say_where_they_are(self):
        """The configuration of getting-started.md uses $CREDENTIALS_DIRECTORY, which only systemd sets: without it
        the commands exit with 78."""
        wrong = [f"{document}:{block.line}: {command}" for document, block in shell_blocks()
                 for command in doc_blocks.commands(block.text)
                 if re.search(r"\btaskwatchd (check|query|wait)\b", command) and "CREDENTIALS_DIRECTORY=" not in command]
        self.assertEqual(wrong, [])

    def test_journal_queries_use_existing_fields(self):
        """The journal has the values of an event in fields. Its message is one sentence, so a search by grep finds
        little."""
        made = events_page.parsed()
        known = {field.upper() for _, fields in made.values() for field in fields} | {"EVENT", "EVENT_ID", "PRIORITY", "MESSAGE_ID"}
        wrong = []
        for document, line, command in mentioned():
            if not re.search(r"\bjournalctl\b", command):
                continue
            if re.search(r"journalctl[^\n]*\| *grep", command):
                wrong.append(f"{document}:{line}: greps the journal")
            for field, value in re.findall(r"(?<![\w-])([A-Z_]+)=([\w]+)", command):
                if field not in known or field == "EVENT" and value not in made:
                    wrong.append(f"{document}:{line}: no {field}={value}")
            for fields in re.findall(r"--output-fields=(\S+)", command):
                wrong += [f"{document}:{line}: no {field}" for field in fields.split(",") if field not in known | {"MESSAGE"}]
        self.assertEqual(wrong, [])


class Rules(unittest.TestCase):
    """The changes of docs/how-to/alerting.md to the shipped rules, by one line each."""
    SHIPPED = ROOT / "config/prometheus/taskwatchd.rules.yml"

    def edited(self, contains):
        page = (ROOT / "docs/how-to/alerting.md").read_text()
        command = [command for block in doc_blocks.blocks(page) if block.info.startswith("sh")
                   for command in doc_blocks.commands(block.text) if contains in command and "sed" in command]
        self.assertEqual(len(command), 1)
        script = re.search(r"sed (?:-i )?('[^']*')", command[0])[1]
        return subprocess.run(["bash", "-c", f"sed {script} {self.SHIPPED}"], capture_output=True, text=True, check=True).stdout

    def test_one_command_sets_the_base_of_all_runbook_urls(self):
        before, after = self.SHIPPED.read_text(), self.edited("/runbooks")
        alerts = re.findall(r"^ *- alert: (\w+)$", before, re.MULTILINE)
        self.assertEqual(re.findall(r"runbook_url: (.*)", before), [f"http://localhost:10120/runbooks/{alert}" for alert in alerts])
        self.assertEqual(re.findall(r"runbook_url: (.*)", after),
                         [f"https://taskwatchd.example.com/runbooks/{alert}" for alert in alerts])

    def test_one_command_sets_the_interval(self):
        self.assertEqual(re.findall(r"^ *interval: (.*)$", self.edited("interval: 5s|"), re.MULTILINE), ["1s"])


class References(unittest.TestCase):
    def rows(self, head):
        """Returns the first cells of all tables whose first column is `head`, in all English documents."""
        found = []
        for path in files("docs/*.md"):
            column = None
            for line in prose(path.read_text()).splitlines():
                first = line.split("|")[1].strip() if line.startswith("|") else None
                if first is None:
                    column = None
                elif column is None:
                    column = first
                elif column == head:
                    found += re.findall(r"`([a-z_]+)`", first)
        return found

    def test_the_events_page_is_current(self):
        self.assertEqual(events_page.PAGE.read_text(), events_page.page(), "python3 tests/events_page.py writes it")

    def test_the_schemas_of_events_are_current(self):
        found = {path.name: path.read_text() for path in events_page.SCHEMAS.iterdir()}
        self.assertEqual(found, events_page.schemas(), "python3 tests/events_page.py writes them")

    def test_each_event_is_in_one_table(self):
        self.assertEqual(sorted(self.rows("event")), sorted(events_page.KINDS))

    def test_each_metric_is_in_one_table(self):
        families = re.findall(r'"((?:aliyun_iot|taskwatchd)_[a-z_]+)"', (ROOT / "daemon/view/families.cc").read_text())
        rows = self.rows("metric")
        self.assertEqual(len(rows), len(set(rows)))
        self.assertGreater(len(families), 40)
        self.assertEqual(sorted(row for row in rows if not row.startswith("process_")), sorted(set(families)))

    def test_each_alert_has_its_section(self):
        alerts = re.findall(r"^ *- alert: (\w+)$", Rules.SHIPPED.read_text(), re.MULTILINE)
        for page in ("docs/reference/alerts.md", "docs/zh/alerts.md"):
            sections = re.findall(r"^## (Taskwatchd\w+)$", (ROOT / page).read_text(), re.MULTILINE)
            self.assertEqual(sorted(sections), sorted(alerts), page)


class Language(unittest.TestCase):
    def test_banned_words_are_not_used(self):
        wrong = []
        for path in documents():
            text = prose(path.read_text())
            wrong += [f"{name(path)}:{number}: {match[0]}" for number, line in enumerate(text.splitlines(), 1)
                      for match in REJECTED.finditer(re.sub(r"`[^`]*`", "", line))]
        self.assertEqual(wrong, [])


    def test_prose_is_wrapped(self):
        """A long line cannot be reviewed in a diff. Tables, links and long code are not wrapped, nor is Chinese,
        which has no spaces."""
        wrong = [f"{name(path)}:{number}: {len(line)}" for path in documents()
                 if name(path) not in GENERATED and "zh" not in name(path) and not name(path).startswith("tests/")
                 for number, line in enumerate(prose(path.read_text()).splitlines(), 1)
                 if len(line) > WIDTH and not re.match(r" *\||#", line)
                 and not re.search(r"\]\(\S{20,}\)|`[^`]{30,}`|https?://\S{30,}", line)]
        self.assertEqual(wrong, [])


@unittest.skipUnless(TASKWATCHD, "TASKWATCHD is not set")
class Offline(unittest.TestCase):
    """Commands that need neither network nor credentials."""
    COMMANDS = ["taskwatchd plan --config.file=config/minimal.yaml --tasks=1000"]

    def test_they_run(self):
        with tempfile.TemporaryDirectory() as folder:
            for command in self.COMMANDS:
                done = subprocess.run([TASKWATCHD, *command.split()[1:]], cwd=ROOT, capture_output=True, text=True,
                                      env={"PATH": os.environ["PATH"], "HOME": folder})
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("QueryJobStatistics", done.stdout)


if __name__ == "__main__":
    unittest.main()
