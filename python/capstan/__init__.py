"""Datasets, predictions, runs and model versions of a Capstan server, in scripts and notebooks.

    import capstan

    flights = capstan.dataset("flights@3")          # a version of a dataset, by number; the newest accepted one without
    frame = flights.to_df()                         # its files, checked against what Capstan took in
    flights.log_input(context="training")           # what the active run of mlflow has read
    capstan.predictions("late-arrival", limit=500)  # logged answers with their outcomes
    capstan.run(run_id)                             # as a table in a notebook
    capstan.model_version("late-arrival@champion")

The server is the one that CAPSTAN_URL names, else MLFLOW_TRACKING_URI, else http://127.0.0.1:5050; `connect` names
another.
Only Python's standard library is needed; `to_df` wants pandas, `log_input` wants mlflow.
"""

from ._datasets import DatasetVersion, dataset
from ._errors import CapstanError
from ._models import ModelVersion, model_version
from ._predictions import Predictions, predictions
from ._runs import Run, run
from ._server import Server, connect

__all__ = [
    "CapstanError",
    "DatasetVersion",
    "ModelVersion",
    "Predictions",
    "Run",
    "Server",
    "connect",
    "dataset",
    "model_version",
    "predictions",
    "run",
]
