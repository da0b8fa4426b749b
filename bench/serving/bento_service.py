"""The benchmark's models as a BentoML service, batched by rows as its documentation shows."""

import os
from pathlib import Path

import bentoml
import joblib
import numpy as np

MODELS = Path(os.environ["BENCH_MODELS"])


def load(name: str):
    return joblib.load(MODELS / name / "model.joblib")


@bentoml.service(traffic={"timeout": 30})
class Service:
    def __init__(self) -> None:
        self.models = {name: load(name) for name in ("rf", "lr")}

    @bentoml.api(batchable=True, max_batch_size=10_000, max_latency_ms=1_000)
    def rf(self, rows: np.ndarray) -> np.ndarray:
        return self.models["rf"].predict_proba(rows)

    @bentoml.api(batchable=True, max_batch_size=10_000, max_latency_ms=1_000)
    def lr(self, rows: np.ndarray) -> np.ndarray:
        return self.models["lr"].predict_proba(rows)
