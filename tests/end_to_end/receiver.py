"""A receiver of what `notify` sends: plays DingTalk, Feishu, WeCom, Slack, a CloudEvents webhook and an OTLP collector
on loopback, by their rules (notify_services.py). It records each request with its verdict, and fails as a test asks.

    with receiver.Receiver() as there:
        there.serve("/ops", notify_services.DingTalk(secret="SEC1"))
        ... url: there.url("/ops?access_token=x")
        there.fail("/ops", receiver.status(429, retry_after=3), times=2)
        request = there.wait_for(1, path="/ops", verdict="ok")[0]
        there.down(); ...; there.up()   # connection refused on the same port

As a program it shows the messages as they arrive: python3 receiver.py --listen 127.0.0.1:10130

Threads: one accepts, and one per connection. All methods may be called from any thread.
"""
import argparse
import contextlib
import dataclasses
import http.server
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import notify_services as services

MOST_BODY = 16 << 20  # bytes of a request
IDLE = 60  # s until a silent connection is closed
DEADLINE = 20  # s; as in harness.py


@dataclasses.dataclass
class Request:
    at: float  # monotonic time, s
    wall: float  # Unix time, s
    path: str  # without the query
    query: dict
    headers: dict  # names in lower case
    raw: bytes  # without Content-Encoding
    body: object  # the parsed JSON; None if it is not valid
    service: str = ""
    verdict: str = ""  # "ok", the service's reason, or "fault: KIND"
    status: int = 0  # of the response; 0: none was sent
    answer: bytes = b""
    text: str = ""  # what a person reads
    mentions: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Fault:
    """What happens instead of the service's answer. A `delay` (s) alone only delays that answer."""
    kind: str
    answer: services.Answer = None
    delay: float = 0
    cut: bool = False
    raw: bytes = None  # sent as the whole response


def status(code, retry_after=None, body="", headers=None):
    """An answer with that status, such as 410, 429 or 500. `retry_after` is in seconds or an HTTP date."""
    more = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    return Fault(str(code), services.as_text("", body, code, **more, **(headers or {})))


def body_code(value, code=200):
    """A JSON body, such as {"errcode": 90030, "errmsg": "..."}."""
    return Fault("body", services.as_json("", value, code))


def slow(seconds):
    return Fault("slow", delay=seconds)


def cut():
    """The connection ends after the request was read, without a response."""
    return Fault("cut", cut=True)


def huge(size=2 << 20):
    """A response with status 200 and that many bytes."""
    return Fault("huge", services.as_text("", "x" * size))


def redirect(to, code=307):
    return Fault("redirect", services.as_text("", "", code, Location=to))


def garbage():
    """Status 200 with a body that is neither JSON nor a known text."""
    return Fault("garbage", services.Answer("", 200, b"\x00\xff<html>\xc3\x28", {"Content-Type": "application/json"}))


def not_http():
    return Fault("not HTTP", raw=b"\x16\x03\x01 SSH-2.0-x\r\n\r\n")


def certificate(folder):
    """Makes a certificate of 127.0.0.1 and localhost in the folder. Returns (its file, its key file); the first is
    also the `ca_file` of a client."""
    made, key = os.path.join(folder, "receiver.pem"), os.path.join(folder, "receiver.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=receiver", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", made],
                   check=True, capture_output=True, timeout=DEADLINE)
    return made, key


class Receiver:
    """`tls` is (certificate file, key file). `clock` returns Unix seconds and `monotonic` seconds: the budgets and time
    limits of the services use them."""

    def __init__(self, port=0, tls=None, clock=time.time, monotonic=time.monotonic, host="127.0.0.1"):
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError(f"{host} is not a loopback address")
        self.clock, self.monotonic = clock, monotonic
        self._changed = threading.Condition()
        self._services, self._faults, self._requests = {}, {}, []
        self._connections, self._is_up, self._is_closed = set(), False, False
        self._context = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*tls)
        # A socket that is bound to an explicit port keeps it while it does not listen: so the port stays ours while
        # the receiver is down.
        finder, self._socket = _bound(host, port), None
        self.host, self.port = host, finder.getsockname()[1]
        self._socket = _bound(host, self.port)
        finder.close()
        self._acceptor = None
        self.up()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def url(self, path="/"):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self._context else ''}://{host}:{self.port}{path}"

    def serve(self, path, service):
        """From now on the service answers at this path. Returns the service."""
        with self._changed:
            self._services[path] = service
        return service

    # --- Faults ---

    def fail(self, path, fault, times=None):
        """The next `times` requests of the path get the fault; without `times`, all until heal()."""
        with self._changed:
            self._faults.setdefault(path, []).append([fault, times])

    def heal(self, path=None):
        """Ends the faults of the path, or of all paths."""
        with self._changed:
            if path is None:
                self._faults.clear()
            else:
                self._faults.pop(path, None)

    def down(self):
        """Refuses connections on the port, and cuts those that are open."""
        with self._changed:
            if not self._is_up:
                return
            self._is_up = False
            for connection in list(self._connections):
                _shut(connection)
            # This ends accept(), and the socket stays bound.
            _shut(self._socket)
            acceptor = self._acceptor
        acceptor.join(DEADLINE)

    def up(self):
        with self._changed:
            if self._is_up or self._is_closed:
                return
            self._is_up = True
            self._socket.listen(64)
            self._acceptor = threading.Thread(target=self._accept, daemon=True)
            self._acceptor.start()

    def close(self):
        self.down()
        self._is_closed = True
        self._socket.close()

    # --- What was received ---

    def requests(self, path=None, verdict=None):
        """Returns the requests so far in the order of their arrival; with a path or verdict only those."""
        with self._changed:
            return [one for one in self._requests if path in (None, one.path) and verdict in (None, one.verdict)]

    def wait_for(self, wanted, path=None, verdict=None, deadline=DEADLINE):
        """Waits until `wanted`, a number of requests or a function of their list, is reached. Returns the list."""
        condition = wanted if callable(wanted) else lambda found: len(found) >= wanted
        end = time.monotonic() + deadline
        with self._changed:
            while not condition(found := self.requests(path, verdict)):
                left = end - time.monotonic()
                if left <= 0:
                    seen = [(one.path, one.verdict, one.status) for one in self._requests][-20:]
                    raise AssertionError(f"not within {deadline} s: {wanted} requests of {path} {verdict or ''}; last: {seen}")
                self._changed.wait(left)
            return found

    def wait_for_text(self, part, path=None, deadline=DEADLINE):
        """Waits for an accepted message that contains the text. Returns its request."""
        def has(found):
            return any(part in one.text for one in found)
        return next(one for one in self.wait_for(has, path, "ok", deadline) if part in one.text)

    def stays_at(self, count, path=None, verdict=None, during=1.0):
        """Fails if another number of requests is reached within `during` seconds. Returns them."""
        end = time.monotonic() + during
        with self._changed:
            while (left := end - time.monotonic()) > 0:
                if len(self.requests(path, verdict)) > count:
                    break
                self._changed.wait(left)
            found = self.requests(path, verdict)
        if len(found) != count:
            raise AssertionError(f"{len(found)} requests of {path} {verdict or ''}, not {count}: {[one.text or one.raw[:200] for one in found]}")
        return found

    def clear(self):
        with self._changed:
            self._requests.clear()

    # --- Server ---

    def _accept(self):
        while True:
            try:
                connection, address = self._socket.accept()
            except OSError:  # down
                return
            threading.Thread(target=self._serve, args=(connection, address), daemon=True).start()

    def _serve(self, connection, address):
        connection.settimeout(IDLE)
        with self._changed:
            if not self._is_up:
                connection.close()
                return
            self._connections.add(connection)
        plain = connection
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
                with self._changed:
                    self._connections.discard(plain)
                    self._connections.add(connection)
            _Handler(connection, address, self)
        except OSError:  # the client is gone, its handshake failed, or down()
            pass
        finally:
            with self._changed:
                self._connections -= {plain, connection}
            _shut(connection)
            connection.close()

    def _receive(self, request):
        """Records the request. Returns (the fault, the answer)."""
        with self._changed:
            service = self._services.get(request.path)
            fault = self._next_fault(request.path)
            request.at, request.wall = self.monotonic(), self.clock()
            if service is not None:
                request.service = service.name
                request.text = service.text(request.body)
                request.mentions = service.mentions(request.body)
            if fault is not None and not fault.delay:
                answer = fault.answer
                request.verdict = f"fault: {fault.kind}"
            elif service is None:
                answer = services.as_text("no service", "not found\n", 404)
                request.verdict = answer.verdict
            else:
                answer = service.judge(request, request.wall, request.at)
                request.verdict = answer.verdict
            if answer is not None:
                request.status, request.answer = answer.status, answer.body
            self._requests.append(request)
            self._changed.notify_all()
            return fault, answer

    def _next_fault(self, path):
        queue = self._faults.get(path)
        if not queue:
            return None
        fault, times = queue[0]
        if times is not None:
            queue[0][1] -= 1
            if queue[0][1] <= 0:
                queue.pop(0)
        return fault


def _bound(host, port):
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, port))
    return made


def _shut(one):
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


class _Handler(http.server.BaseHTTPRequestHandler):
    """`server` is the Receiver."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        raw = self._body()
        if raw is None:
            self._send(services.as_text("", "invalid body\n", 400))
            self.close_connection = True
            return
        url = urllib.parse.urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            raw = services.unzipped(raw, headers.get("content-encoding"))
            body = services.parsed(raw)
        except (OSError, EOFError, ValueError, RecursionError):
            body = None
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        fault, answer = self.server._receive(Request(0, 0, url.path, query, headers, raw, body))
        if fault is not None and fault.delay:
            time.sleep(fault.delay)
        if fault is not None and (fault.cut or fault.raw is not None):
            if fault.raw:
                self.wfile.write(fault.raw)
            self.close_connection = True
            return
        self._send(answer)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/":
            self._send(services.Answer("", 200, PAGE.encode(), {
                "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
                "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"}))
        elif url.path == "/-/messages":
            since = services.number(urllib.parse.parse_qs(url.query).get("since", ["0"])[0]) or 0
            self._send(services.as_json("", [
                {"at": one.wall, "path": one.path, "service": one.service, "verdict": one.verdict, "text": one.text or one.raw[:2000].decode(errors="replace"),
                 "mentions": one.mentions} for one in self.server.requests()[since:since + 200]]))
        else:
            self._send(services.as_text("", "not found\n", 404))

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunks()
        length = services.number(self.headers.get("Content-Length", "0"))
        if length is None or length > MOST_BODY:
            return None
        raw = self.rfile.read(length)
        return raw if len(raw) == length else None

    def _chunks(self):
        made = b""
        while True:
            try:
                size = int(self.rfile.readline(64).split(b";")[0], 16)
            except ValueError:
                return None
            if size < 0 or len(made) + size > MOST_BODY:
                return None
            made += self.rfile.read(size)
            self.rfile.readline(8)
            if size == 0:
                return made

    def _send(self, answer):
        with contextlib.suppress(OSError):  # the client may have closed the connection
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body if answer.status != 204 else b"")

    def log_message(self, *_):  # the records say it all
        pass


# Texts of messages enter the page by textContent only.
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Messages</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 44rem; padding: 1rem; background: #ebedf0; color: #1c1e21 }
h1 { font-size: 1.1rem } #none { color: #65676b }
article { margin: .6rem 0 } header { font-size: .8rem; color: #65676b; margin: 0 0 .15rem .4rem }
p { margin: 0; padding: .6rem .8rem; background: #fff; border-radius: .2rem .9rem .9rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere;
    display: inline-block; box-shadow: 0 1px 1px #0002 }
.refused p { background: #fbe3e4 } .call { color: #0a58ca }
</style></head><body><h1>Messages that taskwatchd sent</h1><div id="none">Nothing yet.</div><main id="list"></main>
<script>
"use strict";
let seen = 0;
function line(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}
function show(message) {
  const bubble = document.createElement("article");
  if (message.verdict !== "ok") bubble.className = "refused";
  const when = new Date(message.at * 1000).toLocaleTimeString();
  bubble.append(line("header", `${message.service || "?"} · ${message.path} · ${when}` + (message.verdict === "ok" ? "" : ` · ${message.verdict}`)));
  const text = line("p", message.text);
  for (const who of message.mentions) text.append(line("span", ` @${who}`, "call"));
  bubble.append(text);
  document.getElementById("list").append(bubble);
  document.getElementById("none").hidden = true;
  bubble.scrollIntoView({block: "end"});
}
async function poll() {
  try {
    const messages = await (await fetch(`-/messages?since=${seen}`)).json();
    seen += messages.length;
    messages.forEach(show);
  } catch { /* the receiver is down; the next poll tries again */ }
  setTimeout(poll, 500);
}
poll();
</script></body></html>
"""

# The paths of the program.
SHOWN = {"/dingtalk": services.DingTalk, "/feishu": services.Feishu, "/wecom": services.WeCom, "/slack": services.Slack,
         "/webhook": services.Webhook, "/v1/logs": services.Otlp}


def main():
    parser = argparse.ArgumentParser(description="Shows what taskwatchd sends to chats and programs. Loopback only.")
    parser.add_argument("--listen", default="127.0.0.1:10130", metavar="HOST:PORT", help="default %(default)s; port 0 selects a free one")
    parser.add_argument("--tls", action="store_true", help="serve https with a certificate made now; its file is printed")
    arguments = parser.parse_args()
    host, _, port = arguments.listen.rpartition(":")
    if services.number(port) is None or int(port) > 65535:
        parser.error(f"--listen {arguments.listen} is not HOST:PORT")
    with tempfile.TemporaryDirectory() as folder:
        tls = certificate(folder) if arguments.tls else None
        try:
            there = Receiver(int(port), tls, host=host.strip("[]"))
        except (OSError, ValueError) as error:
            sys.exit(f"receiver: cannot listen on {arguments.listen}: {error}")
        for path, service in SHOWN.items():
            there.serve(path, service())
        print(f"listening on {there.url()}", *([f"certificate {tls[0]}"] if tls else []), *SHOWN, sep="\n", flush=True)
        with there, contextlib.suppress(KeyboardInterrupt):
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            signal.pause()


if __name__ == "__main__":
    main()
