"""Models of every kind, logged and registered by mlflow (`log`), then asked through a data plane by its clients (`ask`)."""

import json
import sys

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris, load_wine, make_classification
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

TEXTS = ["late again", "on time and friendly", "lost my bag", "smooth flight", "delayed for hours", "great crew"]


def tables():
    """Name → (fitted model, rows to ask about, inputs for ONNX)."""
    iris = load_iris(as_frame=True)
    wine = load_wine(as_frame=True)
    wide, wide_y = make_classification(400, 1000, n_informative=20, random_state=1)
    wide = pd.DataFrame(wide, columns=[f"c{i}" for i in range(1000)])
    targets = np.column_stack([iris.data.sum(axis=1), iris.data.max(axis=1), iris.target])
    return {
        "iris": (RandomForestClassifier(20, random_state=0).fit(iris.data, iris.target), iris.data[::7]),
        "wine": (LogisticRegression(max_iter=5000).fit(wine.data, wine.target), wine.data[::9]),
        "wide": (LogisticRegression(max_iter=200).fit(wide, wide_y), wide[:25]),
        "multi": (RandomForestRegressor(20, random_state=0).fit(iris.data, targets), iris.data[::11]),
    }


def text_model():
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, [1, 0, 1, 0, 1, 0])


def column_model():
    """The same for a table, whose text is in a column."""
    vectors = make_column_transformer((TfidfVectorizer(), "text"))
    return make_pipeline(vectors, LogisticRegression()).fit(pd.DataFrame({"text": TEXTS}), [1, 0, 1, 0, 1, 0])


class Scores(mlflow.pyfunc.PythonModel):
    """A table as its answer, of several types."""

    def predict(self, context, model_input, params=None):
        total = model_input.sum(axis=1)
        return pd.DataFrame({"total": total, "isLarge": total > 10, "name": [f"row {i}" for i in range(len(total))]})


def log():
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import StringTensorType

    with mlflow.start_run():
        for name, (model, rows) in tables().items():
            frame = rows.head(2)
            mlflow.sklearn.log_model(model, name=f"{name}-sk", registered_model_name=f"{name}-sk",
                                     signature=infer_signature(frame, model.predict(frame)),
                                     serialization_format="cloudpickle")
            onnx = to_onnx(model, rows.to_numpy(np.float32)[:1])
            mlflow.onnx.log_model(onnx, name=f"{name}-onnx", registered_model_name=f"{name}-onnx")
        model, rows = tables()["iris"]
        onnx = to_onnx(model, rows.to_numpy(np.float32)[:1])
        mlflow.onnx.log_model(onnx, name="signed-onnx", registered_model_name="signed-onnx",
                              signature=infer_signature(rows.head(2)))
        text = text_model()
        mlflow.sklearn.log_model(text, name="text-sk", registered_model_name="text-sk",
                                 serialization_format="cloudpickle")
        onnx = to_onnx(text, initial_types=[("text", StringTensorType([None, 1]))])
        mlflow.onnx.log_model(onnx, name="text-onnx", registered_model_name="text-onnx")
        frame = pd.DataFrame({"text": TEXTS})
        column = column_model()
        mlflow.sklearn.log_model(column, name="text-column", registered_model_name="text-column",
                                 signature=infer_signature(frame, column.predict(frame)),
                                 serialization_format="cloudpickle")
        frame = load_iris(as_frame=True).data.head(3)
        mlflow.pyfunc.log_model(name="scores", python_model=Scores(), registered_model_name="scores",
                                signature=infer_signature(frame, Scores().predict(None, frame)))


def ask(address, grpc_address):
    import requests
    import tritonclient.grpc
    import tritonclient.http
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    http = tritonclient.http.InferenceServerClient(address)
    grpc = tritonclient.grpc.InferenceServerClient(grpc_address)
    seen = {}

    def by_triton(name, arrays):
        """The outputs by name, from both clients, which must agree to the bit."""
        answers = []
        for module, client in ((tritonclient.http, http), (tritonclient.grpc, grpc)):
            inputs = []
            for key, array in arrays.items():
                kind = tritonclient.utils.np_to_triton_dtype(array.dtype)
                inputs.append(module.InferInput(key, list(array.shape), kind))
                inputs[-1].set_data_from_numpy(array)
            result = client.infer(name, inputs)
            metadata = client.get_model_metadata(name)
            outputs = [o["name"] for o in metadata["outputs"]] if module is tritonclient.http else [
                o.name for o in metadata.outputs]
            answers.append({output: result.as_numpy(output) for output in outputs})
        first, second = answers
        assert first.keys() == second.keys(), (first.keys(), second.keys())
        for key in first:
            np.testing.assert_array_equal(first[key], second[key])
        return first

    def by_mlflow(name, rows):
        class At(ScoringServerClient):
            def __init__(self, url):
                super().__init__("127.0.0.1", 0)
                self.url_prefix = url

        return At(f"http://{address}/models/{name}").invoke(rows).get_predictions()

    def by_rows(name, rows, status=200):
        """What each row was answered by the data plane's own API: outputs by name; the problem where it was refused."""
        answer = requests.post(f"http://{address}/models/{name}/predict", json={"rows": rows}, timeout=60)
        assert answer.status_code == status, answer.text
        if status != 200:
            return answer.json()
        predictions = answer.json()["predictions"]
        assert len({prediction["id"] for prediction in predictions}) == len(rows)
        assert {prediction["revision"] for prediction in predictions} == {1}
        return [prediction["outputs"] for prediction in predictions]

    for name, (model, rows) in tables().items():
        expected = model.predict(rows)
        # The same code on the same numbers: to the bit.
        got = by_mlflow(f"{name}-sk", rows)
        np.testing.assert_array_equal(np.asarray(got).reshape(expected.shape), expected)
        said = [next(iter(outputs.values())) for outputs in by_rows(f"{name}-sk", rows.to_dict("records"))]
        np.testing.assert_array_equal(said, expected)
        columns = {column: rows[column].to_numpy() for column in rows.columns}
        if len(columns) < 100:
            out = by_triton(f"{name}-sk", columns)
            np.testing.assert_array_equal(next(iter(out.values())).reshape(expected.shape), expected)
        # Exported as skl2onnx does unless told, with a ZipMap. Single precision there, double here: labels are the same, numbers within 1e-4 of their size.
        out = by_triton(f"{name}-onnx", {"X": rows.to_numpy(np.float32)})
        if hasattr(model, "predict_proba"):
            np.testing.assert_array_equal(out["output_label"], expected)
            np.testing.assert_allclose(out["output_probability"], model.predict_proba(rows), atol=1e-4)
        else:
            np.testing.assert_allclose(next(iter(out.values())), expected, rtol=1e-4)
        said = by_rows(f"{name}-onnx", [{"X": row} for row in rows.to_numpy(np.float32).tolist()])
        if hasattr(model, "predict_proba"):
            np.testing.assert_array_equal([outputs["output_label"] for outputs in said], expected)
            # By the names of the classes, as the model has them.
            maps = [outputs["output_probability"] for outputs in said]
            named = [[row[str(kind)] for kind in model.classes_] for row in maps]
            np.testing.assert_allclose(named, model.predict_proba(rows), atol=1e-4)
        else:
            np.testing.assert_allclose([next(iter(outputs.values())) for outputs in said], expected, rtol=1e-4)
        seen[name] = len(rows)

    # By the signature that it was logged with: its columns, in its order.
    model, rows = tables()["iris"]
    got = by_mlflow("signed-onnx", rows[rows.columns[::-1]].assign(other="x"))
    np.testing.assert_array_equal(got["output_label"], model.predict(rows))
    refused = requests.post(f"http://{address}/models/signed-onnx/invocations", timeout=60,
                            json={"dataframe_split": rows[rows.columns[:3]].to_dict("split")})
    assert refused.status_code == 400 and "missing inputs ['petal width (cm)']" in refused.json()["message"], refused.text
    text = text_model()
    expected = text.predict(TEXTS)
    words = np.array([[word] for word in TEXTS], dtype=object)
    out = by_triton("text-onnx", {"text": words})
    label = next(v for v in out.values() if v.ndim == 1)
    np.testing.assert_array_equal(label, expected)
    by_name = by_rows("text-onnx", [{"text": word} for word in TEXTS])
    np.testing.assert_array_equal([outputs["output_label"] for outputs in by_name], expected)
    refused = by_rows("text-sk", [{"text": TEXTS[0]}], status=400)
    # Without a signature there is one column of numbers.
    assert refused["field"] == "text" and "input" in refused["hint"], refused
    # What the model has not seen, and what is not ASCII, goes as it is.
    asked = pd.DataFrame({"text": [*TEXTS, "verspätet und ☂ lost", ""]})
    expected = column_model().predict(asked)
    out = by_triton("text-column", {"text": asked["text"].to_numpy(object)})
    np.testing.assert_array_equal(next(iter(out.values())).reshape(expected.shape), expected)
    np.testing.assert_array_equal(np.asarray(by_mlflow("text-column", asked)).reshape(expected.shape), expected)
    said = [next(iter(outputs.values())) for outputs in by_rows("text-column", asked.to_dict("records"))]
    np.testing.assert_array_equal(said, expected)
    seen["text"] = len(TEXTS)

    frame = load_iris(as_frame=True).data.head(5)
    got = by_mlflow("scores", frame)
    pd.testing.assert_frame_equal(pd.DataFrame(got), Scores().predict(None, frame).reset_index(drop=True))
    out = by_triton("scores", {column: frame[column].to_numpy() for column in frame.columns})
    np.testing.assert_array_equal(out["total"], frame.sum(axis=1).to_numpy())
    assert [text.decode() for text in out["name"]] == [f"row {i}" for i in range(5)]
    said = by_rows("scores", frame.to_dict("records"))
    assert said == Scores().predict(None, frame).to_dict("records"), said
    refused = by_rows("scores", [{**frame.iloc[0].to_dict(), "petal width (cm)": "wide"}], status=400)
    assert refused["field"] == "petal width (cm)", refused
    seen["scores"] = 5
    print(json.dumps(seen))


log() if sys.argv[1] == "log" else ask(*sys.argv[2:])
