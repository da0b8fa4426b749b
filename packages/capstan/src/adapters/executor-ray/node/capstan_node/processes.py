"""What runs on this machine, and which of it belongs to an attempt."""

import os
import time

MARKER = "CAPSTAN_ATTEMPT_ID"
HAS_PROC = os.path.exists("/proc/self/stat")


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
