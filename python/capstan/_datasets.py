"""Versions of datasets: what they hold, and their files, wherever these lie."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ._errors import CapstanError
from ._files import fetched, is_whole
from ._html import facts, heading, instant, table
from ._optional import wanted
from ._server import Json, Server, connect

if TYPE_CHECKING:
    import pandas as pd


class DatasetVersion:
    """An immutable version of a dataset of a project.

    Attributes:
        id: the id of the version.
        project: the name of the project.
        name: the name of the dataset.
        number: 1, 2, … by dataset.
        digest: of the content, as `sha256:` and 64 hex digits; equal for the same files under the same names.
        status: `accepted`, `quarantined` or `pending`.
        rows: how many rows all files have.
        columns: name and type of each column.
        files: path below the dataset's folder, digest, size in bytes and rows of each file.
    """

    def __init__(self, server: Server, facts_of_version: Json) -> None:
        self._server = server
        self._facts = facts_of_version
        self.id: str = facts_of_version["id"]
        self.project: str = facts_of_version["project"]
        self.name: str = facts_of_version["dataset"]
        self.number: int = facts_of_version["number"]
        self.digest: str = facts_of_version["digest"]
        self.status: str = facts_of_version["status"]
        self.rows: int = facts_of_version["rows"]
        self.columns: list[Json] = facts_of_version["columns"]
        self.files: list[Json] = facts_of_version["files"]

    def __repr__(self) -> str:
        return f"<capstan.DatasetVersion {self.project}/{self.name}@{self.number}>"

    def paths(self) -> list[Path]:
        """Return where the files lie on this machine, each checked against its digest.

        Files of the project's folder are used as they lie there. What is not there, or has changed since, comes from
        the server, once: it is kept in the user's cache (CAPSTAN_CACHE names another folder). Write into none of them.

        Raises:
            CapstanError: a file is neither here nor held by the server, or the version is not accepted.
        """
        folder = self._folder()
        return [self._path_of(file, folder) for file in self.files]

    def _folder(self) -> Path | None:
        """Return where the project keeps the dataset, on whichever machine that is; None where it declares none."""
        project = self._server.get("projects", self.project)
        declared = project["declaration"].get("datasets", {}).get(self.name)
        return None if declared is None else Path(project["folder"], *_folder_of(declared["path"]))

    def _path_of(self, file: Json, folder: Path | None) -> Path:
        if folder is not None:
            path = folder.joinpath(*PurePosixPath(file["path"]).parts)
            if is_whole(path, file):
                return path
        return fetched(self._server, self.id, file, repr(self))

    def records(self) -> Iterator[Json]:
        """Go through the rows as dictionaries; of CSV files every value is text, Parquet files need pandas.

        Raises:
            CapstanError: as `paths`, or pandas is not installed.
        """
        for path in self.paths():
            if path.suffix == ".csv":
                with path.open(newline="", encoding="utf-8") as file:
                    yield from csv.DictReader(file)
            else:
                frame = wanted("pandas", "Reading Parquet").read_parquet(path)
                for record in frame.to_dict(orient="records"):
                    yield {str(key): value for key, value in record.items()}

    def to_df(self) -> pd.DataFrame:
        """Return all rows as a pandas DataFrame, in the order of the files.

        Raises:
            CapstanError: as `paths`, or pandas is not installed.
        """
        pandas = wanted("pandas", "to_df")
        read = {".csv": pandas.read_csv, ".parquet": pandas.read_parquet}
        return pandas.concat([read[path.suffix](path) for path in self.paths()], ignore_index=True)

    def to_mlflow(self) -> Any:  # noqa: ANN401 (a class of an optional package)
        """Return it as an `mlflow.data.dataset.Dataset`, under the name and digest that Capstan's own runs give it.

        Raises:
            CapstanError: mlflow is not installed.
        """
        wanted("mlflow", "to_mlflow")
        from ._mlflow_dataset import as_mlflow_dataset

        return as_mlflow_dataset(self)

    def log_input(self, context: str | None = None) -> None:
        """Log it as what the active run of mlflow has read, e.g. for `context="training"`.

        The run leads to this version by the tag `capstan.dataset_version`, as the runs of pipelines do.

        Raises:
            CapstanError: mlflow is not installed.
        """
        mlflow = wanted("mlflow", "log_input")
        mlflow.log_input(self.to_mlflow(), context=context, tags={"capstan.dataset_version": self.id})

    def _repr_html_(self) -> str:
        shown = facts(
            {
                "Status": self.status,
                "Rows": self.rows,
                "Bytes": self._facts["sizeBytes"],
                "Digest": self.digest,
                "Taken in": instant(self._facts["createdAt"]),
            }
        )
        columns = table(["Column", "Type"], [(column["name"], column["type"]) for column in self.columns])
        files = table(
            ["File", "Rows", "Bytes"], [(file["path"], file["rows"], file["sizeBytes"]) for file in self.files]
        )
        return heading(f"{self.project}/{self.name}@{self.number}") + shown + columns + files


def dataset(reference: str, *, project: str | None = None, server: Server | None = None) -> DatasetVersion:
    """Return a version of a dataset.

    Args:
        reference: `NAME@NUMBER`, `PROJECT/NAME@NUMBER`, or without `@NUMBER` for the newest accepted version.
        project: the project, where the reference does not name it; may be left out where one project has the dataset.
        server: where to ask; see `connect`.

    Raises:
        CapstanError: there is none, several projects have one of that name, or the server cannot be asked.
    """
    at = server or connect()
    name, _, version = reference.partition("@")
    named, _, plain = name.rpartition("/")
    owner = named or project or _project_with(at, plain)
    if version == "":
        query: dict[str, object] = {"status": "accepted"}
    elif version.isascii() and version.isdigit() and int(version) > 0:
        query = {"number": int(version)}
    else:
        raise CapstanError(
            f"{version!r} is no version of a dataset",
            code="INVALID_ARGUMENT",
            hint="Write NAME@3, or NAME for the newest accepted one.",
        )
    for found in at.items("projects", owner, "datasets", plain, "versions", limit=1, query=query):
        return DatasetVersion(at, at.get("dataset-versions", found["id"]))
    wanted_version = "accepted version" if version == "" else f"version {version}"
    raise CapstanError(f"{owner}/{plain} has no {wanted_version}", code="NOT_FOUND")


def _project_with(server: Server, name: str) -> str:
    projects: list[str] = [project["name"] for project in server.get("projects")["items"]]
    found = [
        project
        for project in projects
        if any(one["name"] == name for one in server.get("projects", project, "datasets")["items"])
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise CapstanError(
            f"No project has a dataset {name!r}", code="NOT_FOUND", hint="`capstan datasets list` shows all."
        )
    raise CapstanError(
        f"{' and '.join(found)} have a dataset {name!r} each",
        code="INVALID_ARGUMENT",
        hint=f"Write {found[0]}/{name}.",
    )


def _folder_of(declared: str) -> tuple[str, ...]:
    """Return the parts of a declared path before the first with a wildcard, or before the file name."""
    parts = PurePosixPath(declared).parts
    wild = [index for index, part in enumerate(parts) if "*" in part]
    return parts[: wild[0] if wild else -1]
