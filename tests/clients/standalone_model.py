"""A forest of scikit-learn, logged and registered as `flowers` by mlflow; prints rows and what it answers to them as JSON."""

import json
import os

import mlflow
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

iris = load_iris(as_frame=True)
model = RandomForestClassifier(20, random_state=0).fit(iris.data, iris.target)
rows = iris.data[::7]
with mlflow.start_run():
    mlflow.sklearn.log_model(
        model,
        name="model",
        registered_model_name="flowers",
        signature=infer_signature(rows, model.predict(rows)),
        serialization_format="cloudpickle",
        pip_requirements=["mlflow==%s" % mlflow.__version__, "scikit-learn", "cloudpickle"],
    )
answers = [int(kind) for kind in model.predict(rows)]
open("answers.json", "w").write(json.dumps({"rows": rows.to_dict(orient="records"), "answers": answers}))
