"""The files of a command: its own copy, and what it leaves."""

import hashlib
import os
import shutil

from .calls import CannotRun


def copy_file(source, target, mode):
    """By reference where the file system can, so that large inputs cost nothing twice."""
    import fcntl

    with open(source, "rb") as reader, open(target, "xb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), 0x40049409, reader.fileno())  # FICLONE, linux/fs.h
        except OSError:
            shutil.copyfileobj(reader, writer, 1024 * 1024)
        os.fchmod(writer.fileno(), mode)


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


def size_of(folder):
    """Bytes of all files under a folder."""
    total = 0
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            total += size_of(entry.path)
        else:
            total += entry.stat(follow_symlinks=False).st_size
    return total
