"""Checks the rules that no compiler enforces: which module may include which, the coroutine pitfall, file sizes.

Linking cannot enforce the modules on Debian, because all library headers are in /usr/include. So this test reads
the #include lines.
"""
import collections
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A module is a folder of daemon/. From the top down: the modules that each may include, besides itself. At the root
# are main.cc, which starts a command, and ports.h, the interfaces to the program's external dependencies.
MAY_INCLUDE = {
    "main": {"commands", "app", "core"},
    "commands": {"app", "plan", "server", "pipeline", "notify", "account", "credentials", "view", "io", "ports", "cloud", "config",
                 "core"},
    "app": {"server", "pipeline", "notify", "credentials", "view", "io", "ports", "cloud", "config", "core"},
    "server": {"pipeline", "notify", "view", "io", "ports", "cloud", "config", "core"},
    # The main path reaches external dependencies only through the ports, so that a simulation can drive it.
    "pipeline": {"notify", "account", "view", "ports", "cloud", "config", "core"},
    # A modelled environment instead of the real one: it drives the decision code on a virtual clock.
    "plan": {"account", "cloud", "config", "core"},
    "credentials": {"ports", "cloud", "config", "core"},
    "io": {"ports", "notify", "cloud", "config", "core"},
    "view": {"ports", "config", "core"},
    "ports": {"cloud", "config", "core"},
    "account": {"cloud", "config", "core"},
    "notify": {"cloud", "config", "core"},
    "cloud": {"config", "core"},
    "config": {"core"},
    "core": set(),
}
# The decisions of these modules can be tested and simulated, because they use no clock, random number, file, socket
# or thread.
PURE = {"core", "config", "cloud", "notify", "account"}
# Libraries and headers that access external dependencies.
WORLD = re.compile(
    r"<(boost/(asio|beast)|curl/|spdlog/|prometheus/|sqlite3|libpq|systemd/|thread|mutex|condition_variable|future"
    r"|fstream|filesystem|iostream|unistd|fcntl|sys/|sys/socket|random)"
)
MAX_LINES = 400  # a longer file has two subjects
# Not in texts for users. Each word has a plain replacement in docs/concepts.md, or adds nothing. tests/docs_test.py
# checks the documents.
REJECTED = re.compile(r"\b(told|tell|mend|anew|likewise|of its own|is no)\b", re.IGNORECASE)
BEAST_FILES = {"daemon/io/http/http_session.cc", "tests/simulator/server.cc"}


def sources(*patterns):
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", *patterns],
                         capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in out.splitlines() if (ROOT / line).exists()]


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+(?:"([^"]+)"|(<[^>]+>))', line)
        if match:
            yield number, match.group(1), match.group(2)


def room_of(name):
    """Returns the module of a path below daemon/, as it appears in an #include."""
    first = pathlib.PurePath(name).parts[0]
    return first if "/" in name else pathlib.PurePath(first).stem


def room_of_file(path):
    return room_of(str(path.relative_to(ROOT / "daemon")))


class HouseRules(unittest.TestCase):
    def test_rooms_include_only_whom_they_may(self):
        """Code that decides does not depend on the code that carries out decisions, so that it can be understood,
        tested and moved alone."""
        wrong = []
        for path in sources("daemon/*.h", "daemon/*.cc"):
            room = room_of_file(path)
            for number, ours, _ in includes(path):
                if ours and "/" in ours or ours == "ports.h":
                    if room_of(ours) not in MAY_INCLUDE[room] | {room}:
                        wrong.append(f"{path.relative_to(ROOT)}:{number}: {room} must not include {ours}")
        self.assertEqual(wrong, [])

    def test_every_source_is_in_a_room(self):
        """Every module has a rule, so that the dependencies of a new folder are decided explicitly."""
        found = {room_of_file(path) for path in sources("daemon/*.h", "daemon/*.cc")}
        self.assertEqual(found, set(MAY_INCLUDE))

    def test_the_drawing_is_true(self):
        """`python3 tests/draw_rooms.py` draws it again."""
        import draw_rooms  # imports the rules of this file
        page = draw_rooms.PAGE.read_text()
        self.assertEqual(page, draw_rooms.put(page))

    def test_no_room_is_above_itself(self):
        """The modules are listed from the top down: no arrow goes up, so there is no cycle."""
        order = list(MAY_INCLUDE)
        upward = [f"{room} -> {below}" for room, rooms in MAY_INCLUDE.items() for below in rooms
                  if order.index(below) < order.index(room)]
        self.assertEqual(upward, [])

    def test_deciding_rooms_do_not_touch_the_world(self):
        """The caller passes the time, random numbers and any input."""
        wrong = []
        for path in sources("daemon/*.h", "daemon/*.cc"):
            if room_of_file(path) not in PURE:
                continue
            for number, _, theirs in includes(path):
                if theirs and WORLD.match(theirs):
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {theirs}")
            text = path.read_text()
            for call in (r"_clock::now\(", r"\bgetenv\(", r"std::rand\b", r"\bfopen\("):
                if re.search(call, text):
                    wrong.append(f"{path.relative_to(ROOT)}: {call}")
        self.assertEqual(wrong, [])

    def test_one_library_of_io_does_not_know_another(self):
        """Each folder of io/ wraps one library or one part of the operating system, and can be replaced alone.
        Shared code is in io/ itself."""
        wrong = []
        for path in sources("daemon/io/*.h", "daemon/io/*.cc"):
            for number, ours, _ in includes(path):
                if ours and ours.startswith("io/") and ours.count("/") > 1 and ours.split("/")[1] != path.parent.name:
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {ours}")
        self.assertEqual(wrong, [])

    def test_a_class_name_stands_for_one_class(self):
        """The linker keeps the functions of only one of two classes with the same name, and uses them for objects
        of both."""
        found = collections.defaultdict(list)
        for path in sources("daemon/**/*.h"):
            text = path.read_text()
            namespace = re.search(r"^namespace ([\w:]+) \{", text, re.MULTILINE)
            for name in re.findall(r"^(?:struct|class) (\w+)(?: final)?(?: :[^;{]*)? \{", text, re.MULTILINE):
                found[namespace and namespace[1], name].append(str(path.relative_to(ROOT)))
        self.assertEqual({name: paths for name, paths in found.items() if len(paths) > 1}, {})

    def test_beast_is_included_in_two_files_at_most(self):
        """Each inclusion of its templates costs 20 s of compile time and hundreds of kB."""
        found = {str(path.relative_to(ROOT)) for path in sources("*.h", "*.cc")
                 for _, _, theirs in includes(path) if theirs and theirs.startswith("<boost/beast")}
        self.assertLessEqual(found, BEAST_FILES)

    def test_no_capturing_lambda_inside_a_co_await_expression(self):
        """g++ 12 destroys such captures twice: give the lambda a name first."""
        wrong = []
        for path in sources("*.h", "*.cc"):
            text = re.sub(r"//[^\n]*", "", path.read_text())
            for match in re.finditer(r"\bco_await\b", text):
                expression = text[match.start():text.find(";", match.start())]
                if re.search(r"\[[^\]\[\n]+\]\s*(\(|\{|mutable\b)", strip_index(expression)):
                    line = text.count("\n", 0, match.start()) + 1
                    wrong.append(f"{path.relative_to(ROOT)}:{line}")
        self.assertEqual(wrong, [])

    def test_files_are_short(self):
        """A file that can be read in one go has one subject."""
        long = [f"{path.relative_to(ROOT)}: {count} lines" for path in sources("daemon/*.h", "daemon/*.cc")
                if (count := len(path.read_text().splitlines())) > MAX_LINES]
        self.assertEqual(long, [])

    def test_headers_say_what_they_are(self):
        """A header starts with its purpose, units, threads and errors."""
        silent = [str(path.relative_to(ROOT)) for path in sources("daemon/*.h")
                  if not path.read_text().startswith("//")]
        self.assertEqual(silent, [])

    def test_nothing_is_left_behind(self):
        """Open work belongs in an issue."""
        marker = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|DISABLED" r"_|NOLINT(?!.*:)")
        left = [f"{path.relative_to(ROOT)}:{number}" for path in sources("daemon/*", "tests/*")
                if path.suffix in {".h", ".cc", ".py", ".sh"} and path != pathlib.Path(__file__).resolve()
                for number, line in enumerate(path.read_text().splitlines(), 1) if marker.search(line)]
        self.assertEqual(left, [])

    def test_banned_words_are_not_used(self):
        """Messages, --help, HELP texts, alerts and the status page use the same terms."""
        wrong = []
        for path in sources("daemon/*.h", "daemon/*.cc", "daemon/page/src/words_en.js"):
            for line, text in literals(path.read_text()):
                wrong += [f"{path.relative_to(ROOT)}:{line}: {match[0]}" for match in REJECTED.finditer(text)]
        for path in sources("config/prometheus/*.rules.yml"):
            for line, text in annotations(path.read_text()):
                wrong += [f"{path.relative_to(ROOT)}:{line}: {match[0]}" for match in REJECTED.finditer(text)]
        self.assertEqual(wrong, [])

    def test_every_source_belongs_to_a_target(self):
        """A header that no file includes is unused."""
        used = {pathlib.Path(ours).name for path in sources("*.h", "*.cc")
                for _, ours, _ in includes(path) if ours}
        dead = [str(path.relative_to(ROOT)) for path in sources("daemon/*.h") if path.name not in used]
        self.assertEqual(dead, [])


def literals(text):
    """Returns (line, text) of the string literals of C++ or JavaScript. Adjacent literals are joined, as the
    compiler does."""
    skipped = r"#\s*include[^\n]*|//[^\n]*|/\*.*?\*/|(?<!\w)'(?:[^'\\\n]|\\.)+'"  # 1'000 is not a character literal
    token = re.compile(skipped + r'|R"(\w*)\((.*?)\)\1"|"((?:[^"\\\n]|\\.)*)"', re.DOTALL)
    found, end = [], None
    for match in token.finditer(text):
        said = match[2] if match[2] is not None else match[3]
        if said is None:
            continue
        if end is not None and not text[end:match.start()].strip():
            found[-1] = (found[-1][0], found[-1][1] + said)
        else:
            found.append((text.count("\n", 0, match.start()) + 1, said))
        end = match.end()
    return found


def annotations(text):
    """Yields (line, text) of the summaries and descriptions of alerts, including continuation lines."""
    for match in re.finditer(r"^( +)(?:summary|description):(.*(?:\n\1 +\S.*)*)", text, re.MULTILINE):
        yield text.count("\n", 0, match.start()) + 1, " ".join(match[2].split())


def strip_index(expression):
    """Removes subscripts: a[i](...) is a call, not a lambda."""
    return re.sub(r"(?<=[\w\])])\[[^\]]*\]", "", expression)


class TheRuleFinds(unittest.TestCase):
    """Checks that the rules can fail: code that crashed, and code that must pass."""

    def hits(self, text):
        return bool(re.search(r"\[[^\]\[\n]+\]\s*(\(|\{|mutable\b)", strip_index(text)))

    def test_shapes(self):
        self.assertTrue(self.hits("co_await f([x] { return x; })"))
        self.assertTrue(self.hits("co_await co_spawn(ex, [x]() -> awaitable<void> { co_return; }, t)"))
        self.assertTrue(self.hits("co_await f([x = std::move(x)]() mutable {})"))
        self.assertFalse(self.hits("co_await f(std::move(fn))"))
        self.assertFalse(self.hits("co_await list[i](x)"))
        self.assertFalse(self.hits("co_await f([] { return 1; })"))

    def test_words(self):
        def hits(text):
            return [match[0] for _, said in literals(text) for match in REJECTED.finditer(said)]
        self.assertEqual(hits('log.tell("a region", // is no\n    "nobody is told"); char c = \'"\'; told("x");'), ["told"])
        self.assertEqual(hits('f("it is "\n  "no file", R"(of its own)");'), ["is no", "of its own"])
        self.assertEqual(hits('"is not a file; tells of its owner"'), [])
        rules = "        annotations:\n          description: >-\n            Begin\n            anew.\n          x: told\n"
        self.assertEqual([(line, REJECTED.findall(said)) for line, said in annotations(rules)], [(2, ["anew"])])


if __name__ == "__main__":
    unittest.main()
