"""The baseline: a simple script, as an operator could write it in an afternoon. It calls QueryTask for each
unfinished task in round robin, at the rate limit of the account, and exports the failed tasks under the daemon's
own metric names, so that the same rules alert on them. It receives the ids of all tasks and needs no call for
anything else.

round_robin.py FILE: JSON, {"cloud": "HOST:PORT", "pages": [{"accounts": [{"name", "key", "secret", "instance",
"rate", "job", "tasks": [ids]}]}]}. Prints one line: the ports of the metrics pages.
"""

import asyncio
import base64
import datetime
import hashlib
import hmac
import json
import random
import sys
import time
import urllib.parse
import uuid

STATUSES = ("QUEUED", "SENT", "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED", "TIMED_OUT",
            "CANCELLED", "UNKNOWN")
BAD = ("FAILED", "REJECTED", "TIMED_OUT")
FINISHED = BAD + ("SUCCEEDED", "CANCELLED")


def quote(text):
    return urllib.parse.quote(text, safe="-_.~")


class Account:
    def __init__(self, cloud, options):
        self.host, self.port = cloud.split(":")
        self.options = options
        self.tasks = list(options["tasks"])
        random.shuffle(self.tasks)
        self.bad = {}  # by task id: the data from the platform
        self.stream = None

    def target(self, task):
        """Returns the path and query of a signed QueryTask call."""
        parameters = {
            "Action": "QueryTask", "Version": "2018-01-20", "Format": "JSON",
            "RegionId": "cn-shanghai", "TaskId": task,
            "IotInstanceId": self.options["instance"], "AccessKeyId": self.options["key"],
            "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
            "SignatureNonce": uuid.uuid4().hex,
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        query = "&".join(f"{quote(name)}={quote(parameters[name])}" for name in sorted(parameters))
        mac = hmac.new(self.options["secret"].encode() + b"&", f"GET&%2F&{quote(query)}".encode(),
                       hashlib.sha1).digest()
        return f"/?{query}&Signature={quote(base64.b64encode(mac).decode())}"

    async def ask(self, task):
        if self.stream is None:
            self.stream = await asyncio.open_connection(self.host, self.port)
        reader, writer = self.stream
        writer.write(f"GET {self.target(task)} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.split("content-length:")[1].split("\r\n")[0])
        return json.loads(await reader.readexactly(size))

    async def run(self):
        gap = 1 / self.options["rate"] + 0.005  # the same interval that the daemon keeps between calls
        due = time.monotonic() + random.random() * gap
        while self.tasks:
            for task in list(self.tasks):
                await asyncio.sleep(due - time.monotonic())
                due = max(due, time.monotonic()) + gap
                try:
                    reply = await self.ask(task)
                except (OSError, asyncio.IncompleteReadError):
                    self.stream = None
                    continue
                if not reply.get("Success"):
                    print(f"{self.options['name']}: {task}: {reply}", file=sys.stderr, flush=True)
                    continue
                status = reply["Data"]["Status"]
                if status in FINISHED:
                    self.tasks.remove(task)
                if status in BAD:
                    self.bad[task] = reply["Data"]

    def page(self):
        name = f'account="{self.options["name"]}"'
        yield f"taskwatchd_account_up{{{name}}} 1"
        for task, data in self.bad.items():
            labels = f'{name},job_id="{data["JobId"]}",task_id="{task}"'
            for status in STATUSES:
                yield f'aliyun_iot_task_status{{{labels},status="{status}"}} {int(status == data["Status"])}'
            modified = datetime.datetime.fromisoformat(data["UtcModified"].replace("Z", "+00:00"))
            yield f"aliyun_iot_task_modified_timestamp_seconds{{{labels}}} {modified.timestamp()}"
            yield (f'aliyun_iot_task_info{{{labels},device_name="{data["DeviceName"]}",'
                   f'product_key="{data["ProductKey"]}"}} 1')


async def serve(accounts):
    """Serves the metrics of these accounts; returns the port."""
    async def answer(reader, writer):
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                lines = ['taskwatchd_build_info{version="round robin"} 1']
                for account in accounts:
                    lines += account.page()
                body = ("\n".join(lines) + "\n").encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
                             b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def main(file):
    with open(file, encoding="utf-8") as opened:
        options = json.load(opened)
    pages = [[Account(options["cloud"], account) for account in page["accounts"]]
             for page in options["pages"]]
    servers = [await serve(page) for page in pages]
    print(json.dumps([port for _, port in servers]), flush=True)
    await asyncio.gather(*(account.run() for page in pages for account in page))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
