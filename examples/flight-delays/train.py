"""Stage 2: fits on work/train.parquet, exports to ONNX, logs and registers the model with MLflow.

Only MLFLOW_TRACKING_URI must be set. MLFLOW_RUN_ID and MLFLOW_EXPERIMENT_NAME are honoured by mlflow itself.
The exported model takes one tensor [rows, 1] per feature, strings and floats, so a request is plain columns; it
answers `label` [rows] and `probabilities` [rows, 2] (on time, late).
"""

import json
from pathlib import Path

import duckdb
import mlflow
import numpy as np
import onnxruntime
import yaml
from mlflow.models import ModelSignature
from mlflow.types.schema import Schema, TensorSpec
from onnx import ModelProto
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from learner import CATEGORICAL, FEATURES, NUMERIC, UNKNOWN, Categories, fit, read_categories, read_matrix

ROWS = "read_parquet('work/train.parquet')"
TOLERANCE = 1e-6
CHECKED_ROWS = 2000


def assemble(trees: HistGradientBoostingClassifier, categories: Categories) -> Pipeline:
    """The fitted trees behind the encoder that read_matrix applied in SQL: raw columns in, probabilities out."""
    encoder = OrdinalEncoder(
        categories=[np.array(categories[name], dtype=object) for name in CATEGORICAL],
        handle_unknown="use_encoded_value",
        unknown_value=UNKNOWN,
        dtype=np.float32,
    )
    strings, floats = list(range(len(CATEGORICAL))), list(range(len(CATEGORICAL), len(FEATURES)))
    columns = ColumnTransformer([("codes", encoder, strings), ("numbers", "passthrough", floats)])
    some = np.array([[categories[name][0] for name in CATEGORICAL] + [0.0] * len(NUMERIC)], dtype=object)
    columns.fit(some)  # learns nothing but column counts: the categories are given
    return Pipeline([("columns", columns), ("trees", trees)])


def export(pipeline: Pipeline) -> ModelProto:
    """The pipeline as ONNX, with tensors instead of a list of maps as output (ZipMap off)."""
    types = [
        (name, StringTensorType([None, 1]) if name in CATEGORICAL else FloatTensorType([None, 1]))
        for name in FEATURES
    ]
    model = to_onnx(pipeline, initial_types=types, options={id(pipeline): {"zipmap": False}})
    # In the order of a set of texts, which changes from process to process.
    operators = sorted(model.opset_import, key=lambda each: each.domain)
    del model.opset_import[:]
    model.opset_import.extend(operators)
    return model


def read_inputs(db: duckdb.DuckDBPyConnection, rows: int) -> dict[str, np.ndarray]:
    """Some rows as a client sends them, one tensor [rows, 1] per feature."""
    query = f"SELECT {', '.join(FEATURES)} FROM {ROWS} ORDER BY event_time DESC, example_id LIMIT {rows}"
    columns = db.execute(query).fetchnumpy()
    return {
        name: np.asarray(columns[name], dtype=object).reshape(-1, 1)
        if name in CATEGORICAL
        else np.ma.filled(columns[name], np.nan).astype(np.float32).reshape(-1, 1)
        for name in FEATURES
    }


def largest_difference(pipeline: Pipeline, model: bytes, inputs: dict[str, np.ndarray]) -> float:
    """Largest difference between what was trained and what will be served, with an unseen and a missing value."""
    probe = {name: values.copy() for name, values in inputs.items()}
    probe["carrier"][0, 0] = "unseen"
    for name in NUMERIC:
        probe[name][1, 0] = np.nan
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    served = session.run(["probabilities"], probe)[0]
    trained = pipeline.predict_proba(np.hstack([probe[name].astype(object) for name in FEATURES]))
    return float(np.abs(served - trained).max())


def signature() -> ModelSignature:
    """Named, typed inputs and outputs, for the registry and for whoever calls the model."""
    inputs = [
        TensorSpec(np.dtype("str" if name in CATEGORICAL else "float32"), (-1, 1), name) for name in FEATURES
    ]
    outputs = [TensorSpec(np.dtype("int64"), (-1,), "label"), TensorSpec(np.dtype("float32"), (-1, 2), "probabilities")]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def main() -> None:
    params = yaml.safe_load(Path("params.yaml").read_text())["train"]
    db = duckdb.connect(config={"threads": 1})
    categories = read_categories(db, ROWS)
    matrix = read_matrix(db, ROWS, categories)
    late = db.execute(f"SELECT late FROM {ROWS} ORDER BY event_time, example_id").fetchnumpy()["late"]
    trees = fit(matrix, late, params)
    pipeline = assemble(trees, categories)
    model = export(pipeline)
    content = model.SerializeToString(deterministic=True)
    Path("work/model.onnx").write_bytes(content)
    inputs = read_inputs(db, CHECKED_ROWS)
    difference = largest_difference(pipeline, content, inputs)
    if difference > TOLERANCE:
        raise SystemExit(f"train: the exported model differs from the trained one by {difference}")
    metrics = {"rows": len(late), "late_share": float(np.mean(late)), "export_difference": difference}
    Path("work/train.json").write_text(json.dumps(metrics, indent=2) + "\n")
    with mlflow.start_run():
        mlflow.log_params(params)
        mlflow.log_metrics(metrics)
        mlflow.onnx.log_model(
            model,
            name="model",
            signature=signature(),
            input_example={name: values[:2] for name, values in inputs.items()},
            registered_model_name=params["registered_model_name"],
            pip_requirements="requirements.txt",
        )
    print(json.dumps(metrics))


if __name__ == "__main__":
    main()
