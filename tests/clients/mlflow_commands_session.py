"""The command line of mlflow, as `mlflow …` runs it, in one process: starting Python for each command takes seconds.

Usage: python mlflow_commands_session.py SCRATCH_FOLDER, with MLFLOW_TRACKING_URI set.

It only acts and reports (scenarios.py says how): mlflow-commands.test.ts beside it says what must have been seen.
"""

import json
import re

from click.testing import CliRunner
from mlflow.cli import cli

from scenarios import SCRATCH, play


def mlflow(*args):
    """What the command prints; raises what it complains of."""
    result = CliRunner().invoke(cli, args)
    if result.exit_code != 0:
        raise RuntimeError(f"mlflow {' '.join(args)} ended with {result.exit_code}: {result.output} {result.exception}")
    return result.output


def complaint(*args):
    try:
        mlflow(*args)
    except RuntimeError as error:
        return str(error)
    return None


def new_experiment(name):
    return re.search(r"with id (\d+)", mlflow("experiments", "create", "--experiment-name", name)).group(1)


def experiments():
    """create, get, search, rename, delete, restore"""
    id = new_experiment("by command")
    got = mlflow("experiments", "get", "--experiment-id", id)
    mlflow("experiments", "rename", "--experiment-id", id, "--new-name", "renamed")
    mlflow("experiments", "delete", "--experiment-id", id)
    active = mlflow("experiments", "search")
    deleted = mlflow("experiments", "search", "--view", "deleted_only")
    mlflow("experiments", "restore", "--experiment-id", id)
    return {
        "got": "by command" in got,
        "active": ["Default" in active, "renamed" in active],
        "deleted": "renamed" in deleted,
        "restored": "renamed" in mlflow("experiments", "search"),
    }


def runs():
    """create, list, describe, delete, restore, csv"""
    id = new_experiment("runs by command")
    created = mlflow("runs", "create", "--experiment-id", id, "--run-name", "läuft", "--status", "failed")
    run = re.search(r"[0-9a-f]{32}", created).group()
    described = json.loads(mlflow("runs", "describe", "--run-id", run))["info"]
    mlflow("runs", "delete", "--run-id", run)
    after_deletion = mlflow("runs", "list", "--experiment-id", id)
    mlflow("runs", "restore", "--run-id", run)
    return {
        "described": [described["run_id"] == run, described["run_name"], described["status"]],
        "deleted": run in after_deletion,
        "restored": run in mlflow("runs", "list", "--experiment-id", id),
        "csv": run in mlflow("experiments", "csv", "--experiment-id", id),
    }


def artifacts():
    """log-artifact, log-artifacts, list, download"""
    created = mlflow("runs", "create", "--experiment-id", new_experiment("files by command"))
    run = re.search(r"[0-9a-f]{32}", created).group()
    folder = SCRATCH / "files"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "größe.txt").write_text("läuft\n", encoding="utf-8")
    (folder / "note.txt").write_text("note\n", encoding="utf-8")
    mlflow("artifacts", "log-artifacts", "--run-id", run, "--local-dir", str(folder), "--artifact-path", "kept")
    mlflow("artifacts", "log-artifact", "--run-id", run, "--local-file", str(folder / "note.txt"))
    target = SCRATCH / "down"
    target.mkdir()
    mlflow("artifacts", "download", "--run-id", run, "--artifact-path", "kept", "--dst-path", str(target))
    return {
        "root": sorted(file["path"] for file in json.loads(mlflow("artifacts", "list", "--run-id", run))),
        "kept": json.loads(mlflow("artifacts", "list", "--run-id", run, "--artifact-path", "kept")),
        "text": (target / "kept" / "deep" / "größe.txt").read_text(encoding="utf-8"),
    }


def mistakes():
    """Commands end with the words of the server."""
    return {
        "missing": complaint("runs", "describe", "--run-id", "0" * 32),
        "taken": complaint("experiments", "create", "--experiment-name", "Default"),
    }


if __name__ == "__main__":
    play(experiments, runs, artifacts, mistakes)
