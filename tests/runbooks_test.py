"""Checks the pages of /runbooks: one per alert and language, complete HTML, with nothing that the reader's device
must load."""
import html.parser
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "daemon/page"))
import make_runbooks

VOID = {"meta", "br", "!doctype"}
ALERTS = re.findall(r"^ *- alert: (\w+)$", (ROOT / "config/prometheus/taskwatchd.rules.yml").read_text(), re.MULTILINE)


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags, self.links, self.text, self.code = [], [], [], "", ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if "pre" in self.open or "code" in self.open:
            self.code += data + "\n"
        elif "style" not in self.open:
            self.text += data


def read(page):
    reader = Reader()
    reader.feed(page)
    return reader


class Runbooks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pages = make_runbooks.pages()

    def test_one_per_alert_and_language(self):
        self.assertEqual(set(self.pages), {(name, language) for name in [*ALERTS, ""] for language in ("en", "zh")})

    def test_they_are_whole_and_load_nothing(self):
        for key, page in self.pages.items():
            with self.subTest(key):
                reader = read(page)
                self.assertEqual(reader.open, [])
                self.assertLessEqual(set(reader.tags), set("html head meta title style body h1 h3 p ol ul li pre code b a table tr th td".split()))
                self.assertLess(len(page.encode()), 32768)

    def test_no_markdown_is_left(self):
        for key, page in self.pages.items():
            with self.subTest(key):
                self.assertNotRegex(read(page).text, r"\]\(|\*\*|```|^#|`")

    def test_their_links_lead_to_pages(self):
        for (name, language), page in self.pages.items():
            for link in read(page).links:
                with self.subTest(page=name, link=link):
                    match = re.fullmatch(r"(\w+|\.)\?lang=(en|zh)", link)
                    self.assertIsNotNone(match)
                    self.assertIn(("" if match[1] == "." else match[1], match[2]), self.pages)

    def test_commands_are_as_in_the_documents(self):
        text = read(self.pages["TaskwatchdTasksBad", "en"]).code
        self.assertIn("sudo journalctl -u taskwatchd EVENT=task_transition JOB_ID=JOB PRIORITY=4\n", text)
        self.assertIn('aliyun_iot_task_status{job_id="JOB",status=~"FAILED|REJECTED|TIMED_OUT"} == 1\n', text)
        self.assertIn("每", read(self.pages["TaskwatchdAuthFailing", "zh"]).text)

    def test_the_header_holds_them(self):
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder) / "runbooks.h"
            subprocess.run([sys.executable, make_runbooks.__file__, made], check=True)
            text = made.read_text()
        rows = re.findall(r'\{"(\w*)", "(en|zh)",\n     "((?:\\x[0-9a-f]{2})*)"\}', text)
        self.assertEqual({(name, language): bytes.fromhex(body.replace("\\x", "")).decode() for name, language, body in rows}, self.pages)


if __name__ == "__main__":
    unittest.main()
