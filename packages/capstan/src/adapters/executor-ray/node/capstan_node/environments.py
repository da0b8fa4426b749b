"""Python environments of projects, each built once on a node and kept for all that ask for the same."""

import contextlib
import fcntl
import hashlib
import json
import os
import random
import shutil
import subprocess

from .cache import DONE, locked, try_alone
from .calls import CannotRun
from .files import remove_tree, size_of
from .processes import MARKER
from .supervision import Supervised

BUILD_LIMIT_S, BUILD_GRACE_S = 1800, 5
LOOK_AGAIN_S = 0.25
FACTS = (
    "import json, platform, sys, sysconfig; "
    "print(json.dumps([sys.implementation.name, platform.python_version(), sysconfig.get_platform(), sys.executable]))"
)

# What is known of programs called python3, by their paths.
PYTHONS = {}


class Interrupted(Exception):
    """The attempt is to end, and so its build has."""

    def __init__(self, result):
        super().__init__()
        self.result = result


def python_of(search, virtual):
    """The node's own python3, else that of the command's PATH, with what tells it from others."""
    own = os.path.join(virtual, "bin")
    places = [place for place in search.split(os.pathsep) if place and place != own]
    python = shutil.which("python3", path=os.pathsep.join([os.environ.get("PATH", os.defpath), *places]))
    if python is None:
        raise CannotRun("there is no python3 on this node to build the Python environment with")
    if python not in PYTHONS:
        told = subprocess.run([python, "-I", "-c", FACTS], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if told.returncode != 0:
            raise CannotRun("the Python %s of this node cannot be run: %s" % (python, told.stderr.strip()[-1000:]))
        PYTHONS[python] = json.loads(told.stdout)
    return python, PYTHONS[python]


@contextlib.contextmanager
def environment(cache, control, attempt, asked, search, virtual, say, post_log):
    """
    Gives the folder of the environment that is asked for, and the descriptor of its lock: as long as that is open, nobody
    removes it. Builds it where this node has none. Raises CannotRun with the reason, Interrupted, Fenced.
    """
    if asked["problem"] is not None:
        raise CannotRun(asked["problem"])
    python, facts = python_of(search, virtual)
    content = json.dumps([facts, asked["files"]], sort_keys=True)
    target = os.path.join(cache.environments, hashlib.sha256(content.encode()).hexdigest()[:24])
    done = os.path.join(target, DONE)
    has_waited = False
    while True:
        with locked(target + ".lock", fcntl.LOCK_SH | fcntl.LOCK_NB) as lock:
            if lock is not None:
                if not os.path.exists(done) and try_alone(lock) and not os.path.exists(done):
                    build(cache, control, attempt, asked, python, facts, target, lock, say, post_log)
                if os.path.exists(done):
                    fcntl.flock(lock, fcntl.LOCK_SH)
                    os.utime(done)
                    yield target, lock
                    return
        if control.ending() is not None:
            raise Interrupted(None)
        if not has_waited:
            say("waiting for another attempt on this node, which builds the same Python environment")
        has_waited = True
        # Not all at the same moment.
        control.nap(LOOK_AGAIN_S * (0.5 + random.random()))


def build(cache, control, attempt, asked, python, facts, target, lock, say, post_log):
    with one_at_a_time(cache, control, say) as turn:
        say("building the Python environment with Python %s (%s), once for this node" % (facts[1], facts[3]))
        remove_tree(target)
        sources = os.path.join(target, "capstan-requirements")
        for path, text in asked["files"].items():
            full = os.path.join(sources, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w") as file:
                file.write(text)
        os.makedirs(target, exist_ok=True)
        env = {
            **os.environ,
            "PYTHON": python,
            "TARGET": target,
            "TOOLS": os.path.join(cache.environments, "tools"),
            "FREEZE": os.path.join(target, "freeze.txt"),
            "REQUIREMENTS": os.path.join(sources, asked["main"]) if asked["main"] is not None else "",
            MARKER: attempt,
        }
        words = LastWords(post_log)
        supervised = Supervised(attempt, control, words.add)
        ended = supervised.run(asked["script"], target, env, BUILD_LIMIT_S, BUILD_GRACE_S, (lock, turn))
        if ended["outcome"] != "succeeded":
            remove_tree(target)
            if ended["outcome"] in ("cancelled", "lost"):
                raise Interrupted(ended)
            how = "it took too long" if ended["outcome"] == "timed-out" else words.text
            raise CannotRun("the Python environment cannot be built: %s" % how)
        size = size_of(target)
        partial = os.path.join(target, DONE + ".new")
        with open(partial, "w") as file:
            json.dump({"python": facts, "requirements": asked["files"], "bytes": size}, file)
        os.replace(partial, os.path.join(target, DONE))
        cache.grew(size)
        say("the Python environment is built")


@contextlib.contextmanager
def one_at_a_time(cache, control, say):
    """Builds share the programs that they are made with, and the node has better things to do."""
    has_waited = False
    while True:
        with locked(os.path.join(cache.environments, "build.lock"), fcntl.LOCK_EX | fcntl.LOCK_NB) as turn:
            if turn is not None:
                yield turn
                return
        if not has_waited:
            say("waiting for another Python environment that is built on this node")
        has_waited = True
        if control.ending() is not None:
            raise Interrupted(None)
        control.nap(LOOK_AGAIN_S)


class LastWords:
    """Hands on what is printed, and keeps its last line."""

    def __init__(self, post_log):
        self.post_log = post_log
        self.rest = b""

    def add(self, data):
        self.rest = (self.rest + data)[-2000:]
        self.post_log(data)

    @property
    def text(self):
        lines = [line.strip() for line in self.rest.decode(errors="replace").splitlines() if line.strip()]
        errors = [place for place, line in enumerate(lines) if line.lower().startswith("error")]
        if not errors:
            return lines[-1] if lines else "it said nothing"
        # What uv could not do is on one line, and why on the next.
        what, *behind = lines[errors[-1] :]
        return "; ".join([what, *(line for line in behind[:1] if line.startswith("cause:"))])
