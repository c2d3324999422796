#!/usr/bin/env python3
"""Makes the pages that the daemon serves at /runbooks/NAME, from the sections of docs/reference/alerts.md and
docs/zh/alerts.md.

make_runbooks.py OUTPUT.h writes a header with all pages. Each is a complete HTML document without scripts and
without references to other hosts, so that it opens on a phone that reaches only the daemon. Links to other
documents become plain text, because the daemon does not serve these. A Markdown construct that the script does not
support is an error.
"""
import base64
import hashlib
import html
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCES = {"en": ROOT / "docs/reference/alerts.md", "zh": ROOT / "docs/zh/alerts.md"}
OTHER = {"en": ("zh", "中文"), "zh": ("en", "English")}
INDEX = {"en": "All alerts", "zh": "所有告警"}
STYLE = ("body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:auto;padding:1rem;overflow-wrap:break-word}"
         "pre,code{font:14px/1.4 ui-monospace,monospace;background:#8882;border-radius:4px}pre{padding:.6rem;overflow-x:auto}"
         "table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border:1px solid #8886;padding:.3rem .5rem;text-align:left}"
         ":root{color-scheme:light dark}")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def inline(text, names, language):
    """Converts `code`, **bold** and links to HTML."""
    def link(match):
        words, target = match[1], match[2]
        alert = next((name for name in names if target == "#" + name.lower()), None)
        if alert:
            return f'<a href="{alert}?lang={language}">{words}</a>'
        if target.startswith("https://"):
            return f'<a href="{target}">{words}</a>'
        return words

    pieces = re.split(r"(`[^`]+`)", text)
    made = []
    for piece in pieces:
        if piece.startswith("`") and len(piece) > 1:
            made.append(f"<code>{html.escape(piece[1:-1])}</code>")
        else:
            plain = html.escape(piece, quote=False)
            made.append(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", plain))
    # Links come last because their text may contain code. No other step escapes brackets in code.
    return re.sub(r"\[([^\]]*)\]\(([^)\s]+)\)", link, "".join(made))


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def render(lines, names, language):
    """Returns the HTML of a section: paragraphs, numbered and bulleted lists with blocks inside, fenced code,
    tables and subheadings."""
    made, words, at = [], [], 0

    def flush():
        if words:
            made.append(f"<p>{inline(' '.join(words), names, language)}</p>")
            words.clear()

    while at < len(lines):
        line = lines[at]
        fence = re.match(r"```", line)
        item = re.match(r"(\d+\.|-) +", line)
        if fence:
            flush()
            end = next(n for n in range(at + 1, len(lines)) if lines[n].startswith("```"))
            made.append(f"<pre>{html.escape(chr(10).join(lines[at + 1:end]))}</pre>")
            at = end + 1
        elif line.startswith("|"):
            flush()
            rows = []
            while at < len(lines) and lines[at].startswith("|"):
                rows.append(cells(lines[at]))
                at += 1
            head = "".join(f"<th>{inline(cell, names, language)}</th>" for cell in rows[0])
            body = "".join("<tr>" + "".join(f"<td>{inline(cell, names, language)}</td>" for cell in row) + "</tr>" for row in rows[2:])
            made.append(f"<table><tr>{head}</tr>{body}</table>")
        elif item:
            flush()
            tag = "ul" if item[1] == "-" else "ol"
            entries = []
            while at < len(lines) and (item := re.match(r"(\d+\.|-) +", lines[at])):
                indent = len(item[0])
                entry = [lines[at][indent:]]
                at += 1
                while at < len(lines) and (not lines[at].strip() or lines[at].startswith(" " * indent)):
                    entry.append(lines[at][indent:])
                    at += 1
                entries.append(f"<li>{render(entry, names, language)}</li>")
            made.append(f"<{tag}>{''.join(entries)}</{tag}>")
        elif re.match(r"#{3,} ", line):
            flush()
            made.append(f"<h3>{inline(line.lstrip('# '), names, language)}</h3>")
            at += 1
        elif line.startswith(("#", "    ", "<", ">")):
            raise SystemExit(f"not known here: {line!r}")
        else:
            if line.strip():
                words.append(line.strip())
            else:
                flush()
            at += 1
    flush()
    return "\n".join(made)


def document(title, body, language, name):
    other, label = OTHER[language]
    links = f'<p><a href="{name or "."}?lang={other}">{label}</a>'
    if name:
        links += f' · <a href=".?lang={language}">{INDEX[language]}</a>'
    return ("<!doctype html>\n"
            f'<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>\n"
            f"<body><h1>{html.escape(title)}</h1>\n{body}\n{links}</p></body></html>\n")


def pages():
    """Returns {(alert, or "" for the index, language): HTML}."""
    made = {}
    for language, source in SOURCES.items():
        head, *sections = re.split(r"^## ", source.read_text(), flags=re.MULTILINE)
        names = [name for name in (section.partition("\n")[0].strip() for section in sections) if name.startswith("Taskwatchd")]
        for section in sections:
            name, _, text = section.partition("\n")
            if name.strip() in names:
                made[name.strip(), language] = document(name.strip(), render(text.splitlines(), names, language), language, name.strip())
        title, _, text = head.partition("\n")
        table = [line for line in text.splitlines() if line.startswith("|")]
        made["", language] = document(title.lstrip("# "), render(table, names, language), language, "")
    return made


def literal(text):
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def header():
    rows = "".join(f'    {{"{name}", "{language}",\n     "{literal(text)}"}},\n' for (name, language), text in sorted(pages().items()))
    return ("// The pages of /runbooks: made by daemon/page/make_runbooks.py.\n#pragma once\n\n#include <array>\n#include <string_view>\n\n"
            "namespace taskwatchd {\n\nstruct Runbook {\n  std::string_view name;      // of the alert; empty: the index\n"
            "  std::string_view language;  // en or zh\n  std::string_view html;\n};\n"
            f'inline constexpr std::string_view kRunbookPolicy = "{POLICY}";\n'
            f"inline constexpr std::array<Runbook, {len(pages())}> kRunbooks = {{{{\n{rows}}}}};\n\n}}  // namespace taskwatchd\n")


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_text(header())
