"""Writes the bill of materials as CycloneDX 1.5 JSON: the libraries that the program is linked with or compiled
from.

Usage: make_sbom.py TASKWATCHD VERSION EPOCH SOURCE_FOLDER OUTPUT
Shared libraries are those that the program itself requires (DT_NEEDED), with the versions of the Debian packages
that they were linked against. Header-only libraries are listed by their packages, the npm packages of the status
page by its lock file. The same inputs give the same bytes.
"""
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import urllib.parse
import uuid

HEADERS_ONLY = ("/usr/include/boost/version.hpp", "/usr/include/CLI/CLI.hpp")
DISTRIBUTION = f"debian-{platform.freedesktop_os_release()['VERSION_ID']}"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout


def package_of(path):
    """Returns the Debian package of a file. dpkg lists it under /usr/lib, or under /lib if it was installed before
    the merge."""
    real = os.path.realpath(path)
    for name in (real, real.removeprefix("/usr")):
        found = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    raise SystemExit(f"make_sbom: no Debian package owns {path}; build on Debian with its libraries")


def libraries(program):
    needed = re.findall(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]", run("readelf", "-dW", program))
    places = dict(re.findall(r"^\s*(\S+)(?: => (\S+))? \(0x", run("ldd", program), re.MULTILINE))
    for name in needed:
        # ldd lists the dynamic loader by its full path only.
        yield places.get(name) or next(place for place in places if place.endswith(f"/{name}"))


def debian(package, scope):
    name, version, architecture = run(
        "dpkg-query", "-W", "-f=${Package} ${Version} ${Architecture}\\n", package).splitlines()[0].split()
    purl = f"pkg:deb/debian/{name}@{urllib.parse.quote(version, safe=':~')}?arch={architecture}&distro={DISTRIBUTION}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "scope": scope, "purl": purl}


def npm(folder):
    """Yields the packages bundled into the status page. In a lock file, packages that are only for building or
    testing are marked dev."""
    for lock in sorted(pathlib.Path(folder).glob("**/package-lock.json")):
        if {"build", "node_modules", "tests"} & set(lock.relative_to(folder).parts):
            continue
        for path, package in sorted(json.loads(lock.read_text())["packages"].items()):
            if path and not package.get("dev"):
                name = path.rpartition("node_modules/")[2]
                purl = f"pkg:npm/{urllib.parse.quote(name)}@{package['version']}"
                yield {"type": "library", "bom-ref": purl, "name": name, "version": package["version"],
                       "scope": "required", "purl": purl}


def bill(program, version, epoch, folder):
    packages = {package_of(path) for path in libraries(program)}
    parts = [debian(package, "required") for package in sorted(packages)]
    parts += [debian(package_of(header), "required") for header in HEADERS_ONLY]
    parts += npm(folder)
    own = f"pkg:generic/taskwatchd@{version}"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "bom-ref": own, "name": "taskwatchd", "version": version, "purl": own,
                          "licenses": [{"license": {"id": "Apache-2.0"}}]},
        },
        "components": parts,
        "dependencies": [{"ref": own, "dependsOn": [part["bom-ref"] for part in parts]}],
    }
    # The serial number is derived from the content, so that it can be reproduced.
    said = json.dumps(document, sort_keys=True)
    return {"serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, said)}", **document}


if __name__ == "__main__":
    *inputs, output = sys.argv[1:]
    pathlib.Path(output).write_text(json.dumps(bill(*inputs), indent=2) + "\n")
