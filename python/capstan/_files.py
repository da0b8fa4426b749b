"""Files of versions that do not lie on this machine: fetched from the server once, and kept by their digest."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import IO

from ._errors import CapstanError
from ._server import Json, Server

CHUNK_BYTES = 1 << 20
DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def cache_folder() -> Path:
    """Return where fetched files are kept: CAPSTAN_CACHE, or `capstan` in the user's folder for caches."""
    given = os.environ.get("CAPSTAN_CACHE")
    if given:
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "capstan" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "capstan"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "capstan"


def is_whole(path: Path, file: Json) -> bool:
    """Return whether a file on this machine holds the bytes of a file of a version."""
    return path.is_file() and path.stat().st_size == file["sizeBytes"] and digest_of(path) == file["digest"]


def fetched(server: Server, version: str, file: Json, what: str) -> Path:
    """Return a file of a version in the cache; it is fetched where it is not there or was damaged since.

    Args:
        server: that has the version.
        version: the id of the version.
        file: path, digest and size as the version tells them.
        what: names the version in errors.

    Raises:
        CapstanError: the server does not hold the bytes any more, the version is not accepted, or what came is not what
            the version tells.
    """
    match = DIGEST.fullmatch(file["digest"])
    if match is None:
        raise CapstanError(f"{file['digest']!r} of {what} is no digest", code="INVALID_ARGUMENT")
    # The name is another's text: only its last part is used, and only where it is a plain one.
    name = PurePosixPath(file["path"]).name
    kept = cache_folder() / "sha256" / match[1] / (name if re.fullmatch(r"\w[\w.=+ -]{0,200}", name) else "file")
    if is_whole(kept, file):
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, prefix=".part-", delete=False) as part:
        try:
            came = _copy(server, version, file, what, part)
            part.close()
            if came != (file["digest"], file["sizeBytes"]):
                raise CapstanError(
                    f"{file['path']} of {what} came with the digest {came[0]}, not as it was taken in",
                    code="DATA_LOSS",
                    hint="Try again; if it stays so, restore the server's data directory from a backup.",
                )
            Path(part.name).replace(kept)
        finally:
            part.close()
            Path(part.name).unlink(missing_ok=True)
    return kept


def _copy(server: Server, version: str, file: Json, what: str, target: IO[bytes]) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    try:
        with server.open("dataset-versions", version, "files", query={"path": file["path"]}) as answer:
            while chunk := answer.read(CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
    except CapstanError as error:
        if error.code not in ("NOT_FOUND", "DATA_LOSS"):
            raise
        raise CapstanError(
            f"{file['path']} of {what} is not on this machine, and the server does not hold its bytes ({error})",
            code=error.code,
            status=error.status,
            hint="Register the same files again where they lie, or restore the server's data directory from a backup.",
        ) from error
    except (HTTPException, OSError) as error:
        raise CapstanError(
            f"The server broke off while it sent {file['path']} of {what} ({error!r})",
            code="UNREACHABLE",
            hint="Try again.",
        ) from error
    return f"sha256:{digest.hexdigest()}", size


def digest_of(path: Path) -> str:
    """Return the digest of a file as `sha256:` and 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"
