"""Manual pages from Markdown, by lowdown(1), so that what the documents say is what the pages say.

Usage: make_manual.py PAGE SECTION SUMMARY SOURCE.md VERSION DATE OUTPUT [TASKWATCHD]
What lowdown does not do is done to the Markdown first: a table becomes a definition list, for a terminal is too narrow
for it (the first column is what is explained, `meaning` or else the last column explains, the others stand between in
brackets); a link is its words alone; a line {{commands}} stands for what TASKWATCHD --help prints.
"""
import pathlib
import re
import subprocess
import sys

import commands

NEXT = "; "
SAID_BY_ITSELF = ("type", "stability")  # columns whose cells need no heading to be understood


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
        words = " ".join(f"{argument}..." for argument in command.arguments)
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
    """Everything but fenced code."""
    text = re.sub(r"<a id=[^>]*></a>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"\[config/([^\]]*)\]", r"[/usr/share/taskwatchd/\1]", text)  # where it lies once installed
    text = re.sub(r"(?<!\!)\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^(\|.*\n)+", lambda table: definitions(table[0]), text, flags=re.MULTILINE)
    return text.replace("{{commands}}", command_list(program)) if program else text


def main(page, section, summary, source, version, date, output, program=None):
    text = pathlib.Path(source).read_text()
    if not re.search(r"^## Description$", text, re.MULTILINE):
        text = re.sub(r"\A# .*\n", "## Description\n", text)  # what stands under the document's own title
    text = re.sub(r"\A# .*\n", "", text)
    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    text = "".join(part if i % 2 else prose(part, program) for i, part in enumerate(parts))
    text = re.sub(r"^## (.*)$", lambda head: "# " + head[1].upper(), text, flags=re.MULTILINE)
    text = re.sub(r"^###+ ", "## ", text, flags=re.MULTILINE)
    head = f"title: {page.upper()}\nsection: {section}\ndate: {date}\nsource: taskwatchd {version}\n\n"
    text = f"{head}# NAME\n\n{page} - {summary}\n\n{text}"
    made = subprocess.run(["lowdown", "-s", "-Tman", "--out-no-smarty"], input=text, capture_output=True, text=True,
                          check=True).stdout
    # No hyphenation: names are to be found as they are written.
    pathlib.Path(output).write_text(re.sub(r"^(\.TH .*\n)", r"\1.nh\n.ad l\n", made, flags=re.MULTILINE))


if __name__ == "__main__":
    main(*sys.argv[1:])
