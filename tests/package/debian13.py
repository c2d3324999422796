"""`make debian13`: tests everything that a user of Debian 13 needs, in a Debian 13 root. The script builds the last
commit there with that release's compiler and libraries, runs the unit tests, installs the package and boots the
root. It takes half an hour, too long for CI, and needs root and apt. The output of each step is written to
build/debian13/STEP.log; objects are cached there, so a second run is short.
"""
import os
import pathlib
import subprocess
import sys

os.environ["DEBIAN_SUITE"] = "trixie"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MADE = ROOT / "build" / "debian13"
os.environ["BUILD_FOLDER"] = str(MADE)
import debian_root  # noqa: E402  (reads both variables)

DEADLINE = 7200  # s for one step
# Ten files per unit: the release build on Debian 12 compiles each file alone.
STEPS = (
    ("install", ".ci/install build test package"),
    ("configure", "cmake --preset release -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=10"),
    ("build", "cmake --build --preset release --target taskwatchd iotsim unit_tests"),
    ("package", "cmake --build --preset release --target deb"),
    # The simulations take half an hour, and no library of the release changes what they show.
    ("unit tests", "ctest --test-dir build/release --output-on-failure -j $(nproc) -L unit -E ^simulation"),
)


def step(root, name, command):
    print(f"== {name}", flush=True)
    done = root.run("sh", "-c", f"cd /src && {command}", deadline=DEADLINE)
    (MADE / f"{name.replace(' ', '_')}.log").write_text(done.stdout)
    lines = done.stdout.splitlines()
    print("\n".join(lines[-8:] if done.returncode == 0 else lines[-100:]), flush=True)
    if done.returncode != 0:
        sys.exit(f"debian13: {name} failed")


def main():
    debian_root.needs("mmdebstrap", "systemd-nspawn", "dpkg-deb", "git")
    MADE.mkdir(parents=True, exist_ok=True)
    for old in MADE.glob("taskwatchd_*.deb"):
        old.unlink()
    cache = MADE / "ccache"
    cache.mkdir(exist_ok=True)
    with debian_root.root() as root:
        root.bind(cache, "/root/.cache/ccache")
        root.write("/etc/dpkg/dpkg.cfg.d/unsafe-io", "force-unsafe-io\n")  # the root is deleted at the end
        root.path("/src").mkdir()
        archive = subprocess.run(["git", "-C", ROOT, "archive", "HEAD"], check=True, capture_output=True).stdout
        subprocess.run(["tar", "--extract", f"--directory={root.path('/src')}"], input=archive, check=True)
        if (refreshed := root.run("apt-get", "-q", "update")).returncode != 0:
            sys.exit(refreshed.stdout)
        for name, command in STEPS:
            step(root, name, command)
        built = root.path("/src/build/release")
        for made in (*built.glob("taskwatchd_*.deb"), built / "tests/simulator/iotsim", built / "daemon/taskwatchd"):
            subprocess.run(["cp", made, MADE], check=True)
    os.environ["IOTSIM"] = str(MADE / "iotsim")
    os.environ["TASKWATCHD"] = str(MADE / "taskwatchd")
    for test in ("install", "systemd"):
        print(f"== package_{test}", flush=True)
        done = subprocess.run([sys.executable, ROOT / "tests" / "package" / f"{test}_test.py"])
        if done.returncode != 0:
            sys.exit(f"debian13: package_{test} failed")
    print("debian13: all passed")


if __name__ == "__main__":
    main()
