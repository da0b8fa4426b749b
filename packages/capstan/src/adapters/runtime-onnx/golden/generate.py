"""Makes the small models of this folder and what they must answer.

Run it with Python 3.11 and: pip install onnx==1.23.2 numpy==2.4.6 onnxruntime==1.32.0 scikit-learn==1.9.1 skl2onnx==1.20.0
  python generate.py            (from any directory; writes beside itself)

The expected answers come from numpy and scikit-learn, never from ONNX Runtime, so they check the runtime. Only the maps that
a ZipMap makes are those of ONNX Runtime in Python, since no other library makes them.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

HERE = Path(__file__).parent
OPSETS = [helper.make_opsetid("", 18)]
DATATYPES = {
    "BOOL": TensorProto.BOOL,
    "UINT8": TensorProto.UINT8,
    "INT8": TensorProto.INT8,
    "INT16": TensorProto.INT16,
    "INT32": TensorProto.INT32,
    "INT64": TensorProto.INT64,
    "UINT16": TensorProto.UINT16,
    "UINT32": TensorProto.UINT32,
    "UINT64": TensorProto.UINT64,
    "FP32": TensorProto.FLOAT,
    "FP64": TensorProto.DOUBLE,
    "BYTES": TensorProto.STRING,
}


def info(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def save(name, graph):
    model = helper.make_model(graph, opset_imports=OPSETS, ir_version=9)
    onnx.checker.check_model(model)
    (HERE / name).write_bytes(model.SerializeToString())


def expect(name, document):
    (HERE / name).write_text(json.dumps(document, indent=1) + "\n")


def two_inputs():
    """sum = features x weights + offset; with a dynamic batch and no name for it on one side."""
    weights = np.array([[0.5], [-1.25], [2.0]], np.float32)
    nodes = [
        helper.make_node("MatMul", ["features", "weights"], ["product"]),
        helper.make_node("Add", ["product", "offset"], ["sum"]),
    ]
    inputs = [info("features", TensorProto.FLOAT, ["batch", 3]), info("offset", TensorProto.FLOAT, [None, 1])]
    graph = helper.make_graph(
        nodes, "two-inputs", inputs, [info("sum", TensorProto.FLOAT, ["batch", 1])],
        [helper.make_tensor("weights", TensorProto.FLOAT, [3, 1], weights.ravel().tolist())],
    )
    save("two-inputs.onnx", graph)
    features = np.array([[1, 2, 3], [-1, 0.5, 4], [0, 0, 0]], np.float32)
    offset = np.array([[10], [20], [30]], np.float32)
    expect("two-inputs.json", {
        "inputs": [
            {"name": "features", "datatype": "FP32", "shape": [3, 3], "data": features.ravel().tolist()},
            {"name": "offset", "datatype": "FP32", "shape": [3, 1], "data": offset.ravel().tolist()},
        ],
        "outputs": [{"name": "sum", "datatype": "FP32", "shape": [3, 1], "data": (features @ weights + offset).ravel().tolist()}],
    })


def columns():
    """One input per column, strings among them, as MLflow's users export a scikit-learn pipeline; also with ZipMap."""
    random = np.random.default_rng(7)
    rows = 60
    carriers, origins = ["AA", "DL", "Zürich Air"], ["JFK", "ORD"]
    frame = np.empty((rows, 4), object)
    frame[:, 0] = random.choice(carriers, rows)
    frame[:, 1] = random.choice(origins, rows)
    frame[:, 2] = random.normal(900, 300, rows).astype(np.float32)
    frame[:, 3] = random.normal(12, 5, rows).astype(np.float32)
    late = ((frame[:, 0] == "AA") | (frame[:, 3].astype(float) > 15)).astype(int)
    pipeline = make_pipeline(
        ColumnTransformer([
            ("words", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), [0, 1]),
            ("numbers", StandardScaler(), [2, 3]),
        ]),
        LogisticRegression(),
    )
    pipeline.fit(frame, late)
    types = [("carrier", StringTensorType([None, 1])), ("origin", StringTensorType([None, 1])),
             ("distance", FloatTensorType([None, 1])), ("hour", FloatTensorType([None, 1]))]
    for name, zipmap in [("columns.onnx", False), ("zipmap.onnx", True)]:
        model = to_onnx(pipeline, initial_types=types, options={"zipmap": zipmap}, target_opset={"": 18, "ai.onnx.ml": 3})
        model.doc_string = ""
        (HERE / name).write_bytes(model.SerializeToString())
    test = np.array([["AA", "JFK", 500.0, 3.5], ["DL", "ORD", 1200.0, 21.0], ["Zürich Air", "JFK", 80.0, 9.25],
                     ["never seen", "ORD", 700.0, 12.0]], object)
    def column(name, index, kind):
        values = [row[index] for row in test]
        return {"name": name, "datatype": kind, "shape": [len(values), 1], "data": values}
    expect("columns.json", {
        "inputs": [column("carrier", 0, "BYTES"), column("origin", 1, "BYTES"), column("distance", 2, "FP32"), column("hour", 3, "FP32")],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [4], "data": [str(v) for v in pipeline.predict(test)]},
            {"name": "probabilities", "datatype": "FP32", "shape": [4, 2], "data": pipeline.predict_proba(test).ravel().tolist()},
        ],
    })


def datatypes():
    """Every datatype of the protocol, passed through."""
    nodes = [helper.make_node("Identity", [f"in_{name}"], [f"out_{name}"]) for name in DATATYPES]
    graph = helper.make_graph(
        nodes, "datatypes",
        [info(f"in_{name}", kind, [None]) for name, kind in DATATYPES.items()],
        [info(f"out_{name}", kind, [None]) for name, kind in DATATYPES.items()],
    )
    save("datatypes.onnx", graph)


def endless():
    """A loop of 2^62 turns: loads at once, never answers."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["again"], ["go_on"]), helper.make_node("Add", ["value", "value"], ["twice"])],
        "body",
        [info("turn", TensorProto.INT64, []), info("again", TensorProto.BOOL, []), info("value", TensorProto.FLOAT, [1])],
        [info("go_on", TensorProto.BOOL, []), info("twice", TensorProto.FLOAT, [1])],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["turns", "yes", "x"], ["y"], body=body)], "endless",
        [info("x", TensorProto.FLOAT, [1])], [info("y", TensorProto.FLOAT, [1])],
        [helper.make_tensor("turns", TensorProto.INT64, [], [2**62]), helper.make_tensor("yes", TensorProto.BOOL, [], [True])],
    )
    save("endless.onnx", graph)


def greedy():
    """Answers the sum of 2^31 random numbers: 8 GiB of memory for a file of a few hundred bytes."""
    nodes = [
        helper.make_node("RandomUniform", [], ["noise"], shape=[2**31], dtype=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["noise"], ["sum"], keepdims=0),
        helper.make_node("Add", ["x", "sum"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "greedy", [info("x", TensorProto.FLOAT, [1])], [info("y", TensorProto.FLOAT, [1])])
    save("greedy.onnx", graph)


def half():
    """Half floats."""
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "half",
        [info("x", TensorProto.FLOAT16, [None])], [info("y", TensorProto.FLOAT16, [None])],
    )
    save("half.onnx", graph)


def maps():
    """Answers a sequence, as no tensor protocol can carry."""
    sequence = helper.make_tensor_sequence_value_info("maps", TensorProto.FLOAT, None)
    node = helper.make_node("SequenceConstruct", ["x", "x"], ["maps"])
    save("maps.onnx", helper.make_graph([node], "maps", [info("x", TensorProto.FLOAT, [None])], [sequence]))


def scalars():
    """Inputs and outputs without a dimension of rows: scalars, one of them a whole number, and a vector of three."""
    nodes = [
        helper.make_node("Mul", ["x", "vector"], ["product"]),
        helper.make_node("Add", ["product", "offset"], ["scaled"]),
        helper.make_node("ReduceSum", ["scaled"], ["total"], keepdims=0),
        helper.make_node("Identity", ["count"], ["count_out"]),
    ]
    floats = [info("x", TensorProto.FLOAT, []), info("vector", TensorProto.FLOAT, [3]), info("offset", TensorProto.FLOAT, [])]
    graph = helper.make_graph(
        nodes, "scalars", [*floats, info("count", TensorProto.INT64, [])],
        [info("total", TensorProto.FLOAT, []), info("scaled", TensorProto.FLOAT, [3]), info("count_out", TensorProto.INT64, [])],
    )
    save("scalars.onnx", graph)


def beside_rows():
    """Rows beside a scalar, and their mean: neither can be cut into rows."""
    nodes = [
        helper.make_node("Mul", ["rows", "factor"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled"], ["mean"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes, "beside-rows", [info("rows", TensorProto.FLOAT, ["n", 2]), info("factor", TensorProto.FLOAT, [])],
        [info("scaled", TensorProto.FLOAT, ["n", 2]), info("mean", TensorProto.FLOAT, [])],
    )
    save("beside-rows.onnx", graph)
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["rows"], ["mean"], keepdims=0)], "mean",
        [info("rows", TensorProto.FLOAT, ["n", 2])], [info("mean", TensorProto.FLOAT, [])],
    )
    save("mean.onnx", graph)


def weights_beside():
    """hidden = rows x first; sum = hidden x second + third: all of them in a file beside it, as MLflow saves them."""
    random = np.random.default_rng(3)
    first, second = random.normal(size=(3, 8)).astype(np.float32), random.normal(size=(8, 2)).astype(np.float32)
    third = np.array([0.5, -2], np.float32)
    nodes = [
        helper.make_node("MatMul", ["rows", "first"], ["hidden"]),
        helper.make_node("Constant", [], ["second"], value=onnx.numpy_helper.from_array(second, "constant")),
        helper.make_node("MatMul", ["hidden", "second"], ["product"]),
        helper.make_node("Add", ["product", "third"], ["sum"]),
    ]
    graph = helper.make_graph(
        nodes, "weights-beside", [info("rows", TensorProto.FLOAT, ["n", 3])], [info("sum", TensorProto.FLOAT, ["n", 2])],
        [onnx.numpy_helper.from_array(first, "first"), onnx.numpy_helper.from_array(third, "third")],
    )
    model = helper.make_model(graph, opset_imports=OPSETS, ir_version=9)
    (HERE / "weights-beside.data").unlink(missing_ok=True)
    onnx.save_model(
        model, HERE / "weights-beside.onnx", save_as_external_data=True, location="weights-beside.data", size_threshold=16,
        convert_attribute=True,
    )
    rows = np.array([[1, 2, 3], [-1, 0.5, 4]], np.float32)
    expect("weights-beside.json", {
        "inputs": [{"name": "rows", "datatype": "FP32", "shape": [2, 3], "data": rows.ravel().tolist()}],
        "outputs": [{"name": "sum", "datatype": "FP32", "shape": [2, 2], "data": (rows @ first @ second + third).ravel().tolist()}],
    })


def zipmaps():
    """scikit-learn's classifiers as skl2onnx exports them unless told otherwise: label, and a list of maps."""
    features, kinds = load_iris(return_X_y=True)
    features = features.astype(np.float32)
    names = np.array(["setosa", "versicolor", "virgée"])
    rows = features[[0, 60, 149]]
    numbers = {"name": "X", "datatype": "FP32", "shape": [3, 4], "data": rows.ravel().tolist()}
    texts = ["the plane is late again", "on time as ever", "late", "the crew was on time", "delayed by snow", "no delay at all"]
    asked = ["late again", "on time", "no snow"]
    words = {"name": "text", "datatype": "BYTES", "shape": [3, 1], "data": asked}
    models = {
        "zipmap-logistic": (LogisticRegression(max_iter=500).fit(features, kinds), numbers, rows, None),
        "zipmap-forest": (
            RandomForestClassifier(5, max_depth=3, random_state=0).fit(features, names[kinds]), numbers, rows, None,
        ),
        "zipmap-text": (
            make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [1, 0, 1, 0, 1, 0]), words, asked,
            [("text", StringTensorType([None, 1]))],
        ),
    }
    for name, (model, given, sent, types) in models.items():
        types = types or [("X", FloatTensorType([None, 4]))]
        exported = to_onnx(model, initial_types=types, target_opset={"": 18, "ai.onnx.ml": 3})
        exported.doc_string = ""
        (HERE / f"{name}.onnx").write_bytes(exported.SerializeToString())
        feed = np.array(given["data"], object if given["datatype"] == "BYTES" else np.float32).reshape(given["shape"])
        for node in exported.graph.node:
            # The one that ONNX Runtime takes otherwise, en_US.UTF-8, is on few machines.
            if node.op_type == "StringNormalizer":
                node.attribute.append(helper.make_attribute("locale", "C.UTF-8"))
        session = onnxruntime.InferenceSession(exported.SerializeToString(), providers=["CPUExecutionProvider"])
        labels, maps = session.run(None, {given["name"]: feed})
        predicted = model.predict(sent)
        assert labels.tolist() == predicted.tolist()
        expect(f"{name}.json", {
            "inputs": [given],
            "outputs": [
                {"name": "output_label", "datatype": "INT64" if predicted.dtype.kind == "i" else "BYTES", "shape": [3],
                 "data": [str(label) for label in predicted]},
                {"name": "output_probability", "datatype": "FP32", "shape": [3, len(model.classes_)],
                 "data": model.predict_proba(sent).ravel().tolist()},
            ],
            "maps": [{str(label): value for label, value in row.items()} for row in maps],
        })


if __name__ == "__main__":
    for make in (two_inputs, columns, datatypes, endless, greedy, half, maps, scalars, beside_rows, weights_beside, zipmaps):
        make()
