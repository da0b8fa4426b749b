"""Two models of one graph whose weights lie beside it, saved by mlflow (`FOLDER/1`, `FOLDER/2`), and flights to train and judge on.
Prints what each answers to the probes."""

import json
import shutil
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from onnx import TensorProto, helper, numpy_helper

WIDTH = 600
info = helper.make_tensor_value_info
random = np.random.default_rng(3)
first = random.normal(size=(2, WIDTH)).astype(np.float32)
shift = random.normal(size=WIDTH).astype(np.float32)


def hidden(rows):
    return np.maximum(rows @ first + shift, 0)


def fitted(slope):
    """Weights of the second layer: the log odds of being late are about slope × x1 − 1."""
    rows = random.normal(size=(4_000, 2)).astype(np.float32)
    return np.linalg.lstsq(hidden(rows), slope * rows[:, :1] - 1, rcond=1e-4)[0].astype(np.float32)


def network(second):
    nodes = [
        helper.make_node("Concat", ["x1", "x2"], ["rows"], axis=1), helper.make_node("MatMul", ["rows", "first"], ["product"]),
        helper.make_node("Add", ["product", "shift"], ["moved"]), helper.make_node("Relu", ["moved"], ["hidden"]),
        helper.make_node("MatMul", ["hidden", "second"], ["score"]), helper.make_node("Sigmoid", ["score"], ["probabilities"]),
    ]
    weights = {"first": first, "shift": shift, "second": second}
    graph = helper.make_graph(
        nodes, "late", [info(name, TensorProto.FLOAT, [None, 1]) for name in ("x1", "x2")],
        [info("probabilities", TensorProto.FLOAT, [None, 1])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def flights(start, count):
    x = random.normal(size=(count, 2))
    late = random.uniform(size=count) < 1 / (1 + np.exp(1 - 1.5 * x[:, 0]))
    time = pd.date_range(start, periods=count, freq="min", tz="UTC").strftime("%Y-%m-%dT%H:%M:%SZ")
    return pd.DataFrame({"time": time, "x1": x[:, 0], "x2": x[:, 1], "late": late.astype(int)})


def main(folder):
    probes = np.array([[-2, 0.5], [0.25, -1], [1.5, 2]], np.float32)
    said = {}
    for number, slope in ((1, 0.7), (2, 1.5)):
        second = fitted(slope)
        mlflow.onnx.save_model(network(second), folder / str(number), save_as_external_data=True)
        if number == 2:
            # The same ONNX file to the byte: only the weights beside it tell the two apart.
            shutil.copy(folder / "1" / "model.onnx", folder / "2" / "model.onnx")
            (name,) = (path.name for path in (folder / "1").glob("*.data"))
            (weights,) = (folder / "2").glob("*.data")
            weights.rename(folder / "2" / name)
        said[number] = (1 / (1 + np.exp(-hidden(probes) @ second)))[:, 0].tolist()
    flights("2013-01-01", 2_000).to_csv(folder / "january.csv", index=False)
    flights("2013-03-01", 6_000).to_csv(folder / "march.csv", index=False)
    print(json.dumps({"probes": probes.tolist(), "said": said}))


main(Path(sys.argv[1]))
