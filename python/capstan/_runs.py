"""Runs, as notebooks show them."""

from __future__ import annotations

from ._html import facts, heading, instant, table
from ._server import Json, Server, connect


class Run:
    """A run with all that was logged to it.

    Attributes:
        id: the id of the run.
        name: its name.
        status: `RUNNING`, `FINISHED`, `FAILED`, `KILLED` or `SCHEDULED`.
        params: text by name.
        metrics: the point that counts of each metric, with the least and the greatest: `value`, `step`, `min`, `max`.
        tags: text by name.
        datasets: what it has read.
    """

    def __init__(self, server: Server, run_facts: Json) -> None:
        self._server = server
        self._facts = run_facts
        self.id: str = run_facts["id"]
        self.experiment_id: str = run_facts["experimentId"]
        self.name: str = run_facts["name"]
        self.status: str = run_facts["status"]
        self.params: dict[str, str] = run_facts["params"]
        self.metrics: dict[str, Json] = run_facts["metrics"]
        self.tags: dict[str, str] = run_facts["tags"]
        self.datasets: list[Json] = run_facts["datasets"]

    def __repr__(self) -> str:
        return f"<capstan.Run {self.name} ({self.id}), {self.status}>"

    def _repr_html_(self) -> str:
        shown = facts(
            {
                "Run": self.id,
                "Status": self.status if self._facts["liveness"] != "lost" else f"{self.status}, lost",
                "Started": instant(self._facts["startTime"]),
                "Ended": instant(self._facts["endTime"]),
                "User": self._facts["user"],
                "Read": ", ".join(one["name"] for one in self.datasets),
            }
        )
        metrics = table(
            ["Metric", "Value", "Step", "Least", "Greatest"],
            [
                (name, point["value"], point["step"], point["min"], point["max"])
                for name, point in sorted(self.metrics.items())
            ],
        )
        params = table(["Param", "Value"], sorted(self.params.items()))
        return heading(self.name) + shown + metrics + params


def run(run_id: str, *, server: Server | None = None) -> Run:
    """Return a run.

    Args:
        run_id: as `mlflow.active_run().info.run_id` has it.
        server: where to ask; see `connect`.

    Raises:
        CapstanError: there is none, or the server cannot be asked.
    """
    at = server or connect()
    return Run(at, at.get("runs", run_id))
