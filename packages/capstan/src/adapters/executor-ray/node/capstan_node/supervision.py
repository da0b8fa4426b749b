"""One command of an attempt, from its start until no process of it is left."""

import os
import select
import signal
import subprocess
import threading
import time

from .calls import CannotRun, Fenced
from .processes import HAS_PROC, Group, resident

CHUNK = 256 * 1024
FIRST_LOOK_S, LOOK_EVERY_S, LOOK_WHILE_ENDING_S = 0.005, 0.1, 0.01
# Looking at processes may take at most one part in this many of the time.
LOOK_SHARE = 20
ABANDONED_GRACE_S = 2


class Control:
    """What may end a command before it ends by itself."""

    def __init__(self, worker_gone):
        self.worker_gone = worker_gone
        self.is_cancelled = False
        self.is_fenced = False
        self.wake = threading.Event()

    def cancel(self):
        self.is_cancelled = True
        self.wake.set()

    def fence(self):
        self.is_fenced = True
        self.wake.set()

    def nap(self, seconds):
        self.wake.wait(min(seconds, 3600))
        self.wake.clear()

    def ending(self):
        """How it is to end now, or None."""
        if self.is_fenced or self.worker_gone.is_set():
            return "lost"
        return "cancelled" if self.is_cancelled else None


class Supervised:
    """Runs a command. What it prints goes to `post_log` as it comes; a slow one makes the command wait, not this memory grow."""

    def __init__(self, attempt, control, post_log):
        self.attempt = attempt
        self.control = control
        self.post_log = post_log
        self.drained = threading.Event()
        self.ended_by = None
        self.exit = None

    def run(self, command, cwd, env, timeout_s, grace_s, kept=()):
        """Returns what `result` says. `kept`: descriptors that stay open while any process of it lives. Raises Fenced."""
        reader, writer = os.pipe()
        began = time.monotonic()
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", command],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                start_new_session=True,
                pass_fds=kept,
            )
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        group = Group(self.attempt, process.pid)
        pump = threading.Thread(target=self.pump, args=(reader,), daemon=True)
        pump.start()
        threading.Thread(target=self.wait_for, args=(process,), daemon=True).start()
        self.supervise(timeout_s, grace_s, group, began)
        self.control.wake.set()
        self.drained.set()
        pump.join()
        return self.result_of(group, time.monotonic() - began)

    def wait_for(self, process):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        self.exit = (status, usage)
        self.control.wake.set()

    def pump(self, reader):
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
            self.control.fence()
        finally:
            os.close(reader)

    def supervise(self, limit, grace, group, began):
        """Until no process of the attempt is left. TERM once, and KILL from the end of the grace on."""
        term_at = None
        empty_looks = 0
        look_after = FIRST_LOOK_S
        self.control.nap(min(FIRST_LOOK_S, limit))
        while True:
            now = time.monotonic()
            ended = self.exit is not None
            if not ended and self.ended_by is None:
                self.ended_by = self.control.ending() or ("timed-out" if now - began >= limit else None)
                if self.ended_by == "lost":
                    grace = min(grace, ABANDONED_GRACE_S)
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
                self.control.nap(max(LOOK_WHILE_ENDING_S, cost * 4))
            else:
                self.control.nap(min(max(0.001, limit - (now - began)), max(look_after, cost * LOOK_SHARE)))
                look_after = min(look_after * 2, LOOK_EVERY_S)

    def result_of(self, group, seconds):
        status, usage = self.exit
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        code = None if number is not None else os.WEXITSTATUS(status)
        name = None if number is None else signal.Signals(number).name
        outcome = self.ended_by or ("succeeded" if code == 0 else "failed")
        if outcome == "lost" and not self.control.worker_gone.is_set():
            raise Fenced("the attempt counts no more")
        used = None
        if HAS_PROC:
            waited = usage.ru_utime + usage.ru_stime
            # Before it is the shell, the process is a copy of this one: what is not above that tells nothing.
            peak = usage.ru_maxrss * 1024
            own = peak if peak > 1.2 * resident(os.getpid()) else 0
            used = (max(waited, group.present_cpu + group.gone_cpu), max(group.peak, own))
        return result(outcome, code, name, seconds, used)


def result(outcome, code, signal_name, seconds, used):
    return {
        "outcome": outcome,
        "exitCode": code,
        "signal": signal_name,
        "durationMs": seconds * 1000,
        "cpuMs": None if used is None else used[0] * 1000,
        "peakMemoryBytes": None if used is None else used[1],
    }
