"""
Real models as MLflow writes them, and what its own server answers of them: python python_models.py FOLDER
Writes a folder for each model and golden.json: tensors in and out of some, and a table of requests with the answers of
the application that `mlflow models serve` runs.
"""

import asyncio
import base64
import io
import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import lightgbm
import mlflow
import numpy
import pandas
import xgboost
from mlflow.models import infer_signature
from mlflow.pyfunc import scoring_server
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.models import ModelSignature
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline

os.chdir(sys.argv[1])
REQUIREMENTS = ["mlflow==%s" % mlflow.__version__]
golden = {"tensors": {}, "scores": []}

# Defined here, so that it is pickled by value.
class Everything(mlflow.pyfunc.PythonModel):
    """Answers each kind of column there is; refuses 13."""

    def predict(self, context, model_input, params=None):
        values = model_input["x"]
        if (values == 13).any():
            raise ValueError("13 is none of my numbers")
        add = (params or {}).get("add", 0.0)
        return pandas.DataFrame(
            {
                "sum": values + add,
                "half": numpy.float32(values / 2),
                "big": values.astype("int64") + 2**60,
                "text": ["%s is %.1f" % (word, value) for word, value in zip(model_input["word"], values)],
                "when": pandas.to_datetime(values, unit="D"),
                "flag": values > 0,
                "list": [[value, None] for value in values],
            }
        )


class Centred(mlflow.pyfunc.PythonModel):
    """Whose answers depend on which rows are asked together."""

    def predict(self, context, model_input, params=None):
        return model_input["x"] - model_input["x"].mean()


class Two(mlflow.pyfunc.PythonModel):
    """Two named tensors in, two out."""

    def predict(self, context, model_input, params=None):
        left, right = model_input["left"], model_input["right"]
        return {"sum": left + right.sum(axis=1, keepdims=True), "count": (right > 0).sum(axis=1).astype("int32")}


FROM_CODE = '''
import mlflow
class FromCode(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [len(text) for text in model_input["text"]]
mlflow.models.set_model(FromCode())
'''


def save_all():
    iris, species = load_iris(return_X_y=True, as_frame=True)
    wine, kind = load_wine(return_X_y=True)
    wine = wine.astype("float32")

    def sklearn(name, model, **more):
        mlflow.sklearn.save_model(
            model, name, serialization_format="cloudpickle", pip_requirements=REQUIREMENTS, **more
        )

    forest = RandomForestClassifier(n_estimators=20, random_state=0).fit(iris, species)
    sklearn("iris", forest, signature=infer_signature(iris, forest.predict(iris)), input_example=iris.head(2))
    tensors("iris", {name: iris[name].to_numpy()[48:52] for name in iris}, {"predictions": forest.predict(iris[48:52])})

    linear = LinearRegression().fit(wine, kind)
    sklearn("wine", linear, signature=infer_signature(wine, linear.predict(wine)))
    tensors("wine", {"input": wine[:3]}, {"predictions": linear.predict(wine[:3]).astype("float32")})

    many = MultiOutputRegressor(LinearRegression()).fit(iris, numpy.stack([species, 1 - species], axis=1))
    sklearn("many", many, signature=infer_signature(iris, many.predict(iris)))

    texts = pandas.DataFrame({"text": ["good day", "bad day", "good work", "bad work"], "stars": [5, 1, 4, 2]})
    words = Pipeline(
        [
            ("columns", ColumnTransformer([("text", TfidfVectorizer(), "text"), ("stars", "passthrough", ["stars"])])),
            ("model", LogisticRegression()),
        ]
    ).fit(texts, ["up", "down", "up", "down"])
    sklearn("words", words, signature=infer_signature(texts, words.predict(texts)))
    tensors(
        "words",
        {"text": texts["text"].to_numpy(), "stars": texts["stars"].to_numpy()},
        {"predictions": numpy.array(words.predict(texts), dtype=object)},
    )

    boosted = xgboost.XGBRegressor(n_estimators=10).fit(iris, species)
    mlflow.xgboost.save_model(
        boosted, "xgboost", signature=infer_signature(iris, boosted.predict(iris)), pip_requirements=REQUIREMENTS
    )
    tensors("xgboost", {name: iris[name].to_numpy()[48:52] for name in iris}, {"predictions": boosted.predict(iris[48:52])})
    light = lightgbm.LGBMClassifier(n_estimators=10, verbose=-1).fit(iris.to_numpy(), species)
    mlflow.lightgbm.save_model(
        light,
        "lightgbm",
        signature=infer_signature(iris.to_numpy(), light.predict(iris.to_numpy())),
        pip_requirements=REQUIREMENTS,
    )
    tensors("lightgbm", {"input": iris.to_numpy()[48:52]}, {"predictions": light.predict(iris.to_numpy()[48:52])})

    def custom(name, model, **more):
        mlflow.pyfunc.save_model(name, python_model=model, pip_requirements=REQUIREMENTS, **more)

    columns = Schema([ColSpec("double", "x"), ColSpec("string", "word")])
    params = ParamSchema([ParamSpec("add", "double", 1.0)])
    custom("everything", Everything(), signature=ModelSignature(columns, None, params))
    custom("centred", Centred(), signature=ModelSignature(Schema([ColSpec("double", "x")])), input_example=pandas.DataFrame({"x": [1.0, 2.0]}))
    inputs = Schema([TensorSpec(numpy.dtype("float32"), (-1, 2), "left"), TensorSpec(numpy.dtype("float32"), (-1, 3), "right")])
    custom("two", Two(), signature=ModelSignature(inputs))
    left, right = numpy.float32([[1, 2], [3, 4]]), numpy.float32([[1, -1, 1], [1, 1, 0.5]])
    tensors("two", {"left": left, "right": right}, Two().predict(None, {"left": left, "right": right}))
    with open("from_code.py", "w") as file:
        file.write(FROM_CODE)
    custom("from_code", "from_code.py", signature=ModelSignature(Schema([ColSpec("string", "text")])))
    sklearn("unsigned", linear)
    tensors("unsigned", {"input": wine[:3].astype("float64")}, {"predictions": linear.predict(wine[:3].astype("float64"))})


def tensors(name, inputs, outputs):
    golden["tensors"][name] = {"inputs": list(map(told, inputs.items())), "outputs": list(map(told, outputs.items()))}


DATATYPES = {"float64": "FP64", "float32": "FP32", "int64": "INT64", "int32": "INT32", "object": "BYTES", "str": "BYTES"}


def told(pair):
    name, array = pair
    array = numpy.asarray(array)
    return {"name": name, "datatype": DATATYPES.get(array.dtype.name, "BYTES"), "shape": array.shape, "data": array.reshape(-1).tolist()}


JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
IRIS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
FLOWER, OTHER = [5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]


def requests():
    record = dict(zip(IRIS, FLOWER))
    yield "iris", [
        (JSON, {"dataframe_split": {"columns": IRIS, "data": [FLOWER]}}),
        (JSON, {"dataframe_split": {"columns": IRIS, "data": [OTHER, FLOWER]}}),
        (JSON + "; charset=utf-8", {"dataframe_records": [record]}),
        (JSON, {"dataframe_split": {"columns": IRIS[::-1] + ["more"], "data": [FLOWER[::-1] + [1]], "index": [7]}}),
        (JSON, {"inputs": {name: [value] for name, value in record.items()}}),
        (JSON, {"inputs": [record, record]}),
        (JSON, {"instances": [record]}),
        (JSON, {"instances": [FLOWER]}),
        (JSON, {"inputs": [FLOWER]}),
        (JSON, {"dataframe_split": {"data": [FLOWER]}}),
        (JSON, {"dataframe_split": {"columns": IRIS[1:], "data": [FLOWER[1:]]}}),
        (JSON, {"dataframe_records": [{**record, IRIS[0]: "word"}]}),
        (JSON, {"dataframe_records": [{**record, IRIS[0]: "5.1"}]}),
        (JSON, {"dataframe_records": [{**record, IRIS[0]: None}]}),
        (JSON, {"dataframe_records": []}),
        (JSON, {"dataframe_records": [record], "inputs": [record]}),
        (JSON, {"dataframe_records": [record], "params": {"none": 1}}),
        (JSON, {"rows": [record]}),
        (JSON, [record]),
        (JSON, "text"),
        (JSON, b'{"inputs": '),
        (JSON, b"\xff\xfe"),
        (JSON, b""),
        (CSV, ",".join(IRIS) + "\n5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"),
        (CSV, ",".join(IRIS) + "\n5.1,word,1.4,0.2\n"),
        (CSV, ""),
        (CSV, b"\xff\n1"),
        (PARQUET, parquet(pandas.DataFrame([FLOWER, OTHER], columns=IRIS))),
        (PARQUET, b"no parquet"),
        ("text/plain", "x"),
        (JSON + "; charset=latin-1", {"dataframe_records": [record]}),
        (JSON + "; format=pandas-split", {"dataframe_records": [record]}),
        (JSON, {"messages": [{"role": "user", "content": "hello"}]}),
    ]
    yield "everything", [
        (JSON, {"dataframe_split": {"columns": ["x", "word"], "data": [[value, "w"]]}, **more})
        for value in (1, 2.5, -4, 13)
        for more in ({}, {"params": {"add": 3.0}}, {"params": {"add": "three"}}, {"params": {"other": 1}})
    ] + [(JSON, {"dataframe_records": [{"x": 1.5, "word": "ä"}, {"x": 2.0, "word": "ö"}]})]
    wine = numpy.asarray(load_wine().data[:2]).tolist()
    yield "wine", [(JSON, {"inputs": wine}), (JSON, {"instances": wine[:1]}), (JSON, {"inputs": [[1, 2]]}), (JSON, {"inputs": {"a": wine}})]
    yield "unsigned", [(JSON, {"inputs": wine}), (JSON, {"instances": wine[:1]}), (JSON, {"inputs": [["a"]]})]
    two = {"left": [[1, 2]], "right": [[1, -1, 1]]}
    yield "two", [(JSON, {"inputs": two}), (JSON, {"instances": [{"left": [1, 2], "right": [1, 1, 1]}]}), (JSON, {"inputs": {"left": [[1, 2]]}})]
    yield "many", [(JSON, {"dataframe_records": [record]}), (JSON, {"dataframe_records": [record, record]})]
    yield "words", [(JSON, {"dataframe_records": [{"text": "good day", "stars": 5}]}), (JSON, {"dataframe_records": [{"text": "bad", "stars": 1.5}]})]
    yield "centred", [(JSON, {"dataframe_records": [{"x": 1}]}), (JSON, {"dataframe_records": [{"x": 2}, {"x": 4}]})]
    yield "from_code", [(JSON, {"dataframe_records": [{"text": "four"}]}), (JSON, {"dataframe_records": [{"text": 4}]})]
    yield "xgboost", [(JSON, {"dataframe_records": [record]})]
    yield "lightgbm", [(JSON, {"inputs": [FLOWER, OTHER]})]


def parquet(frame):
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


async def ask(app, content_type, body):
    """One request of the ASGI application, as a server hands it over."""
    sent = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        return waiting.pop() if waiting else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/invocations",
        "raw_path": b"/invocations",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"content-type", content_type.encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    try:
        await app(scope, receive, send)
    except Exception:
        # The server's own 500 has been sent.
        pass
    status = next(message["status"] for message in sent if message["type"] == "http.response.start")
    headers = dict(next(message["headers"] for message in sent if message["type"] == "http.response.start"))
    answer = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return status, headers[b"content-type"].decode(), answer


def encoded(value):
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


save_all()
for model, table in requests():
    app = scoring_server.init(mlflow.pyfunc.load_model(model))
    for content_type, value in table:
        body = encoded(value)
        status, answered_type, answer = asyncio.run(ask(app, content_type, body))
        golden["scores"].append(
            {
                "model": model,
                "contentType": content_type,
                "body": base64.b64encode(body).decode(),
                "status": status,
                "answerType": answered_type,
                "answer": base64.b64encode(answer).decode(),
            }
        )
with open("golden.json", "w") as file:
    json.dump(golden, file)
