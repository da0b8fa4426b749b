"""What the sessions of mlflow share: a client, a scratch folder and the report.

Each scenario is a function whose docstring says what it does. It adds one line of JSON to SCRATCH/report.jsonl:
{"scenario": name, "saw": what it returned} or {"scenario": name, "failed": why}.
"""

import json
import sys
import traceback
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

SCRATCH = Path(sys.argv[1])
client = MlflowClient()


def refusal(act):
    """Code, status and message of the refusal that the call meets, or None."""
    try:
        act()
    except MlflowException as error:
        return {"code": error.error_code, "status": error.get_http_status_code(), "message": error.message}
    return None


def binary_iris():
    """Features and whether the flower is the third kind: two classes that overlap."""
    # Most sessions do without, and it takes a second.
    import numpy as np
    from sklearn.datasets import load_iris

    features, kinds = load_iris(return_X_y=True)
    return features.astype(np.float32), (kinds == 2).astype(np.int64)


def play(*scenarios) -> None:
    """Plays all scenarios; one that fails does not keep the others from being played."""
    for scenario in scenarios:
        try:
            line = json.dumps({"scenario": scenario.__name__, "saw": scenario()})
        except Exception:
            line = json.dumps({"scenario": scenario.__name__, "failed": traceback.format_exc()})
        with (SCRATCH / "report.jsonl").open("a", encoding="utf-8") as reports:
            print(line, file=reports)
