"""What the `mlflow` package itself makes of a tracking server: rates of calls that its users wait for.

Usage: MLFLOW_TRACKING_URI=… python client.py. Prints one line of JSON: metrics, calls and runs a second.
"""

import json
import time

import mlflow
from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

BATCHES, METRICS = 20, 1_000
CALLS = 200
RUNS = 20

client = MlflowClient()
experiment = client.create_experiment(f"client-{time.time_ns()}")


def rate(units, work):
    begin = time.perf_counter()
    work()
    return units / (time.perf_counter() - begin)


def batches():
    run = client.create_run(experiment).info.run_id
    for batch in range(BATCHES):
        points = [Metric(f"m{i % 20}", i / 7, 1_760_000_000_000, batch * 50 + i // 20) for i in range(METRICS)]
        client.log_batch(run, metrics=points)


def calls():
    run = client.create_run(experiment).info.run_id
    for step in range(CALLS):
        client.log_metric(run, "loss", step / 3, step=step)


def runs():
    mlflow.set_experiment(experiment_id=experiment)
    for _ in range(RUNS):
        with mlflow.start_run():
            mlflow.log_params({f"p{i}": i for i in range(5)})


client.log_batch(client.create_run(experiment).info.run_id, params=[Param("warm", "up")])
print(
    json.dumps(
        {
            "client: log_batch of 1,000, metrics/s": rate(BATCHES * METRICS, batches),
            "client: log_metric, calls/s": rate(CALLS, calls),
            "client: run + 5 params + end, runs/s": rate(RUNS, runs),
        }
    )
)
