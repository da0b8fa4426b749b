"""Calls of the native API (/openapi.json of the server), by the standard library alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from ._errors import CapstanError

DEFAULT_URL = "http://127.0.0.1:5050"
TIMEOUT_SECONDS = 30.0
#: The most that one page of a list holds.
PAGE = 1_000

Json = dict[str, Any]


class Server:
    """A Capstan server, by its address."""

    def __init__(self, url: str) -> None:
        """Remember the address; nothing is asked yet.

        Raises:
            CapstanError: the address is not http:// or https://.
        """
        if urlsplit(url).scheme not in ("http", "https"):
            raise CapstanError(
                f"{url!r} is no address of a server",
                code="INVALID_ARGUMENT",
                hint="Give one that begins with http://, or set CAPSTAN_URL.",
            )
        self.url = url.rstrip("/")

    def __repr__(self) -> str:
        return f"Server({self.url!r})"

    def get(self, *path: str, query: Mapping[str, object] | None = None) -> Json:
        """Return the answer to GET /api/v1/PATH; the parts of the path are quoted here.

        Raises:
            CapstanError: nothing answers, or the answer is a refusal.
        """
        with self.open(*path, query=query) as answer:
            try:
                found: Json = json.load(answer)
            except ValueError as error:
                raise _no_capstan(self.url, 200) from error
            except (HTTPException, OSError) as error:
                raise _unreachable(self.url, error) from error
            return found

    def open(self, *path: str, query: Mapping[str, object] | None = None) -> HTTPResponse:
        """Return the answer to GET /api/v1/PATH, to be read and closed by the caller.

        Raises:
            CapstanError: nothing answers, or the answer is a refusal.
        """
        asked = {key: value for key, value in (query or {}).items() if value is not None}
        address = f"{self.url}/api/v1/{'/'.join(quote(part, safe='') for part in path)}"
        request = Request(f"{address}?{urlencode(asked)}" if asked else address, headers={"accept": "*/*"})
        try:
            answer: HTTPResponse = urlopen(request, timeout=TIMEOUT_SECONDS)
        except HTTPError as error:
            raise _refusal(error, self.url) from None
        except (URLError, HTTPException, OSError) as error:
            raise _unreachable(self.url, error) from error
        return answer

    def items(self, *path: str, limit: int | None = None, query: Mapping[str, object] | None = None) -> Iterator[Json]:
        """Go through a list of the API, page by page, up to `limit` items."""
        left = limit
        cursor: object = None
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            page = self.get(*path, query={**(query or {}), "limit": size, "cursor": cursor})
            yield from page["items"]
            left = None if left is None else left - len(page["items"])
            cursor = page.get("nextCursor")
            if cursor is None:
                return


def connect(url: str | None = None) -> Server:
    """Return the server at an address: the one given, or that of CAPSTAN_URL, MLFLOW_TRACKING_URI, or the usual one.

    Raises:
        CapstanError: the address is not http:// or https://.
    """
    tracking = os.environ.get("MLFLOW_TRACKING_URI", "")
    usual = tracking if tracking.startswith(("http://", "https://")) else DEFAULT_URL
    return Server(url or os.environ.get("CAPSTAN_URL") or usual)


def _refusal(error: HTTPError, url: str) -> CapstanError:
    try:
        problem = json.loads(error.read())
        return CapstanError(
            problem["detail"],
            code=problem["code"],
            status=error.code,
            field=problem.get("field"),
            hint=problem.get("hint"),
        )
    except (ValueError, KeyError, TypeError):
        return _no_capstan(url, error.code)


def _unreachable(url: str, error: Exception) -> CapstanError:
    return CapstanError(
        f"No server answers at {url} ({getattr(error, 'reason', error)})",
        code="UNREACHABLE",
        hint="Start one with `capstan up`, or set CAPSTAN_URL to the address of one.",
    )


def _no_capstan(url: str, status: int) -> CapstanError:
    return CapstanError(
        f"What answers at {url} is no Capstan server (status {status})",
        code="UNREACHABLE",
        status=status,
        hint="Set CAPSTAN_URL to the address of one.",
    )
