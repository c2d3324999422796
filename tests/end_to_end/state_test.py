#!/usr/bin/env python3
"""`taskwatchd state` and `check` with PostgreSQL, as an operator uses them: copies, refusals, messages, exit codes.

ROWS=100000 copies that many tasks and ten times as many events.
"""

import fcntl
import itertools
import json
import os
import re
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

import harness
import postgres
import worlds

OK, OTHER, UNAVAILABLE, STATE, RETRY, CONFIG = 0, 1, 69, 74, 75, 78
ROWS = int(os.environ.get("ROWS", "2500"))
SCHEMAS = itertools.count(1)
TABLES = {"tasks": 2, "jobs": 2, "distributions": 2, "events": 1, "counters": 4, "marks": 2, "cursors": 1,
          "sinks": 1, "mutes": 1}
HOSTILE = [b"plain", b"zero\0byte", b"\x1a", b"\x1a00", b"bad \xff\xc3", b"\xed\xa0\x80", b"\xe6\x9b\xb4", b"",
           b"\\u0000 \\\" '", b"\xe2\x80\xae\xe2\x80\xa8\n\r\t\x7f", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xf0\x9f\x98\x80"]


class State(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = postgres.Postgres("fsync=off")
        cls.addClassCleanup(cls.postgres.close)

    def setUp(self):
        super().setUp()
        self.schema = f"s{next(SCHEMAS)}"

    def assert_ended(self, result, code, *fragments):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for fragment in fragments:
            self.assertIn(fragment, result.stdout + result.stderr)
        return result

    def query(self, sql):
        return self.postgres.query(sql)

    def empty_file(self, name="state.db"):
        """Returns a state file that the program itself made."""
        path = self.path(name)
        if not os.path.exists(path):
            other = f"{self.schema}e"
            self.psql(self.cli("state", "schema", f"--schema={other}").stdout)
            self.assert_ended(self.copy(self.postgres.url, path, f"--schema={other}"), OK)
        return path

    def psql(self, sql, user="admin"):
        subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.postgres.url.replace("admin", user)], input=sql,
                       check=True, capture_output=True, text=True)

    def copy(self, source, target, *flags, deadline=60):
        return self.cli("state", "copy", f"--from={source}", f"--to={target}", *flags, deadline=deadline)

    def to_postgres(self, path, **how):
        return self.copy(path, self.postgres.url, f"--schema={self.schema}", **how)

    def to_file(self, path, **how):
        return self.copy(self.postgres.url, path, f"--schema={self.schema}", **how)

    def rows(self, path, table):
        with sqlite3.connect(path) as db:
            db.text_factory = bytes
            columns = [row[1].decode() for row in db.execute(f"PRAGMA table_info({table})")]
            order = ",".join(columns[:TABLES[table]])
            return db.execute(f"SELECT {','.join(sorted(columns))} FROM {table} ORDER BY {order}").fetchall()

    def last_id(self, path):
        with sqlite3.connect(path) as db:
            return db.execute("SELECT max(seq) FROM sqlite_sequence WHERE name='events'").fetchone()[0]

    def fill(self, path, count=ROWS):
        """Writes rows of each table, with texts that PostgreSQL cannot store as they are."""
        db = sqlite3.connect(path)

        def text(value):
            return value if isinstance(value, str) else sqlite3.Binary(value)

        def insert(table, rows):
            rows = list(rows)
            # CAST, because the module writes str as valid UTF-8 only.
            places = ",".join("CAST(? AS TEXT)" if isinstance(value, (str, bytes)) else "?" for value in rows[0])
            db.executemany(f"INSERT INTO {table} VALUES({places})", ([text(value) if isinstance(value, bytes) else value
                                                                       for value in row] for row in rows))

        def hostile(i):
            return HOSTILE[i % len(HOSTILE)]

        insert("tasks", ((f"acc{i % 3}", b"t%d" % i + hostile(i), "main", f"j{i % 7}", hostile(i + 1), hostile(i + 2),
                          hostile(i + 3), "FAILED", hostile(i + 4), None if i % 5 == 0 else i / 7, hostile(i + 5),
                          hostile(i + 6), 1_700_000_000_000 + i, -i, 1, i, i, None if i % 2 else i, i % 2, 0)
                         for i in range(count)))
        insert("jobs", (("acc0", b"j%d" % i + hostile(i), "main", hostile(i), "t", "COMPLETED", "", None, 0.1 + i, None, 1,
                         2, 3, 4, 1, None) for i in range(30)))
        insert("distributions", (("acc3", f"d{i}", 2, hostile(i), "p", "s", "a\nb\n", 7, None, 1, 2, None, 3,
                                  json.dumps({"text": "x" * 10_000}), None, i) for i in range(50)))
        insert("events", ((i * 3, i, "task_transition", "warn", f"acc{i % 4}", f"j{i % 7}", b"t%d" % i + hostile(i),
                           b'{"detail":"' + hostile(i) + b'"}') for i in range(1, count * 10)))
        insert("counters", ((f"acc{i % 3}", f"j{i}", "transitions", "FAILED", 2**62 + i, i) for i in range(40)))
        insert("marks", ((f"acc{i % 3}", f"mark{i}", 2**62 - i) for i in range(9)))
        insert("cursors", (("log", 4321), ("hook", 77)))
        insert("sinks", (("ops", 99, hostile(3), 5, None),))
        insert("mutes", ((f"{i:08x}", "ops", "acc0", hostile(i), hostile(i + 1), hostile(i + 2), i, 2**42 + i) for i in range(9)))
        db.execute("UPDATE sqlite_sequence SET seq=seq+500 WHERE name='events'")
        db.commit()
        db.close()


class Schema(State):
    def test_needs_no_server(self):
        result = self.assert_ended(self.cli("state", "schema", "--schema=iot"), OK, 'CREATE SCHEMA IF NOT EXISTS "iot";')
        self.assertEqual(result.stderr, "")
        config = self.write("c.yaml", "accounts: [{name: a, instances: [{region: cn-shanghai, tasks: [t]}]}]\n"
                                      "state: {url: postgresql://nobody@localhost:1/x, schema: from_file}\n")
        self.assert_ended(self.cli("state", "schema", f"--config.file={config}"), OK, '"from_file".tasks')
        self.assert_ended(self.cli("state", "schema", f"--config.file={config}", "--schema=flag"), OK, '"flag".tasks')
        self.assert_ended(self.cli("state", "schema", "--config.file=/nowhere.yaml"), CONFIG, "nowhere.yaml")

    def test_psql_takes_it_twice(self):
        sql = self.cli("state", "schema", f"--schema={self.schema}").stdout
        self.psql(sql)
        self.psql(sql)
        self.assertEqual(self.query(f"SELECT count(*) FROM {self.schema}.meta"), [["2"]])

    def test_flags(self):
        for arguments, fragment in (([], "no action"), (["schemas"], "schema,copy,restored"),
                                    (["schema", "--schema=A;B"], "a-z"), (["schema", "--from=x"], "does not use --from"),
                                    (["copy", "--from=x"], "--to"), (["copy", "--from=x", "--to=x"], "same"),
                                    (["copy", "--from=x", "--to=y", "--config.file=z"], "does not use --config.file"),
                                    (["copy", "--from=x", "--to=postgresql://u:secret@h/d"], "--to "),
                                    (["copy", "--from=x", "--to=mysql://h/d"], "postgresql://"),
                                    (["restored", "--state=x", "--config.file=y"], "both set"),
                                    (["restored", "--schema=x"], "--state")):
            with self.subTest(arguments):
                result = self.assert_ended(self.cli("state", *arguments), CONFIG, fragment)
                self.assertNotIn("secret", result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1)


class Copy(State):
    def test_there_and_back(self):
        first = self.empty_file("first.db")
        self.fill(first)
        begun = time.monotonic()
        result = self.assert_ended(self.to_postgres(first, deadline=600), OK, "every row was compared")
        there = time.monotonic() - begun
        self.assertIn(f"comparing tasks: {ROWS} rows\n", result.stderr)
        self.assertEqual(self.query(f"SELECT value FROM {self.schema}.meta WHERE key='last_event_id'"),
                         [[str(self.last_id(first))]])
        self.assertEqual(self.query(f"SELECT * FROM {self.schema}.cursors ORDER BY sink"),
                         [["hook", "77"], *([f"log/acc{i}", "4321"] for i in range(4))])
        back = self.path("back.db")
        begun = time.monotonic()
        self.assert_ended(self.to_file(back, deadline=600), OK)
        print(f"{ROWS} tasks, {ROWS * 10} events: {there:.1f} s there, {time.monotonic() - begun:.1f} s back", flush=True)
        for table in TABLES:
            self.assertEqual(self.rows(back, table) == self.rows(first, table), True, table)
        self.assertEqual(self.last_id(back), self.last_id(first))
        self.assertEqual(os.stat(back).st_mode & 0o777, 0o600)

    def test_one_file_to_another(self):
        first = self.empty_file("first.db")
        self.fill(first, 20)
        self.assert_ended(self.copy(first, self.path("second.db")), OK)
        for table in TABLES:
            self.assertEqual(self.rows(self.path("second.db"), table), self.rows(first, table), table)

    def test_the_log_skips_no_event(self):
        first = self.empty_file("first.db")
        self.fill(first, 20)
        self.assert_ended(self.to_postgres(first), OK)
        self.psql(f"UPDATE {self.schema}.cursors SET event_id=100 WHERE sink='log/acc2';"
                  f"DELETE FROM {self.schema}.cursors WHERE sink='log/acc1'; UPDATE {self.schema}.cursors SET event_id=50"
                  " WHERE sink='log/acc3'")
        self.assert_ended(self.to_file(self.path("lowest.db")), OK)
        # The first event of acc1 has the id 3.
        self.assertEqual(self.rows(self.path("lowest.db"), "cursors"), [(77, b"hook"), (2, b"log")])
        self.psql(f"INSERT INTO {self.schema}.cursors VALUES('log/acc1', 60)")
        self.assert_ended(self.to_file(self.path("second.db")), OK)
        self.assertEqual(self.rows(self.path("second.db"), "cursors"), [(77, b"hook"), (50, b"log")])

    def test_a_daemon_continues_the_copy(self):
        cloud = self.iotsim(worlds.scenario(worlds.account("acc0", 50, {"t0": worlds.still()})))
        daemon = self.daemon(cloud.config_file).started()
        daemon.wait_metric("taskwatchd_tasks", 1, account="acc0", state="unfinished")
        self.assertEqual(daemon.stop(), 0)
        with open(cloud.config_file, encoding="utf-8") as file:
            text = file.read()
        path = re.search(r"^state:.*\n?\s*.*path: *([^\s},]+)", text, re.MULTILINE)[1]
        path = os.path.join(cloud.directory, path)
        self.assert_ended(self.to_postgres(path), OK)
        text = re.sub(r"^state:.*\n(?:[ \t]+.*\n)*", "", text, flags=re.MULTILINE)
        config = self.write(os.path.join(cloud.directory, "postgres.yaml"),
                            text + f"state: {{url: '{self.postgres.url}', schema: {self.schema}}}\n")
        daemon = self.daemon(config).started()
        daemon.event("lease_acquired", account="acc0")
        # A replica in use is refused at once, however it is asked.
        for arguments in (["copy", f"--from={self.postgres.url}", f"--to={self.path('x.db')}", f"--schema={self.schema}"],
                          ["restored", f"--config.file={config}"]):
            self.assert_ended(self.cli("state", *arguments, deadline=40), RETRY, "waiting 12 s", "in use by a replica")
        # After a crash nothing changes any more, so it is not in use.
        daemon.kill()
        self.assert_ended(self.cli("state", "restored", f"--config.file={config}", deadline=40), OK, "waiting 12 s")


class Refusals(State):
    def test_target_is_not_empty(self):
        first, second = self.empty_file("first.db"), self.empty_file("second.db")
        self.fill(first, 20)
        self.assert_ended(self.to_postgres(first), OK)
        before = self.query(f"SELECT count(*) FROM {self.schema}.events")
        self.assert_ended(self.to_postgres(first), CONFIG, "is not empty", "nothing was copied")
        self.assertEqual(self.query(f"SELECT count(*) FROM {self.schema}.events"), before)
        self.assert_ended(self.copy(second, first), CONFIG, "first.db is not empty")
        self.assert_ended(self.copy(first, second), OK)

    def test_sources_that_are_missing(self):
        self.assert_ended(self.copy(self.path("none.db"), self.path("x.db")), STATE, "none.db", "No such file")
        self.assertEqual([name for name in os.listdir(self.folder) if "none" in name], [])
        self.assert_ended(self.to_file(self.path("x.db")), CONFIG, "the schema does not exist")
        self.assertEqual(self.query(f"SELECT 1 FROM pg_namespace WHERE nspname='{self.schema}'"), [])
        holder, port = harness.closed_port()
        self.addCleanup(holder.close)
        self.assert_ended(self.copy(self.empty_file(), f"postgresql://me@127.0.0.1:{port}/x"), UNAVAILABLE, "refused")
        self.write("text.db", "not a database, but a text that is long enough\n" * 20)
        self.assert_ended(self.copy(self.path("text.db"), self.path("x.db")), STATE, "not a taskwatchd database")

    def test_a_file_in_use(self):
        first = self.empty_file("first.db")
        with open(first + ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assert_ended(self.to_postgres(first), RETRY, "in use by another taskwatchd")
            self.assert_ended(self.copy(self.empty_file("second.db"), first), RETRY, "in use")
            self.assert_ended(self.cli("state", "restored", f"--state={first}"), RETRY, "in use")
        self.assert_ended(self.to_postgres(first), OK)

    def test_a_newer_version_is_not_cut(self):
        first = self.empty_file("first.db")
        with sqlite3.connect(first) as db:
            db.execute("PRAGMA user_version=6")
        self.assert_ended(self.to_postgres(first), CONFIG, "newer taskwatchd")

    def test_a_lease_that_is_renewed_meanwhile(self):
        first = self.empty_file("first.db")
        self.fill(first, 20)
        self.assert_ended(self.to_postgres(first), OK)
        self.psql(f"UPDATE {self.schema}.leases SET holder='00000000-0000-4000-8000-000000000001' WHERE account='acc0'")
        result = []
        copy = threading.Thread(target=lambda: result.append(self.to_file(self.path("x.db"), deadline=60)))
        copy.start()
        time.sleep(2)
        self.psql(f"UPDATE {self.schema}.leases SET beat=2")
        copy.join()
        self.assert_ended(result[0], RETRY, "in use by a replica")


class Interrupted(State):
    def interrupt(self, source, target, number, once):
        process = subprocess.Popen([harness.program("TASKWATCHD"), "state", "copy", f"--from={source}", f"--to={target}",
                                    f"--schema={self.schema}"], stderr=subprocess.PIPE, text=True,
                                   env=harness.clean_environment())
        for line in process.stderr:
            if once in line:
                process.send_signal(number)
                break
        process.stderr.read()
        process.stderr.close()
        self.assertNotEqual(process.wait(harness.DEADLINE), 0)

    def test_leaves_an_empty_target(self):
        first = self.empty_file("first.db")
        self.fill(first, 2500)
        for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
            self.interrupt(first, self.postgres.url, number, "copying distributions")
            harness.wait_for("the end of the server's session", lambda: self.query(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name='taskwatchd'") == [["0"]])
            self.assertEqual(self.query(f"SELECT count(*) FROM {self.schema}.tasks"), [["0"]])
            self.interrupt(first, self.path("second.db"), number, "copying distributions")
            self.assertEqual(self.rows(self.path("second.db"), "tasks"), [])
        self.assert_ended(self.to_postgres(first), OK)
        self.assert_ended(self.to_file(self.path("second.db")), OK)
        self.assertEqual(self.rows(self.path("second.db"), "events") == self.rows(first, "events"), True)


class Restored(State):
    def test_both_databases(self):
        first = self.empty_file("first.db")
        self.fill(first, 20)
        last = self.last_id(first)
        self.assert_ended(self.to_postgres(first), OK)
        for arguments in ([f"--state={first}"], [f"--state={self.postgres.url}", f"--schema={self.schema}"]):
            self.assert_ended(self.cli("state", "restored", *arguments), OK, f"the id {last + 1_000_001} instead of {last + 1}")
        self.assertEqual(self.last_id(first), last + 1_000_000)
        self.assertEqual(self.query(f"SELECT value FROM {self.schema}.meta WHERE key='last_event_id'"),
                         [[str(last + 1_000_000)]])

    def test_the_configuration_names_it(self):
        first = self.empty_file("first.db")
        config = self.write("c.yaml", "accounts:\n  - name: a\n    credentials:\n      access_key_id: x\n"
                                      "      access_key_secret_file: $CREDENTIALS_DIRECTORY/secret\n"
                                      "    instances: [{region: cn-shanghai, tasks: [t]}]\nstate: {path: first.db}\n")
        self.assert_ended(self.cli("state", "restored", f"--config.file={config}"), OK, "the id 1000001 instead of 1")
        self.assertEqual(self.last_id(first), 1_000_000)

    def test_nothing_is_created(self):
        self.assert_ended(self.cli("state", "restored", f"--state={self.path('none.db')}"), STATE, "No such file")
        self.assert_ended(self.cli("state", "restored", f"--state={self.postgres.url}", "--schema=none"), CONFIG,
                          "does not exist")
        self.assertEqual(os.listdir(self.folder), [])


class Check(State):
    def check(self, url, schema=None):
        config = self.write("c.yaml", "accounts: [{name: a, instances: [{region: cn-shanghai, tasks: [t]}]}]\n"
                                      f"state: {{url: '{url}', schema: {schema or self.schema}}}\n")
        return self.cli("check", f"--config.file={config}", deadline=60)

    def role(self, name, *statements):
        self.psql(f"CREATE ROLE {name} LOGIN;" + ";".join(statements))
        return self.postgres.url.replace("admin", name)

    def test_good(self):
        result = self.assert_ended(self.check(self.postgres.url), OK, "PostgreSQL 1", "role admin, not encrypted",
                                   "does not exist yet", "warning: state database: commits are not replicated synchronously")
        self.assertEqual(self.query(f"SELECT 1 FROM pg_namespace WHERE nspname='{self.schema}'"), [], "check created it")
        self.psql(self.cli("state", "schema", f"--schema={self.schema}").stdout)
        result = self.assert_ended(self.check(self.postgres.url), OK, f"schema {self.schema} has version 2")
        self.assertEqual(result.stderr.count("\n"), 1)

    def test_what_is_wrong(self):
        holder, port = harness.closed_port()
        self.addCleanup(holder.close)
        url = self.postgres.url
        self.assert_ended(self.check(f"postgresql://me@127.0.0.1:{port}/x"), UNAVAILABLE, "refused")
        self.assert_ended(self.check(url.replace("admin", "nobody")), CONFIG, 'role "nobody" does not exist')
        self.assert_ended(self.check(url.replace("/postgres", "/nothing")), CONFIG, 'database "nothing" does not exist')
        self.psql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        self.assert_ended(self.check(url.replace("/postgres", "/latin")), CONFIG, "encoding of the database is LATIN1")

    def test_privileges(self):
        poor = self.role("poor")
        self.assert_ended(self.check(poor), CONFIG, "the role poor may not create it", "taskwatchd state schema | psql")
        self.psql(self.cli("state", "schema", f"--schema={self.schema}").stdout)
        result = self.assert_ended(self.check(poor), CONFIG, "poor may not use the schema", "GRANT USAGE")
        granted = re.search(r"runs: (.*)", result.stderr)[1]
        self.psql(f'GRANT USAGE ON SCHEMA {self.schema} TO poor')
        self.assert_ended(self.check(poor), CONFIG, "lacks privileges on the table meta", granted)
        self.psql(f'GRANT SELECT, INSERT, UPDATE, DELETE ON {self.schema}.meta TO poor')
        self.assert_ended(self.check(poor), CONFIG, "lacks privileges on the table tasks", granted)
        self.psql(granted)
        self.assert_ended(self.check(poor), OK, "role poor")

    def test_another_program_and_a_newer_version(self):
        self.psql(f"CREATE SCHEMA {self.schema}; CREATE TABLE {self.schema}.meta(key text, value bigint)")
        self.assert_ended(self.check(self.postgres.url), CONFIG, "belongs to another program")
        self.psql(f"INSERT INTO {self.schema}.meta VALUES('schema_version', 9)")
        self.assert_ended(self.check(self.postgres.url), CONFIG, "newer taskwatchd (schema version 9")


if __name__ == "__main__":
    unittest.main(verbosity=2)
