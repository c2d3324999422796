"""Runs inside the booted root, once, as a unit: executes the steps of /steps.json as a user with sudo, receives the
notifications, and writes the results of both into /results.json. readme_test.py reads it.
"""
import contextlib
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

USER, TREE = "reader", "/home/reader/taskwatchd"
HOOK = ("127.0.0.1", 5099)
COMMAND = 300  # s for one command
SHOWN = 120  # s until a command shows its expected output
NOTIFIED = 300  # s after the last command

begun = None
notes = []


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        notes.append({"at": time.monotonic() - begun, "path": self.path, "body": body})
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def run(step, deadline):
    """Returns (exit code, output). A command that runs until interrupted is stopped when it shows its expected
    output."""
    command = ["runuser", "-u", USER, "--", "bash", "-c", step["command"]]
    with subprocess.Popen(command, cwd=TREE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", start_new_session=True) as child:
        clock = threading.Timer(deadline, end, (child,))
        clock.start()
        child.stdin.write(step["paste"])
        child.stdin.close()
        said, shown = "", False
        for line in child.stdout:
            said += line
            if step["shows"] and not shown and re.search(step["shows"], line):
                shown = True
                if " -f" in step["command"]:
                    end(child)
        clock.cancel()
    return (0 if shown and " -f" in step["command"] else child.returncode), said, shown or not step["shows"]


def end(child):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def do(step):
    since = time.monotonic()
    if "write" in step:
        pathlib.Path(step["write"]).write_text(step["text"])
        code, said, shown = 0, "", True
    else:
        code, said, shown = run(step, SHOWN if step["shows"] else COMMAND)
        while code == 0 and not shown and time.monotonic() - since < SHOWN:
            time.sleep(1)
            code, said, shown = run(step, SHOWN)
    seconds = time.monotonic() - since
    return {"what": step.get("command") or f"(edit {step['write']})", "exit": code, "ok": code == 0 and shown,
            "said": said[-3000:], "seconds": seconds}


def main():
    global begun
    steps = json.loads(pathlib.Path("/steps.json").read_text())
    server = http.server.ThreadingHTTPServer(HOOK, Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    begun = time.monotonic()
    done = []
    for step in steps:
        # The platform starts at the first command that calls it, so that the task fails while the reader watches.
        if "--online" in step.get("command", ""):
            subprocess.run(["systemctl", "start", "iotsim"], check=True)
        done.append(do(step))
        print(json.dumps(done[-1], indent=1), flush=True)
    until = time.monotonic() + NOTIFIED
    while time.monotonic() < until and not all(any(word in json.dumps(note["body"]) for note in notes)
                                               for word in ("TaskwatchdTasksBad", "A test: nothing failed", "MSnT9")):
        time.sleep(0.2)
    pathlib.Path("/results.json").write_text(json.dumps({"steps": done, "notes": notes}))


main()
