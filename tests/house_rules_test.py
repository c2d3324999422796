"""The house rules that no compiler holds: who may include whom, the coroutine trap, file sizes.

Linking cannot enforce the rooms on Debian, where all headers lie in /usr/include, so this reads the
#include lines.
"""
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ("core", "config", "cloud", "account", "io", "view", "plan")

# Which of our headers a room may include, beside its own.
MAY_INCLUDE = {
    "core": {"core"},
    "config": {"core", "config"},
    "cloud": {"core", "config", "cloud"},
    # What is decided about one account: the main path carries it out.
    "account": {"core", "config", "cloud", "account"},
    "io": {"core", "config", "cloud", "io", "ports.h"},
    "view": {"core", "config", "view", "ports.h"},
    # A modelled world instead of the real one: it drives the main path on a virtual clock.
    "plan": {"core", "config", "account", "main path", "plan"},
    # The main path asks the world through ports.h only.
    "main path": {"core", "config", "cloud", "account", "main path", "ports.h"},
}
MAIN_PATH = {"credentials", "credential_fetch", "credential_places", "poller", "recorder", "outbox", "nonce", "spawn", "ports"}
# Libraries and headers that touch the world; the deciding rooms have none of them.
WORLD = re.compile(
    r"<(boost/(asio|beast)|curl/|spdlog/|prometheus/|sqlite3|systemd/|thread|mutex|condition_variable|future"
    r"|fstream|filesystem|iostream|unistd|fcntl|sys/|sys/socket|random)"
)
PURE = {"core", "config", "cloud", "account"}
# One io file never includes another, save the parts of one noun, which share its first word.
IO_NOUNS = {
    "curl_client": ("curl_", "resolver"), "curl": ("curl_", "resolver"), "sqlite": ("sqlite_",),
    "event": ("event_log",), "http": ("http_",), "config": ("config_file", "key_", "file_"),
    "key": ("key_", "file_"), "result": ("result_files",),
}
LONG_FILES = {}  # path: reason; nothing else over the limit
MAX_LINES = 400
BEAST_FILES = {"daemon/io/http_session.cc", "tests/simulator/server.cc"}


def sources(*patterns):
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", *patterns],
                         capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in out.splitlines() if (ROOT / line).exists()]


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+(?:"([^"]+)"|(<[^>]+>))', line)
        if match:
            yield number, match.group(1), match.group(2)


def room_of(path):
    parts = path.relative_to(ROOT / "daemon").parts
    if len(parts) > 1:
        return parts[0]
    return "main path" if path.stem in MAIN_PATH else "app"


def room_of_include(name):
    if name == "ports.h":
        return "ports.h"
    first = name.split("/")[0]
    if first in ROOMS:
        return first
    return "main path" if pathlib.Path(name).stem in MAIN_PATH else "app"


class HouseRules(unittest.TestCase):
    def test_rooms_include_only_whom_they_may(self):
        wrong = []
        for path in sources("daemon/*.h", "daemon/*.cc"):
            room = room_of(path)
            if room == "app":
                continue
            for number, ours, _ in includes(path):
                if ours and room_of_include(ours) not in MAY_INCLUDE[room]:
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {room} must not include {ours}")
        self.assertEqual(wrong, [])

    def test_deciding_rooms_do_not_touch_the_world(self):
        wrong = []
        for path in sources("daemon/*.h", "daemon/*.cc"):
            if room_of(path) not in PURE:
                continue
            for number, _, theirs in includes(path):
                if theirs and WORLD.match(theirs):
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {theirs}")
            text = path.read_text()
            for call in (r"_clock::now\(", r"\bgetenv\(", r"std::rand\b", r"\bfopen\("):
                if re.search(call, text):
                    wrong.append(f"{path.relative_to(ROOT)}: {call}")
        self.assertEqual(wrong, [])

    def test_one_io_file_does_not_include_another(self):
        wrong = []
        for path in sources("daemon/io/*.h", "daemon/io/*.cc"):
            family = (path.stem,) + IO_NOUNS.get(path.stem.split("_")[0], ())
            for number, ours, _ in includes(path):
                if ours and ours.startswith("io/"):
                    other = pathlib.Path(ours).stem
                    if not any(other.startswith(prefix) for prefix in family):
                        wrong.append(f"{path.relative_to(ROOT)}:{number}: {ours}")
        self.assertEqual(wrong, [])

    def test_beast_is_included_in_two_files_at_most(self):
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
        long = [f"{path.relative_to(ROOT)}: {count} lines" for path in sources("daemon/*.h", "daemon/*.cc")
                if (count := len(path.read_text().splitlines())) > MAX_LINES
                and str(path.relative_to(ROOT)) not in LONG_FILES]
        self.assertEqual(long, [])

    def test_headers_say_what_they_are(self):
        silent = [str(path.relative_to(ROOT)) for path in sources("daemon/*.h")
                  if not path.read_text().startswith("//")]
        self.assertEqual(silent, [])

    def test_nothing_is_left_behind(self):
        marker = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|DISABLED" r"_|NOLINT(?!.*:)")
        left = [f"{path.relative_to(ROOT)}:{number}" for path in sources("daemon/*", "tests/*")
                if path.suffix in {".h", ".cc", ".py", ".sh"} and path != pathlib.Path(__file__).resolve()
                for number, line in enumerate(path.read_text().splitlines(), 1) if marker.search(line)]
        self.assertEqual(left, [])

    def test_sources_belong_to_somebody(self):
        """A header that nobody includes is dead."""
        used = {pathlib.Path(ours).name for path in sources("*.h", "*.cc")
                for _, ours, _ in includes(path) if ours}
        dead = [str(path.relative_to(ROOT)) for path in sources("daemon/*.h") if path.name not in used]
        self.assertEqual(dead, [])


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


if __name__ == "__main__":
    unittest.main()
