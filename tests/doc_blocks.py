"""Parses the fenced blocks of a Markdown document, and the shell commands in them.

The first word after the fence is the language; the rest defines how a test uses the block: a test executes `sh run`
as printed, no test executes `sh pattern`, and `text output` is the output of the command before it.
"""
import dataclasses
import re


@dataclasses.dataclass
class Block:
    info: str
    text: str
    line: int  # of the fence, from 1


def blocks(text):
    """Returns the blocks in order. An indented fence, as in a list, loses its indentation."""
    found, opened = [], None
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.match(r"( *)```(.*)$", line)
        if opened is None and fence:
            opened, indent, lines = Block(fence[2].strip(), "", number), len(fence[1]), []
        elif opened is not None and fence:
            opened.text = "".join(f"{one}\n" for one in lines)
            found.append(opened)
            opened = None
        elif opened is not None:
            lines.append(line[indent:] if not line[:indent].strip() else line)
    if opened is not None:
        raise AssertionError(f"line {opened.line}: a block without its end")
    return found


def commands(text):
    """Returns the commands of a block: lines, joined where a backslash or a here-document continues a command."""
    found, lines, end = [], [], None
    for line in text.splitlines():
        lines.append(line)
        here = re.search(r"<<'?(\w+)'?", line)
        if end is None and here:
            end = here.group(1)
        elif line == end:
            end = None
        if end is None and not line.endswith("\\"):
            found.append("\n".join(lines))
            lines = []
    if lines:
        raise AssertionError(f"a command without its end: {lines}")
    return found


def outputs(text):
    """Returns [(command, expected lines)]: each `text output` block belongs to the last command of the `sh run`
    block before it."""
    found, last = [], None
    for block in blocks(text):
        if block.info == "sh run":
            last = commands(block.text)[-1]
        elif block.info == "text output":
            if last is None:
                raise AssertionError(f"line {block.line}: output of no command")
            found.append((last, block.text.splitlines()))
    return found


def expected(line):
    """Returns the line as a regular expression, in which `...` matches any text."""
    return ".*".join(re.escape(part) for part in line.split("..."))
