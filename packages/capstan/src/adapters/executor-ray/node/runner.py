"""Runs commands on a node of a Ray cluster for Capstan's executor: one process beside each Ray worker, in a session of its own.

It takes orders from its worker by standard input, a line each, and answers each with a line once nothing of the attempt
is left on this machine. All else goes to the executor's listener: the files of a command come from there by content,
its log and its outputs go there. When the worker is gone (its input ends), the listener is not heard of, or the attempt
counts no more, the command is ended, and nothing is handed over.

Needs Python's standard library and /bin/sh. CPU time and memory are told where there is a /proc.
"""

import hashlib
import http.client
import json
import os
import queue
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

MARKER = "CAPSTAN_ATTEMPT_ID"
CHUNK = 256 * 1024
BATCH_BYTES = 32 * 1024 * 1024
BATCH_FILES = 1000
CALL_TIMEOUT_S = 60
FIRST_LOOK_S, LOOK_EVERY_S, LOOK_WHILE_ENDING_S = 0.005, 0.1, 0.01
# Looking at processes may take at most one part in this many of the time.
LOOK_SHARE = 20
ABANDONED_GRACE_S = 2
CANNOT_RUN = 126
# What was put into the cache bears this time; whatever was written to since does not.
CACHED_AT = 1_000_000_000
HAS_PROC = os.path.exists("/proc/self/stat")


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


# What is on this machine

def entry_of(pid):
    """Parent, group, session, start, whether it is a zombie, CPU seconds of it and of those it waited for; or None."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            text = file.read()
    except OSError:
        return None
    fields = text[text.rindex(b")") + 2:].split()
    ticks = sum(int(field) for field in fields[11:15])
    return {
        "pid": pid,
        "parent": int(fields[1]),
        "group": int(fields[2]),
        "session": int(fields[3]),
        "key": (pid, fields[19]),
        "start": int(fields[19]),
        "zombie": fields[0] in (b"Z", b"X"),
        "cpu": ticks / TICKS,
    }


# Processes that were there before any command that may run now, and when they were seen: no number comes round so soon.
STRANGERS = {}
STRANGERS_KEPT_S = 1
TICKS = os.sysconf("SC_CLK_TCK") if HAS_PROC else 100


class Group:
    """All processes of one attempt: of its session, with its mark in their environment, known from before, or descended."""

    def __init__(self, attempt, leader):
        self.mark = ("%s=%s" % (MARKER, attempt)).encode()
        self.leader = leader
        self.known = set()
        self.marks = {}
        self.present_cpu = self.gone_cpu = 0.0
        self.peak = 0
        self.has_group = True
        entry = entry_of(leader) if HAS_PROC else None
        self.began = 0 if entry is None else entry["start"]

    def is_marked(self, entry):
        key = entry["key"]
        if key not in self.marks:
            try:
                with open("/proc/%d/environ" % entry["pid"], "rb") as file:
                    text = file.read()
            except OSError:
                return False
            # Nothing is shown for a moment while a process starts a program.
            if not text:
                return False
            self.marks[key] = self.mark in text.split(b"\0")
        return self.marks[key]

    def look(self, has_ended):
        """Process ids that live now; notes what they use."""
        if not HAS_PROC:
            return [self.leader] if tell(-self.leader, 0) else []
        entries = {}
        now = time.monotonic()
        for name in os.listdir("/proc"):
            if not name.isdigit() or now - STRANGERS.get(int(name), float("-inf")) < STRANGERS_KEPT_S:
                continue
            entry = entry_of(int(name))
            if entry is None:
                continue
            if entry["start"] < self.began:
                STRANGERS[entry["pid"]] = now
            else:
                entries[entry["pid"]] = entry
        # Once the leader was waited for, its number may come to belong to a stranger.
        is_taken = has_ended and self.leader in entries
        kin = {}
        for pid, entry in entries.items():
            of_session = not is_taken and self.leader in (entry["group"], entry["session"])
            if of_session or entry["key"] in self.known or self.is_marked(entry):
                kin[pid] = entry
        grew = True
        while grew:
            grew = False
            for pid, entry in entries.items():
                if pid not in kin and entry["parent"] in kin:
                    kin[pid] = entry
                    grew = True
        kin.pop(os.getpid(), None)
        self.known.update(entry["key"] for entry in kin.values())
        cpu = sum(entry["cpu"] for entry in kin.values())
        # The time of an ended process moves into its parent's when that waits for it; if nobody did, the sum falls.
        self.gone_cpu += max(0.0, self.present_cpu - cpu)
        self.present_cpu = cpu
        self.has_group = any(entry["group"] == self.leader for entry in kin.values())
        living = [pid for pid, entry in kin.items() if not entry["zombie"]]
        self.peak = max(self.peak, sum(resident(pid) for pid in living))
        return living

    def signal(self, number, pids):
        # The group at once first, since one may fork while the others are told one by one.
        if self.has_group:
            tell(-self.leader, number)
        for pid in pids:
            tell(pid, number)


def resident(pid):
    try:
        with open("/proc/%d/statm" % pid, "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def tell(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


# The files of a command

def copy_file(source, target, mode):
    """By reference where the file system can, so that large inputs cost nothing twice."""
    import fcntl

    with open(source, "rb") as reader, open(target, "xb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), 0x40049409, reader.fileno())  # FICLONE, linux/fs.h
        except OSError:
            shutil.copyfileobj(reader, writer, 1024 * 1024)
        os.fchmod(writer.fileno(), mode)


class Cache:
    """Bytes by their SHA-256, kept on this node for the attempts to come."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "files")

    def path(self, digest):
        return os.path.join(self.folder, digest[:2], digest[2:])

    def has(self, digest, size):
        try:
            facts = os.lstat(self.path(digest))
        except OSError:
            return False
        return facts.st_size == size and facts.st_mtime == CACHED_AT

    def take(self, digest, size, stream):
        path = self.path(digest)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        partial = "%s.%d.%d" % (path, os.getpid(), threading.get_ident())
        check = hashlib.sha256()
        left = size
        try:
            with open(partial, "wb") as file:
                while left > 0:
                    data = stream.read(min(left, 1024 * 1024))
                    if not data:
                        raise OSError("the listener ended early")
                    check.update(data)
                    file.write(data)
                    left -= len(data)
            if check.hexdigest() != digest:
                raise CannotRun("a file of the command changed while it was carried to this node; run it again")
            os.chmod(partial, 0o444)
            os.utime(partial, (CACHED_AT, CACHED_AT))
            os.replace(partial, path)
        except BaseException:
            try:
                os.unlink(partial)
            except OSError:
                pass
            raise


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


def remove_tree(folder):
    def retry(function, path, _):
        try:
            os.chmod(os.path.dirname(path), 0o700)
            os.chmod(path, 0o700)
            function(path)
        except OSError:
            pass

    if os.path.lexists(folder):
        shutil.rmtree(folder, onerror=retry)


def digest_of(path):
    check = hashlib.sha256()
    with open(path, "rb") as file:
        for data in iter(lambda: file.read(1024 * 1024), b""):
            check.update(data)
    return check.hexdigest()


def left_under(root, writes):
    """What the command left of what it was to write."""
    found = []

    def note(path):
        full = os.path.join(root, path)
        facts = os.lstat(full)
        if os.path.islink(full):
            found.append({"kind": "link", "path": path, "target": os.readlink(full)})
        elif os.path.isdir(full):
            found.append({"kind": "folder", "path": path, "mode": facts.st_mode & 0o777})
            for name in sorted(os.listdir(full)):
                note(path + "/" + name)
        elif os.path.isfile(full):
            entry = {"kind": "file", "path": path, "mode": facts.st_mode & 0o777, "size": facts.st_size}
            entry["digest"] = digest_of(full)
            found.append(entry)
        else:
            raise CannotRun("%s is neither a file, a folder nor a link" % path)

    for path in writes:
        if os.path.lexists(os.path.join(root, path)):
            note(path)
    return found


class Attempt:
    def __init__(self, order, folder, worker_gone):
        self.id = order["attempt"]
        self.order = order
        self.folder = folder
        self.worker_gone = worker_gone
        self.listener = Listener(order["adapter"], self.id)
        self.log_calls = Listener(order["adapter"], self.id)
        self.beats = Listener(order["adapter"], self.id)
        self.cache = Cache(folder)
        self.copy = None
        self.offset = 0
        self.is_cancelled = False
        self.is_fenced = False
        self.wake = threading.Event()
        self.ended_by = None
        self.exit = None

    def run(self):
        try:
            spec = self.listener.call("/begin", {"machine": self.order["machine"]})
            threading.Thread(target=self.beat, daemon=True).start()
            try:
                result = self.execute(spec)
                if self.worker_gone.is_set():
                    self.listener.call("/lost", {"reason": "the Ray worker that ran it is gone"})
                    return
                if result["outcome"] == "succeeded" and self.copy is not None:
                    self.hand_over(spec["files"]["writes"])
            except CannotRun as error:
                self.post_log(("capstan: %s\n" % error).encode())
                result = self.result("failed", CANNOT_RUN, None, 0.0, None)
            except OSError as error:
                self.post_log(("capstan: on the node %s: %s\n" % (self.order["machine"], error)).encode())
                result = self.result("failed", CANNOT_RUN, None, 0.0, None)
            self.listener.call("/end", result)
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
                    self.is_cancelled = True
                    self.wake.set()
                    # From here on the answers come at once.
                    self.beats.is_over.wait(1)
        except (Fenced, CannotRun):
            if not self.beats.is_over.is_set():
                self.is_fenced = True
                self.wake.set()
        finally:
            self.beats.close()

    def post_log(self, data):
        self.log_calls.call("/log?offset=%d" % self.offset, body=lambda: (len(data), data))
        self.offset += len(data)

    def lay_out(self, files):
        """A copy of the command's files that is this attempt's alone."""
        lacking = {}
        for entry in files["entries"]:
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
        self.copy = os.path.join(self.folder, "work", "%s-%d" % (self.id.replace(":", "_"), os.getpid()))
        remove_tree(self.copy)
        os.makedirs(self.copy, mode=0o700)
        folders = []
        for entry in files["entries"]:
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

    def environment(self, spec):
        env = dict(spec["env"])
        virtual = env.get("VIRTUAL_ENV")
        if virtual and not os.path.isdir(virtual):
            raise CannotRun(
                "the Python environment %s is not on the node %s: put it there, or on storage that both see"
                % (virtual, self.order["machine"])
            )
        if self.copy is not None:
            root = spec["files"]["root"]
            # The environment is used where it is, also where that is under the root.
            for name, value in env.items():
                parts = value.split(virtual) if virtual else [value]
                env[name] = (virtual or "").join(part.replace(root, self.copy) for part in parts)
        if self.order["devices"] is not None:
            env.setdefault("CUDA_VISIBLE_DEVICES", self.order["devices"])
        env[MARKER] = self.id
        return env

    def execute(self, spec):
        cwd = spec["cwd"]
        if spec["files"] is not None:
            self.lay_out(spec["files"])
            cwd = os.path.normpath(os.path.join(self.copy, os.path.relpath(cwd, spec["files"]["root"])))
            os.makedirs(cwd, exist_ok=True)
        elif not os.path.isdir(cwd):
            raise CannotRun("the node %s does not see %s" % (self.order["machine"], cwd))
        reader, writer = os.pipe()
        began = time.monotonic()
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", spec["command"]],
                cwd=cwd,
                env=self.environment(spec),
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                start_new_session=True,
            )
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        group = Group(self.id, process.pid)
        pump = threading.Thread(target=self.pump, args=(reader,), daemon=True)
        pump.start()
        threading.Thread(target=self.wait_for, args=(process,), daemon=True).start()
        self.supervise(spec, group, began)
        self.wake.set()
        self.drained.set()
        pump.join()
        return self.result_of(group, time.monotonic() - began)

    drained = None

    def wait_for(self, process):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        self.exit = (status, usage)
        self.wake.set()

    def pump(self, reader):
        """Sends what the command prints, as it comes. A slow listener makes the command wait, not this memory grow."""
        try:
            while True:
                # Whoever still holds the other end once the group is gone is none of it.
                ready, _, _ = select.select([reader], [], [], 0.05)
                if not ready:
                    if self.drained.is_set():
                        return
                    continue
                data = os.read(reader, CHUNK)
                if not data:
                    return
                self.post_log(data)
        except (Fenced, CannotRun):
            self.is_fenced = True
            self.wake.set()
        finally:
            os.close(reader)

    def supervise(self, spec, group, began):
        """Until no process of the attempt is left. TERM once, and KILL from the end of the grace on."""
        limit = spec["timeoutMs"] / 1000 if spec["timeoutMs"] is not None else float("inf")
        grace = spec["graceMs"] / 1000
        term_at = None
        empty_looks = 0
        look_after = FIRST_LOOK_S
        self.nap(min(FIRST_LOOK_S, limit))
        while True:
            now = time.monotonic()
            ended = self.exit is not None
            if not ended and self.ended_by is None:
                if self.is_fenced or self.worker_gone.is_set():
                    self.ended_by = "lost"
                    grace = min(grace, ABANDONED_GRACE_S)
                elif self.is_cancelled:
                    self.ended_by = "cancelled"
                elif now - began >= limit:
                    self.ended_by = "timed-out"
            is_ending = ended or self.ended_by is not None
            living = group.look(ended)
            cost = time.monotonic() - now
            empty_looks = empty_looks + 1 if ended and not living else 0
            # One empty look may have missed a process that forked and ended while /proc was read.
            if empty_looks >= 2:
                return
            if is_ending and living:
                if term_at is None:
                    term_at = now
                    group.signal(signal.SIGTERM, living)
                elif now - term_at >= grace:
                    group.signal(signal.SIGKILL, living)
            if empty_looks:
                continue
            if is_ending:
                self.nap(max(LOOK_WHILE_ENDING_S, cost * 4))
            else:
                self.nap(min(max(0.001, limit - (now - began)), max(look_after, cost * LOOK_SHARE)))
                look_after = min(look_after * 2, LOOK_EVERY_S)

    def nap(self, seconds):
        self.wake.wait(min(seconds, 3600))
        self.wake.clear()

    def result_of(self, group, seconds):
        status, usage = self.exit
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        code = None if number is not None else os.WEXITSTATUS(status)
        name = None if number is None else signal.Signals(number).name
        outcome = self.ended_by or ("succeeded" if code == 0 else "failed")
        if outcome == "lost" and not self.worker_gone.is_set():
            raise Fenced("the attempt counts no more")
        used = None
        if HAS_PROC:
            waited = usage.ru_utime + usage.ru_stime
            # Before it is the shell, the process is a copy of this one: what is not above that tells nothing.
            peak = usage.ru_maxrss * 1024
            own = peak if peak > 1.2 * resident(os.getpid()) else 0
            used = (max(waited, group.present_cpu + group.gone_cpu), max(group.peak, own))
        return self.result(outcome, code, name, seconds, used)

    def result(self, outcome, code, signal_name, seconds, used):
        return {
            "outcome": outcome,
            "exitCode": code,
            "signal": signal_name,
            "durationMs": seconds * 1000,
            "cpuMs": None if used is None else used[0] * 1000,
            "peakMemoryBytes": None if used is None else used[1],
        }


def main(folder):
    # Away from the worker, which would take its children with it.
    if os.fork():
        os._exit(0)
    os.setsid()
    orders = queue.Queue()
    worker_gone = threading.Event()
    current = []

    def listen():
        for line in sys.stdin.buffer:
            orders.put(json.loads(line))
        worker_gone.set()
        for attempt in list(current):
            attempt.wake.set()
        orders.put(None)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        order = orders.get()
        if order is None:
            os._exit(0)
        attempt = Attempt(order, folder, worker_gone)
        attempt.drained = threading.Event()
        current[:] = [attempt]
        attempt.run()
        current.clear()
        try:
            sys.stdout.write("{}\n")
            sys.stdout.flush()
        except OSError:
            os._exit(0)
