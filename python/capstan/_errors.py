"""The one exception of this package."""

from __future__ import annotations


class CapstanError(Exception):
    """What was asked for cannot be had; the text says why and how to go on.

    Attributes:
        code: a name such as `NOT_FOUND` or `INVALID_ARGUMENT`, as the server gives it; `UNREACHABLE` where none
            answers.
        status: the HTTP status of the answer; None where there was none.
        field: what of the request was wrong, where the server says so.
        hint: what to do, where it is known.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message if hint is None else f"{message.rstrip('.')}. {hint}")
        self.code = code
        self.status = status
        self.field = field
        self.hint = hint
