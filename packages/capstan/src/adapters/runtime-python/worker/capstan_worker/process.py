"""What the worker does to itself before it lets a model in: limits, and an end when its starter is gone."""

import ctypes
import faulthandler
import os
import resource
import signal
import socket
import sys
import threading

MARK = "CAPSTAN_WORKER"
PR_SET_PDEATHSIG = 1
MAX_OPEN_FILES = 4096
FIRST_FREE_DESCRIPTOR = 5
# Of the processor a model gets what the server and its callers leave, a third where both want all of it: a model that
# starts, or computes without end, makes all answers late otherwise.
NICE = 5


def settle(starter):
    """Sets limits and leaves at once when the process that started this one is gone already."""
    faulthandler.enable()
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    os.nice(NICE)
    if not sys.platform.startswith("linux"):
        return
    try:
        # Also when a model keeps the thread that looks at the socket from running.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):
        pass
    if os.getppid() != starter:
        os._exit(0)
    try:
        # Where the machine runs out of memory, workers go first, not the server.
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass


def limit(which, wanted):
    _, hard = resource.getrlimit(which)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(which, (most, most))


def start_guard(descriptor):
    """
    Starts a process that does nothing until the starter is gone, and then ends this one and all that it has started,
    wherever that has moved itself. It is before any model, which could keep all of this process from running.
    """
    worker = os.getpid()
    between = os.fork()
    if between != 0:
        os.close(descriptor)
        # The guard is nobody's child here: a model that waits for children has only its own.
        os.waitpid(between, 0)
        return
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for inherited in range(FIRST_FREE_DESCRIPTOR):
        os.dup2(nothing, inherited)
    try:
        while os.read(descriptor, 64):
            pass
    except OSError:
        pass
    end_all(worker)
    os._exit(0)


def end_all(worker):
    try:
        os.killpg(worker, signal.SIGKILL)
    except OSError:
        pass
    wanted = ("%s=%s" % (MARK, os.environ.get(MARK, ""))).encode()
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open("/proc/%s/environ" % name, "rb") as file:
                if wanted in file.read().split(b"\0"):
                    os.kill(int(name), signal.SIGKILL)
        except OSError:
            pass


def open_socket(descriptor):
    """The inherited socket, which no program that the model starts inherits in turn."""
    os.set_inheritable(descriptor, False)
    opened = socket.socket(fileno=descriptor)
    opened.setblocking(True)
    return opened


def answer_pings(control):
    """Echoes, in a thread of its own, and ends this process and those it started at the end of the socket."""

    def run():
        while True:
            try:
                data = control.recv(64)
            except OSError:
                data = b""
            if not data:
                end_group()
            try:
                control.sendall(data)
            except OSError:
                end_group()

    threading.Thread(target=run, name="capstan-control", daemon=True).start()


def end_group():
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)
