"""What the tests of notifications share: a simulated platform, a receiver, and sinks that send to it."""

import base64
import json
import pathlib
import re

import jsonschema

import harness
import receiver
import worlds

KEY = base64.b64encode(b"a secret of 32 bytes for a test!").decode()
SIGN = "SEC0123456789abcdef"
TOKEN = "tok-3f9a77c1e5"  # in the robots' URLs: a canary
HOSTILE = '@all [x](http://evil.example) <at user_id=\\"all\\"></at> <!channel> <@U1> www.evil.example \\n\\e[31m' \
    '\\u202e**bold** `code`'


def failing(at, message="boom"):
    return f'[{{at: 0s, status: IN_PROGRESS}}, {{at: {round(at * 1000)}ms, status: FAILED, message: "{message}"}}]'


def schema(event_type):
    path = pathlib.Path(__file__).resolve().parents[2] / "config" / "events" / (event_type + ".json")
    return jsonschema.Draft7Validator(json.loads(path.read_text()))


class Notify(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.there = receiver.Receiver()
        self.addCleanup(self.there.close)
        self.addCleanup(self.check_schemas)
        self.blocks = []

    def check_schemas(self):
        """Every CloudEvent that was received is as its schema says, with known members only."""
        for request in self.there.requests(verdict="ok"):
            if request.headers.get("content-type") != "application/cloudevents+json":
                continue
            checker = schema(request.body["type"])
            data = request.body["data"]
            checker.validate(data)
            self.assertLessEqual(set(data), set(checker.schema["properties"]), request.body["type"])

    def world(self, *accounts):
        self.cloud = self.iotsim(worlds.scenario(*accounts))

    def sink(self, name, form, service, more="", **files):
        """Adds a sink, and serves its receiver below /NAME."""
        self.there.serve("/" + name, service)
        block = f"  - name: {name}\n    format: {form}\n"
        if form in ("cloudevents", "otlp"):
            block += f"    url: {self.there.url('/' + name)}\n"
        else:
            files["url_file"] = self.there.url(f"/{name}?access_token={TOKEN}") + "\n"
        for key, text in files.items():
            block += f"    {key}: {self.write(f'{name}-{key}', text, 0o600)}\n"
        self.blocks.append(block + more)

    def configured(self):
        with open(self.cloud.config_file, encoding="utf-8") as file:
            text = re.sub(r"^notify:\n(?:[ ].*\n)*", "", file.read(), flags=re.MULTILINE)
        with open(self.cloud.config_file, "w", encoding="utf-8") as file:
            file.write(text + "notify:\n" + "".join(self.blocks))
        return self.cloud.config_file

    def run_daemon(self, *flags):
        return self.daemon(self.configured(), *flags).started()

    def texts(self, path):
        return [request.text for request in self.there.requests(path, "ok")]
