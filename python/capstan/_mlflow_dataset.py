"""A dataset version as mlflow means datasets. Needs mlflow; only `DatasetVersion.to_mlflow` imports it."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlflow.data.dataset import Dataset
from mlflow.data.dataset_source import DatasetSource

if TYPE_CHECKING:
    from ._datasets import DatasetVersion

#: The longest digest that mlflow keeps.
DIGEST_CHARACTERS = 36


class CapstanSource(DatasetSource):  # type: ignore[misc]
    """Where a dataset comes from: a version that Capstan holds."""

    def __init__(self, dataset_version: str, digest: str) -> None:
        self.dataset_version = dataset_version
        self.digest = digest

    @staticmethod
    def _get_source_type() -> str:
        return "capstan"

    def load(self) -> list[str]:
        """Return the paths of its files; see `DatasetVersion.paths`."""
        from ._datasets import DatasetVersion
        from ._server import connect

        server = connect()
        version = DatasetVersion(server, server.get("dataset-versions", self.dataset_version))
        return [str(path) for path in version.paths()]

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:  # noqa: ANN401 (as mlflow declares it)
        return False

    @classmethod
    def _resolve(cls, raw_source: Any) -> CapstanSource:  # noqa: ANN401 (as mlflow declares it)
        raise NotImplementedError

    def to_dict(self) -> dict[str, str]:
        """Return what mlflow keeps of it: the same as for the runs of Capstan's pipelines."""
        return {"dataset_version": self.dataset_version, "digest": self.digest}

    @classmethod
    def from_dict(cls, source_dict: dict[str, str]) -> CapstanSource:
        """Return the source that `to_dict` has described."""
        return cls(source_dict["dataset_version"], source_dict["digest"])


class CapstanDataset(Dataset):  # type: ignore[misc]
    """A version of a dataset, as the input of a run."""

    def __init__(self, version: DatasetVersion) -> None:
        self._version = version
        super().__init__(CapstanSource(version.id, version.digest), name=version.name)

    def _compute_digest(self) -> str:
        return self._version.digest.removeprefix("sha256:")[:DIGEST_CHARACTERS]

    @cached_property
    def profile(self) -> dict[str, int]:
        """Return how many rows and files it has."""
        return {"num_rows": self._version.rows, "num_files": len(self._version.files)}

    @property
    def schema(self) -> None:
        """Return None: Capstan holds the columns."""
        return None

    def to_dict(self) -> dict[str, str]:
        """Return what mlflow keeps of it."""
        return {**super().to_dict(), "profile": json.dumps(self.profile)}


def as_mlflow_dataset(version: DatasetVersion) -> CapstanDataset:
    """Return a version as mlflow means datasets."""
    return CapstanDataset(version)
