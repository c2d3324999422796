"""Makes manual pages from Markdown with lowdown(1), so that they are identical to the documents.

Usage: make_manual.py PAGE SECTION SUMMARY SOURCE.md VERSION DATE OUTPUT [TASKWATCHD]
The script first converts the Markdown that lowdown does not handle. A table becomes a definition list, because a
terminal is too narrow for it: the first column is the term, `meaning` or else the last column is the definition,
and the other cells are in brackets between the two. A link becomes its text. A line {{commands}} becomes the output
of TASKWATCHD --help.
"""
import pathlib
import re
import subprocess
import sys

import commands

NEXT = "; "
SAID_BY_ITSELF = ("type", "stability")  # columns whose cells need no heading


def cells(line):
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def definitions(table):
    heads, _, *rows = table.strip().splitlines()
    heads = cells(heads)
    body = heads.index("meaning") if "meaning" in heads else len(heads) - 1
    made = []
    for row in map(cells, rows):
        between = [row[i] if heads[i] in SAID_BY_ITSELF or row[i] == "required" else f"{heads[i]} {row[i]}"
                   for i in range(1, len(heads)) if i != body and row[i]]
        said = f"default {row[body]}" if heads[body] == "default" else row[body]
        made.append(f"{row[0]}{f' ({NEXT.join(between)})' if between else ''}\n: {said}\n")
    return "\n".join(made) + "\n"


def command_list(program):
    made = []
    for command in commands.read(program):
        words = " ".join("|".join(argument.choices) or f"{argument.name}..." for argument in command.arguments)
        made.append(f"### {f'taskwatchd {command.name} [FLAG...] {words}'.rstrip()}\n\n{command.help}.\n")
        for flag in command.flags:
            said = [flag.help.rstrip(".") + "."]
            if flag.choices:
                said.append(f"One of {', '.join(f'`{choice}`' for choice in flag.choices)}.")
            if flag.default:
                said.append(f"Default: `{flag.default}`.")
            tag = f"**{flag.name}**" + (f"=*{flag.value}*" if flag.value else "")
            made.append(f"{tag}\n: {' '.join(said)}\n")
    return "\n".join(made)


def prose(text, program):
    """Converts everything except fenced code."""
    text = re.sub(r"<a id=[^>]*></a>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"\[config/([^\]]*)\]", r"[/usr/share/taskwatchd/\1]", text)  # its path after the installation
    text = re.sub(r"(?<!\!)\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^(\|.*\n)+", lambda table: definitions(table[0]), text, flags=re.MULTILINE)
    return text.replace("{{commands}}", command_list(program)) if program else text


def main(page, section, summary, source, version, date, output, program=None):
    text = pathlib.Path(source).read_text()
    if not re.search(r"^## Description$", text, re.MULTILINE):
        text = re.sub(r"\A# .*\n", "## Description\n", text)  # the text under the title of the document
    text = re.sub(r"\A# .*\n", "", text)
    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    text = "".join(part if i % 2 else prose(part, program) for i, part in enumerate(parts))
    text = re.sub(r"^## (.*)$", lambda head: "# " + head[1].upper(), text, flags=re.MULTILINE)
    text = re.sub(r"^###+ ", "## ", text, flags=re.MULTILINE)
    head = f"title: {page.upper()}\nsection: {section}\ndate: {date}\nsource: taskwatchd {version}\n\n"
    text = f"{head}# NAME\n\n{page} - {summary}\n\n{text}"
    made = subprocess.run(["lowdown", "-s", "-Tman", "--out-no-smarty"], input=text, capture_output=True, text=True,
                          check=True).stdout
    # No hyphenation, so that names can be found by a search.
    pathlib.Path(output).write_text(re.sub(r"^(\.TH .*\n)", r"\1.nh\n.ad l\n", made, flags=re.MULTILINE))


if __name__ == "__main__":
    main(*sys.argv[1:])
