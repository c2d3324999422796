"""A PostgreSQL server for tests and the demo: Debian's programs, a cluster in a folder, a free port on loopback."""

import contextlib
import glob
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time


END = "end of the rows"  # no row is equal to it


def program(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    if not found:
        raise FileNotFoundError(f"no {name}: install the package postgresql")
    return found[-1]


def faketime():
    """Returns libfaketime's path, or None: it is not needed for anything else."""
    found = sorted(glob.glob("/usr/lib/*/faketime/libfaketime.so.1"))
    return found[-1] if found else None


def free_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]


class Proxy:
    """A TCP proxy in front of the server. While `silent`, nothing passes and nothing ends, as behind a cut cable."""

    def __init__(self, port):
        self.silent = False
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"postgresql://admin@127.0.0.1:{self.port}/postgres"

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client):
        with client, socket.socket() as server:
            try:
                server.connect(self._target)
                while True:
                    for source in select.select([client, server], [], [])[0]:
                        data = source.recv(65536)
                        while self.silent:
                            time.sleep(0.02)
                        if not data:
                            return
                        (server if source is client else client).sendall(data)
            except OSError:
                return

    def close(self):
        self._listener.close()


class Postgres:
    """As root it runs as `postgres`, because PostgreSQL refuses to run as root."""

    def __init__(self, *settings, clock=False):
        """With `clock`, set_clock() may step the server's clock."""
        self.folder = tempfile.mkdtemp(prefix="taskwatchd-postgres-")
        self.port = free_port()
        self.settings = settings
        self.server = None
        self._user = None
        self._psql = None
        self._env = None
        if clock:
            self._clock = os.path.join(self.folder, "clock")
            self.set_clock(0)
            self._env = {**os.environ, "LD_PRELOAD": faketime(), "FAKETIME_TIMESTAMP_FILE": self._clock,
                         "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        if os.geteuid() == 0:
            self._user = "postgres"
            entry = pwd.getpwnam(self._user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self._run(program("initdb"), "-D", self.data, "-A", "trust", "-U", "admin", "-E", "UTF8", "--locale=C", "-N")
        self.start()

    @property
    def data(self):
        return os.path.join(self.folder, "data")

    @property
    def url(self):
        return f"postgresql://admin@127.0.0.1:{self.port}/postgres"

    def _run(self, *command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=self._user, cwd="/")

    def start(self):
        options = [option for setting in ("logging_collector=off", "log_min_messages=panic", *self.settings)
                   for option in ("-c", setting)]
        for _ in range(300):
            # After a crash it refuses to start while a process of before still ends.
            if self.server is None or self.server.poll() is not None:
                self.server = subprocess.Popen(
                    [program("postgres"), "-D", self.data, "-p", str(self.port), "-h", "127.0.0.1", "-k", self.data,
                     *options],
                    user=self._user, cwd="/", env=self._env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if subprocess.run([program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0:
                return self
            time.sleep(0.05)
        raise AssertionError("PostgreSQL does not start")

    def kill(self, number=signal.SIGQUIT):
        """SIGINT disconnects the clients and stops; SIGQUIT and SIGKILL are crashes."""
        self._end_psql()
        if self.server and self.server.poll() is None:
            self.server.send_signal(number)
            self.server.wait(30)
        self.server = None

    def crash(self):
        """Kills the server's processes without a chance to clean up."""
        self._end_psql()
        children = subprocess.run(["pgrep", "-P", str(self.server.pid)], capture_output=True, text=True)
        for pid in (self.server.pid, *map(int, children.stdout.split())):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it has ended with the others
        self.server.wait(30)
        self.server = None

    def set_clock(self, offset):
        """Moves the server's clock to that many seconds from the host's."""
        with open(self._clock + ".new", "w", encoding="ascii") as file:
            file.write(f"{offset:+d}\n")
        os.chmod(self._clock + ".new", 0o644)
        os.replace(self._clock + ".new", self._clock)

    def query(self, sql):
        """Returns the rows as lists of text. One psql answers all questions: starting one costs more than a question."""
        if self._psql is None:
            self._psql = subprocess.Popen(["psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.url],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with contextlib.suppress(BrokenPipeError):  # it ended with the server; then readline returns nothing
            self._psql.stdin.write(f"{sql};\n\\echo {END}\n")
            self._psql.stdin.flush()
        rows = []
        while (line := self._psql.stdout.readline()) != END + "\n":
            if not line:
                self._end_psql()
                raise AssertionError(f"psql ended at: {sql}")
            if line != "\n":
                rows.append(line.rstrip("\n").split("\t"))
        return rows

    def _end_psql(self):
        if self._psql is None:
            return
        self._psql.kill()
        self._psql.wait()
        self._psql.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self._psql.stdin.close()
        self._psql = None

    def close(self):
        self._end_psql()
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
