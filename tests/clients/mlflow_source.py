"""What a user of MLflow has after a while, made and read back by the unmodified client.

    mlflow_source.py make URI FOLDER      makes experiments, runs, models and versions of every kind there
    mlflow_source.py more URI FOLDER      goes on there, as on the next day
    mlflow_source.py bulk FILE FOLDER     adds runs with long histories to the database of a server, as if logged
    mlflow_source.py load URI FOLDER      calls what an exporter of another tracker calls to load its data there
    mlflow_source.py read URI FILE …      writes all that the client can see there as JSON, for as many as there are
"""

import hashlib
import json
import os
import sqlite3
import sys
import tempfile

import mlflow
import mlflow.data
import pandas
from mlflow import MlflowClient
from mlflow.entities import LoggedModelInput, LoggedModelOutput, Metric, Param, RunTag, ViewType

import mlflow_source_traces

BIG_STEP = 9_007_199_254_740_993
NAN = float("nan")


def make(uri: str, folder: str) -> None:
    os.chdir(folder)
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    by_hand = client.create_experiment("by hand", tags={"team": "ops"})
    run = client.create_run(by_hand, run_name="first", tags={"color": "red"}, start_time=1_700_000_000_000).info.run_id
    client.log_batch(
        run,
        metrics=[Metric("loss", 1 / (step + 1), 1_700_000_000_000 + step, step) for step in range(900)],
        params=[Param("depth", "3"), Param("text", "ä ö\nsecond line"), Param("long", "x" * 6_000)],
        tags=[RunTag("empty", ""), RunTag("long", "y" * 5_000)],
    )
    for step in range(900, 2_500, 800):
        client.log_batch(run, metrics=[Metric("loss", 1 / (step + i), 1_700_000_001_000, step + i) for i in range(800)])
    client.log_metric(run, "odd", NAN, timestamp=1_700_000_000_001, step=1)
    client.log_metric(run, "odd", 0.5, timestamp=1_700_000_000_002, step=2)
    client.log_metric(run, "huge", float("inf"), timestamp=1_700_000_000_001, step=-5)
    client.log_metric(run, "far", 1.0, timestamp=1_700_000_000_001, step=BIG_STEP)
    client.log_metric(run, "far", 2.0, timestamp=1_700_000_000_001, step=2**63 - 1)
    with open("note.txt", "w", encoding="utf-8") as file:
        file.write("läuft\n")
    with open("raw.bin", "wb") as file:
        file.write(bytes(range(256)) * 512)
    client.log_artifact(run, "note.txt")
    client.log_artifact(run, "raw.bin", "deep/er folder")
    client.set_terminated(run, "FINISHED", end_time=1_700_000_010_000)

    failed = client.create_run(by_hand, run_name="failed", tags={"mlflow.parentRunId": run}).info.run_id
    client.set_terminated(failed, "FAILED")
    gone = client.create_run(by_hand, run_name="gone").info.run_id
    client.log_metric(gone, "loss", 3.0)
    client.log_artifact(gone, "note.txt")
    client.set_terminated(gone, "KILLED")
    client.delete_run(gone)
    client.create_run("0", run_name="in the default one")

    mlflow.set_experiment("with models")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    dataset = mlflow.data.from_pandas(frame, source="https://example.org/data.csv", name="data")
    with mlflow.start_run(run_name="trains") as active:
        mlflow.log_input(dataset, context="training")
        model = mlflow.initialize_logged_model(
            name="net", source_run_id=active.info.run_id, params={"layers": "2"}, tags={"size": "small"}
        )
        client.log_model_artifact(model.model_id, "raw.bin")
        mlflow.log_metric("accuracy", 0.9, step=3, model_id=model.model_id, dataset=dataset)
        mlflow.finalize_logged_model(model.model_id, "READY")
        client.log_outputs(active.info.run_id, [LoggedModelOutput(model.model_id, step=7)])
        trained = active.info.run_id
    with mlflow.start_run(run_name="uses"):
        client.log_inputs(mlflow.active_run().info.run_id, models=[LoggedModelInput(model.model_id)])

    deleted = client.create_experiment("thrown away")
    client.create_run(deleted, run_name="thrown away too")
    client.delete_experiment(deleted)

    client.create_registered_model("net", tags={"owner": "ops"}, description="What it is")
    client.create_model_version("net", f"models:/{model.model_id}", run_id=trained, model_id=model.model_id, tags={"checked": "yes"})
    client.create_model_version("net", f"models:/{model.model_id}", run_id=trained, model_id=model.model_id, description="the second")
    client.create_model_version("net", f"{client.get_run(run).info.artifact_uri}/deep", run_id=run)
    client.create_model_version("net", f"models:/{model.model_id}", run_id=trained, model_id=model.model_id)
    client.delete_model_version("net", "2")
    client.delete_model_version("net", "4")
    client.set_registered_model_alias("net", "champion", "3")
    client.set_registered_model_alias("net", "challenger", "1")
    client.transition_model_version_stage("net", "1", "Staging")
    if not uri.startswith("file:"):
        mlflow.genai.register_prompt(name="greeting", template="Say hi to {{name}}", commit_message="first")
        mlflow.genai.register_prompt(name="greeting", template="Say hello to {{name}}")
    mlflow_source_traces.make(uri)


def more(uri: str, folder: str) -> None:
    os.chdir(folder)
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("by hand").experiment_id
    first = client.search_runs([experiment], "attributes.run_name = 'first'")[0].info.run_id
    client.log_metric(first, "loss", 0.25, timestamp=1_700_000_020_000, step=9_999)
    client.set_tag(first, "color", "blue")
    client.log_artifact(first, "note.txt", "again")
    run = client.create_run(experiment, run_name="the day after").info.run_id
    client.log_metric(run, "loss", 0.125)
    client.set_registered_model_alias("net", "champion", "1")
    client.create_model_version("net", f"{client.get_run(first).info.artifact_uri}/deep", run_id=first)
    mlflow_source_traces.more(uri)


def bulk(database: str, _folder: str) -> None:
    file = sqlite3.connect(database, timeout=30)
    for number in range(15):
        run = f"{number:032x}"
        file.execute(
            "insert into runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage,"
            " artifact_uri, experiment_id) values (?, ?, 'UNKNOWN', 'ops', 'FINISHED', ?, ?, 'active', ?, 0)",
            (run, f"bulk {number}", 1_600_000_000_000 + number, 1_600_000_100_000, f"mlflow-artifacts:/0/{run}/artifacts"),
        )
        file.executemany("insert into params values (?, ?, ?)", [(f"p{i}", str(number), run) for i in range(20)])
        file.execute("insert into tags values ('mlflow.runName', ?, ?)", (f"bulk {number}", run))
        points = [("m%d" % (step % 4), step / 7, 1_600_000_000_000 + step, run, step, 0) for step in range(6_000)]
        columns = "(key, value, timestamp, run_uuid, step, is_nan)"
        file.executemany(f"insert into metrics {columns} values (?, ?, ?, ?, ?, ?)", points)
        file.executemany(f"insert into latest_metrics {columns} values (?, ?, ?, ?, ?, ?)", points[-4:])
    file.commit()


def load(uri: str, folder: str) -> None:
    """The calls of the MLflow loader of neptune-exporter, in its order: find or create, log, attach files."""
    os.chdir(folder)
    mlflow.set_tracking_uri(uri)
    name = "workspace/project/experiment"
    found = mlflow.get_experiment_by_name(name)
    experiment = mlflow.create_experiment(name) if found is None else found.experiment_id
    clause = "attributes.run_name = 'RUN-1'"
    if mlflow.search_runs([experiment], clause, output_format="list", max_results=1):
        raise AssertionError("there is such a run before it was made")
    with mlflow.start_run(experiment_id=experiment, run_name="RUN-1", tags={}) as active:
        parent = active.info.run_id
    with mlflow.start_run(experiment_id=experiment, run_name="RUN-2", tags={"mlflow.parentRunId": parent}) as active:
        child = active.info.run_id
    for run in (parent, child):
        with mlflow.start_run(run_id=run):
            mlflow.log_params({f"parameters/group {number}/x": str(number) for number in range(150)})
            points = [Metric("metrics/train/loss", 1 / (i + 1), 1_700_000_000_000 + i, i * 1_000_000) for i in range(3_500)]
            MlflowClient().log_batch(run_id=run, metrics=points)
            mlflow.log_artifact(local_path="note.txt", artifact_path="source_code/files")
            mlflow.log_artifact("note.txt", artifact_path="charts/loss/step_1000000")
            mlflow.log_text(text="1; 2026-01-01T00:00:00; said", artifact_file="monitoring/stdout/series.txt", run_id=run)
            mlflow.log_table(data={"step": [1, 2], "values": [[1], [2]]}, artifact_file="hist/histograms.json", run_id=run)
    if len(mlflow.search_runs([experiment], clause, output_format="list", max_results=1)) != 1:
        raise AssertionError("the run is not found by its name")


def read(*places: str) -> None:
    for uri, target in zip(places[::2], places[1::2], strict=True):
        with open(target, "w", encoding="utf-8") as file:
            json.dump(read_all(uri), file)


def read_all(uri: str) -> dict:
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    experiments = client.search_experiments(view_type=ViewType.ALL)
    names = {experiment.experiment_id: experiment.name for experiment in experiments}
    seen = {
        "experiments": {e.name: [e.lifecycle_stage, e.creation_time, dict(e.tags)] for e in experiments},
        "runs": {},
        "models": {},
        "registered": {},
    }
    ids = list(names)
    for run in client.search_runs(ids, run_view_type=ViewType.ALL, max_results=1_000):
        seen["runs"][run.info.run_id] = read_run(client, client.get_run(run.info.run_id), names)
    for model in client.search_logged_models(ids):
        seen["models"][model.model_id] = read_model(client, model, names)
    for model in client.search_registered_models():
        seen["registered"][model.name] = read_registered(client, model)
    for prompt in client.search_registered_models("tags.`mlflow.prompt.is_prompt` = 'true'"):
        versions = [mlflow.genai.load_prompt(prompt.name, version=number) for number in (1, 2)]
        seen["registered"][prompt.name] = [[v.version, v.template, v.commit_message] for v in versions]
    prompts = [f"{name}/{number}" for name in seen["registered"] for number in (1, 2)]
    return seen | mlflow_source_traces.read(client, names, list(seen["runs"]), prompts, uri.startswith("file:"))


def read_run(client: MlflowClient, run, names: dict) -> dict:
    info = run.info
    inputs = run.inputs
    return {
        "experiment": names[info.experiment_id],
        "info": [info.run_name, info.user_id, info.status, info.start_time, info.end_time, info.lifecycle_stage],
        "params": run.data.params,
        "tags": run.data.tags,
        "metrics": {
            key: sorted([str(m.value), str(m.timestamp), str(m.step)] for m in client.get_metric_history(info.run_id, key))
            for key in run.data.metrics
        },
        "latest": {key: str(value) for key, value in run.data.metrics.items()},
        "datasets": sorted(
            [
                [d.dataset.name, d.dataset.digest, d.dataset.source_type, d.dataset.source, d.dataset.schema, d.dataset.profile]
                + [[t.key, t.value] for t in d.tags]
                for d in inputs.dataset_inputs
            ],
            key=str,
        ),
        "modelInputs": [m.model_id for m in inputs.model_inputs],
        "modelOutputs": [[m.model_id, m.step] for m in run.outputs.model_outputs],
        "files": read_bytes(run_id=info.run_id) if client.list_artifacts(info.run_id) else {},
    }


def read_model(client: MlflowClient, model, names: dict) -> dict:
    return {
        "experiment": names[model.experiment_id],
        "info": [model.name, model.model_type or "", str(model.status), model.source_run_id],
        "times": [model.creation_timestamp, model.last_updated_timestamp],
        "params": model.params,
        "tags": model.tags,
        "metrics": sorted(
            [m.key, str(m.value), str(m.timestamp), str(m.step), m.run_id, m.dataset_name, m.dataset_digest]
            for m in model.metrics or []
        ),
        "files": read_bytes(artifact_uri=f"models:/{model.model_id}"),
    }


def read_registered(client: MlflowClient, model) -> dict:
    versions = client.search_model_versions(f"name='{model.name}'")
    return {
        "description": model.description or None,
        "times": [model.creation_timestamp, model.last_updated_timestamp],
        "tags": model.tags,
        "aliases": model.aliases,
        "versions": {
            v.version: [v.description or None, v.current_stage, v.run_id or None, v.tags, v.creation_timestamp]
            + [v.last_updated_timestamp, v.user_id or "", v.status]
            for v in versions
        },
    }


def read_bytes(**what: str) -> dict:
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        root = mlflow.artifacts.download_artifacts(**what, dst_path=folder)
        for parent, _, names in os.walk(root):
            for name in names:
                path = os.path.join(parent, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, root)] = hashlib.sha256(file.read()).hexdigest()
    return found


if __name__ == "__main__":
    {"make": make, "more": more, "bulk": bulk, "load": load, "read": read}[sys.argv[1]](*sys.argv[2:])
