"""A PostgreSQL server for tests and the demo: Debian's programs, a cluster in a folder, a free port on loopback."""

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


def program(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    if not found:
        raise FileNotFoundError(f"no {name}: install the package postgresql")
    return found[-1]


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

    def __init__(self, *settings):
        self.folder = tempfile.mkdtemp(prefix="taskwatchd-postgres-")
        self.port = free_port()
        self.settings = settings
        self.server = None
        self._user = None
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
        self.server = subprocess.Popen(
            [program("postgres"), "-D", self.data, "-p", str(self.port), "-h", "127.0.0.1", "-k", self.data, *options],
            user=self._user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            if subprocess.run([program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0:
                return self
            time.sleep(0.05)
        raise AssertionError("PostgreSQL does not start")

    def kill(self, number=signal.SIGQUIT):
        """SIGINT disconnects the clients and stops; SIGQUIT and SIGKILL are crashes."""
        if self.server and self.server.poll() is None:
            self.server.send_signal(number)
            self.server.wait(30)
        self.server = None

    def query(self, sql):
        """Returns the rows as lists of text."""
        done = subprocess.run(["psql", "-XAtq", "-F", "\t", "-d", self.url, "-c", sql], check=True,
                              capture_output=True, text=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def close(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
