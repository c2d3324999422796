"""Verifies recorded requests with the official libraries of Standard Webhooks, CloudEvents and OpenTelemetry, which
are Node packages (notify_npm). Without npm or its registry the test is skipped."""

import json
import os
import subprocess

import npm

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "notify_npm")
WITHIN = 60  # s


class Libraries:
    def __init__(self):
        self.folder = npm.install("notify_npm", SOURCE)

    def webhook(self, request, secret, now=None):
        """Returns None, or why the signature of the request is not valid. `now` is in Unix seconds."""
        return self._run("verify_webhook.mjs", request, secret=secret, **({"now": now} if now is not None else {}))

    def cloudevent(self, request):
        return self._run("verify_cloudevent.mjs", request)

    def otlp(self, request):
        return self._run("verify_otlp.mjs", request)

    def _run(self, script, request, **more):
        given = {"headers": request.headers, "body": request.raw.decode(), **more}
        done = subprocess.run([npm.NODE, os.path.join(self.folder, script)], input=json.dumps(given), capture_output=True, text=True,
                              timeout=WITHIN, check=False)
        if done.returncode not in (0, 1):
            raise AssertionError(f"{script}: {done.returncode}: {done.stderr}")
        return done.stderr.strip() or "no reason" if done.returncode else None
