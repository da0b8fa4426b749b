"""Tables for notebooks. Everything is escaped: names and values are other people's text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from html import escape

#: Longer values are cut: a table is for looking.
LONGEST = 300
MOST_ROWS = 200
LEFT = 'style="text-align:left"'


def shown(value: object) -> str:
    """Return a value as people read it, not longer than a line or two."""
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def instant(milliseconds: int | None) -> str:
    """Return a time of the API as text in UTC."""
    if milliseconds is None:
        return ""
    return datetime.fromtimestamp(milliseconds / 1_000, tz=timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def heading(text: str) -> str:
    """Return a line above a table."""
    return f"<p><strong>{escape(text)}</strong></p>"


def facts(pairs: Mapping[str, object]) -> str:
    """Return names with values; those without a value are left out."""
    rows = "".join(
        f"<tr><th {LEFT}>{escape(name)}</th><td {LEFT}>{escape(shown(value))}</td></tr>"
        for name, value in pairs.items()
        if value not in (None, "")
    )
    return f"<table><tbody>{rows}</tbody></table>"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows under the names of their columns, and how many more there are."""
    every = list(rows)
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(shown(value))}</td>' for value in row)}</tr>" for row in every[:MOST_ROWS]
    )
    more = f"<p>{len(every) - MOST_ROWS} more</p>" if len(every) > MOST_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
