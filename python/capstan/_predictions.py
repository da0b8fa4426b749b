"""Logged answers of a deployment, with what really happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

from ._html import heading, instant, table
from ._optional import wanted
from ._server import Json, Server, connect

if TYPE_CHECKING:
    import pandas as pd

TIMES = ("eventTime", "predictedAt", "labelAt")


class Predictions(Sequence[Json]):
    """Logged answers, newest first.

    Each is a dictionary as the API gives it: `id`, `exampleId`, `revision`, `modelVersion`, `role`, `eventTime` and
    `predictedAt` (milliseconds since 1970), `probability`, `decision`, `latencyUs`, and once the outcome is known
    `label`, `loss`, `value` and `baselineValue`.
    """

    def __init__(self, deployment: str, rows: list[Json]) -> None:
        self.deployment = deployment
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Json: ...
    @overload
    def __getitem__(self, index: slice) -> list[Json]: ...
    def __getitem__(self, index: int | slice) -> Json | list[Json]:
        return self.rows[index]

    def __iter__(self) -> Iterator[Json]:
        return iter(self.rows)

    def __repr__(self) -> str:
        return f"<capstan.Predictions of {self.deployment}: {len(self.rows)}>"

    def to_df(self) -> pd.DataFrame:
        """Return them as a pandas DataFrame; times are instants in UTC.

        Raises:
            CapstanError: pandas is not installed.
        """
        pandas = wanted("pandas", "to_df")
        frame = pandas.DataFrame(self.rows)
        for name in TIMES:
            if name in frame:
                frame[name] = pandas.to_datetime(frame[name], unit="ms", utc=True)
        return frame

    def _repr_html_(self) -> str:
        columns = ["Predicted", "Example", "Version", "Role", "Probability", "Decision", "Outcome", "Value"]
        rows = [
            (
                instant(row["predictedAt"]),
                row["exampleId"],
                row["modelVersion"],
                row["role"],
                row.get("probability"),
                row.get("decision", row.get("error")),
                row.get("label"),
                row.get("value"),
            )
            for row in self.rows
        ]
        return heading(f"{len(self.rows)} predictions of {self.deployment}") + table(columns, rows)


def predictions(
    deployment: str,
    *,
    limit: int | None = 1_000,
    example: str | None = None,
    role: str | None = None,
    server: Server | None = None,
) -> Predictions:
    """Return logged answers of a deployment, newest first.

    Args:
        deployment: its name.
        limit: the most to return; None for all.
        example: only of this example id, as the request carried it.
        role: only answers given as `champion`, `canary` or `shadow`.
        server: where to ask; see `connect`.

    Raises:
        CapstanError: there is no such deployment, or the server cannot be asked.
    """
    at = server or connect()
    query = {"example": example, "role": role}
    rows = list(at.items("deployments", deployment, "predictions", limit=limit, query=query))
    return Predictions(deployment, rows)
