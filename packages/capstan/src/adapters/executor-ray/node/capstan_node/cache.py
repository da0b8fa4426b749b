"""Bytes and Python environments that a node keeps for attempts to come, within one limit."""

import contextlib
import fcntl
import hashlib
import json
import os
import threading
import time

from .calls import CannotRun
from .files import remove_tree

# What was put into the cache bears this time; whatever was written to since does not.
CACHED_AT = 1_000_000_000
# Times of use are noted no closer than this.
USE_S = 60
# Part of the limit that may come in before the whole is looked at again, and that is made free at once then.
SLACK = 0.02
# What is half written for so long is nobody's any more.
ABANDONED_S = 24 * 3600
LOCK_TRIES, LOCK_PAUSE_S = 10, 0.05
DONE = "capstan-environment.json"

# Bytes that this process has put in since it last looked at the whole; at first nobody knows.
UNSEEN = [float("inf")]


@contextlib.contextmanager
def locked(path, kind):
    """Holds a lock of the kernel, which is gone with its holder. Gives its descriptor, or None where it cannot be had now."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, kind)
            is_held = True
        except BlockingIOError:
            is_held = False
        yield descriptor if is_held else None
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def alone(path, tries=1):
    """Whether the lock could be had, with nobody else in it; held as long as that is looked at."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield any(try_alone(descriptor, pause) for pause in range(tries))
    finally:
        os.close(descriptor)


def try_alone(descriptor, pauses=0):
    time.sleep(LOCK_PAUSE_S if pauses else 0)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


class Cache:
    """Bytes by their SHA-256, and environments by what they hold."""

    def __init__(self, folder, limit):
        self.folder = os.path.join(folder, "files")
        self.environments = os.path.join(folder, "environments")
        self.limit = limit
        os.makedirs(self.folder, exist_ok=True)
        os.makedirs(self.environments, exist_ok=True)

    def path(self, digest):
        return os.path.join(self.folder, digest[:2], digest[2:])

    def reading(self):
        """While this is held, no bytes are removed."""
        return locked(self.folder + ".lock", fcntl.LOCK_SH)

    def has(self, digest, size):
        path = self.path(digest)
        try:
            facts = os.lstat(path)
            if facts.st_size != size or facts.st_mtime != CACHED_AT:
                return False
            now = time.time()
            if now - facts.st_atime > USE_S:
                os.utime(path, (now, CACHED_AT))
        except OSError:
            return False
        return True

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
            os.utime(partial, (time.time(), CACHED_AT))
            os.replace(partial, path)
            self.grew(size)
        except BaseException:
            try:
                os.unlink(partial)
            except OSError:
                pass
            raise

    def grew(self, size):
        UNSEEN[0] += size

    def trim(self):
        """
        Where there is more than the limit, removes what was not used for the longest time. Never what an attempt uses: it
        holds its environment's lock, and that of the files until it has its copies.
        """
        if UNSEEN[0] < self.limit * SLACK:
            return
        with alone(os.path.join(self.environments, "trim.lock")) as is_mine:
            if not is_mine:
                return
            UNSEEN[0] = 0
            entries = sorted([*self.cached_files(), *self.cached_environments()])
            excess = sum(size for _, size, _, _ in entries) - self.limit
            if excess <= 0:
                return
            with alone(self.folder + ".lock", LOCK_TRIES) as can_remove_files:
                # Somewhat more, so that the next to come does not start over.
                excess += self.limit * SLACK
                for _, size, kind, path in entries:
                    if excess <= 0:
                        break
                    if kind == "environment":
                        excess -= size if self.remove_environment(path) else 0
                    elif can_remove_files:
                        with contextlib.suppress(OSError):
                            os.unlink(path)
                            excess -= size

    def cached_files(self):
        """(last use, bytes, kind, path) of each."""
        for folder in os.scandir(self.folder):
            if not folder.is_dir(follow_symlinks=False):
                continue
            for entry in os.scandir(folder.path):
                with contextlib.suppress(OSError):
                    facts = entry.stat(follow_symlinks=False)
                    if "." not in entry.name:
                        yield facts.st_atime, facts.st_size, "file", entry.path
                    elif time.time() - facts.st_mtime > ABANDONED_S:
                        os.unlink(entry.path)

    def cached_environments(self):
        for entry in os.scandir(self.environments):
            if not entry.is_dir(follow_symlinks=False) or entry.name == "tools":
                continue
            done = os.path.join(entry.path, DONE)
            try:
                with open(done) as file:
                    size = json.load(file)["bytes"]
                yield os.stat(done).st_mtime, size, "environment", entry.path
            except (OSError, ValueError, KeyError):
                # Not finished: by one that builds it now, or was killed.
                self.remove_environment(entry.path)

    def remove_environment(self, path):
        with alone(path + ".lock") as is_unused:
            if is_unused:
                remove_tree(path)
            return is_unused
