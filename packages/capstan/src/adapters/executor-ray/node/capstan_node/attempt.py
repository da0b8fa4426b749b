"""One attempt on this node: its files, its environment, its command, what it left."""

import contextlib
import http.client
import os
import threading

from .cache import Cache
from .calls import CannotRun, Fenced, Listener, batches
from .environments import Interrupted, environment
from .files import copy_file, left_under, remove_tree
from .processes import MARKER
from .supervision import Control, Supervised, result

CANNOT_RUN = 126


class Attempt:
    """One command with its files and its environment, from the order to the answer."""

    def __init__(self, order, folder, worker_gone):
        self.id = order["attempt"]
        self.order = order
        self.folder = folder
        self.control = Control(worker_gone)
        self.listener = Listener(order["adapter"], self.id)
        self.log_calls = Listener(order["adapter"], self.id)
        self.beats = Listener(order["adapter"], self.id)
        self.cache = Cache(folder, order["adapter"]["cacheBytes"])
        self.copy = None
        self.offset = 0

    def run(self):
        try:
            spec = self.listener.call("/begin", {"machine": self.order["machine"]})
            threading.Thread(target=self.beat, daemon=True).start()
            try:
                ended = self.execute(spec)
                if self.control.worker_gone.is_set():
                    self.listener.call("/lost", {"reason": "the Ray worker that ran it is gone"})
                    return
                if ended["outcome"] == "succeeded" and self.copy is not None:
                    self.hand_over(spec["files"]["writes"])
            except Interrupted as error:
                how = self.control.ending() or "cancelled"
                ended = error.result or result(how, None, "SIGTERM", 0.0, None)
                if ended["outcome"] == "lost":
                    self.listener.call("/lost", {"reason": "it was given up while its Python environment was built"})
                    return
            except CannotRun as error:
                self.say(str(error))
                ended = result("failed", CANNOT_RUN, None, 0.0, None)
            except OSError as error:
                self.say("on the node %s: %s" % (self.order["machine"], error))
                ended = result("failed", CANNOT_RUN, None, 0.0, None)
            self.listener.call("/end", ended)
        except Fenced:
            pass
        finally:
            for calls in (self.listener, self.log_calls, self.beats):
                calls.is_over.set()
            self.listener.close()
            self.log_calls.close()
            if self.copy is not None:
                remove_tree(self.copy)

    def beat(self):
        """Shows that this node is there, and hears whether the command is to end."""
        try:
            while not self.beats.is_over.is_set():
                if self.beats.call("/beat")["isCancelled"]:
                    self.control.cancel()
                    # From here on the answers come at once.
                    self.beats.is_over.wait(1)
        except (Fenced, CannotRun):
            if not self.beats.is_over.is_set():
                self.control.fence()
        finally:
            self.beats.close()

    def post_log(self, data):
        self.log_calls.call("/log?offset=%d" % self.offset, body=lambda: (len(data), data))
        self.offset += len(data)

    def say(self, text):
        """A line of ours in the log."""
        self.post_log(("capstan: %s\n" % text).encode())

    def lay_out(self, files):
        """A copy of the command's files that is this attempt's alone."""
        with self.cache.reading():
            self.fetch(files["entries"])
            self.copy_out(files["entries"])
        self.cache.trim()

    def fetch(self, entries):
        """Brings what the cache lacks of them."""
        lacking = {}
        for entry in entries:
            if entry["kind"] == "file" and not self.cache.has(entry["digest"], entry["size"]):
                lacking[entry["digest"]] = entry["size"]
        for batch in batches(list(lacking.items()), lambda item: item[1]):
            # A connection that breaks leaves a part of the batch in the cache: only the others are asked for again.
            while True:
                try:
                    wanted = [item for item in batch if not self.cache.has(*item)]
                    with self.listener.answer("/files", {"digests": [digest for digest, _ in wanted]}) as answer:
                        for digest, size in wanted:
                            self.cache.take(digest, size, answer)
                        answer.read()
                    break
                except http.client.HTTPException:
                    self.listener.close()

    def copy_out(self, entries):
        self.copy = os.path.join(self.folder, "work", "%s-%d" % (self.id.replace(":", "_"), os.getpid()))
        remove_tree(self.copy)
        os.makedirs(self.copy, mode=0o700)
        folders = []
        for entry in entries:
            path = os.path.join(self.copy, entry["path"])
            if entry["kind"] == "folder":
                os.makedirs(path, exist_ok=True)
                folders.append((path, entry["mode"]))
            elif entry["kind"] == "link":
                os.symlink(entry["target"], path)
            else:
                copy_file(self.cache.path(entry["digest"]), path, entry["mode"])
                os.utime(path, (entry["modifiedMs"] / 1000, entry["modifiedMs"] / 1000))
        for path, mode in reversed(folders):
            os.chmod(path, mode)

    def hand_over(self, writes):
        entries = left_under(self.copy, writes)
        self.listener.call("/outputs", {"entries": entries})
        files = [(index, entry) for index, entry in enumerate(entries) if entry["kind"] == "file"]
        for batch in batches(files, lambda item: item[1]["size"]):
            def body(batch=batch):
                return sum(entry["size"] for _, entry in batch), self.bytes_of(entry for _, entry in batch)

            self.listener.call("/content?from=%d&count=%d" % (batch[0][0], len(batch)), body=body)

    def bytes_of(self, entries):
        for entry in entries:
            with open(os.path.join(self.copy, entry["path"]), "rb") as file:
                for data in iter(lambda: file.read(1024 * 1024), b""):
                    yield data

    def execute(self, spec):
        cwd = spec["cwd"]
        if spec["files"] is not None:
            self.lay_out(spec["files"])
            cwd = os.path.normpath(os.path.join(self.copy, os.path.relpath(cwd, spec["files"]["root"])))
            os.makedirs(cwd, exist_ok=True)
        elif not os.path.isdir(cwd):
            raise CannotRun("the node %s does not see %s" % (self.order["machine"], cwd))
        limit = spec["timeoutMs"] / 1000 if spec["timeoutMs"] is not None else float("inf")
        with self.python(spec) as (virtual, kept):
            env = self.variables(spec, virtual)
            supervised = Supervised(self.id, self.control, self.post_log)
            return supervised.run(spec["command"], cwd, env, limit, spec["graceMs"] / 1000, kept)

    @contextlib.contextmanager
    def python(self, spec):
        """Where the environment of the command is on this node, and what is to stay open as long as it is used."""
        virtual = spec["env"].get("VIRTUAL_ENV")
        if not virtual or os.path.isdir(virtual):
            yield virtual, ()
            return
        if spec["python"] is None:
            raise CannotRun(
                "the Python environment %s is not on the node %s, and there is no requirements.txt to make it from: "
                "write one, or put it there, or on storage that both see" % (virtual, self.order["machine"])
            )
        search = spec["env"].get("PATH", "")
        asked = spec["python"]
        with environment(self.cache, self.control, self.id, asked, search, virtual, self.say, self.post_log) as (at, lock):
            self.cache.trim()
            self.link_environment(spec, virtual, at)
            yield at, (lock,)

    def link_environment(self, spec, virtual, at):
        """Where the environment is asked for under the root, as `.venv`, commands may name it by that place."""
        place = os.path.relpath(virtual, spec["files"]["root"]) if self.copy is not None else os.pardir
        link = os.path.join(self.copy or "", place)
        if place.split(os.sep)[0] != os.pardir and not os.path.lexists(link):
            os.makedirs(os.path.dirname(link), exist_ok=True)
            os.symlink(at, link)

    def variables(self, spec, virtual):
        env = dict(spec["env"])
        asked = env.get("VIRTUAL_ENV")
        for name, value in env.items():
            # The environment is at one place as a whole, also where it is asked for at one under the root.
            parts = value.split(asked) if asked else [value]
            if self.copy is not None:
                parts = [part.replace(spec["files"]["root"], self.copy) for part in parts]
            env[name] = (virtual or "").join(parts)
        if self.order["devices"] is not None:
            env.setdefault("CUDA_VISIBLE_DEVICES", self.order["devices"])
        env[MARKER] = self.id
        return env
