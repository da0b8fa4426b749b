"""What users of mlflow.genai's evaluation datasets and scorers do, against the server that MLFLOW_TRACKING_URI names.

Usage: python mlflow_evaluation_session.py SCRATCH_FOLDER

It only acts and reports: mlflow-evaluation.test.ts beside it says what must have been seen.
"""

import json
import math

import mlflow
import pandas as pd
from mlflow.genai import datasets
from mlflow.genai.scorers import Guidelines, delete_scorer, get_scorer, list_scorers
from mlflow.genai.scorers.registry import list_scorer_versions
from scenarios import client, play, refusal


def without_user(tags):
    """Tags but for the name of whoever runs the test."""
    return {key: value for key, value in tags.items() if key != "mlflow.user"}


def record_texts(dataset):
    """Inputs, outputs, expectations, tags as JSON, and source of each record, in their order, as a user sees them."""
    fresh = client.get_dataset(dataset.dataset_id)
    return [
        [json.dumps(part) for part in (row.inputs, row.outputs, row.expectations, without_user(row.tags))] + [row.source_type]
        for row in fresh.records
    ]


def evaluation_datasets():
    """A dataset from its making to its end, with its experiments and tags."""
    first = client.create_experiment("evaluation one")
    second = client.create_experiment("evaluation two")
    made = datasets.create_dataset(name="questions", experiment_id=[first, second], tags={"team": "support", "n": "1"})
    got = datasets.get_dataset(name="questions")
    experiments = [sorted(one.experiment_ids) == sorted([first, second]) for one in (made, got)]
    empty = [made.schema, made.profile, made.to_df().shape[0]]
    datasets.set_dataset_tags(dataset_id=made.dataset_id, tags={"team": "sales", "new": "yes"})
    datasets.delete_dataset_tag(dataset_id=made.dataset_id, key="n")
    tagged = datasets.get_dataset(dataset_id=made.dataset_id)
    third = client.create_experiment("evaluation three")
    datasets.add_dataset_to_experiments(dataset_id=made.dataset_id, experiment_ids=[third, first])
    linked = datasets.get_dataset(dataset_id=made.dataset_id).experiment_ids
    datasets.remove_dataset_from_experiments(dataset_id=made.dataset_id, experiment_ids=[first, "999"])
    left = datasets.get_dataset(dataset_id=made.dataset_id).experiment_ids
    datasets.create_dataset(name="questions", experiment_id=second)
    twice = refusal(lambda: datasets.get_dataset(name="questions"))
    datasets.create_dataset(name="other", experiment_id=third, tags={"team": "support"})
    found = {
        "byExperiment": sorted(one.name for one in datasets.search_datasets(experiment_ids=[third])),
        "byTag": [one.name for one in datasets.search_datasets(filter_string="tags.team = 'sales'")],
        "byName": len(datasets.search_datasets(filter_string="name LIKE 'quest%'")),
        "ordered": [one.name for one in datasets.search_datasets(order_by=["name ASC"])],
        "pages": [len(client.search_datasets(max_results=2)), bool(client.search_datasets(max_results=2).token)],
        "nothing": datasets.search_datasets(filter_string="name = 'absent'"),
    }
    datasets.delete_dataset(dataset_id=made.dataset_id)
    datasets.delete_dataset(dataset_id=made.dataset_id)
    return {
        "ids": [made.dataset_id[:2], len(made.dataset_id), len(made.digest)],
        "same": got.dataset_id == made.dataset_id and got.digest == made.digest,
        "experiments": experiments,
        "tags": without_user(made.tags),
        "empty": empty,
        "tagged": without_user(tagged.tags),
        "linked": sorted(linked) == sorted([first, second, third]),
        "left": sorted(left) == sorted([second, third]),
        "twice": twice,
        "found": found,
        "gone": refusal(lambda: datasets.get_dataset(dataset_id=made.dataset_id)),
        "goneRecords": refusal(lambda: client.get_dataset("d-" + "0" * 32)),
        "filter": refusal(lambda: datasets.search_datasets(filter_string="color = 'red'")),
        "order": refusal(lambda: datasets.search_datasets(filter_string="name = 'a'", order_by=["created_by"])),
    }


def evaluation_records():
    """Records of every kind: merged by their inputs, from a table, from traces, with numbers that stay what they are."""
    experiment = client.create_experiment("evaluation records")
    dataset = datasets.create_dataset(name="records", experiment_id=experiment)
    before = dataset.digest
    dataset.merge_records(
        [
            {"inputs": {"q": "one", "k": 1}, "expectations": {"answer": "1"}, "tags": {"a": "x"}},
            {"inputs": {"k": 1, "q": "one"}, "expectations": {"more": True}, "tags": {"b": "y"}},
            {"inputs": {"q": "one", "k": 1.0}, "outputs": {"list": ["a", 2.0, None]}},
            {"inputs": {"q": "ä\u0000🙂", "deep": {"big": 2**53 + 1, "__proto__": {"x": 1}}}, "outputs": {"score": math.inf, "loss": -1e300}},
        ]
    )
    first = record_texts(dataset)
    dataset.merge_records([{"inputs": {"q": "one", "k": 1}, "outputs": {"text": "answer"}, "expectations": {"answer": "2"}}])
    second = record_texts(dataset)
    table = pd.DataFrame([{"inputs": {"q": "two"}, "expectations": {"answer": "2"}}, {"inputs": {"q": "three"}}])
    table = table.where(table.notna(), None)
    dataset.merge_records(table)
    fresh = datasets.get_dataset(dataset_id=dataset.dataset_id)
    frame = fresh.to_df()
    gone = list(frame["dataset_record_id"][:2])
    deleted = fresh.delete_records([*gone, "dr-none"])
    after = datasets.get_dataset(dataset_id=dataset.dataset_id)
    return {
        "first": first,
        "second": second[0],
        "columns": list(frame.columns),
        "schema": fresh.schema,
        "profile": [fresh.profile, after.profile],
        "moved": before != fresh.digest,
        "deleted": deleted,
        "left": [inputs for inputs, *_ in record_texts(dataset)],
        "isNotOne": refusal(lambda: client._tracking_client.store.upsert_dataset_records(dataset.dataset_id, [{"inputs": 1}])),
        "source": refusal(
            lambda: client._tracking_client.store.upsert_dataset_records(
                dataset.dataset_id, [{"inputs": {}, "source": {"source_type": "NOBODY"}}]
            )
        ),
        "absent": refusal(lambda: client._tracking_client.store._load_dataset_records("d-none")),
    }


def evaluation_traces():
    """Traces as records, and a dataset as what a run read."""
    experiment = mlflow.set_experiment("evaluation traces").experiment_id
    with mlflow.start_span("ask") as span:
        span.set_inputs({"question": "why"})
        span.set_outputs("because")
    trace_id = span.trace_id
    mlflow.flush_trace_async_logging()
    mlflow.log_expectation(trace_id=trace_id, name="answer", value="because")
    dataset = datasets.create_dataset(name="of traces", experiment_id=experiment)
    dataset.merge_records(mlflow.search_traces(locations=[experiment]))
    record = client.get_dataset(dataset.dataset_id).records[0]
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="evaluation")
    logged = client.get_run(run.info.run_id).inputs.dataset_inputs[0]
    many = [{"inputs": {"n": n}} for n in range(2_500)]
    dataset.merge_records(many)
    page, token = client._tracking_client.store._load_dataset_records(dataset.dataset_id, max_results=10)
    return {
        "record": [record.inputs, record.outputs, record.expectations, record.source_type],
        "ofTrace": record.source_id == trace_id,
        "logged": [logged.dataset.name, logged.dataset.source_type, logged.tags[0].value],
        "all": sorted(row.inputs["n"] for row in client.get_dataset(dataset.dataset_id).records if "n" in row.inputs) == list(range(2_500)),
        "page": [len(page), bool(token)],
    }


def scorers():
    """Versions of a scorer, and what is not kept."""
    experiment = client.create_experiment("evaluation scorers")
    Guidelines(name="polite", guidelines=["Be kind"], model="openai:/gpt-4o").register(experiment_id=experiment)
    Guidelines(name="polite", guidelines=["Be very kind"], model="openai:/gpt-4o").register(experiment_id=experiment)
    Guidelines(name="brief", guidelines=["Be brief"], model="openai:/gpt-4o").register(experiment_id=experiment)
    newest = get_scorer(name="polite", experiment_id=experiment)
    first = get_scorer(name="polite", experiment_id=experiment, version=1)
    listed = [(one.name, one.guidelines) for one in list_scorers(experiment_id=experiment)]
    versions = [(one.guidelines, version) for one, version in list_scorer_versions(name="polite", experiment_id=experiment)]
    delete_scorer(name="polite", experiment_id=experiment, version=1)
    left = [version for _, version in list_scorer_versions(name="polite", experiment_id=experiment)]
    gone = refusal(lambda: get_scorer(name="polite", experiment_id=experiment, version=1))
    delete_scorer(name="polite", experiment_id=experiment, version="all")
    store = client._tracking_client.store
    code = '{"name": "mine", "call_source": "return 1"}'
    elsewhere = '{"third_party_scorer_data": {"kwargs": {"completion_kwargs": {"api_base": "http://x"}}}}'
    return {
        "newest": newest.guidelines,
        "first": first.guidelines,
        "listed": sorted(listed),
        "versions": versions,
        "left": left,
        "gone": gone,
        "names": [one.name for one in list_scorers(experiment_id=experiment)],
        "again": refusal(lambda: delete_scorer(name="polite", experiment_id=experiment, version="all")),
        "code": refusal(lambda: store.register_scorer(experiment, "mine", code)),
        "elsewhere": refusal(lambda: store.register_scorer(experiment, "mine", elsewhere)),
        "noJson": refusal(lambda: store.register_scorer(experiment, "mine", "{")),
        "gateway": refusal(lambda: Guidelines(name="g", guidelines="x", model="gateway:/none").register(experiment_id=experiment)),
        "noExperiment": refusal(lambda: list_scorers(experiment_id="999999")),
    }


play(evaluation_datasets, evaluation_records, evaluation_traces, scorers)
