"""Packages that only some calls want."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ._errors import CapstanError


def wanted(package: str, what: str) -> Any:  # noqa: ANN401 (a module)
    """Return a package that is not required.

    Raises:
        CapstanError: it is not installed.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise CapstanError(
            f"{what} needs {package}, which is not installed",
            code="NOT_INSTALLED",
            hint=f"Install it: pip install {package.split('.')[0]}",
        ) from error
