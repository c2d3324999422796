"""A separate Debian root, in which the package is installed and booted.

mmdebstrap creates it once from the Debian mirrors of this machine, and it is kept as a tar file below the build
folder. Each test unpacks a copy. Programs run in it under systemd-nspawn, whose mounts are in a mount namespace
that ends with it: after a test ends or is killed, nothing stays mounted and no process stays.
"""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SUITE = os.environ.get("DEBIAN_SUITE", "bookworm")
# The packages of a machine before the installation: a minimal Debian that boots.
BASE = ("systemd", "systemd-sysv", "dbus")
CACHE = pathlib.Path(os.environ["BUILD_FOLDER"]) / "debian_root"
SKIPPED = 77

HERE = pathlib.Path(__file__).resolve().parent
CLOUD = """[Service]
Type=exec
ExecStart=/usr/local/bin/iotsim --scenario=/usr/local/share/world.yaml --listen=127.0.0.1:18080
"""
# The unit powers the root off, whether it succeeds or fails.
INSIDE = """[Unit]
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
{before}ExecStart={command}
StandardOutput=file:{output}
StandardError=file:{output}
"""


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)


def needs(*programs):
    if os.geteuid() != 0:
        skip("needs root, to make a Debian root and run it")
    for program in programs:
        if not shutil.which(program):
            skip(f"no {program} on this machine; see .ci/packages.txt")


def deb():
    """Returns the package that was built last."""
    found = sorted(pathlib.Path(os.environ["BUILD_FOLDER"]).glob("taskwatchd_*.deb"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit("no package: cmake --build BUILD --target deb")
    return found[-1]


def mirrors():
    """Returns this machine's Debian sources as lines for apt, with the suite replaced."""
    said = subprocess.run(["apt-get", "indextargets", "--format", "$(ORIGIN)|$(CODENAME)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
                           "Identifier: Packages"], capture_output=True, text=True)
    own = re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.MULTILINE)[1]
    rows = [line.split("|") for line in said.stdout.splitlines()]
    return sorted({re.sub(rf"\b{own}\b", SUITE, line) for origin, name, line in rows
                   if origin == "Debian" and name.split("-")[0] == own})


def tar():
    """Returns the base root, which is created at the first use."""
    lines = mirrors()
    if not lines:
        skip(f"apt knows no Debian {SUITE} here; apt-get update first")
    key = hashlib.sha256("\n".join([*lines, *BASE]).encode()).hexdigest()[:12]
    made = CACHE / f"{SUITE}-{key}.tar"
    if made.exists():
        return made
    partial = CACHE / f"partial-{os.getpid()}.tar"
    done = subprocess.run(["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
                           "--dpkgopt=force-unsafe-io", f"--include={','.join(BASE)}",
                           SUITE, partial, *lines], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        partial.unlink(missing_ok=True)
        skip(f"mmdebstrap cannot make a root here: {done.stderr.strip()[-300:]}")
    partial.rename(made)
    return made


class Root:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.archives = CACHE / "archives"
        self.binds = []
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)

    def path(self, name):
        return self.folder / name.lstrip("/")

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def put(self, source, name, mode=0o755):
        shutil.copyfile(source, self.path(name))
        self.path(name).chmod(mode)

    def bind(self, folder, name):
        """A folder of this machine that commands see under that name."""
        self.path(name).mkdir(parents=True, exist_ok=True)
        self.binds.append(f"--bind={folder}:{name}")

    def _nspawn(self, *arguments, deadline):
        # nspawn requires a separate mount for its mount folder; cgroup v2 may be missing.
        script = ("mkdir -p /run/systemd/nspawn && mount -t tmpfs tmpfs /run/systemd/nspawn && "
                  "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=0 exec systemd-nspawn \"$@\"")
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation=private", "sh", "-c", script,
                   "sh", f"--directory={self.folder}", "--register=no", "--keep-unit", "--quiet", *arguments]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace") as child:
            try:
                said, _ = child.communicate(timeout=deadline)
            except subprocess.TimeoutExpired:
                child.kill()  # the container ends with it
                said, _ = child.communicate()
                said += f"\n(ended by the test after {deadline} s)"
            return subprocess.CompletedProcess(command, child.returncode, said)

    def run(self, *command, deadline=300, cached=True):
        """Runs a command without booting the root, with the network of this machine. Returns its output, including
        stderr."""
        cache = [f"--bind={self.archives}:/var/cache/apt/archives"] if cached else []
        return self._nspawn("--pipe", "--resolv-conf=replace-host", *cache, *self.binds,
                            "--setenv=DEBIAN_FRONTEND=noninteractive", "--setenv=LC_ALL=C.UTF-8", *command,
                            deadline=deadline)

    def put_cloud(self):
        """Installs iotsim as a service with world.yaml. The script inside starts it."""
        self.put(os.environ["IOTSIM"], "/usr/local/bin/iotsim")
        self.put(HERE / "world.yaml", "/usr/local/share/world.yaml", 0o644)
        self.write("/etc/systemd/system/iotsim.service", CLOUD)

    def when_booted(self, command, output, before=""):
        """Sets the command that boot() runs. `before`: extra lines of the unit."""
        self.write("/etc/systemd/system/inside.service", INSIDE.format(command=command, output=output, before=before))
        wants = self.path("/etc/systemd/system/multi-user.target.wants/inside.service")
        wants.parent.mkdir(exist_ok=True)
        wants.symlink_to("../inside.service")

    def boot(self, deadline):
        """Boots the root and waits until it powers off. Its only network interface is loopback."""
        return self._nspawn("--boot", "--private-network", "--console=pipe", deadline=deadline)

    def install(self, package):
        self.put(package, "/package.deb", 0o644)
        for command in (("apt-get", "-q", "update"),
                        ("apt-get", "-qy", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confdef",
                         "-o", "Dpkg::Options::=--force-confold", "install", "/package.deb")):
            done = self.run(*command)
            if done.returncode != 0:
                raise AssertionError(f"{' '.join(command)}:\n{done.stdout}")
        return done.stdout


@contextlib.contextmanager
def root():
    CACHE.mkdir(exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        # Only one test at a time: remaining files belong to a test that was killed.
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in [*CACHE.glob("root-*"), *CACHE.glob("partial-*")]:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield from unpacked(tar())


def unpacked(base):
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="root-") as folder:
        subprocess.run(["tar", "--extract", "--numeric-owner", f"--file={base}", f"--directory={folder}"], check=True)
        os.chmod(folder, 0o755)
        made = Root(folder)
        if made.run("true", deadline=60).returncode != 0:
            skip(f"systemd-nspawn cannot run a root here: {made.run('true', deadline=60).stdout.strip()[-300:]}")
        yield made


def check_told(tree):
    """Returns the check command before the first start, from the shipped configuration; it is the same in all
    documents."""
    shipped = (pathlib.Path(tree) / "etc/taskwatchd/taskwatchd.yaml").read_text()
    return re.search(r"^#   (sudo \S+ taskwatchd check .+)$", shipped, re.MULTILINE)[1]


def newer(package, folder):
    """Returns the same package as the next version, with a changed shipped configuration."""
    tree, made = pathlib.Path(folder) / "tree", pathlib.Path(folder) / "newer.deb"
    subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
    control = tree / "DEBIAN" / "control"
    lines = [line + ".1" if line.startswith("Version: ") else line for line in control.read_text().splitlines()]
    control.write_text("\n".join(lines) + "\n")
    with open(tree / "etc" / "taskwatchd" / "taskwatchd.yaml", "a") as shipped:
        shipped.write("# a line of the newer version\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, made], check=True, stdout=subprocess.DEVNULL)
    return made
