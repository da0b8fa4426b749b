"""Traces, evaluation datasets and scorers as users of mlflow.genai leave them behind, and how they are read back.

Called by mlflow_source.py, which makes and reads runs and models.
"""

import hashlib
import json

import mlflow
from mlflow import MlflowClient
from mlflow.entities import AssessmentError, AssessmentSource, Feedback, SpanType
from mlflow.genai import datasets
from mlflow.genai.scorers import Guidelines, list_scorers
from mlflow.genai.scorers.registry import list_scorer_versions
from mlflow.tracing.attachments import Attachment
from mlflow.tracing.constant import SpanAttributeKey

# Only a server knows where it keeps files and spans; it counts spans in ways of its own.
OWN_TAGS = ("mlflow.artifactLocation", "mlflow.trace.spansLocation")


def settled() -> str:
    mlflow.flush_trace_async_logging()
    return mlflow.get_last_active_trace_id()


@mlflow.trace(name="answer", span_type=SpanType.AGENT, attributes={"limit": 3, "share": 1.0, "deep": {"list": [1, 2.5, None]}})
def answer(question: str) -> dict:
    with mlflow.start_span(name="complete", span_type=SpanType.CHAT_MODEL) as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_attribute(SpanAttributeKey.CHAT_USAGE, {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15})
        span.set_attribute(SpanAttributeKey.LLM_COST, {"input_cost": 0.25, "output_cost": 0.5, "total_cost": 0.75})
        span.set_attribute(SpanAttributeKey.MODEL, "tiny-1")
        span.set_outputs({"choices": [{"message": {"role": "assistant", "content": "größer 🙂"}}]})
    mlflow.update_current_trace(
        tags={"team": "support", "text": "ä\nö"},
        metadata={"mlflow.trace.session": "session-1", "mlflow.trace.user": "ada", "kept": "yes"},
        client_request_id="request-1",
    )
    return {"answer": 42}


@mlflow.trace
def fails() -> None:
    raise ValueError("no luck")


def make(uri: str) -> None:
    client = MlflowClient(uri)
    experiment = mlflow.set_experiment("with traces").experiment_id
    with mlflow.start_run(run_name="asks") as active:
        answer("why?")
        run = active.info.run_id
    first = settled()
    try:
        fails()
    except ValueError:
        pass
    failed = settled()
    for number in range(3):
        with mlflow.start_span(name=f"step {number}") as span:
            span.set_inputs({"n": number})
        last = settled()
    source = AssessmentSource(source_type="HUMAN", source_id="ada")
    mlflow.log_feedback(trace_id=first, name="good", value=True, rationale="reads well", source=source, metadata={"form": "a"})
    mlflow.log_feedback(trace_id=first, name="score", value=0.5, source=AssessmentSource(source_type="LLM_JUDGE", source_id="judge"))
    mlflow.log_feedback(trace_id=failed, name="broken", error=AssessmentError(error_code="E1", error_message="no answer"))
    mlflow.log_expectation(trace_id=first, name="answer", value={"is": [42, "yes"]}, source=source)
    judged = mlflow.log_feedback(trace_id=last, name="tone", value="rude", source=source)
    mlflow.override_feedback(trace_id=last, assessment_id=judged.assessment_id, value="polite", rationale="looked again", source=source)
    mlflow.set_trace_tag(last, "checked", "yes")
    if uri.startswith("file:"):
        return

    with mlflow.start_span(name="looks") as span:
        span.set_inputs({"picture": Attachment(content_type="image/png", content_bytes=b"\x89PNG" + bytes(range(200)))})
        mlflow.genai.load_prompt("greeting", version=2)
    settled()
    judge = client.create_run(experiment, run_name="judges").info.run_id
    client.link_traces_to_run([failed, last], run_id=judge)
    client.link_traces_to_run([first], run_id=client.create_run("0", run_name="judges elsewhere").info.run_id)

    other = client.create_experiment("evaluates")
    made = datasets.create_dataset(name="questions", experiment_id=[experiment, other], tags={"team": "support"})
    made.merge_records(
        [
            {"inputs": {"q": "one", "k": 1}, "expectations": {"answer": "1"}, "tags": {"a": "x"}},
            {"inputs": {"q": "one", "k": 1.0}, "outputs": {"list": ["a", 2.0, None]}},
            {"inputs": {"q": "ä🙂", "deep": {"b": 2, "a": [1]}}, "outputs": "plain"},
            {"inputs": {"q": "who"}, "source": {"source_type": "HUMAN", "source_data": {"user": "ada"}}},
        ]
    )
    made.merge_records([client.get_trace(first)])
    made.merge_records([{"inputs": {"q": f"many {number}"}, "expectations": {"n": number}} for number in range(700)])
    datasets.create_dataset(name="empty", experiment_id=other)
    Guidelines(name="polite", guidelines="Be polite.", model="openai:/none").register(experiment_id=experiment)
    Guidelines(name="polite", guidelines="Be very polite.", model="openai:/none").register(experiment_id=experiment)
    Guidelines(name="short", guidelines="Be short.", model="openai:/none").register(experiment_id=other)


def more(uri: str) -> None:
    """The next day: one trace is assessed, another is new, a dataset grows, a scorer gets another version."""
    experiment = mlflow.set_experiment("with traces").experiment_id
    known = mlflow.search_traces(locations=[experiment], filter_string="trace.name = 'step 1'", return_type="list")[0]
    mlflow.log_feedback(trace_id=known.info.trace_id, name="late", value=1.5)
    with mlflow.start_span(name="the day after"):
        pass
    settled()
    datasets.get_dataset(name="questions").merge_records(
        [{"inputs": {"q": "who"}, "expectations": {"answer": "ada"}}, {"inputs": {"q": "late"}}]
    )
    Guidelines(name="short", guidelines="Be shorter.", model="openai:/none").register(experiment_id=MlflowClient(uri).get_experiment_by_name("evaluates").experiment_id)


def read(client: MlflowClient, names: dict, run_ids: list[str], prompts: list[str], is_files: bool) -> dict:
    """All that the client can see of them; links as the traces that a run or a prompt is asked for."""
    ids = list(names)
    traces = client.search_traces(locations=ids, max_results=500)
    seen = {trace.info.trace_id: read_trace(client, trace, names) for trace in traces}
    if is_files:
        # The file store links traces to nothing but the run that each was made in.
        own = {trace: one["metadata"].get("mlflow.sourceRun") for trace, one in seen.items()}
        links = {run: sorted(trace for trace in own if own[trace] == run) for run in own.values() if run}
        return {"traces": seen, "links": links, "datasets": {}, "scorers": {}}

    def found(clause: str) -> list[str]:
        return sorted(trace.info.trace_id for trace in client.search_traces(locations=ids, filter_string=clause, max_results=500))

    links = {run: found(f"run_id = '{run}'") for run in run_ids}
    links |= {prompt: found(f"prompt = '{prompt}'") for prompt in prompts}
    scorers = {}
    for experiment, name in names.items():
        if client.get_experiment(experiment).lifecycle_stage != "active":
            continue
        for scorer in list_scorers(experiment_id=experiment):
            versions = list_scorer_versions(name=scorer.name, experiment_id=experiment)
            scorers[f"{name}/{scorer.name}"] = [[number, one.name, one.guidelines, one.model] for one, number in versions]
    return {
        "traces": seen,
        "links": {target: traces for target, traces in links.items() if traces},
        "datasets": {one.dataset_id: read_dataset(client, one.dataset_id, names) for one in client.search_datasets()},
        "scorers": scorers,
    }


def read_trace(client: MlflowClient, trace, names: dict) -> dict:
    info = trace.info
    return {
        "experiment": names[info.experiment_id],
        "info": [info.client_request_id, info.request_preview, info.response_preview, info.request_time],
        "ends": [info.execution_duration, str(info.state)],
        "tags": {key: value for key, value in info.tags.items() if key not in OWN_TAGS},
        "metadata": dict(info.trace_metadata),
        "assessments": sorted((assessment.to_dictionary() for assessment in info.assessments), key=lambda one: one["assessment_id"]),
        "spans": sorted((span.to_dict() for span in trace.data.spans), key=lambda span: span["span_id"]),
        "attachments": read_attachments(client, trace),
    }


def read_attachments(client: MlflowClient, trace) -> list[str]:
    found = []
    for span in trace.data.spans:
        for value in (span.inputs or {}).values() if isinstance(span.inputs, dict) else []:
            if isinstance(value, str) and value.startswith("mlflow-attachment://"):
                reference = Attachment.parse_ref(value)
                content = client._tracing_client._get_artifact_repo_for_trace(trace.info).download_trace_attachment(reference["attachment_id"])
                found.append(hashlib.sha256(content).hexdigest())
    return found


def read_dataset(client: MlflowClient, dataset_id: str, names: dict) -> dict:
    dataset = client.get_dataset(dataset_id)
    return {
        "facts": [dataset.name, dataset.digest, dataset.schema, dataset.profile, dataset.created_by, dataset.last_updated_by],
        "times": [dataset.created_time, dataset.last_update_time],
        "tags": dataset.tags,
        "experiments": sorted(names[one] for one in dataset.experiment_ids),
        "records": sorted(
            (
                [row.dataset_record_id, row.created_time, row.last_update_time, row.created_by, row.source_type, row.source_id]
                + [json.dumps(part, sort_keys=True) for part in (row.inputs, row.outputs, row.expectations, row.tags)]
                for row in dataset.records
            ),
            key=str,
        ),
    }
