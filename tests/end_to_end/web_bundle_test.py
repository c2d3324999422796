#!/usr/bin/env python3
"""The committed bundle of the status page is the one that its sources build, and both languages have all texts of
the page."""

import filecmp
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import harness
import npm

SKIPPED = 77  # ctest reports this exit code as skipped
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEB = os.path.join(ROOT, "daemon", "page")
# Keys whose last part is a name that the daemon uses, or a state of the page.
MADE = re.compile(r"^(status|job_status|trouble|menu|jobs\.show|pace\.class|events|state)[._]|\.one$")


def node(*arguments, cwd):
    done = subprocess.run([npm.NODE, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60,
                          env=harness.clean_environment(), check=False)
    if done.returncode != 0:
        raise AssertionError(f"node {arguments}: {done.stderr}")
    return done.stdout


def sources():
    for name in sorted(os.listdir(os.path.join(WEB, "src"))):
        if name.endswith(".js"):
            with open(os.path.join(WEB, "src", name), encoding="utf-8") as file:
                yield name, file.read()


class Words(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not npm.NODE:
            raise unittest.SkipTest("Node.js is not installed")
        show = "Promise.all(['en','zh'].map(l=>import(`./words_${l}.js`))).then(w=>console.log(JSON.stringify(w.map(o=>o.default))))"
        with tempfile.TemporaryDirectory() as folder:
            for language in ("en", "zh"):
                with open(os.path.join(WEB, "src", f"words_{language}.js"), encoding="utf-8") as file:
                    text = file.read()
                with open(os.path.join(folder, f"words_{language}.js"), "w", encoding="utf-8") as file:
                    file.write(text)
            with open(os.path.join(folder, "package.json"), "w", encoding="utf-8") as file:
                file.write('{"type":"module"}')
            cls.en, cls.zh = json.loads(node("-e", show, cwd=folder))

    def test_both_have_the_same_keys_and_values(self):
        self.assertEqual(list(self.en), list(self.zh))
        for key, words in self.en.items():
            self.assertTrue(words and self.zh[key], key)
            self.assertEqual(sorted(re.findall(r"\{(\w+)\}", words)), sorted(re.findall(r"\{(\w+)\}", self.zh[key])), key)

    def test_no_key_is_given_twice(self):
        for language in ("en", "zh"):
            with open(os.path.join(WEB, "src", f"words_{language}.js"), encoding="utf-8") as file:
                keys = re.findall(r'^  "([^"]+)":', file.read(), re.M)
            self.assertEqual(len(keys), len(set(keys)), language)
            self.assertEqual(len(keys), len(self.en))

    def test_the_page_has_its_texts_and_no_others(self):
        text = "\n".join(text for name, text in sources() if not name.startswith("words"))
        used = set(re.findall(r'"([a-z_]+\.[a-zA-Z_]+)"', text))
        said = set(re.findall(r'\b(?:t|phrase)\("([^"]+)"', text))
        self.assertEqual(said - set(self.en), set())
        self.assertEqual({key for key in self.en if key not in used and not MADE.search(key)}, set())

    def test_device_text_stays_text(self):
        for name, text in sources():
            for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"):
                self.assertNotIn(way, text, name)


class Bundle(harness.TestCase):
    def test_the_lock_file_names_no_registry(self):
        with open(os.path.join(WEB, "package-lock.json"), encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn('"resolved"', text)
        self.assertNotIn("://", re.sub(r'"url": "[^"]*"', "", text))

    def test_it_is_what_the_sources_make(self):
        folder = npm.install("web", WEB)
        made = self.path("dist")
        node("build.js", made, cwd=folder)
        names = sorted(os.listdir(os.path.join(WEB, "dist")))
        self.assertEqual(sorted(os.listdir(made)), names)
        _, differ, missing = filecmp.cmpfiles(made, os.path.join(WEB, "dist"), names, shallow=False)
        self.assertEqual((differ, missing), ([], []), "run `npm ci && npm run build` in daemon/page and commit dist/")


if __name__ == "__main__":
    run = unittest.main(verbosity=2, exit=False).result
    for test, why in run.skipped:
        print("skipped:", test, why, file=sys.stderr)
    sys.exit(1 if not run.wasSuccessful() else SKIPPED if run.skipped else 0)
