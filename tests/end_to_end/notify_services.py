"""The rules of the services that a sink of `notify` sends to, as they are documented: which request they accept, what
they answer to the others, and what a person sees of it. No I/O and no clock; the times are arguments.

Sources: CloudEvents 1.0 HTTP binding (structured mode), Standard Webhooks 1.0, OTLP/HTTP 1.x (JSON encoding), and the
documents of the custom robots of DingTalk, Feishu and WeCom and of Slack's incoming webhooks. No live service was
asked: the texts of errors are approximate, so a client must not depend on more of them than on the words "keywords",
"sign", "timestamp" and "ip" of DingTalk's 310000. The codes for a body without a message (DingTalk 40035, Feishu 9499,
also for one that is too long, WeCom 40008) are assumptions.
"""
import base64
import collections
import dataclasses
import gzip
import hashlib
import hmac
import json
import re

WEBHOOK_TOLERANCE = 300  # s; Standard Webhooks
ROBOT_TOLERANCE = 3600  # s; DingTalk and Feishu
DINGTALK_PAUSE = 600  # s of refusals after more than 20 messages in a minute
DINGTALK_BYTES, FEISHU_BYTES = 20000, 20 * 1024  # of a body
WECOM_BYTES, WECOM_TEXT_BYTES = 4096, 2048  # of the content: markdown, text


@dataclasses.dataclass
class Answer:
    """What a service answers. `verdict` is "ok", or a word for the reason of the refusal."""
    verdict: str
    status: int = 200
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)


def as_json(verdict, value, status=200, **headers):
    return Answer(verdict, status, json.dumps(value, ensure_ascii=False).encode(),
                  {"Content-Type": "application/json; charset=utf-8", **headers})


def as_text(verdict, text, status=200, **headers):
    return Answer(verdict, status, text.encode(), {"Content-Type": "text/plain; charset=utf-8", **headers})


def parsed(body):
    """Returns the value of a JSON text in UTF-8; ValueError also for a duplicate key, which readers treat
    differently."""
    def once(pairs):
        names = [name for name, _ in pairs]
        if len(names) != len(set(names)):
            raise ValueError(f"duplicate key: {names}")
        return dict(pairs)
    return json.loads(body.decode("utf-8"), object_pairs_hook=once)


def hmac_base64(key, message):
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def dingtalk_sign(secret, timestamp):
    """`timestamp` is in milliseconds, as text."""
    return hmac_base64(secret.encode(), f"{timestamp}\n{secret}".encode())


def feishu_sign(secret, timestamp):
    """`timestamp` is in seconds, as text. The text to sign is the key; the message is empty."""
    return hmac_base64(f"{timestamp}\n{secret}".encode(), b"")


def webhook_sign(secret, webhook_id, timestamp, body):
    """`secret` is whsec_BASE64."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return "v1," + hmac_base64(key, f"{webhook_id}.{timestamp}.".encode() + body)


def number(text):
    return int(text) if isinstance(text, str) and re.fullmatch(r"\d{1,16}", text) else None


def text_at(value, *path):
    """Returns the text at the path in nested maps, or None."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


class Budget:
    """At most `limit` accepted messages in any `window` (s)."""

    def __init__(self, limit, window):
        self.limit, self.window = limit, window
        self.taken = collections.deque()

    def has_room(self, at):
        while self.taken and at - self.taken[0] >= self.window:
            self.taken.popleft()
        return len(self.taken) < self.limit

    def take(self, at):
        self.taken.append(at)


class Service:
    """`judge` returns the Answer to a request. `wall` is in Unix seconds, `at` is a monotonic time in seconds;
    request has path, query, headers (names in lower case), raw (bytes) and body (the parsed JSON or None)."""
    name = ""

    def judge(self, request, wall, at):
        raise NotImplementedError

    def text(self, body):
        """Returns what a person reads of the message."""
        return ""

    def mentions(self, body):
        """Returns who is called: "all", user ids, mobile numbers."""
        return []


class Webhook(Service):
    """A receiver of CloudEvents in structured mode. With secrets, it accepts a signature by any of them."""
    name = "cloudevents"

    def __init__(self, secrets=(), headers=None):
        self.secrets = [secrets] if isinstance(secrets, str) else list(secrets)
        self.required = {name.lower(): value for name, value in (headers or {}).items()}

    def judge(self, request, wall, at):
        if any(request.headers.get(name) != value for name, value in self.required.items()):
            return as_text("header", "missing or wrong header\n", 401)
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/cloudevents+json":
            return as_text("content type", "not application/cloudevents+json\n", 415)
        if self.secrets:
            refusal = self.unsigned(request, wall)
            if refusal:
                return refusal
        wrong = event_problem(request.body)
        return as_text("event", wrong + "\n", 400) if wrong else Answer("ok", 204)

    def unsigned(self, request, wall):
        webhook_id, stamp = request.headers.get("webhook-id"), request.headers.get("webhook-timestamp")
        seconds = number(stamp)
        if not webhook_id or "." in webhook_id or seconds is None or "webhook-signature" not in request.headers:
            return as_text("signature", "missing or invalid webhook-id, -timestamp or -signature\n", 401)
        if abs(wall - seconds) > WEBHOOK_TOLERANCE:
            return as_text("timestamp", "webhook-timestamp is too old or too new\n", 401)
        right = {webhook_sign(secret, webhook_id, stamp, request.raw) for secret in self.secrets}
        given = request.headers["webhook-signature"].split(" ")
        if not any(hmac.compare_digest(one, another) for one in given for another in right):
            return as_text("signature", "no matching signature\n", 401)
        if isinstance(request.body, dict) and request.body.get("id") != webhook_id:
            return as_text("event", "webhook-id is not the id of the event\n", 400)
        return None

    def text(self, body):
        return f"{body.get('type')} {body.get('subject', '')}" if isinstance(body, dict) else ""


def event_problem(event):
    """Returns why the value is not a CloudEvent 1.0 in JSON, or None."""
    if not isinstance(event, dict):
        return "not a JSON object"
    if event.get("specversion") != "1.0":
        return "specversion is not 1.0"
    for name in ("id", "source", "type"):
        if not isinstance(event.get(name), str) or not event[name]:
            return f"no {name}"
    for name in ("subject", "time", "dataschema", "datacontenttype"):
        if name in event and (not isinstance(event[name], str) or not event[name]):
            return f"{name} is not a text"
    if "time" in event and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", event["time"]):
        return "time is not RFC 3339"
    if "data" in event and "data_base64" in event:
        return "data and data_base64"
    for name, value in event.items():
        if name in ("data", "data_base64"):
            continue
        if not re.fullmatch(r"[a-z0-9]+", name):
            return f"invalid attribute name {name}"
        if not isinstance(value, (str, bool, int)) or isinstance(value, int) and not -2**31 <= value < 2**31:
            return f"invalid value of {name}"
    return None


class Otlp(Service):
    """A collector's /v1/logs, JSON encoding."""
    name = "otlp"

    def __init__(self, headers=None):
        self.required = {name.lower(): value for name, value in (headers or {}).items()}

    def judge(self, request, wall, at):
        if any(request.headers.get(name) != value for name, value in self.required.items()):
            return as_json("header", {"code": 16, "message": "missing or wrong header"}, 401)
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            return as_text("content type", "unsupported media type\n", 415)
        try:
            records = self.records(request.body)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            return as_json("records", {"code": 3, "message": f"cannot decode: {error}"}, 400)
        return as_json("ok", {}) if records else as_json("records", {"code": 3, "message": "no records"}, 400)

    @staticmethod
    def records(body):
        """Returns all log records. Raises an exception if the shape is not that of the encoding."""
        found = []
        for resource in body["resourceLogs"]:
            for scope in resource["scopeLogs"]:
                for record in scope["logRecords"]:
                    for name in ("timeUnixNano", "observedTimeUnixNano"):
                        if name in record and number(record[name]) is None and not re.fullmatch(r"\d{17,20}", record[name]):
                            raise ValueError(f"{name} is not an integer in a text")
                    if not isinstance(record.get("severityNumber", 0), int):
                        raise ValueError("severityNumber is not an integer")
                    for attribute in record.get("attributes", []):
                        (kind,) = attribute["value"]
                        if kind == "intValue" and not re.fullmatch(r"-?\d{1,19}", attribute["value"][kind]):
                            raise ValueError("intValue is not an integer in a text")
                    found.append(record)
        return found

    def text(self, body):
        try:
            return "\n".join(text_at(record, "body", "stringValue") or record.get("eventName", "") for record in self.records(body))
        except (TypeError, KeyError, ValueError, AttributeError):
            return ""


class Chat(Service):
    """Budgets of a chat service. `budgets` is [(messages, seconds)]."""

    def __init__(self, *budgets):
        self.budgets = [Budget(*one) for one in budgets]

    def has_room(self, at):
        return all([budget.has_room(at) for budget in self.budgets])

    def take(self, at):
        for budget in self.budgets:
            budget.take(at)


def errcode(code, text, verdict):
    return as_json(verdict, {"errcode": code, "errmsg": text})


class DingTalk(Chat):
    """A custom robot. More than `per_minute` messages: 130101 for 10 minutes."""
    name = "dingtalk"

    def __init__(self, secret=None, keyword=None, per_minute=20, pause=DINGTALK_PAUSE):
        super().__init__((per_minute, 60))
        self.secret, self.keyword, self.pause = secret, keyword, pause
        self.refuses_until = None

    def judge(self, request, wall, at):
        if self.secret:
            stamp = number(request.query.get("timestamp"))
            if stamp is None or abs(wall - stamp / 1000) > ROBOT_TOLERANCE:
                return errcode(310000, "invalid timestamp, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]", "timestamp")
            right = dingtalk_sign(self.secret, request.query["timestamp"])
            if not hmac.compare_digest(request.query.get("sign", "").encode(), right.encode()):
                return errcode(310000, "sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]", "signature")
        if self.refuses_until is not None and at < self.refuses_until:
            return errcode(130101, "send too fast, exceed 20 times per minute", "too fast")
        text = self.text(request.body)
        if not text:
            return errcode(40035, "miss param : json", "body")
        if len(request.raw) > DINGTALK_BYTES:
            return errcode(460101, "message too long, exceed 20000 bytes", "too long")
        if self.keyword and self.keyword not in text:
            return errcode(310000, "keywords not in content, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]", "keyword")
        if not self.has_room(at):
            self.refuses_until = at + self.pause
            return errcode(130101, "send too fast, exceed 20 times per minute", "too fast")
        self.take(at)
        return errcode(0, "ok", "ok")

    def text(self, body):
        kind = text_at(body, "msgtype")
        if kind == "text":
            return text_at(body, "text", "content") or ""
        if kind in ("markdown", "actionCard"):
            title, text = text_at(body, kind, "title"), text_at(body, kind, "text")
            return f"{title}\n{text}" if title and text else ""
        return ""

    def mentions(self, body):
        at = body.get("at") if isinstance(body, dict) else None
        if not isinstance(at, dict):
            return []
        return (["all"] if at.get("isAtAll") else []) + list(at.get("atUserIds") or []) + list(at.get("atMobiles") or [])


class Feishu(Chat):
    """A custom robot: 100 messages per minute and 5 per second."""
    name = "feishu"

    def __init__(self, secret=None, keyword=None, per_minute=100, per_second=5):
        super().__init__((per_minute, 60), (per_second, 1))
        self.secret, self.keyword = secret, keyword

    @staticmethod
    def code(code, text, verdict):
        return as_json(verdict, {"code": code, "msg": text, "data": {}} if code else {"code": 0, "msg": text})

    def judge(self, request, wall, at):
        body = request.body if isinstance(request.body, dict) else {}
        if self.secret:
            stamp, failed = number(body.get("timestamp")), "sign match fail or timestamp is not within one hour from current time"
            if stamp is None or abs(wall - stamp) > ROBOT_TOLERANCE:
                return self.code(19021, failed, "timestamp")
            if not hmac.compare_digest(str(body.get("sign")).encode(), feishu_sign(self.secret, body["timestamp"]).encode()):
                return self.code(19021, failed, "signature")
        text = self.text(body)
        if not text or len(request.raw) > FEISHU_BYTES:
            return self.code(9499, "Bad Request", "body" if not text else "too long")
        if self.keyword and self.keyword not in text:
            return self.code(19024, "Key Words Not Found", "keyword")
        if not self.has_room(at):
            return self.code(11232, "frequency limited", "too fast")
        self.take(at)
        return self.code(0, "success", "ok")

    def text(self, body):
        kind = text_at(body, "msg_type")
        if kind == "text":
            return text_at(body, "content", "text") or ""
        if kind == "post":
            return "\n".join(texts_of((body.get("content") or {}).get("post")))
        if kind == "interactive":
            return "\n".join(texts_of(body.get("card")))
        return ""

    def mentions(self, body):
        written = json.dumps(body, ensure_ascii=False)
        return [one or other for one, other in re.findall(r'<at (?:user_)?id=\\?["\']?([^"\'\\>]+)|"tag": "at", "user_id": "([^"]*)"', written)]


def texts_of(value, key=None):
    """Returns the texts of a Feishu post or card, in order."""
    if isinstance(value, str):
        return [value] if key in ("content", "text", "title") else []
    if isinstance(value, dict):
        return [text for name, inner in value.items() for text in texts_of(inner, name)]
    if isinstance(value, list):
        return [text for inner in value for text in texts_of(inner, key)]
    return []


class WeCom(Chat):
    """A group robot: 20 messages per minute; no signature. `gone`: the robot was deleted."""
    name = "wecom"

    def __init__(self, per_minute=20, gone=False):
        super().__init__((per_minute, 60))
        self.gone = gone

    def judge(self, request, wall, at):
        if self.gone:
            return errcode(93000, "invalid webhook url", "gone")
        text = self.text(request.body)
        if not text:
            return errcode(40008, "invalid message type", "body")
        kind = request.body["msgtype"]
        most = WECOM_TEXT_BYTES if kind == "text" else WECOM_BYTES
        if len(text.encode()) > most:
            return errcode(40058, f"{kind}.content exceed max length {most}", "too long")
        if not self.has_room(at):
            return errcode(45009, "api freq out of limit", "too fast")
        self.take(at)
        return errcode(0, "ok", "ok")

    def text(self, body):
        kind = text_at(body, "msgtype")
        return text_at(body, kind, "content") or "" if kind in ("text", "markdown", "markdown_v2") else ""

    def mentions(self, body):
        text = body.get("text") if isinstance(body, dict) else None
        listed = [one for key in ("mentioned_list", "mentioned_mobile_list") for one in (text.get(key) or [])] if isinstance(text, dict) else []
        return [one.removeprefix("@") for one in listed] + re.findall(r"<@([^>]+)>", self.text(body))


class Slack(Chat):
    """An incoming webhook: 1 message per second. Slack allows short bursts; this one allows 50 ms of jitter only."""
    name = "slack"
    RETRY_AFTER = 1  # s

    def __init__(self, per_second=1):
        super().__init__((per_second, 0.95))

    def judge(self, request, wall, at):
        if not isinstance(request.body, dict):
            return as_text("body", "invalid_payload", 400)
        if not self.text(request.body):
            return as_text("body", "no_text", 400)
        if not self.has_room(at):
            return as_text("too fast", "rate_limited", 429, **{"Retry-After": str(self.RETRY_AFTER)})
        self.take(at)
        return as_text("ok", "ok")

    def text(self, body):
        blocks = texts_of(body.get("blocks")) if isinstance(body, dict) else []
        return "\n".join(blocks) or text_at(body, "text") or ""

    def mentions(self, body):
        return re.findall(r"<[!@]([^>]+)>", json.dumps(body, ensure_ascii=False))


def unzipped(raw, encoding):
    """Returns the body without its Content-Encoding."""
    return gzip.decompress(raw) if encoding == "gzip" else raw
