"""Writes of a user whose connection loses the answer to each call once, so that the client sends all of them again.

Usage: python mlflow_retries_session.py SCRATCH_FOLDER DIRECT_URL_FILE, with MLFLOW_TRACKING_URI naming the lossy way

What there is afterwards is read by the direct way. It only acts and reports (scenarios.py says how): mlflow-retries.test.ts
beside it says what must have been seen.
"""

import math
import sys
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from scenarios import SCRATCH, client, play

direct = MlflowClient(Path(sys.argv[2]).read_text())


def start(name):
    return direct.create_run("0", run_name=name).info.run_id


def points(run_id, key):
    return [[str(point.value), point.step] for point in direct.get_metric_history(run_id, key)]


def insist(act):
    """From 3.18 on the client leaves some calls to the user, who makes them again."""
    try:
        act()
    except MlflowException as error:
        if "Connection aborted" not in str(error):
            raise
        act()


def logging():
    """Metrics one by one and many at once, NaN among them; params, tags, an input and the end of a run."""
    run_id = start("logging")
    for step, value in enumerate([0.5, math.nan, math.nan, math.inf, 0.5]):
        client.log_metric(run_id, "loss", value, timestamp=1_700_000_000_000 + step, step=step)
    # The same point twice, by the user: MLflow keeps one.
    for _ in range(2):
        client.log_metric(run_id, "again", math.nan, timestamp=1_700_000_000_000, step=1)
    batch = [Metric("batch", math.nan if step % 3 == 0 else step / 7, 1_700_000_000_000 + step, step) for step in range(1_000)]
    client.log_batch(run_id, metrics=batch, params=[Param("depth", "3")], tags=[RunTag("team", "ops")])
    client.log_param(run_id, "rate", 0.1)
    client.set_tag(run_id, "stage", "try")
    with mlflow.start_run(run_id=run_id):
        rows = mlflow.data.from_pandas(pd.DataFrame({"a": [1.0, 2.0]}), name="rows")
        insist(lambda: mlflow.log_input(rows, "training"))
    run = direct.get_run(run_id)
    return {
        "loss": points(run_id, "loss"),
        "again": points(run_id, "again"),
        "batch": [len(points(run_id, "batch")), sum(value == "nan" for value, _ in points(run_id, "batch"))],
        "params": run.data.params,
        "tags": {key: run.data.tags.get(key) for key in ("stage", "team")},
        "inputs": [[i.dataset.name, [tag.value for tag in i.tags]] for i in run.inputs.dataset_inputs],
        "status": run.info.status,
    }


def files():
    """A file, and one sent over another."""
    run_id = start("files")
    note = SCRATCH / "note.txt"
    for text in ("first", "second"):
        note.write_text(text)
        client.log_artifact(run_id, str(note), "notes")
    return {
        "listed": [[entry.path, entry.file_size] for entry in direct.list_artifacts(run_id, "notes")],
        "text": mlflow.artifacts.load_text(f"runs:/{run_id}/notes/note.txt"),
    }


def registry():
    """An alias and a tag that are set again, and a stage."""
    direct.create_registered_model("sent-again")
    direct.create_model_version("sent-again", "s3://bucket/model")
    client.set_registered_model_alias("sent-again", "champion", "1")
    client.set_model_version_tag("sent-again", "1", "checked", "yes")
    insist(lambda: client.transition_model_version_stage("sent-again", "1", "Staging"))
    client.update_registered_model("sent-again", "what it is")
    model = direct.get_registered_model("sent-again")
    version = direct.get_model_version("sent-again", "1")
    return {
        "aliases": model.aliases,
        "description": model.description,
        "version": [version.current_stage, version.tags, list(version.aliases)],
        "versions": len(direct.search_model_versions("name = 'sent-again'")),
    }


def ends():
    """A deletion, a restoration, and the end of a run, each of which is so already when it comes again."""
    run_id = start("ends")
    client.set_terminated(run_id, "FAILED", end_time=1_700_000_000_000)
    ended = direct.get_run(run_id).info
    client.delete_run(run_id)
    deleted = direct.get_run(run_id).info.lifecycle_stage
    client.restore_run(run_id)
    return {
        "ended": [ended.status, ended.end_time],
        "deleted": deleted,
        "restored": direct.get_run(run_id).info.lifecycle_stage,
    }


if __name__ == "__main__":
    play(logging, files, registry, ends)
