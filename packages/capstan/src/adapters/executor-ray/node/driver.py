"""The resident driver of Capstan's executor: a Ray job that fetches orders and runs each as a Ray task.

It is the only job however many commands there are, since a Ray job takes a second and more to start and a task takes
milliseconds. It connects out to the executor's listener and holds no state that matters: when the listener is gone it
ends, and with it its tasks. What happens on a node is the work of the package capstan_node, whose files come along.
"""

import http.client
import json
import os
import re
import sys
import threading
import time
import types
import urllib.parse

import ray

ADAPTER = json.loads(os.environ["CAPSTAN_RAY_ADAPTER"])
# Files of the package capstan_node: base64 of deflated JSON, by name.
RUNNER = os.environ["CAPSTAN_RAY_RUNNER"]
# What the runner sees of a node's variables: enough to build Python environments. Commands get their own.
INSTALLER = re.compile("PATH|HOME|LANG|TMPDIR|(PIP|UV)_.*|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|(?i:(https?|no|all)_proxy)")
POLL_TIMEOUT_S = 60
NODES_KEPT_S = 2


class Refused(Exception):
    """The listener is another one, or wants no more of this driver."""


class Calls:
    """JSON calls over one connection that stays open."""

    def __init__(self):
        self.url = urllib.parse.urlsplit(ADAPTER["url"])
        self.connection = None

    def post(self, path, message):
        body = json.dumps(message).encode()
        headers = {"authorization": "Bearer " + ADAPTER["token"], "content-type": "application/json"}
        try:
            if self.connection is None:
                secure = self.url.scheme == "https"
                kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
                self.connection = kind(self.url.hostname, self.url.port, timeout=POLL_TIMEOUT_S)
            self.connection.request("POST", self.url.path + path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            raise
        if answer.status in (401, 404, 410):
            raise Refused(text.decode(errors="replace"))
        if answer.status != 200:
            raise OSError("the listener answered %d" % answer.status)
        return json.loads(text)


def runner_of_this_worker():
    """The runner that belongs to this worker process; it is kept, since starting one takes longer than most calls."""
    import base64
    import hashlib
    import shutil
    import subprocess
    import tempfile
    import zlib

    kept = sys.modules.setdefault("capstan_runner_of_this_worker", types.ModuleType("capstan_runner_of_this_worker"))
    runner = getattr(kept, "runner", None)
    if runner is not None:
        return runner
    folder = os.path.join(tempfile.gettempdir(), "capstan-ray-%d" % os.getuid())
    os.makedirs(folder, mode=0o700, exist_ok=True)
    facts = os.lstat(folder)
    if facts.st_uid != os.getuid() or facts.st_mode & 0o022 or not os.path.isdir(folder) or os.path.islink(folder):
        raise RuntimeError("%s is not ours alone: remove it, or set TMPDIR on this node" % folder)
    place = os.path.join(folder, "runner-" + hashlib.sha256(RUNNER.encode()).hexdigest()[:16])
    if not os.path.exists(place):
        partial = tempfile.mkdtemp(prefix="runner-partial-", dir=folder)
        os.mkdir(os.path.join(partial, "capstan_node"))
        for name, text in json.loads(zlib.decompress(base64.b64decode(RUNNER))).items():
            with open(os.path.join(partial, "capstan_node", name), "w") as file:
                file.write(text)
        try:
            os.rename(partial, place)
        except OSError:
            # Another worker was faster.
            shutil.rmtree(partial)
    start = "import sys; sys.path.insert(0, %r); from capstan_node.serve import main; main(%r)" % (place, folder)
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", start],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath, **{name: value for name, value in os.environ.items() if INSTALLER.fullmatch(name)}},
        cwd="/",
        start_new_session=True,
    )
    # It leaves this process at once: Ray ends the children of a worker that it ends, before they could clean up.
    process.wait()
    kept.runner = process
    return process


def forget_runner():
    kept = sys.modules["capstan_runner_of_this_worker"]
    for pipe in (kept.runner.stdin, kept.runner.stdout):
        try:
            pipe.close()
        except OSError:
            pass
    kept.runner = None


def run_attempt(attempt):
    """One attempt, in a worker of a node. Fails only where the runner is lost: all else it tells the listener itself."""
    context = ray.get_runtime_context()
    order = {
        "attempt": attempt,
        "adapter": ADAPTER,
        "machine": "%s (%s)" % (ray.util.get_node_ip_address(), context.get_node_id()[:12]),
        "devices": os.environ.get("CUDA_VISIBLE_DEVICES") if ray.get_gpu_ids() else None,
    }
    runner = runner_of_this_worker()
    try:
        runner.stdin.write(json.dumps(order).encode() + b"\n")
        runner.stdin.flush()
        if not runner.stdout.readline():
            raise RuntimeError("the process that watches the command was ended")
    except BaseException:
        # The runner sees its input closed, and ends what it runs.
        forget_runner()
        raise


class Driver:
    def __init__(self):
        self.calls = Calls()
        self.lost = Calls()
        self.lost_lock = threading.Lock()
        self.tasks = {}
        self.nodes = []
        self.nodes_at = float("-inf")
        self.task = ray.remote(max_retries=0)(run_attempt)

    def run(self):
        answers = []
        seen = 0
        heard = time.monotonic()
        while True:
            try:
                orders = self.calls.post("/driver/poll", {"seen": seen, "answers": answers})["orders"]
            except Refused:
                return
            except (OSError, http.client.HTTPException):
                if time.monotonic() - heard > ADAPTER["lostAfterMs"] / 1000:
                    return
                time.sleep(0.2)
                continue
            heard = time.monotonic()
            answers = []
            for order in orders:
                seen = order["number"]
                if order["kind"] == "stop":
                    return
                if order["kind"] == "run":
                    answers.append({"attempt": order["attempt"], "refusal": self.begin(order)})
                elif order["kind"] == "forget":
                    self.forget(order["attempt"])

    def begin(self, order):
        """Hands the attempt to Ray. Returns what speaks against it, or None."""
        needs = {"CPU": order["cpus"], "GPU": order["gpus"], "memory": order["memoryBytes"]}
        if not self.fits(needs):
            nodes = [node["Resources"] for node in self.nodes]
            has = ["%g CPU, %g GPU, %d bytes of memory" % tuple(node.get(name, 0) for name in needs) for node in nodes]
            return {"nodes": has}
        attempt = order["attempt"]
        options = {"num_cpus": needs["CPU"], "num_gpus": needs["GPU"], "name": "capstan " + attempt}
        if needs["memory"]:
            options["memory"] = needs["memory"]
        ref = self.task.options(**options).remote(attempt)
        self.tasks[attempt] = ref
        ref.future().add_done_callback(lambda future: self.ended(attempt, future))
        return None

    def fits(self, needs):
        """Whether some node has all of it, as things were a moment ago; a no is made sure of."""
        def has_one():
            resources = (node["Resources"] for node in self.nodes)
            return any(all(node.get(name, 0) >= need for name, need in needs.items()) for node in resources)

        if time.monotonic() - self.nodes_at < NODES_KEPT_S and has_one():
            return True
        self.nodes = [node for node in ray.nodes() if node["Alive"]]
        self.nodes_at = time.monotonic()
        return has_one()

    def forget(self, attempt):
        """One that still waits for a node is not to be run; a running one is ended by its runner."""
        ref = self.tasks.get(attempt)
        if ref is not None:
            ray.cancel(ref, force=False, recursive=False)

    def ended(self, attempt, future):
        self.tasks.pop(attempt, None)
        error = future.exception()
        if error is None:
            return
        message = {"reason": "%s: %s" % (type(error).__name__, str(error).strip()[:2000])}
        with self.lost_lock:
            for wait in (0, 0.2, 1, 3):
                time.sleep(wait)
                try:
                    self.lost.post("/attempts/%s/lost" % urllib.parse.quote(attempt, safe=""), message)
                    return
                except Refused:
                    return
                except (OSError, http.client.HTTPException):
                    continue


ray.init(address="auto", log_to_driver=False)
Driver().run()
