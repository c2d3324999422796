"""Parses `taskwatchd --help`: the one source of the flags in the manual and in the completions.

A line that the parser does not understand is an error, so that nothing is left out silently.
"""
import dataclasses
import re
import subprocess


@dataclasses.dataclass
class Flag:
    name: str  # with its dashes
    value: str  # the value's name, such as FILE; empty for a switch
    choices: list
    default: str
    repeatable: bool
    help: str


@dataclasses.dataclass
class Argument:
    name: str
    choices: list


@dataclasses.dataclass
class Command:
    name: str
    help: str
    arguments: list  # the positional ones
    flags: list


_FLAG = re.compile(
    r"  (?P<name>(?:-\w,)?--[\w.-]+)"
    r"(?: (?P<value>[A-Z][A-Z_:]*?)"
    r"(?::(?:\{(?P<choices>[^}]*)\}|(?:UINT|INT|FLOAT) in \[(?P<range>[^\]]*)\]))?"
    r"(?:=(?P<default>\S+))?(?P<repeatable> \.\.\.)?)?"
    r"(?:\s{2,}(?P<help>\S.*)| (?P<tight>\S.*))?$")
_ARGUMENT = re.compile(r"  (?P<name>[A-Z_]+)(?: \{(?P<choices>[^}]*)\})?(?: \.\.\.)?\s{2,}\S.*$")
_COMMAND = re.compile(r"  (?P<name>[a-z]+)\s{2,}(?P<help>\S.*)$")


def _sections(text):
    """Returns {title: lines}; lines before the first title are under ''."""
    found, title = {"": []}, ""
    for line in text.splitlines():
        if re.fullmatch(r"[A-Z][a-z]+:", line):
            title = line[:-1]
            found[title] = []
        elif line.strip():
            found[title].append(line)
    return found


def _whole(lines):
    """Puts each entry on one line: CLI11 puts the help of a long name on the next line."""
    entries = []
    for line in lines:
        if line.startswith("   "):
            entries[-1] += "  " + line.strip()
        else:
            entries.append(line)
    return entries


def _match(pattern, line):
    match = pattern.match(line)
    if not match:
        raise ValueError(f"--help has a line that is not understood: {line!r}")
    return match


def _flag(line):
    match = _match(_FLAG, line)
    help_text = match["help"] or match["tight"] or ""
    if match["range"]:
        help_text += f" {match['range'].replace(' - ', ' to ')}."
    return Flag(match["name"].split(",")[-1], match["value"] or "",
                match["choices"].split(",") if match["choices"] else [],
                (match["default"] or "").strip("[]"), bool(match["repeatable"]), help_text)


def _argument(line):
    match = _match(_ARGUMENT, line)
    return Argument(match["name"], match["choices"].split(",") if match["choices"] else [])


def _help(program, *words):
    return _sections(subprocess.run([program, *words, "--help"], check=True, capture_output=True, text=True).stdout)


def read(program):
    """Returns all commands, in the order of --help."""
    commands = []
    for line in _whole(_help(program)["Subcommands"]):
        match = _match(_COMMAND, line)
        own = _help(program, match["name"])
        commands.append(Command(match["name"], match["help"],
                                [_argument(entry) for entry in _whole(own.get("Positionals", []))],
                                [_flag(entry) for entry in _whole(own["Options"])]))
    return commands
