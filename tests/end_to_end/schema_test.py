"""The JSON schema of the configuration agrees with `taskwatchd check`, as far as a schema can.

The schema accepts every file that `check` accepts. It rejects each file of tests/data/config that `check` rejects,
except those listed below with a reason. Its keys, defaults and descriptions are those of
docs/reference/configuration.md. A unit test compares that document with the code; TASKWATCHD_UPDATE_DOCS=1 writes
the keys again.
"""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

import harness

try:
    import jsonschema
except ImportError:
    raise unittest.SkipTest("no module jsonschema: install python3-jsonschema")

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCHEMA = ROOT / "config" / "taskwatchd.schema.json"

# Errors that the values do not show: a part of the file's name, and the reason.
BEYOND_A_SCHEMA = {
    "duplicate": "a parser has dropped the first of two keys",
    "alias": "gone once parsed", "anchor": "gone once parsed", "tag": "gone once parsed",
    "name-twice": "across items", "name-given-twice": "across items", "in-two-instances": "across items",
    "directory-unset": "hangs on the environment",
    "quota-not-decimal": "another spelling of a number",
}

# The tables of docs/reference/configuration.md whose first column is `key`, in their order.
TABLES = ("", "account", "quota", "pace", "instance", "discover_jobs", "state", "replica", "metrics", "bounds", "sink", "mention", "from",
          "credentials", "assume_role")


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, which editors use: yes and on are text, 1:30 is not a number."""
    yaml_implicit_resolvers = {}


Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(null|~|)$"), ["n", "~", ""])
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^(0|-?[1-9][0-9]*)$"), list("-0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?[0-9]+\.[0-9]+$"), list("-0123456789"))


def load(text):
    return yaml.load(text, Loader)


def rows():
    """Returns (definition, key, default, meaning) of each row, as plain text."""
    found, table, heads = [], -1, None
    for line in (ROOT / "docs" / "reference" / "configuration.md").read_text().splitlines():
        if not line.startswith("|"):
            heads = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if heads is None:
            heads = cells
            table += heads[0] == "key"
        elif heads[0] == "key" and not cells[0].startswith("-"):
            row = dict(zip(heads, cells))
            meaning = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", row.get("meaning", "calls per second")).replace("`", "")
            for key in re.findall(r"`(\w+)`", row["key"]):
                found.append((TABLES[table], key, row.get("default", ""), meaning))
    return found


def properties(schema, definition):
    return (schema["definitions"][definition] if definition else schema)["properties"]


class SchemaCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = json.loads(SCHEMA.read_text())
        jsonschema.Draft7Validator.check_schema(cls.schema)
        cls.validator = jsonschema.Draft7Validator(cls.schema)

    def problems(self, text):
        try:
            return [error.message for error in self.validator.iter_errors(load(text))]
        except (yaml.YAMLError, UnicodeError) as error:
            return [str(error)]


class Schema(SchemaCase):
    def test_keys_defaults_and_descriptions_are_the_documents(self):
        wanted = json.loads(SCHEMA.read_text())
        documented = {}
        for definition, key, default, meaning in rows():
            documented.setdefault(definition, set()).add(key)
            entry = properties(wanted, definition).get(key)
            self.assertIsNotNone(entry, f"the schema lacks `{key}` of {definition or 'the file'}")
            entry["description"] = meaning
            literal = re.fullmatch(r"`(.*)`", default)
            entry.pop("default", None)
            if literal and "$" not in default and "REGION" not in default:
                entry["default"] = literal[1] if literal[1] == "*" else load(literal[1])
        for definition in TABLES:
            self.assertEqual(set(properties(wanted, definition)), documented.get(definition), definition)
        text = json.dumps(wanted, indent=2, ensure_ascii=False) + "\n"
        if os.environ.get("TASKWATCHD_UPDATE_DOCS"):
            SCHEMA.write_text(text)
        self.assertEqual(SCHEMA.read_text(), text, "run with TASKWATCHD_UPDATE_DOCS=1 and commit the schema")

    def test_every_default_is_valid(self):
        for definition in TABLES:
            for key, entry in properties(self.schema, definition).items():
                if "default" in entry:
                    resolver = jsonschema.RefResolver.from_schema(self.schema)
                    jsonschema.Draft7Validator(entry, resolver=resolver).validate(entry["default"])

    def test_shipped_files_are_valid(self):
        for name in ("example.yaml", "minimal.yaml"):
            self.assertEqual(self.problems((ROOT / "config" / name).read_text()), [], name)

    def test_what_check_refuses(self):
        taken = []
        for path in sorted((ROOT / "tests" / "data" / "config").glob("invalid-*.yaml")):
            beyond = any(part in path.name for part in BEYOND_A_SCHEMA)
            found = self.problems(path.read_bytes().decode("utf-8", errors="surrogateescape"))
            if not found and not beyond:
                taken.append(path.name)
        self.assertEqual(taken, [])


# Values that are tried for a key, by its definition or name, one list per line. check classifies each, so valid and
# invalid values are in the same list.
DURATIONS = ["0", "0s", "5", "5m", "1h30m", "30m1h", "1.5h", "500ms", "1y2w3d4h5m6s7ms", "-1s", "1M", "''", "0ms", "00s"]
TEXTS = ["a", "007", "1e5", "a b", "''", "true", "'true'", "[a]", "null", "1.5", "x" * 128, "x" * 129, "é", "yes", "A-b_9"]
URLS = ["https://a.example", "http://a.example", "http://127.0.0.1:1", "http://localhost", "http://[::1]:80",
        "https://a.example/", "https://u@a.example", "https://a.example:99999", "ftp://a", "https://", "https://a.example:443"]
VALUES = {
    "duration": DURATIONS, "id": TEXTS, "path": ["a", "/a/b", "''", "7", "[a]", "true"], "endpoint": URLS,
    "calls": ["0", "5", "0.5", "1000", "1000.1", "-1", "'5'", "1e3", "010"],
    "ids": ["[]", "[a]", "[a, a]", "[a, b]", "a", "[7, 08]", "[[a]]", "[true]", "[' ']"],
    "proxy": URLS, "name": TEXTS, "region": TEXTS + ["cn-shanghai", "-a", "a-", "CN"],
    "quota_total": ["0", "0.1", "5", "1000", "1000.1", "-1", "'1'"],
    "quota_share": ["0", "0.1", "1", "1.1", "-1", "'1'"], "signature": ["v1", "v3", "v2", "1"],
    "session_name": TEXTS, "external_id": TEXTS, "ecs_ram_role": TEXTS,
    "role_arn": ["acs:ram::1:role/a", "acs:ram::1:role/", "a", "acs:ram::x:role/a"],
    "task_files": ["[]", "[a, 'b/*.txt']", "['']", "a", "[true]"],
    "distribution_file_hosts": ["[]", "['*.a.example']", "['*']", "['*.com']", "[a.example]", "['127.0.0.1:80']", "['https://a']"],
    "discover_jobs": ["true", "false", "yes", "{}", "{name: '*'}", "{limit: 0}", "{limit: 10000}", "{limit: 10001}",
                      "{modified_within: 0s}", "{modified_within: 1d}", "[]", "{nam: a}"],
    "labels": ["{}", "{team: ota}", "{a: 1}", "{a: true}", "{__a: b}", "{9a: b}", "{a: ''}", "{a: " + "x" * 128 + "}",
               "{a: b, c: d, e: f, g: h, i: j}", "{a: b, c: d, e: f, g: h, i: j, k: l}"],
    "limit": ["0", "1", "10000", "10001", "1.5", "x"], "task_series": ["none", "explicit", "bad", "active", "all", "some"],
    "state_url": ["postgresql://", "postgres://me@localhost/db", "postgresql://u:p@localhost", "mysql://a", "''",
                  "postgresql://a,b/db?sslmode=verify-full", "postgresql://a", "postgresql:///db?sslmod=disable"],
    "schema": ["a", "_1", "1a", "A", "pg_a", "pg", "'a b'", "''", "x" * 63, "x" * 64],
    "page_url": ["http://a.example", "https://a.example/b/", "https://u@a.example", "https://a/?b", "ftp://a", "a", "https://"],
    "task_series_limit": ["0", "7", "10000000", "10000001", "-1", "1.5"],
}
VALUES |= {"span": DURATIONS, "job_series_limit": VALUES["task_series_limit"]}
ACCOUNT = {"name": "a", "instances": [{"region": "cn-shanghai"}]}
KEYS = {"access_key_id": "K", "access_key_secret_file": "secret"}


def document(definition, key, value):
    """Returns a valid file with one value inserted, which is already YAML."""
    account = dict(ACCOUNT)
    place = {"": {"accounts": [account]}, "account": account}
    whole = place[""]
    if definition == "instance":
        account["instances"] = [dict(ACCOUNT["instances"][0])]
        place["instance"] = account["instances"][0]
    elif definition == "discover_jobs":
        place[definition] = {}
        account["instances"] = [{"region": "r", "discover_jobs": place[definition]}]
    elif definition in ("quota", "pace"):
        place[definition] = account[definition] = {}
    elif definition == "credentials":
        place[definition] = account[definition] = {} if key in ("ecs_ram_role", "assume_role") else dict(KEYS)
        if key == "access_key_id_file":
            del account[definition]["access_key_id"]
    elif definition == "assume_role":
        place[definition] = {"role_arn": "acs:ram::1:role/a"}
        account["credentials"] = {"assume_role": place[definition]}
    elif definition in ("sink", "mention", "from"):
        program = key in ("url", "headers_file")
        sink = {"name": "s", "format": "cloudevents" if program else "dingtalk"}
        if key != "url":
            sink["url_file"] = "u"
        place["sink"] = sink
        if definition != "sink":
            place[definition] = sink[definition] = {}
        whole["notify"] = [sink]
    elif definition:
        place[definition] = whole[definition] = {}
        if definition == "replica" or key in ("password_file", "schema"):
            whole.setdefault("state", {})["url"] = "postgresql:///db"
    place[definition][key] = "@VALUE@"
    return json.dumps(whole, ensure_ascii=False).replace('"@VALUE@"', value)


class Beside(SchemaCase):
    """Runs `check` and the schema on the same files."""

    def check(self, folder, text):
        file = folder / "taskwatchd.yaml"
        file.write_text(text)
        done = subprocess.run([harness.program("TASKWATCHD"), "check", f"--config.file={file}"],
                              capture_output=True, text=True, env=harness.clean_environment())
        # check reads credential files and the like only if the file is valid: a schema cannot know these errors.
        by_line = [line for line in done.stderr.splitlines() if re.match(rf"{re.escape(str(file))}:\d+:\d+: ", line)]
        # 69: the file is valid, and no PostgreSQL server listens where it says.
        self.assertIn(done.returncode, (0, 69, 78), done.stderr)
        return by_line

    def test_what_check_takes_the_schema_takes(self):
        taken = refused = lenient = 0
        with tempfile.TemporaryDirectory() as name:
            for definition in TABLES:
                for key, entry in properties(self.schema, definition).items():
                    kind = entry.get("allOf", [{}])[0].get("$ref", "").rpartition("/")[2]
                    for value in VALUES.get(kind) or VALUES.get(key) or []:
                        text = document(definition, key, value)
                        said, found = self.check(pathlib.Path(name), text), self.problems(text)
                        if not said:
                            self.assertEqual(found, [], f"check takes it: {text}")
                        taken += not said
                        refused += bool(said) and bool(found)
                        lenient += bool(said) and not found
        print(f"values that both take: {taken}, that both refuse: {refused}, that check alone refuses: {lenient}")
        self.assertGreater(taken, 150)
        self.assertGreater(refused, 150)
        self.assertLess(lenient, 30)


if __name__ == "__main__":
    unittest.main()
