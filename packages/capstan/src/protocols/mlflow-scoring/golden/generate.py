"""Makes the models of this folder and asks `mlflow models serve` what they answer.

Run it with Python 3.11 and: pip install mlflow==3.17.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 scikit-learn==1.9.1 skl2onnx==1.20.0
  python generate.py [MODEL...] (from any directory; writes beside itself, listens on a free port of loopback)
"""

import http.client
import io
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
import pandas as pd
import yaml
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).parent
JSON = "application/json"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"


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
    # Some of them with a signature of columns, and one with a name for its tensor.
    return {"iris": iris, "named": named, "mapped": mapped, "worded": worded, "table": mapped, "typed": named, "tensor": iris}


MATRIX = [[5.1, 3.5, 1.4, 0.2], [6.7, 3, 5.2, 2.3]]
NAMES = ["a", "b", "c", "d"]
COLUMNS = {"age": [1.5, 2], "seats": [3, 4], "carrier": ["UA", "Zürich Air"], "late": [True, False]}
RECORDS = [dict(zip(COLUMNS, row)) for row in zip(*COLUMNS.values())]


def dumped(value):
    return json.dumps(value, ensure_ascii=False)


def parquet(columns, **options):
    """A frame as `to_parquet` writes it: numbers are float32, and there is an index with a name, which is no column."""
    frame = pd.DataFrame(columns, index=pd.Index([f"row {i}" for i in range(len(next(iter(columns.values()))))], name="place"))
    numbers = {name: "float32" for name in frame if frame[name].dtype == "float64"}
    file = io.BytesIO()
    frame.astype(numbers).to_parquet(file, **options)
    return file.getvalue()


BY_NAME = {name: [float(row[i]) for row in MATRIX] for i, name in enumerate(NAMES)}

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
    ("Parquet", "iris", PARQUET, parquet(BY_NAME)),
    ("Parquet that is cut off", "iris", PARQUET, parquet(BY_NAME)[:-20]),
    ("Parquet that is none", "iris", PARQUET, b"a,b,c,d\n1,2,3,4\n"),
    ("too few Parquet columns", "iris", PARQUET, parquet({name: BY_NAME[name] for name in "abc"})),
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
    ("the signature's columns", "table", JSON, dumped({"dataframe_split": {"columns": NAMES, "data": MATRIX}})),
    ("its columns in another order", "table", JSON, dumped({"dataframe_records": [dict(zip(NAMES[::-1], row[::-1])) for row in MATRIX]})),
    ("columns beside its own", "table", JSON, dumped({"dataframe_split": {"columns": ["z", *NAMES], "data": [["z", *row] for row in MATRIX]}})),
    ("its columns as inputs", "table", JSON, dumped({"inputs": {name: [row[i] for row in MATRIX] for i, name in enumerate(NAMES)}})),
    ("its columns as single values", "table", JSON, dumped({"inputs": dict(zip(NAMES, MATRIX[0]))})),
    ("its columns as instances", "table", JSON, dumped({"instances": [dict(zip(NAMES, row)) for row in MATRIX]})),
    ("its columns as CSV in another order", "table", CSV, "d,c,b,a\n0.2,1.4,3.5,5.1\n2.3,5.2,3,6.7\n"),
    ("its columns as Parquet in another order", "table", PARQUET, parquet({name: BY_NAME[name] for name in "dcba"}, compression="zstd")),
    ("Parquet columns beside its own", "table", PARQUET, parquet({"z": ["z", None], **BY_NAME}, compression="gzip")),
    ("a Parquet column less than its own", "table", PARQUET, parquet({name: BY_NAME[name] for name in "abd"})),
    ("a Parquet word in its column of numbers", "table", PARQUET, parquet({**BY_NAME, "c": ["1", "x"]})),
    ("numbers as texts", "table", JSON, dumped({"dataframe_split": {"columns": NAMES, "data": [[str(value) for value in MATRIX[0]]]}})),
    ("a column less than its own", "table", JSON, dumped({"dataframe_split": {"columns": ["a", "b", "z", "d"], "data": MATRIX}})),
    ("a CSV column less than its own", "table", CSV, "a,b,d\n5.1,3.5,0.2\n"),
    ("a matrix for its columns", "table", JSON, dumped({"inputs": MATRIX})),
    ("no columns for its own", "table", JSON, dumped({"dataframe_split": {"data": MATRIX}})),
    ("a word in its column of numbers", "table", JSON, dumped({"dataframe_split": {"columns": NAMES, "data": [[1, 2, 3, 4], [1, 2, "x", 4]]}})),
    ("a CSV word in its column of numbers", "table", CSV, "a,b,c,d\n1,2,x,4\n"),
    ("columns of its types", "typed", JSON, dumped({"dataframe_records": RECORDS})),
    ("Parquet columns of its types", "typed", PARQUET, parquet(COLUMNS)),
    ("a missing whole number in Parquet", "typed", PARQUET, parquet({**COLUMNS, "seats": [3, None]})),
    ("a missing whole number", "typed", JSON, dumped({"dataframe_records": [{**RECORDS[0], "seats": None}, RECORDS[1]]})),
    ("a word for a whole number", "typed", JSON, dumped({"dataframe_records": [{**RECORDS[0], "seats": "many"}]})),
    ("a fraction for a whole number", "typed", JSON, dumped({"dataframe_records": [{**RECORDS[0], "seats": 2.5}]})),
    ("a tensor by its name", "tensor", JSON, dumped({"inputs": {"X": MATRIX, "z": [1, 2]}})),
    ("a tensor by another name", "tensor", JSON, dumped({"inputs": {"Y": MATRIX}})),
    ("a tensor of another shape", "tensor", JSON, dumped({"inputs": {"X": [[1, 2, 3]]}})),
    ("a table for a tensor", "tensor", JSON, dumped({"dataframe_records": [{"X": row} for row in MATRIX]})),
    ("a word in a tensor", "tensor", JSON, dumped({"inputs": {"X": [[1, 2, 3, "x"]]}})),
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


def main(names):
    tensor = Schema([TensorSpec(np.dtype(np.float32), (-1, 4))])
    takes = ModelSignature(inputs=tensor)
    numbers = ModelSignature(inputs=Schema([ColSpec("float", name) for name in NAMES]))
    types = {"age": "double", "seats": "long", "carrier": "string", "late": "boolean"}
    typed = ModelSignature(inputs=Schema([ColSpec(kind, name) for name, kind in types.items()]))
    by_name = ModelSignature(inputs=Schema([TensorSpec(np.dtype(np.float32), (-1, 4), "X")]))
    signatures = {"iris": takes, "named": None, "mapped": takes, "worded": takes}
    # Of these the MLmodel file is kept, as far as it tells of them, and no model: they have those of others.
    own = {"table": numbers, "typed": typed, "tensor": by_name}
    path = HERE / "answers.json"
    answers = [answer for answer in json.loads(path.read_text()) if names and answer["model"] not in names]
    for name, model in models().items():
        if names and name not in names:
            continue
        if name not in own:
            (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())
        with tempfile.TemporaryDirectory() as scratch:
            folder = f"{scratch}/model"
            mlflow.onnx.save_model(model, folder, signature={**signatures, **own}[name], save_as_external_data=False)
            if name in own:
                told = yaml.safe_load(Path(folder, "MLmodel").read_text())
                (HERE / f"{name}.MLmodel").write_text(yaml.safe_dump({key: told[key] for key in ("flavors", "signature")}))
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
    path.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
