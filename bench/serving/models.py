"""Trains the two models of the benchmark and writes them in every form that a server here takes.

    python models.py FOLDER

FOLDER/{rf,lr}/model.onnx (no ZipMap), FOLDER/{rf,lr}/mlflow (MLflow, scikit-learn flavor), FOLDER/{rf,lr}/model.joblib
"""

import sys
from pathlib import Path

import joblib
import mlflow
import numpy as np
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

X, y = make_classification(n_samples=4_000, n_features=8, n_informative=6, random_state=0)
X = X.astype(np.float32)
models = {
    "rf": RandomForestClassifier(n_estimators=100, max_depth=10, random_state=0),
    "lr": LogisticRegression(),
}
for name, model in models.items():
    folder = Path(sys.argv[1]) / name
    folder.mkdir(parents=True)
    model.fit(X, y)
    onnx = to_onnx(model, X[:1], options={"zipmap": False}, target_opset=18)
    (folder / "model.onnx").write_bytes(onnx.SerializeToString())
    joblib.dump(model, folder / "model.joblib")
    mlflow.sklearn.save_model(
        model,
        folder / "mlflow",
        serialization_format="cloudpickle",
        signature=infer_signature(X[:5], model.predict(X[:5])),
        pip_requirements=["scikit-learn"],
    )
