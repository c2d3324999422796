"""Manual pages from Markdown, so that what the documents say is what the pages say.

Usage: make_manual.py PAGE SECTION SUMMARY SOURCE.md VERSION DATE OUTPUT [TASKWATCHD]
A line {{commands}} stands for the commands and flags that TASKWATCHD --help tells. Knows what the sources use:
headings, paragraphs, lists, tables, fenced code, `code`, **bold** and links. A table becomes a list: the first column
is what is explained, `meaning` or else the last column explains, the others stand between in brackets.
"""
import pathlib
import re
import sys

import commands

SAID_BY_ITSELF = ("type", "stability")  # columns whose cells need no heading to be understood


def escape(text):
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", "\\e").replace("-", "\\-"))


def inline(text):
    """`code`, **bold** and links. A link is its words alone; what is in config/ here lies elsewhere once installed."""
    text = re.sub(r"<a id=[^>]*></a>", "", text)
    text = re.sub(r"\[config/([^\]]*)\]", r"[/usr/share/taskwatchd/\1]", text)
    text = re.sub(r"\[([^\]]*)\]\((?:[^)]*)\)", r"\1", text)
    text = re.sub(r"<(https?://[^>]*)>", r"\1", text).replace("\\|", "|")
    made = []
    for piece in re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", text):
        strong = re.fullmatch(r"`([^`]+)`|\*\*([^*]+)\*\*", piece)
        plain = (strong[1] or strong[2]) if strong else piece
        plain = plain.replace("\\", "\\e").replace("-", "\\-")
        made.append(f"\\fB{plain}\\fP" if strong else plain)
    return re.sub(r"^([.'])", r"\\&\1", "".join(made))


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def table(lines):
    """A tagged paragraph a row."""
    heads = cells(lines[0])
    body = heads.index("meaning") if "meaning" in heads else len(heads) - 1
    made = []
    for line in lines[2:]:
        row = cells(line)
        between = []
        for column in range(1, len(heads)):
            if column == body or not row[column]:
                continue
            head, cell = heads[column], row[column]
            between.append(inline(cell if head in SAID_BY_ITSELF or cell == "required" else f"{head} {cell}"))
        told = f"default {row[body]}" if heads[body] == "default" else row[body]
        made += [".TP", inline(row[0]) + (f" ({'; '.join(between)})" if between else ""), inline(told)]
    return made


class Page:
    def __init__(self):
        self.lines = []
        self.words = []  # of the paragraph or item that is being read
        self.in_item = False

    def flush(self):
        if self.words:
            self.lines.append(inline(" ".join(self.words)))
            self.words = []

    def begin(self, *requests):
        self.flush()
        self.lines += requests
        self.in_item = False

    def add(self, text, known):
        text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
        source = iter(text.splitlines() + [""])
        for line in source:
            if line.startswith("```"):
                self.begin(".PP", ".RS 4", ".EX")
                while not (line := next(source)).startswith("```"):
                    self.lines.append(escape(line))
                self.lines += [".EE", ".RE"]
            elif line.startswith("|"):
                rows = [line]
                while (line := next(source)).startswith("|"):
                    rows.append(line)
                self.begin(*table(rows))
            elif match := re.match(r"(#+) (.*)", line):
                if len(match[1]) == 2:
                    self.begin(f".SH {inline(match[2].replace('`', '')).upper()}")
                elif len(match[1]) > 2:
                    self.begin(f".SS {inline(match[2].replace('`', ''))}")
            elif line == "{{commands}}":
                self.begin(*command_lines(known))
            elif line.startswith("- "):
                self.begin(".IP \\(bu 2")
                self.words, self.in_item = [line[2:]], True
            elif not line.strip():
                self.flush()
                self.in_item = False
            else:
                after_heading = bool(self.lines) and self.lines[-1].startswith((".SH", ".SS"))
                if not self.words and not self.in_item and not after_heading:
                    self.lines.append(".PP")
                self.words.append(line.strip())


def command_lines(known):
    made = []
    for command in known:
        words = " ".join(f"{argument}..." for argument in command.arguments)
        made += [f".SS taskwatchd {command.name} [FLAG...] {words}".rstrip(), inline(command.help + ".")]
        for flag in command.flags:
            tag = f"\\fB{escape(flag.name)}\\fP" + (f"=\\fI{escape(flag.value)}\\fP" if flag.value else "")
            told = [flag.help.rstrip(".") + "."]
            if flag.choices:
                told.append(f"One of {', '.join(f'`{choice}`' for choice in flag.choices)}.")
            if flag.default:
                told.append(f"Default: `{flag.default}`.")
            made += [".TP", tag, inline(" ".join(told))]
    return made


def main(name, section, summary, source, version, date, output, program=None):
    page = Page()
    text = pathlib.Path(source).read_text()
    if not re.search(r"^## Description$", text, re.MULTILINE):
        # What stands under the document's own title.
        text = re.sub(r"\A# .*\n", "## Description\n", text)
    page.add(text, commands.read(program) if program else [])
    page.flush()
    # No hyphenation: names are to be found as they are written.
    head = [f'.TH {escape(name.upper())} {section} {date} "taskwatchd {version}" taskwatchd',
            ".nh", ".ad l", ".SH NAME", f"{escape(name)} \\- {escape(summary)}"]
    pathlib.Path(output).write_text("\n".join(head + page.lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
