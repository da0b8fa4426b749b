"""Versions of registered models, as notebooks show them."""

from __future__ import annotations

from ._errors import CapstanError
from ._html import facts, heading, instant, table
from ._server import Json, Server, connect


class ModelVersion:
    """A version of a registered model.

    Attributes:
        model: the name of the model.
        version: its number.
        aliases: those that point to it, as `champion`.
        run_id: the run that it comes from, where that is known.
        tags: text by name.
    """

    def __init__(self, server: Server, version_facts: Json) -> None:
        self._server = server
        self._facts = version_facts
        self.model: str = version_facts["model"]
        self.version: int = version_facts["version"]
        self.aliases: list[str] = version_facts["aliases"]
        self.run_id: str | None = version_facts["runId"]
        self.tags: dict[str, str] = version_facts["tags"]

    def __repr__(self) -> str:
        return f"<capstan.ModelVersion {self.model}/{self.version}>"

    def _repr_html_(self) -> str:
        held = self._facts["files"] or {}
        shown = facts(
            {
                "Aliases": ", ".join(self.aliases),
                "Stage": self._facts["stage"] if self._facts["stage"] != "None" else None,
                "Description": self._facts["description"],
                "Run": self.run_id,
                "Source": self._facts["source"],
                "Flavor": held.get("flavor"),
                "No files": self._facts["whyNoFiles"],
                "Made by": self._facts["createdBy"],
                "Made": instant(self._facts["createdAt"]),
            }
        )
        tags = table(["Tag", "Value"], sorted(self.tags.items())) if self.tags else ""
        files = table(["File", "Bytes"], [(file["path"], file["sizeBytes"]) for file in held.get("files", [])])
        return heading(f"{self.model}/{self.version}") + shown + tags + (files if held else "")


def model_version(reference: str, *, server: Server | None = None) -> ModelVersion:
    """Return a version of a registered model.

    Args:
        reference: `MODEL/NUMBER`, or `MODEL@ALIAS` as `late-arrival@champion`.
        server: where to ask; see `connect`.

    Raises:
        CapstanError: there is none, the reference is neither, or the server cannot be asked.
    """
    at = server or connect()
    model, separator, which = reference.rpartition("@" if "@" in reference else "/")
    if not model or not which or (separator == "/" and not which.isdigit()):
        raise CapstanError(
            f"{reference!r} names no version of a model",
            code="INVALID_ARGUMENT",
            hint="Write MODEL/NUMBER, or MODEL@ALIAS.",
        )
    number = which if separator == "/" else _version_of_alias(at, model, which)
    return ModelVersion(at, at.get("models", model, "versions", number))


def _version_of_alias(server: Server, model: str, alias: str) -> str:
    for one in server.get("models", model)["aliases"]:
        if one["alias"] == alias:
            return str(one["version"])
    raise CapstanError(f"The model {model} has no alias {alias!r}", code="NOT_FOUND")
