"""Node packages for tests: those of a lock file, kept in the build folder until it changes. The test is skipped if
they are unavailable; an invalid lock file fails it."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import unittest

import harness

NODE = shutil.which("node")
WITHIN = 180  # s
# The npm errors for an invalid lock file; any other error comes from the registry or the network.
OURS = ("EUSAGE", "EINTEGRITY", "EJSONPARSE", "ENOLOCK")


def install(name, *sources):
    """Copies the source folders to BUILD_FOLDER/name and installs the packages there. Returns the folder."""
    npm = shutil.which("npm")
    if not npm or not NODE:
        raise unittest.SkipTest("Node.js and npm are not installed")
    folder = os.path.join(harness.program("BUILD_FOLDER"), name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that share the folder may run in parallel
        _install(npm, folder, sources)
    return folder


def _install(npm, folder, sources):
    for source in sources:
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    with open(os.path.join(folder, "package-lock.json"), "rb") as file:
        wanted = hashlib.sha256(file.read()).hexdigest()
    stamp = os.path.join(folder, "node_modules", ".installed")
    if os.path.exists(stamp):
        with open(stamp, encoding="ascii") as file:
            if file.read() == wanted:
                return
    try:
        done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
                               "--fetch-retries=1", "--cache", os.path.join(folder, "cache")],
                              cwd=folder, capture_output=True, text=True, timeout=WITHIN,
                              stdin=subprocess.DEVNULL, check=False)
    except subprocess.TimeoutExpired:
        raise unittest.SkipTest(f"npm ci did not end within {WITHIN} s") from None
    if done.returncode != 0:
        if any(code in done.stderr for code in OURS):
            raise AssertionError(f"npm ci refuses {sources[0]}: {done.stderr}")
        why = re.search(r"code (E\w+)", done.stderr)
        raise unittest.SkipTest(f"npm ci cannot have the packages: {why.group(1) if why else done.stderr[:300]}")
    with open(stamp, "w", encoding="ascii") as file:
        file.write(wanted)
