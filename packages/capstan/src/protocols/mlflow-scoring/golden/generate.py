"""Makes the models of this folder and asks `mlflow models serve` what they answer.

Run it with Python 3.11 and: pip install mlflow==3.17.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 scikit-learn==1.9.1 skl2onnx==1.20.0
  python generate.py            (from any directory; writes beside itself, listens on a free port of loopback)
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mlflow
import numpy as np
import onnx
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).parent
JSON = "application/json"
CSV = "text/csv"


def models():
    """`iris` takes a matrix and gives label and probabilities; `named` takes columns and gives one value of each a row."""
    features, kinds = load_iris(return_X_y=True)
    classifier = LogisticRegression(max_iter=500).fit(features, kinds)
    iris = to_onnx(classifier, features[:1].astype(np.float32), options={"zipmap": False}, target_opset=18)
    iris.doc_string = ""
    info = helper.make_tensor_value_info
    columns = {"age": TensorProto.FLOAT, "seats": TensorProto.INT64, "carrier": TensorProto.STRING, "late": TensorProto.BOOL}
    graph = helper.make_graph(
        [helper.make_node("Identity", [name], [f"{name}_out"]) for name in columns],
        "named",
        [info(name, kind, ["rows"]) for name, kind in columns.items()],
        [info(f"{name}_out", kind, ["rows"]) for name, kind in columns.items()],
    )
    named = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(named)
    # As they are exported unless told otherwise: the probabilities are a list of maps.
    mapped = to_onnx(classifier, features[:1].astype(np.float32), target_opset=18)
    words = LogisticRegression(max_iter=500).fit(features, np.array(["setosa", "versicolor", 'virgé"e'])[kinds])
    worded = to_onnx(words, features[:1].astype(np.float32), target_opset=18)
    mapped.doc_string = worded.doc_string = ""
    return {"iris": iris, "named": named, "mapped": mapped, "worded": worded}


MATRIX = [[5.1, 3.5, 1.4, 0.2], [6.7, 3, 5.2, 2.3]]
NAMES = ["a", "b", "c", "d"]
COLUMNS = {"age": [1.5, 2], "seats": [3, 4], "carrier": ["UA", "Zürich Air"], "late": [True, False]}
RECORDS = [dict(zip(COLUMNS, row)) for row in zip(*COLUMNS.values())]


def dumped(value):
    return json.dumps(value, ensure_ascii=False)


# What, of which model, content type, body.
ASKED = [
    ("a matrix as inputs", "iris", JSON, dumped({"inputs": MATRIX})),
    ("a matrix as instances", "iris", JSON, dumped({"instances": MATRIX})),
    ("one row", "iris", JSON, dumped({"inputs": MATRIX[:1]})),
    ("whole numbers", "iris", JSON, dumped({"inputs": [[5, 3, 1, 0]]})),
    ("a split table", "iris", JSON, dumped({"dataframe_split": {"columns": NAMES, "data": MATRIX}})),
    ("a split table with an index", "iris", JSON, dumped({"dataframe_split": {"columns": NAMES, "index": [7, 9], "data": MATRIX}})),
    ("a split table without columns", "iris", JSON, dumped({"dataframe_split": {"data": MATRIX}})),
    ("records", "iris", JSON, dumped({"dataframe_records": [dict(zip(NAMES, row)) for row in MATRIX]})),
    ("CSV", "iris", CSV, "a,b,c,d\n5.1,3.5,1.4,0.2\n6.7,3,5.2,2.3\n"),
    ("CSV of one line break each", "iris", "text/csv; charset=utf-8", "a,b,c,d\r\n5.1,3.5,1.4,0.2\r\n6.7,3,5.2,2.3"),
    ("params beside", "iris", JSON, dumped({"inputs": MATRIX, "params": {"mine": 1}})),
    ("other members beside", "iris", JSON, dumped({"inputs": MATRIX, "mine": 1})),
    ("UTF-8 in capitals", "iris", "application/json; charset=UTF-8", dumped({"inputs": MATRIX})),
    ("too few values a row", "iris", JSON, dumped({"inputs": [[1, 2, 3]]})),
    ("unequal rows", "iris", JSON, dumped({"inputs": [[1, 2, 3, 4], [1, 2]]})),
    ("a word among numbers", "iris", JSON, dumped({"inputs": [[1, 2, 3, "x"]]})),
    ("two forms", "iris", JSON, dumped({"inputs": MATRIX, "instances": MATRIX})),
    ("no form", "iris", JSON, dumped({"rows": MATRIX})),
    ("a list", "iris", JSON, dumped(MATRIX)),
    ("a number", "iris", JSON, "3"),
    ("no JSON", "iris", JSON, "{"),
    ("nothing", "iris", JSON, ""),
    ("a split table of no rows' data", "iris", JSON, dumped({"dataframe_split": {"columns": NAMES}})),
    ("records that are none", "iris", JSON, dumped({"dataframe_records": 3})),
    ("another charset", "iris", "application/json; charset=latin-1", dumped({"inputs": MATRIX})),
    ("an old parameter", "iris", "application/json; format=pandas-split", dumped({"columns": NAMES, "data": MATRIX})),
    ("another type", "iris", "text/plain", dumped({"inputs": MATRIX})),
    ("CSV that is no UTF-8", "iris", CSV, b"a,b\n\xff,1\n"),
    ("a matrix, answered as maps", "mapped", JSON, dumped({"inputs": MATRIX})),
    ("one row, answered as a map", "mapped", JSON, dumped({"inputs": MATRIX[:1]})),
    ("a matrix, answered as maps of words", "worded", JSON, dumped({"inputs": MATRIX})),
    ("columns as inputs", "named", JSON, dumped({"inputs": COLUMNS})),
    ("columns as instances", "named", JSON, dumped({"instances": RECORDS})),
    ("columns as inputs, others too", "named", JSON, dumped({"inputs": {**COLUMNS, "other": [1, 2]}})),
    ("a column less", "named", JSON, dumped({"inputs": {k: v for k, v in COLUMNS.items() if k != "seats"}})),
    ("a matrix for columns", "named", JSON, dumped({"inputs": [[1, 2]]})),
    ("a word in a column of numbers", "named", JSON, dumped({"inputs": {**COLUMNS, "age": [1, "x"]}})),
    ("a table of records", "named", JSON, dumped({"dataframe_records": RECORDS})),
]


def post(port, content_type, body):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/invocations", body.encode() if isinstance(body, str) else body, {"Content-Type": content_type})
    response = connection.getresponse()
    text = response.read().decode()
    kind = response.getheader("content-type")
    connection.close()
    return response.status, kind, text


def serve(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "-m", folder, "-p", str(port), "--env-manager", "local"]
    server = subprocess.Popen(command, start_new_session=True, env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})
    for _ in range(300):
        try:
            with socket.create_connection(("127.0.0.1", port)):
                return server, port
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("mlflow does not listen")


def main():
    tensor = Schema([TensorSpec(np.dtype(np.float32), (-1, 4))])
    takes = ModelSignature(inputs=tensor)
    signatures = {"iris": takes, "named": None, "mapped": takes, "worded": takes}
    answers = []
    for name, model in models().items():
        (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())
        with tempfile.TemporaryDirectory() as scratch:
            folder = f"{scratch}/model"
            mlflow.onnx.save_model(model, folder, signature=signatures[name], save_as_external_data=False)
            server, port = serve(folder)
            try:
                for what, of, content_type, body in ASKED:
                    if of != name:
                        continue
                    status, kind, text = post(port, content_type, body)
                    said = json.loads(text) if kind and "json" in kind else text
                    if status >= 400 and isinstance(said, dict):
                        said.pop("stack_trace", None)
                    sent = body if isinstance(body, str) else {"latin1": body.decode("latin-1")}
                    answers.append({"what": what, "model": name, "type": content_type, "body": sent, "status": status, "kind": kind, "said": said})
            finally:
                os.killpg(server.pid, signal.SIGTERM)
                server.wait()
    (HERE / "answers.json").write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
