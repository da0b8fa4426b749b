"""Calls to the executor's listener."""

import http.client
import json
import threading
import time
import urllib.parse

CALL_TIMEOUT_S = 60
BATCH_BYTES = 32 * 1024 * 1024
BATCH_FILES = 1000


class Fenced(Exception):
    """The attempt counts no more, or its executor is not heard of."""


class CannotRun(Exception):
    """A reason of this node's why the command cannot be run as it is; it goes into the log."""


class Listener:
    """Calls to the executor of one attempt, each repeated while the listener may still come back."""

    def __init__(self, adapter, attempt):
        self.url = urllib.parse.urlsplit(adapter["url"])
        self.headers = {"authorization": "Bearer " + adapter["token"]}
        self.patience_s = adapter["lostAfterMs"] / 1000
        self.prefix = self.url.path + "/attempts/" + urllib.parse.quote(attempt, safe="")
        self.connection = None
        self.is_over = threading.Event()

    def call(self, path, message=None, body=None):
        """Returns the answer's JSON. `body` makes the bytes anew for each try. Raises Fenced."""
        with self.answer(path, message, body) as answer:
            return json.loads(answer.read() or b"null")

    def answer(self, path, message=None, body=None):
        began = time.monotonic()
        while True:
            try:
                return self.attempt_call(path, message, body)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if time.monotonic() - began > self.patience_s or self.is_over.wait(0.2):
                    raise Fenced("the executor is not heard of: %s" % error) from error

    def attempt_call(self, path, message, body):
        if self.connection is None:
            secure = self.url.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self.connection = kind(self.url.hostname, self.url.port, timeout=CALL_TIMEOUT_S)
        headers = dict(self.headers)
        if body is None:
            data = json.dumps(message if message is not None else {}).encode()
            headers["content-type"] = "application/json"
        else:
            size, data = body()
            headers["content-length"] = str(size)
            headers["content-type"] = "application/octet-stream"
        self.connection.request("POST", self.prefix + path, data, headers)
        answer = self.connection.getresponse()
        if answer.status == 200:
            return answer
        text = answer.read().decode(errors="replace")
        if answer.status in (401, 404, 409, 410):
            raise Fenced(text)
        if answer.status in (400, 413, 422, 507):
            raise CannotRun(text)
        raise OSError("%d %s" % (answer.status, text))

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def batches(items, size_of):
    batch, total = [], 0
    for item in items:
        if batch and (total + size_of(item) > BATCH_BYTES or len(batch) == BATCH_FILES):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += size_of(item)
    if batch:
        yield batch
