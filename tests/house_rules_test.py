"""The house rules that no compiler holds: who may include whom, the coroutine trap, file sizes.

Linking cannot enforce the rooms on Debian, where all headers lie in /usr/include, so this reads the
#include lines.
"""
import collections
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A room is a folder of daemon/. From the top down: which rooms each may include, beside itself. At the root stand
# main.cc, which starts a command, and ports.h: what the program asks of the world.
MAY_INCLUDE = {
    "main": {"commands", "app", "core"},
    "commands": {"app", "plan", "server", "pipeline", "account", "credentials", "view", "io", "ports", "cloud", "config",
                 "core"},
    "app": {"server", "pipeline", "credentials", "view", "io", "ports", "cloud", "config", "core"},
    "server": {"pipeline", "view", "io", "ports", "cloud", "config", "core"},
    # The main path asks the world through the ports alone, so that a simulation can drive it.
    "pipeline": {"account", "view", "ports", "cloud", "config", "core"},
    # A modelled world instead of the real one: it drives what is decided on a virtual clock.
    "plan": {"account", "cloud", "config", "core"},
    "credentials": {"ports", "cloud", "config", "core"},
    "io": {"ports", "cloud", "config", "core"},
    "view": {"ports", "config", "core"},
    "ports": {"cloud", "config", "core"},
    "account": {"cloud", "config", "core"},
    "cloud": {"config", "core"},
    "config": {"core"},
    "core": set(),
}
# What these decide can be tested and simulated, because they have no clock, chance, file, socket or thread.
PURE = {"core", "config", "cloud", "account"}
# Libraries and headers that touch the world.
WORLD = re.compile(
    r"<(boost/(asio|beast)|curl/|spdlog/|prometheus/|sqlite3|systemd/|thread|mutex|condition_variable|future"
    r"|fstream|filesystem|iostream|unistd|fcntl|sys/|sys/socket|random)"
)
MAX_LINES = 400  # one screen after another: what is longer has two subjects
# In texts that users see. Each has a plain word in docs/concepts.md or says nothing; tests/docs_test.py keeps documents
# free of them.
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
    """Of a path below daemon/, as an #include writes it."""
    first = pathlib.PurePath(name).parts[0]
    return first if "/" in name else pathlib.PurePath(first).stem


def room_of_file(path):
    return room_of(str(path.relative_to(ROOT / "daemon")))


class HouseRules(unittest.TestCase):
    def test_rooms_include_only_whom_they_may(self):
        """Decisions know nothing of what carries them out, or they could not be understood, tested or moved alone."""
        wrong = []
        for path in sources("daemon/*.h", "daemon/*.cc"):
            room = room_of_file(path)
            for number, ours, _ in includes(path):
                if ours and "/" in ours or ours == "ports.h":
                    if room_of(ours) not in MAY_INCLUDE[room] | {room}:
                        wrong.append(f"{path.relative_to(ROOT)}:{number}: {room} must not include {ours}")
        self.assertEqual(wrong, [])

    def test_every_source_is_in_a_room(self):
        """And every room has its rule: a new folder is thought about once."""
        found = {room_of_file(path) for path in sources("daemon/*.h", "daemon/*.cc")}
        self.assertEqual(found, set(MAY_INCLUDE))

    def test_the_drawing_is_true(self):
        """`python3 tests/draw_rooms.py` draws it anew."""
        import draw_rooms  # which reads this file's rules
        page = draw_rooms.PAGE.read_text()
        self.assertEqual(page, draw_rooms.put(page))

    def test_no_room_is_above_itself(self):
        """The rooms are listed from the top down: no arrow goes up, so there is no cycle."""
        order = list(MAY_INCLUDE)
        upward = [f"{room} -> {below}" for room, rooms in MAY_INCLUDE.items() for below in rooms
                  if order.index(below) < order.index(room)]
        self.assertEqual(upward, [])

    def test_deciding_rooms_do_not_touch_the_world(self):
        """The caller passes the time, the chance and what was read."""
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
        """Each folder of io/ holds one library or one side of the machine, and can be replaced alone; what they share
        lies in io/ itself."""
        wrong = []
        for path in sources("daemon/io/*.h", "daemon/io/*.cc"):
            for number, ours, _ in includes(path):
                if ours and ours.startswith("io/") and ours.count("/") > 1 and ours.split("/")[1] != path.parent.name:
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {ours}")
        self.assertEqual(wrong, [])

    def test_a_class_name_stands_for_one_class(self):
        """The linker keeps one of two classes' functions, also for the objects of the other."""
        found = collections.defaultdict(list)
        for path in sources("daemon/**/*.h"):
            text = path.read_text()
            namespace = re.search(r"^namespace ([\w:]+) \{", text, re.MULTILINE)
            for name in re.findall(r"^(?:struct|class) (\w+)(?: final)?(?: :[^;{]*)? \{", text, re.MULTILINE):
                found[namespace and namespace[1], name].append(str(path.relative_to(ROOT)))
        self.assertEqual({name: paths for name, paths in found.items() if len(paths) > 1}, {})

    def test_beast_is_included_in_two_files_at_most(self):
        """Its templates cost 20 s of compiling and hundreds of kB each time."""
        found = {str(path.relative_to(ROOT)) for path in sources("*.h", "*.cc")
                 for _, _, theirs in includes(path) if theirs and theirs.startswith("<boost/beast")}
        self.assertLessEqual(found, BEAST_FILES)

    def test_no_capturing_lambda_inside_a_co_await_expression(self):
        """g++ 12 destroys such captures twice: name the lambda first."""
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
        """A file that is read at one go has one subject."""
        long = [f"{path.relative_to(ROOT)}: {count} lines" for path in sources("daemon/*.h", "daemon/*.cc")
                if (count := len(path.read_text().splitlines())) > MAX_LINES]
        self.assertEqual(long, [])

    def test_headers_say_what_they_are(self):
        """Whoever opens one reads first what it is for, its units, threads and errors."""
        silent = [str(path.relative_to(ROOT)) for path in sources("daemon/*.h")
                  if not path.read_text().startswith("//")]
        self.assertEqual(silent, [])

    def test_nothing_is_left_behind(self):
        """What is to be done stands in an issue."""
        marker = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|DISABLED" r"_|NOLINT(?!.*:)")
        left = [f"{path.relative_to(ROOT)}:{number}" for path in sources("daemon/*", "tests/*")
                if path.suffix in {".h", ".cc", ".py", ".sh"} and path != pathlib.Path(__file__).resolve()
                for number, line in enumerate(path.read_text().splitlines(), 1) if marker.search(line)]
        self.assertEqual(left, [])

    def test_words_that_say_little_are_not_used(self):
        """One language for messages, --help, HELP texts, alerts and the status page."""
        wrong = []
        for path in sources("daemon/*.h", "daemon/*.cc", "daemon/page/src/words_en.js"):
            for line, text in literals(path.read_text()):
                wrong += [f"{path.relative_to(ROOT)}:{line}: {match[0]}" for match in REJECTED.finditer(text)]
        for path in sources("config/prometheus/*.rules.yml"):
            for line, text in annotations(path.read_text()):
                wrong += [f"{path.relative_to(ROOT)}:{line}: {match[0]}" for match in REJECTED.finditer(text)]
        self.assertEqual(wrong, [])

    def test_sources_belong_to_somebody(self):
        """A header that nobody includes is dead."""
        used = {pathlib.Path(ours).name for path in sources("*.h", "*.cc")
                for _, ours, _ in includes(path) if ours}
        dead = [str(path.relative_to(ROOT)) for path in sources("daemon/*.h") if path.name not in used]
        self.assertEqual(dead, [])


def literals(text):
    """(line, text) of the string literals of C++ or JavaScript; neighbours are one, as the compiler joins them."""
    skipped = r"#\s*include[^\n]*|//[^\n]*|/\*.*?\*/|(?<!\w)'(?:[^'\\\n]|\\.)+'"  # 1'000 is no character
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
    """(line, text) of the summaries and descriptions of alerts, each with the lines indented below it."""
    for match in re.finditer(r"^( +)(?:summary|description):(.*(?:\n\1 +\S.*)*)", text, re.MULTILINE):
        yield text.count("\n", 0, match.start()) + 1, " ".join(match[2].split())


def strip_index(expression):
    """Without subscripts: a[i](...) is a call, not a lambda."""
    return re.sub(r"(?<=[\w\])])\[[^\]]*\]", "", expression)


class TheRuleFinds(unittest.TestCase):
    """The lambda rule can fail: the shapes that crashed, and ones that must pass."""

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
