"""What users do with models: autologging of several libraries, tuning in nested runs, logged models by hand.

Usage: python mlflow_models_session.py SCRATCH_FOLDER, with MLFLOW_TRACKING_URI set.

It only acts and reports (scenarios.py says how): mlflow-models.test.ts beside it says what must have been seen.
"""

import math

import lightgbm
import mlflow
import numpy as np
import pandas as pd
import xgboost
from mlflow.entities import LoggedModelStatus, ViewType
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from scenarios import binary_iris, client, play, refusal


def seen_by_autolog(run, metric):
    """What every library's autologging leaves behind."""
    seen = client.get_run(run.info.run_id)
    model_id = seen.outputs.model_outputs[0].model_id
    logged = client.get_logged_model(model_id)
    history = client.get_metric_history(run.info.run_id, metric)
    return {
        "status": seen.info.status,
        "metric": [point.step for point in history],
        "isLatestLast": bool(seen.data.metrics[metric] == history[-1].value),
        "datasets": [[given.dataset.name, given.tags[0].value] for given in seen.inputs.dataset_inputs],
        "artifacts": sorted(file.path for file in client.list_artifacts(run.info.run_id)),
        "modelStatus": logged.status.value,
        "modelRun": logged.source_run_id == run.info.run_id,
        "modelFiles": sorted(file.path for file in client.list_logged_model_artifacts(model_id)),
        "modelMetrics": sorted({point.key for point in logged.metrics or []}),
    }


def registered(model_id, name, flavor, features):
    """The model as version 1 of a name, found by its alias, and what it predicts."""
    version = mlflow.register_model(f"models:/{model_id}", name)
    client.set_registered_model_alias(name, "champion", version.version)
    loaded = flavor.load_model(f"models:/{name}@champion")
    answered = mlflow.pyfunc.load_model(f"models:/{name}/{version.version}").predict(pd.DataFrame(features))
    return version, loaded, np.asarray(answered)


def xgboost_autolog():
    """xgboost logs params, a metric for each round, importances and its model."""
    mlflow.set_experiment("xgboost")
    features, late = binary_iris()
    data = xgboost.DMatrix(features, label=late)
    mlflow.xgboost.autolog()
    try:
        with mlflow.start_run() as run:
            params = {"objective": "binary:logistic", "max_depth": 2, "nthread": 1}
            model = xgboost.train(params, data, num_boost_round=5, evals=[(data, "train")], verbose_eval=False)
    finally:
        mlflow.xgboost.autolog(disable=True)
    saw = seen_by_autolog(run, "train-logloss")
    model_id = client.get_run(run.info.run_id).outputs.model_outputs[0].model_id
    version, loaded, answered = registered(model_id, "by-xgboost", mlflow.xgboost, features)
    return {
        **saw,
        "params": {key: client.get_run(run.info.run_id).data.params[key] for key in ("max_depth", "num_boost_round")},
        "version": [version.version, version.run_id == run.info.run_id],
        "isPredictionSame": bool(np.array_equal(loaded.predict(data), model.predict(data))),
        "isAnswerSame": bool(np.allclose(answered, model.predict(data))),
    }


def lightgbm_autolog():
    """lightgbm logs params, a metric for each round, importances and its model."""
    mlflow.set_experiment("lightgbm")
    features, late = binary_iris()
    data = lightgbm.Dataset(features, label=late)
    mlflow.lightgbm.autolog()
    try:
        with mlflow.start_run() as run:
            params = {"objective": "binary", "num_leaves": 4, "num_threads": 1, "verbose": -1}
            model = lightgbm.train(params, data, num_boost_round=5, valid_sets=[data], valid_names=["train"])
    finally:
        mlflow.lightgbm.autolog(disable=True)
    saw = seen_by_autolog(run, "train-binary_logloss")
    model_id = client.get_run(run.info.run_id).outputs.model_outputs[0].model_id
    version, loaded, answered = registered(model_id, "by-lightgbm", mlflow.lightgbm, features)
    return {
        **saw,
        "params": {key: client.get_run(run.info.run_id).data.params[key] for key in ("num_leaves", "num_boost_round")},
        "version": [version.version, version.run_id == run.info.run_id],
        "isPredictionSame": bool(np.array_equal(loaded.predict(features), model.predict(features))),
        "isAnswerSame": bool(np.allclose(answered, model.predict(features))),
    }


def tuning():
    """A grid search of scikit-learn logs a child run for each of its best candidates."""
    experiment = mlflow.set_experiment("tuning")
    features, late = binary_iris()
    mlflow.sklearn.autolog(max_tuning_runs=3, log_models=False)
    try:
        with mlflow.start_run(run_name="search") as run:
            found = GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.01, 0.1, 1.0, 10.0]}, cv=3).fit(features, late)
    finally:
        mlflow.sklearn.autolog(disable=True)
    children = client.search_runs(
        [experiment.experiment_id],
        f"tags.mlflow.parentRunId = '{run.info.run_id}'",
        order_by=["metrics.mean_test_score DESC"],
    )
    parent = client.get_run(run.info.run_id)
    return {
        "children": len(children),
        "status": sorted({child.info.status for child in children}),
        "isBestFirst": bool(children[0].data.metrics["mean_test_score"] == found.best_score_),
        "isBestParam": bool(parent.data.params["best_C"] == str(found.best_params_["C"])),
        "isBestScore": bool(parent.data.metrics["best_cv_score"] == found.best_score_),
        "all": len(client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)),
    }


def nested_runs():
    """Three generations of runs, logged to at once, found by their parents and by names."""
    experiment = mlflow.set_experiment("nested")
    with mlflow.start_run(run_name="root") as root:
        for number in range(2):
            with mlflow.start_run(run_name=f"child {number}", nested=True) as child:
                mlflow.log_metric("loss", 1 - number / 10)
                mlflow.log_metric("depth", 1, run_id=root.info.run_id)
                with mlflow.start_run(run_name="leaf", nested=True) as leaf:
                    mlflow.log_metric("loss", math.nan)
    by_parent = client.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{root.info.run_id}'")
    frame = mlflow.search_runs(search_all_experiments=True, filter_string="run_name = 'leaf'")
    return {
        "children": sorted(run.info.run_name for run in by_parent),
        "parentOfLeaf": mlflow.get_parent_run(leaf.info.run_id).info.run_id == child.info.run_id,
        "leaves": len(frame),
        "best": client.search_runs([experiment.experiment_id], order_by=["metrics.loss ASC"])[0].info.run_name,
        "last": [run.info.run_name for run in client.search_runs([experiment.experiment_id], order_by=["metrics.loss ASC"])][-1],
    }


def logged_models():
    """Models logged by hand: params, tags, metrics on datasets, searches, an end and a deletion."""
    experiment = mlflow.set_experiment("logged models")
    data = mlflow.data.from_numpy(np.zeros((4, 2)), name="held-out")
    with mlflow.start_run() as run:
        models = [
            mlflow.initialize_logged_model(f"try-{number}", params={"depth": number}, tags={"kind": "tree"})
            for number in range(3)
        ]
        for number, model in enumerate(models):
            mlflow.log_metric("accuracy", 0.7 + number / 10, dataset=data, model_id=model.model_id)
            mlflow.log_metric("accuracy", 0.9 - number / 10, model_id=model.model_id)
        mlflow.finalize_logged_model(models[0].model_id, LoggedModelStatus.READY)
        mlflow.finalize_logged_model(models[1].model_id, LoggedModelStatus.FAILED)
        mlflow.set_logged_model_tags(models[0].model_id, {"kind": "bush", "extra": "1"})
        mlflow.delete_logged_model_tag(models[0].model_id, "extra")
        mlflow.log_model_params({"late": "yes"}, models[0].model_id)

    def found(filter_string=None, **options):
        ids = [experiment.experiment_id]
        return [
            model.name for model in client.search_logged_models(ids, filter_string=filter_string, **options)
        ]

    on_data = {"dataset_name": "held-out", "dataset_digest": data.digest}
    by_accuracy = [{"field_name": "metrics.accuracy", "ascending": False, **on_data}]
    first = client.get_logged_model(models[0].model_id)
    page = client.search_logged_models([experiment.experiment_id], max_results=2)
    again = client.search_logged_models([experiment.experiment_id], max_results=2, page_token=page.token)
    client.delete_logged_model(models[2].model_id)
    return {
        "first": [first.status.value, first.params, first.tags["kind"], first.source_run_id == run.info.run_id],
        "hasExtra": "extra" in first.tags,
        "metrics": sorted([point.value, point.dataset_name] for point in first.metrics),
        "byParam": found("params.depth = '1'"),
        "byMetric": found("metrics.accuracy >= 0.65", datasets=[on_data], order_by=by_accuracy),
        "byName": found("name LIKE 'try-%'"),
        "pages": [len(page), len(again), again.token],
        "gone": refusal(lambda: client.get_logged_model(models[2].model_id)),
        "retry": refusal(lambda: mlflow.log_model_params({"late": "yes"}, models[0].model_id)),
        "changed": refusal(lambda: mlflow.log_model_params({"late": "no"}, models[0].model_id)),
    }


def inputs():
    """Datasets of several kinds, with contexts and a schema, and a model as an input."""
    experiment = mlflow.set_experiment("inputs")
    features, late = binary_iris()
    frame = pd.DataFrame(features, columns=["a", "b", "c", "d"])
    with mlflow.start_run() as run:
        mlflow.log_input(mlflow.data.from_pandas(frame, name="frame"), context="training")
        mlflow.log_input(mlflow.data.from_numpy(features, targets=late, name="array"), context="evaluation", tags={"fold": "1"})
        model = mlflow.initialize_logged_model("read")
        mlflow.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_inputs(run.info.run_id, models=[mlflow.entities.LoggedModelInput(model_id=model.model_id)])
    seen = client.get_run(run.info.run_id).inputs
    found = client.search_runs([experiment.experiment_id], "dataset.name = 'array' AND dataset.context = 'evaluation'")
    return {
        "datasets": sorted(
            [given.dataset.name, given.dataset.source_type, sorted([tag.key, tag.value] for tag in given.tags)]
            for given in seen.dataset_inputs
        ),
        "models": [given.model_id for given in seen.model_inputs] == [model.model_id],
        "found": [other.info.run_id for other in found] == [run.info.run_id],
        "none": len(client.search_runs([experiment.experiment_id], "dataset.name = 'other'")),
    }


if __name__ == "__main__":
    play(xgboost_autolog, lightgbm_autolog, tuning, nested_runs, logged_models, inputs)
