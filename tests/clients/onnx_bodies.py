"""ONNX models of unusual form, logged and registered by mlflow (`log FOLDER`), asked by real clients (`ask`) in every body, which `write FOLDER` writes too."""

import io
import json
import sys
from pathlib import Path

import mlflow
import numpy as np
import onnx
import pandas as pd
from mlflow.models import infer_signature
from onnx import TensorProto, helper, numpy_helper
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

OPSETS = [helper.make_opsetid("", 18)]
VENDOR = "application/vnd.apache.parquet"
info = helper.make_tensor_value_info


def flights():
    """A table of texts, whole numbers and numbers with gaps, and a pipeline fitted on it."""
    random = np.random.default_rng(5)
    frame = pd.DataFrame({
        "carrier": random.choice(["AA", "DL", "Zürich Air"], 300), "seats": random.integers(50, 300, 300),
        "hour": random.uniform(0, 24, 300),
    }, index=pd.Index([f"flight {i}" for i in range(300)], name="flight"))
    late = (frame["hour"] > 15) | (frame["carrier"] == "AA")
    encode = ColumnTransformer([("carrier", OneHotEncoder(), ["carrier"])], remainder="passthrough")
    return frame, make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(frame, late.astype(int))


def network(weights=None):
    """Two layers, whose weights are large enough for MLflow to put them into a file beside the model."""
    random = np.random.default_rng(11)
    first = random.normal(size=(4, 200)).astype(np.float32)
    second = (random.normal(size=(200, 3)) if weights is None else weights).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["X", "first"], ["product"]), helper.make_node("Relu", ["product"], ["hidden"]),
        helper.make_node("MatMul", ["hidden", "second"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes, "network", [info("X", TensorProto.FLOAT, [None, 4])], [info("scores", TensorProto.FLOAT, [None, 3])],
        [numpy_helper.from_array(first, "first"), numpy_helper.from_array(second, "second")],
    )
    return helper.make_model(graph, opset_imports=OPSETS, ir_version=9), lambda rows: np.maximum(rows @ first, 0) @ second


def scaled():
    """A scalar and a vector in, a scalar and a vector out."""
    nodes = [
        helper.make_node("Mul", ["vector", "factor"], ["scaled"]),
        helper.make_node("ReduceSum", ["scaled"], ["total"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes, "scaled", [info("factor", TensorProto.FLOAT, []), info("vector", TensorProto.FLOAT, [3])],
        [info("total", TensorProto.FLOAT, []), info("scaled", TensorProto.FLOAT, [3])],
    )
    return helper.make_model(graph, opset_imports=OPSETS, ir_version=9)


def iris_model():
    iris = load_iris(as_frame=True)
    return LogisticRegression(max_iter=1000).fit(iris.data, iris.target), iris.data


def register(name, model, **options):
    mlflow.onnx.log_model(model, name=name, registered_model_name=name, **options)


def log(folder):
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType

    with mlflow.start_run():
        frame, pipeline = flights()
        types = [("carrier", StringTensorType([None, 1])), ("seats", Int64TensorType([None, 1])), ("hour", FloatTensorType([None, 1]))]
        register("flights", to_onnx(pipeline, initial_types=types), signature=infer_signature(frame))
        model, rows = iris_model()
        register("iris", to_onnx(model, rows.to_numpy(np.float32)[:1]))
        register("scaled", scaled())
        register("network", network()[0], save_as_external_data=True)
        # The same ONNX file to the byte, and other weights: another model for all that.
        saved = Path(mlflow.artifacts.download_artifacts("models:/network/1", dst_path=folder))
        (weights,) = saved.glob("*.data")
        ones = np.ones((200, 3), np.float32).tobytes()
        weights.write_bytes(weights.read_bytes()[:-len(ones)] + ones)
        log_folder("network", saved)
        # As somebody would who wants to read a file of the server.
        hostile(saved, "/etc/passwd", "absolute")
        hostile(saved, "../../../../../../etc/passwd", "upwards")
        hostile(saved, "MLmodel", "other-file")


def hostile(saved, location, name):
    model = onnx.load(saved / "model.onnx", load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            entry.value = location if entry.key == "location" else entry.value
    (saved / "model.onnx").write_bytes(model.SerializeToString())
    log_folder(name, saved)


def log_folder(name, folder):
    """Files as they are: mlflow's own code would have to load the model first."""
    run = mlflow.active_run().info.run_id
    mlflow.log_artifacts(str(folder), name)
    client = mlflow.MlflowClient()
    if name not in {model.name for model in client.search_registered_models()}:
        client.create_registered_model(name)
    client.create_model_version(name, f"runs:/{run}/{name}", run)


def ask(address, grpc_address):
    import requests
    import tritonclient.grpc
    import tritonclient.http

    def invoke(name, body, kind, status=200):
        answer = requests.post(f"http://{address}/models/{name}/invocations", data=body, headers={"content-type": kind}, timeout=60)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json()

    def parquet(frame, **options):
        file = io.BytesIO()
        frame.to_parquet(file, **options)
        return file.getvalue()

    def by_json(name, frame):
        split = json.loads(frame.to_json(orient="split", double_precision=15))
        return invoke(name, json.dumps({"dataframe_split": split}), "application/json")

    # Parquet, CSV and JSON of the same rows: the same answers, to the last bit.
    frame, pipeline = flights()
    shown = frame.head(40)
    expected = by_json("flights", shown)
    assert expected["predictions"]["output_label"] == pipeline.predict(shown).tolist()
    csv = shown.to_csv(index=False)
    assert invoke("flights", csv, "text/csv") == expected
    for options in ({}, {"compression": "zstd"}, {"compression": "brotli"}, {"compression": None}, {"index": False}):
        assert invoke("flights", parquet(shown, **options), VENDOR) == expected, options
    other = shown[shown.columns[::-1]].assign(note=None, at=pd.Timestamp("2026-01-01"), raw=b"\xff")
    assert invoke("flights", parquet(other), "application/x-parquet") == expected
    gaps = shown.assign(hour=shown["hour"].where(np.arange(40) % 2 == 0))
    assert invoke("flights", parquet(gaps), VENDOR) == by_json("flights", gaps)
    # A matrix model, by columns of any name.
    model, rows = iris_model()
    got = invoke("iris", parquet(rows), VENDOR)["predictions"]
    assert got["output_label"] == model.predict(rows).tolist()
    assert got == by_json("iris", rows)["predictions"]
    # Also where pandas has written an index of its own as one more column.
    indexed = rows.set_index(pd.Index([number / 7 for number in range(len(rows))], name="flower"))
    assert invoke("iris", parquet(indexed), VENDOR)["predictions"] == got

    # What is wrong is said, with its column.
    for body, says in (
        (parquet(shown.drop(columns="seats")), "missing inputs ['seats']"),
        (parquet(shown.assign(hour="late")), "column hour"),
        (parquet(shown.assign(seats=shown["seats"] + 0.5)), "column seats"),
        (parquet(shown.assign(seats=shown["seats"].astype("Int64").where(shown["seats"] < 200))), "column seats"),
        (parquet(shown.assign(carrier=shown["carrier"].map(str.encode))), "column carrier"),
        (parquet(shown)[:-40], "no Parquet file"),
        (parquet(shown)[:200] + parquet(shown)[400:], "cannot be read"),
        (csv.encode(), "no Parquet file"),
        (b"", "cannot be read"),
    ):
        refused = invoke("flights", body, VENDOR, 400)
        assert refused["error_code"] == "BAD_REQUEST" and says in refused["message"], refused
    assert invoke("flights", parquet(shown), VENDOR) == expected

    # Scalars, over both protocols of the real client, as bytes and as JSON.
    clients = ((tritonclient.http, address), (tritonclient.grpc, grpc_address))
    vector, factor = np.array([1, 2, 3], np.float32), np.array(2.5, np.float32)
    for module, place in clients:
        client = module.InferenceServerClient(place)
        inputs = [module.InferInput("factor", [], "FP32"), module.InferInput("vector", [3], "FP32")]
        for is_binary in (True, False) if module is tritonclient.http else (True,):
            form = {"binary_data": is_binary} if module is tritonclient.http else {}
            inputs[0].set_data_from_numpy(factor, **form)
            inputs[1].set_data_from_numpy(vector, **form)
            asked = [module.InferRequestedOutput(name, **form) for name in ("total", "scaled")]
            answer = client.infer("scaled", inputs, outputs=asked)
            total = answer.as_numpy("total")
            assert total.shape == () and total == np.float32(15), total
            np.testing.assert_array_equal(answer.as_numpy("scaled"), vector * factor)
        metadata = client.get_model_metadata("scaled")
        shape = metadata["inputs"][0]["shape"] if module is tritonclient.http else list(metadata.inputs[0].shape)
        assert list(shape) == [], metadata
        inputs[0] = module.InferInput("factor", [1], "FP32")
        inputs[0].set_data_from_numpy(factor.reshape(1))
        try:
            client.infer("scaled", inputs)
            raise SystemExit("a vector was taken for a scalar")
        except tritonclient.utils.InferenceServerException as error:
            assert "'factor' has the shape [1]" in str(error), error

    # Weights in a file beside the model; the second version has others.
    client = tritonclient.http.InferenceServerClient(address)
    rows = load_iris().data.astype(np.float32)
    given = tritonclient.http.InferInput("X", list(rows.shape), "FP32")
    given.set_data_from_numpy(rows)
    for name, of in (("network-1", network()[1]), ("network-2", network(np.ones((200, 3)))[1])):
        scores = client.infer(name, [given]).as_numpy("scores")
        np.testing.assert_allclose(scores, of(rows), rtol=1e-4, atol=1e-4)
    print("done")


def write(folder):
    """Rows of `flights` as Parquet and as the JSON that says the same."""
    frame, _ = flights()
    frame.to_parquet(Path(folder) / "flights.parquet")
    split = json.loads(frame.to_json(orient="split", double_precision=15))
    (Path(folder) / "flights.json").write_text(json.dumps({"dataframe_split": split}))


{"log": log, "write": write, "ask": ask}[sys.argv[1]](*sys.argv[2:])
