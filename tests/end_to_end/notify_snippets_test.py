#!/usr/bin/env python3
"""Runs the examples of docs/how-to/notify-webhook.md as printed: each accepts what Standard Webhooks accepts, and
refuses a changed body, id, time and secret. An example is skipped if its language is not installed."""

import base64
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import notify_services as services

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import doc_blocks

PAGE = ROOT / "docs/how-to/notify-webhook.md"
NOW = 1_790_000_000
KEY, OTHER, THIRD = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"k", b"o", b"t"))
BODY = '{"id":"7","data":{"status_message":"电量不足"}}'

GO_MAIN = """package main

import (
	"encoding/json"
	"net/http"
	"os"
	"time"
)

func main() {
	var cases []struct {
		Secrets []string
		Headers map[string]string
		Body    string
		Now     int64
	}
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	made := []bool{}
	for _, one := range cases {
		headers := http.Header{}
		for name, value := range one.Headers {
			headers.Set(name, value)
		}
		made = append(made, Verify(one.Secrets, headers, []byte(one.Body), time.Unix(one.Now, 0)))
	}
	json.NewEncoder(os.Stdout).Encode(made)
}
"""
NODE_MAIN = """import { text } from "node:stream/consumers";
import { verify } from "./snippet.mjs";
const cases = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(cases.map((one) => verify(one.secrets, one.headers, Buffer.from(one.body), one.now))));
"""
PYTHON_MAIN = """import json, sys
from snippet import verify
print(json.dumps([verify(one["secrets"], one["headers"], one["body"].encode(), one["now"]) for one in json.load(sys.stdin)]))
"""


def cases():
    """Returns [(case, whether it is valid)]."""
    stamp = str(NOW)
    good = {"webhook-id": "7", "webhook-timestamp": stamp, "webhook-signature": services.webhook_sign(KEY, "7", stamp, BODY.encode())}
    two = good["webhook-signature"] + " " + services.webhook_sign(OTHER, "7", stamp, BODY.encode())

    def case(valid, secrets=(KEY,), body=BODY, now=NOW, **headers):
        changed = {**good, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return {"secrets": list(secrets), "headers": {name: value for name, value in changed.items() if value is not None}, "body": body, "now": now}, valid
    return [
        case(True), case(True, now=NOW + 299), case(True, now=NOW - 299), case(True, secrets=(OTHER, KEY)),
        case(True, webhook_signature=two), case(True, secrets=(OTHER,), webhook_signature=two),
        case(True, webhook_signature="v1a,AAAA " + good["webhook-signature"]),
        case(False, secrets=(THIRD,)), case(False, secrets=()), case(False, body=BODY + " "), case(False, now=NOW + 301), case(False, now=NOW - 301),
        case(False, webhook_id="8"), case(False, webhook_id=None), case(False, webhook_timestamp=None), case(False, webhook_timestamp="now"),
        case(False, webhook_timestamp=str(NOW + 1)), case(False, webhook_signature=None), case(False, webhook_signature=""),
        case(False, webhook_signature=good["webhook-signature"][3:]), case(False, webhook_signature="v2" + good["webhook-signature"][2:]),
        case(False, webhook_signature=good["webhook-signature"][:-1]),
    ]


class Snippets(unittest.TestCase):
    def snippet(self, language):
        found = [block.text for block in doc_blocks.blocks(PAGE.read_text()) if block.info == language]
        self.assertEqual(len(found), 1)
        return found[0]

    def check(self, folder, *command):
        given = cases()
        done = subprocess.run(command, cwd=folder, input=json.dumps([case for case, _ in given]), capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        for (case, valid), result in zip(given, json.loads(done.stdout), strict=True):
            self.assertIs(result, valid, case)

    def run_in(self, files, *command):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")
            self.check(folder, *command)

    def test_python(self):
        self.run_in({"snippet.py": self.snippet("python"), "main.py": PYTHON_MAIN}, sys.executable, "main.py")

    @unittest.skipUnless(shutil.which("node"), "Node.js is not installed")
    def test_node(self):
        self.run_in({"snippet.mjs": self.snippet("js"), "main.mjs": NODE_MAIN}, "node", "main.mjs")

    @unittest.skipUnless(shutil.which("go"), "Go is not installed: its example is not checked")
    def test_go(self):
        self.run_in({"snippet.go": self.snippet("go"), "main.go": GO_MAIN, "go.mod": "module example\n\ngo 1.19\n"}, "go", "run", ".")


if __name__ == "__main__":
    unittest.main(verbosity=2)
