"""What users of mlflow do, against the server that MLFLOW_TRACKING_URI names; nothing else is set.

Usage: python mlflow_session.py SCRATCH_FOLDER

It only acts and reports (scenarios.py says how): mlflow.test.ts beside it says what must have been seen.
"""

import json
import math
from pathlib import Path

import mlflow
import numpy as np
import onnxruntime
import pandas as pd
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression

from scenarios import SCRATCH, binary_iris, client, play, refusal


def tracking():
    """One run with everything that is logged by hand."""
    experiment = mlflow.set_experiment("tracking")
    note = SCRATCH / "note.txt"
    note.write_text("läuft\n", encoding="utf-8")
    folder = SCRATCH / "plots"
    (folder / "deep").mkdir(parents=True)
    (folder / "curve.csv").write_text("x,y\n0,1\n")
    (folder / "deep" / "größe.bin").write_bytes(bytes(range(256)) * 1000)
    with mlflow.start_run(run_name="by hand", tags={"team": "ops"}, description="what it is for") as run:
        mlflow.log_params({"depth": 3, "rate": 0.1, "name": "ä ö"})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"accuracy": 0.9, "recall": 0.8}, step=1)
        mlflow.log_metric("odd", math.nan)
        mlflow.log_metric("huge", math.inf)
        client.log_batch(
            run.info.run_id,
            metrics=[Metric("batch", float(step), 1_700_000_000_000 + step, step) for step in range(1000)],
        )
        client.log_batch(
            run.info.run_id, params=[Param(f"p{number}", str(number)) for number in range(100)], tags=[RunTag("b", "1")]
        )
        mlflow.set_tags({"stage": "try", "color": "blue"})
        mlflow.delete_tag("color")
        mlflow.log_artifact(str(note))
        mlflow.log_artifacts(str(folder), "plots")
        mlflow.log_dict({"a": [1, 2]}, "facts/a.json")
        nested_id = child_of(run)
    seen = client.get_run(run.info.run_id)
    downloaded = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="plots"))
    return {
        "experimentId": experiment.experiment_id,
        "runId": run.info.run_id,
        "name": seen.info.run_name,
        "status": seen.info.status,
        "hasEnded": seen.info.end_time >= seen.info.start_time > 0,
        "artifactUri": seen.info.artifact_uri,
        "params": {key: value for key, value in seen.data.params.items() if not key.startswith("p")},
        "paramCount": len(seen.data.params),
        "metrics": {key: repr(value) for key, value in seen.data.metrics.items()},
        "tags": {key: seen.data.tags.get(key) for key in ("team", "stage", "color", "b", "mlflow.note.content")},
        "parentOfNested": client.get_run(nested_id).data.tags["mlflow.parentRunId"],
        "history": [[point.step, point.value] for point in client.get_metric_history(run.info.run_id, "loss")],
        "batchPoints": len(client.get_metric_history(run.info.run_id, "batch")),
        "root": sorted([file.path, file.is_dir, file.file_size] for file in client.list_artifacts(run.info.run_id)),
        "plots": sorted(file.path for file in client.list_artifacts(run.info.run_id, "plots")),
        "text": mlflow.artifacts.load_text(f"{seen.info.artifact_uri}/note.txt"),
        "facts": mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/facts/a.json"),
        "isSame": (downloaded / "deep" / "größe.bin").read_bytes() == (folder / "deep" / "größe.bin").read_bytes(),
    }


def child_of(run):
    with mlflow.start_run(nested=True, parent_run_id=run.info.run_id) as nested:
        return nested.info.run_id


def search():
    """Runs found by each kind of clause, in order, over pages."""
    experiment = client.create_experiment("search", tags={"area": "flights"})
    for number in range(7):
        run = client.create_run(experiment, run_name=f"run-{number}", tags={"even": str(number % 2 == 0)})
        client.log_metric(run.info.run_id, "loss", number / 10)
        client.log_param(run.info.run_id, "kind", "tree" if number < 4 else "line")
        client.set_terminated(run.info.run_id, "FAILED" if number == 3 else "FINISHED")

    def names(filter_string, **options):
        found = client.search_runs([experiment], filter_string, **options)
        return [run.info.run_name for run in found]

    by_loss = {"order_by": ["metrics.loss DESC"]}
    first = client.search_runs([experiment], max_results=3, **by_loss)
    second = client.search_runs([experiment], max_results=3, page_token=first.token, **by_loss)
    third = client.search_runs([experiment], max_results=3, page_token=second.token, **by_loss)
    frame = mlflow.search_runs(experiment_names=["search"], filter_string="metrics.loss < 0.25", order_by=["metrics.loss"])
    return {
        "metric": names("metrics.loss > 0.35 and metrics.loss <= 0.5", **by_loss),
        "param": names("params.kind = 'tree' AND tags.even = 'True'", **by_loss),
        "status": names("attributes.status = 'FAILED'"),
        "name": names("run_name LIKE 'run-_' and run_name != 'run-6'", max_results=2, **by_loss),
        "missing": names("params.absent != 'x'"),
        "isNull": len(names("params.absent IS NULL")),
        "pages": [[run.info.run_name for run in page] for page in (first, second, third)],
        "lastToken": third.token,
        "frame": [frame["tags.mlflow.runName"].tolist(), frame["metrics.loss"].tolist(), frame["params.kind"].tolist()],
        "experiments": [found.name for found in client.search_experiments(filter_string="tags.area = 'flights'")],
        "either": names("metrics.loss > 0.55 OR (params.kind = 'line' AND metrics.loss BETWEEN 0.3 AND 0.45)", **by_loss),
        "badFilter": refusal(lambda: names("metrics.loss > 0.1 ADN metrics.loss < 0")),
        "badAttribute": refusal(lambda: names("attributes.stauts = 'FAILED'")),
        "badToken": refusal(lambda: client.search_runs([experiment], page_token="nonsense")),
    }


def lifecycle():
    """Deletion and restoration of runs and experiments."""
    experiment = client.create_experiment("lifecycle")
    kept, gone = (client.create_run(experiment, run_name=name).info.run_id for name in ("kept", "gone"))

    def listed(view):
        return sorted(run.info.run_name for run in client.search_runs([experiment], run_view_type=view))

    client.delete_run(gone)
    client.delete_run(gone)
    deleted = client.get_run(gone).info.lifecycle_stage
    while_deleted = {
        "write": refusal(lambda: client.log_param(gone, "late", "1")),
        "active": listed(ViewType.ACTIVE_ONLY),
        "deleted": listed(ViewType.DELETED_ONLY),
        "all": listed(ViewType.ALL),
    }
    client.restore_run(gone)
    client.log_param(gone, "late", "1")
    client.rename_experiment(experiment, "lifecycle renamed")
    client.delete_experiment(experiment)
    by_name = client.get_experiment_by_name("lifecycle renamed")
    set_deleted = refusal(lambda: mlflow.set_experiment("lifecycle renamed"))
    client.restore_experiment(experiment)
    return {
        "stage": deleted,
        **while_deleted,
        "restored": listed(ViewType.ACTIVE_ONLY),
        "stageByName": by_name.lifecycle_stage,
        "setDeleted": set_deleted,
        "runsAfter": sorted([client.get_run(run).info.lifecycle_stage for run in (kept, gone)]),
    }


def datasets():
    """A data set that a run says it trained on."""
    experiment = mlflow.set_experiment("datasets")
    features, late = binary_iris()
    frame = pd.DataFrame(features, columns=["a", "b", "c", "d"]).assign(late=late)
    dataset = mlflow.data.from_pandas(frame, source="https://example.org/iris.csv", name="iris", targets="late")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training")
        mlflow.log_input(dataset, context="training")
        mlflow.log_metric("loss", 0.5, dataset=dataset)
    inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
    found = client.search_runs([experiment.experiment_id], "dataset.name = 'iris' and dataset.context = 'training'")
    return {
        "count": len(inputs),
        "name": inputs[0].dataset.name,
        "isDigestSame": inputs[0].dataset.digest == dataset.digest,
        "context": {tag.key: tag.value for tag in inputs[0].tags},
        "profile": json.loads(inputs[0].dataset.profile),
        "columns": [column["name"] for column in json.loads(inputs[0].dataset.schema)["mlflow_colspec"]],
        "source": mlflow.data.get_source(inputs[0]).url,
        "isFound": [other.info.run_id for other in found] == [run.info.run_id],
    }


def autolog():
    """scikit-learn logs itself, its model included."""
    mlflow.set_experiment("autolog")
    features, late = binary_iris()
    mlflow.sklearn.autolog(log_input_examples=True)
    try:
        with mlflow.start_run() as run:
            model = LogisticRegression(C=0.5, max_iter=500).fit(features, late)
            accuracy = model.score(features, late)
    finally:
        mlflow.sklearn.autolog(disable=True)
    seen = client.get_run(run.info.run_id)
    model_id = seen.outputs.model_outputs[0].model_id
    logged = client.get_logged_model(model_id)
    loaded = mlflow.sklearn.load_model(f"models:/{model_id}")
    found = mlflow.search_logged_models(filter_string="params.C = '0.5'", output_format="list")
    return {
        "params": {key: seen.data.params[key] for key in ("C", "max_iter", "solver")},
        "isAccuracySame": seen.data.metrics["training_accuracy_score"] == accuracy,
        "hasScore": any(key.startswith("LogisticRegression_score") for key in seen.data.metrics),
        "estimator": seen.data.tags["estimator_name"],
        "datasets": [[given.dataset.name, given.tags[0].value] for given in seen.inputs.dataset_inputs],
        "artifacts": sorted(file.path for file in client.list_artifacts(run.info.run_id)),
        "modelStatus": logged.status.value,
        "modelRun": logged.source_run_id == run.info.run_id,
        "modelParams": logged.params["C"],
        "modelMetrics": sorted(metric.key for metric in logged.metrics),
        "found": [other.model_id for other in found] == [model_id],
        "isPredictionSame": bool(np.array_equal(loaded.predict_proba(features), model.predict_proba(features))),
    }


def onnx_model():
    """An ONNX model is logged and registered, becomes champion and is loaded back by that name."""
    mlflow.set_experiment("onnx")
    features, late = binary_iris()
    model = LogisticRegression(C=1.0, max_iter=500).fit(features, late)
    exported = to_onnx(model, features[:1], options={"zipmap": False})
    session = onnxruntime.InferenceSession(exported.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(["probabilities"], {"X": features})[0]
    with mlflow.start_run() as run:
        info = mlflow.onnx.log_model(
            exported,
            name="model",
            registered_model_name="late-arrival",
            signature=infer_signature(features, {"label": late, "probabilities": expected}),
            input_example=features[:3],
        )
    version = client.get_model_version("late-arrival", info.registered_model_version)
    client.set_registered_model_alias("late-arrival", "champion", version.version)
    loaded = mlflow.pyfunc.load_model("models:/late-arrival@champion")
    answered = loaded.predict(features)
    by_number = mlflow.onnx.load_model(f"models:/late-arrival/{version.version}")
    return {
        "version": version.version,
        "status": version.status,
        "isOfRun": version.run_id == run.info.run_id,
        "isSourceTheModel": version.source == f"models:/{info.model_id}",
        "aliases": list(client.get_model_version_by_alias("late-arrival", "champion").aliases),
        "stage": version.current_stage,
        "downloadUri": client.get_model_version_download_uri("late-arrival", version.version),
        "registrations": json.loads(client.get_logged_model(info.model_id).tags["mlflow.modelVersions"]),
        "flavors": sorted(mlflow.models.get_model_info("models:/late-arrival/latest").flavors),
        "inputs": loaded.metadata.signature.inputs.to_dict(),
        "isExampleSame": bool(np.array_equal(loaded.input_example, features[:3])),
        "isPredictionSame": bool(np.array_equal(answered["probabilities"], expected)),
        "isNearOriginal": bool(np.allclose(expected, model.predict_proba(features), atol=1e-5)),
        "isFileSame": by_number.SerializeToString() == exported.SerializeToString(),
        "isOutputOfRun": info.model_id in [output.model_id for output in client.get_run(run.info.run_id).outputs.model_outputs],
    }


def registry():
    """Names, versions, aliases, tags and stages."""
    client.create_registered_model("shelf", tags={"owner": "ops"}, description="first words")
    run = client.create_run("0", run_name="source of versions")
    client.log_text(run.info.run_id, "flavors: {}\n", "model/MLmodel")

    def add():
        return client.create_model_version("shelf", f"runs:/{run.info.run_id}/model", run.info.run_id).version

    numbers = [add(), add()]
    client.delete_model_version("shelf", "2")
    numbers.append(add())
    client.set_registered_model_alias("shelf", "champion", "1")
    client.set_registered_model_alias("shelf", "champion", "3")
    moved = [list(client.get_model_version("shelf", number).aliases) for number in ("1", "3")]
    client.set_model_version_tag("shelf", "3", "checked", "yes")
    client.update_model_version("shelf", "3", description="the third")
    client.set_registered_model_tag("shelf", "tier", "1")
    client.delete_registered_model_tag("shelf", "tier")
    third = client.get_model_version("shelf", "3")
    copied = client.copy_model_version("models:/shelf@champion", "copies")
    client.rename_registered_model("shelf", "cupboard")
    after_rename = client.get_registered_model("cupboard")
    client.delete_registered_model_alias("cupboard", "champion")
    found = {
        "byName": [model.name for model in client.search_registered_models("name LIKE 'cup%'")],
        "byTag": [model.name for model in client.search_registered_models("tags.owner = 'ops'")],
        "versions": sorted(version.version for version in client.search_model_versions("name = 'cupboard'")),
        "ofRun": sorted(version.name for version in client.search_model_versions(f"run_id = '{run.info.run_id}'")),
    }
    prompt = mlflow.genai.register_prompt("greeting", "Say {{word}}", commit_message="first")
    missing_alias = refusal(lambda: client.get_model_version_by_alias("cupboard", "champion"))
    client.delete_registered_model("copies")
    return {
        "numbers": numbers,
        "moved": moved,
        "tags": third.tags,
        "description": third.description,
        "modelTags": after_rename.tags,
        "aliases": dict(after_rename.aliases),
        "copied": [copied.name, copied.version],
        **found,
        "missingAlias": missing_alias,
        "goneModel": refusal(lambda: client.get_registered_model("copies")),
        "prompt": [prompt.version, mlflow.genai.load_prompt("prompts:/greeting/1").format(word="hi")],
        "promptIsNoModel": [model.name for model in client.search_registered_models("name = 'greeting'")],
    }


def errors():
    """Each mistake with the code, status and words that the client gets."""
    run = client.create_run("0", run_name="of mistakes").info.run_id
    client.log_param(run, "depth", "3")
    client.create_registered_model("taken")
    client.create_experiment("taken")
    no_run = "0" * 32
    acts = {
        "missingRun": lambda: client.get_run(no_run),
        "missingRunMetric": lambda: client.log_metric(no_run, "loss", 1.0),
        "missingExperiment": lambda: client.get_experiment("999999"),
        "missingModel": lambda: client.get_registered_model("nowhere"),
        "missingVersion": lambda: client.get_model_version("taken", "7"),
        "missingAliasVersion": lambda: client.set_registered_model_alias("taken", "champion", "7"),
        "missingLoggedModel": lambda: client.get_logged_model("m-" + no_run),
        "missingArtifact": lambda: mlflow.artifacts.load_text(f"runs:/{run}/absent.txt"),
        "changedParam": lambda: client.log_param(run, "depth", "4"),
        "changedParams": lambda: client.log_batch(run, params=[Param("depth", "5"), Param("other", "1")]),
        "takenExperiment": lambda: client.create_experiment("taken"),
        "takenModel": lambda: client.create_registered_model("taken"),
        "reservedAlias": lambda: client.set_registered_model_alias("taken", "v1", "1"),
        "badSource": lambda: client.create_model_version("taken", "/etc/passwd"),
        "deletedTag": lambda: client.delete_tag(run, "absent"),
    }
    seen = {name: refusal(act) for name, act in acts.items()}
    data = client.get_run(run).data
    return {**seen, "paramsAfter": data.params}


if __name__ == "__main__":
    play(tracking, search, lifecycle, datasets, autolog, onnx_model, registry, errors)
