"""What users of mlflow's tracing do, against the server that MLFLOW_TRACKING_URI names; nothing else is set.

Usage: python mlflow_traces_session.py SCRATCH_FOLDER

It only acts and reports (scenarios.py says how): mlflow-traces.test.ts beside it says what must have been seen.
"""

import gzip
import json
import os
import urllib.error
import urllib.request

import mlflow
from mlflow.entities import AssessmentSource, AssessmentSourceType, Feedback, SpanType
from mlflow.tracing.client import TracingClient
from mlflow.tracing.constant import SpanAttributeKey
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from scenarios import client, play, refusal

def settled():
    """Waits until all that was traced has been sent; the id of the last trace."""
    mlflow.flush_trace_async_logging()
    return mlflow.get_last_active_trace_id()


@mlflow.trace(span_type=SpanType.TOOL)
def add(a, b):
    return a + b


@mlflow.trace(span_type=SpanType.RETRIEVER)
def look_up(question):
    return [{"page_content": f"about {question}", "metadata": {"doc_uri": "a.txt", "score": 1.0}}]


@mlflow.trace(name="ask", span_type=SpanType.AGENT, attributes={"team": "ops", "limit": 3, "share": 0.5})
def ask(question):
    documents = look_up(question)
    with mlflow.start_span(name="complete", span_type=SpanType.CHAT_MODEL) as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_attribute(
            SpanAttributeKey.CHAT_USAGE, {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        )
        span.set_attribute(SpanAttributeKey.MODEL, "tiny-1")
        span.set_outputs({"choices": [{"message": {"role": "assistant", "content": "größer"}}]})
    return {"answer": f"{len(documents)} found", "sum": add(1, 2)}


@mlflow.trace
def fails():
    raise ValueError("no luck")


def told(trace):
    """What a trace is like, without what differs from run to run."""
    spans = trace.data.spans
    names = {span.span_id: span.name for span in spans}
    return {
        "state": str(trace.info.state),
        "name": trace.info.tags.get("mlflow.traceName"),
        "request": trace.info.request_preview,
        "response": trace.info.response_preview,
        "usage": trace.info.token_usage,
        "spans": sorted([span.name, str(span.span_type), names.get(span.parent_id)] for span in spans),
        "isTimed": all(span.end_time_ns >= span.start_time_ns > 10**18 for span in spans),
    }


def decorated():
    """Functions that are traced, nested, with and without luck."""
    mlflow.set_experiment("decorated")
    ask("what is new?")
    first = client.get_trace(settled())
    root = next(span for span in first.data.spans if span.parent_id is None)
    refused = None
    try:
        fails()
    except ValueError as error:
        refused = str(error)
    failed = client.get_trace(settled())
    failed_root = failed.data.spans[0]
    return {
        "ask": told(first),
        "inputs": root.inputs,
        "outputs": root.outputs,
        "attributes": {key: root.attributes[key] for key in ("team", "limit", "share")},
        "kinds": [type(root.attributes[key]).__name__ for key in ("limit", "share")],
        "documents": next(span for span in first.data.spans if span.name == "look_up").outputs,
        "isSameThroughSearch": mlflow.search_traces(return_type="list")[-1].to_dict() == first.to_dict(),
        "refused": refused,
        "failed": told(failed),
        "failure": [str(failed_root.status.status_code), failed_root.status.description],
        "events": [[event.name, event.attributes["exception.message"]] for event in failed_root.events],
    }


def sums():
    """A parent that reports what its children used is not counted twice."""
    mlflow.set_experiment("sums")
    usage = SpanAttributeKey.CHAT_USAGE
    with mlflow.start_span(name="parent") as parent:
        parent.set_attribute(usage, {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10})
        with mlflow.start_span(name="child") as child:
            child.set_attribute(usage, {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10})
    both = client.get_trace(settled()).info.token_usage
    with mlflow.start_span(name="plain"):
        for _ in range(2):
            with mlflow.start_span(name="leaf") as leaf:
                leaf.set_attribute(usage, {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10})
    return {"reported": both, "summed": client.get_trace(settled()).info.token_usage}


def search():
    """Filters, orders and pages."""
    experiment = mlflow.set_experiment("search")
    ids = {}
    for number in range(5):
        with mlflow.start_span(name=f"step {number}", span_type=SpanType.CHAIN) as span:
            span.set_inputs({"text": f"läuft {number}"})
            span.set_attribute("shard", f"s{number % 2}")
            mlflow.update_current_trace(
                tags={"number": str(number), "half": "low" if number < 3 else "high"},
                metadata={"mlflow.trace.session": f"session-{number % 2}", "kept": "yes"},
                client_request_id=f"request-{number}",
            )
            if number == 4:
                span.set_status("ERROR")
        ids[settled()] = number
    mlflow.log_feedback(trace_id=next(iter(ids)), name="score", value=0.9)
    mlflow.log_feedback(trace_id=list(ids)[1], name="score", value=0.1)
    mlflow.log_feedback(trace_id=list(ids)[2], name="verdict", value="yes")

    def found(filter_string, order_by=None):
        traces = mlflow.search_traces(filter_string=filter_string, order_by=order_by, return_type="list")
        numbers = [ids[trace.info.trace_id] for trace in traces]
        return numbers if order_by else sorted(numbers)

    first = client.search_traces(locations=[experiment.experiment_id], max_results=2)
    second = client.search_traces(locations=[experiment.experiment_id], max_results=3, page_token=first.token)
    frame = mlflow.search_traces(filter_string="tag.number = '2'")
    return {
        "all": found(None),
        "tag": found("tag.half = 'low'"),
        "tagNot": found("tags.half != 'low'"),
        "metadata": found("metadata.`mlflow.trace.session` = 'session-1'"),
        "status": found("trace.status = 'ERROR'"),
        "name": found("trace.name = 'step 3'"),
        "nameLike": found("name LIKE 'step%'"),
        "requestId": found(f"request_id = '{list(ids)[3]}'"),
        "clientRequestId": found("client_request_id = 'request-2'"),
        "time": found("timestamp_ms > 0 AND execution_time_ms < 600000"),
        "span": found("span.name = 'step 1' AND span.type = 'CHAIN'"),
        "attribute": found("span.attributes.shard LIKE '%s1%'"),
        "text": found("trace.text LIKE '%läuft 2%'"),
        "feedback": found("feedback.score > 0.5"),
        "verdict": found("feedback.verdict = 'yes'"),
        "isNull": found("feedback.verdict IS NULL"),
        "noTag": found("tag.absent IS NULL AND tag.number IS NOT NULL"),
        "newest": found(None, ["timestamp_ms DESC"]),
        "byTag": found(None, ["tag.number DESC"]),
        "pages": [len(first), len(second), second.token is None],
        "columns": [frame.iloc[0]["request"], frame.iloc[0]["state"]],
        "badKey": refusal(lambda: found("bogus = 'x'")),
        "either": found("tag.number = '0' OR feedback.verdict = 'yes'"),
        "badClause": refusal(lambda: found("status =")),
    }


def assessments():
    """Feedback and expectations: made, overridden, changed, removed."""
    mlflow.set_experiment("assessments")
    add(1, 2)
    trace_id = settled()
    human = AssessmentSource(source_type=AssessmentSourceType.HUMAN, source_id="bob")
    feedback = mlflow.log_feedback(
        trace_id=trace_id, name="right", value=True, source=human, rationale="it is 3", metadata={"round": "1"}
    )
    expectation = mlflow.log_expectation(trace_id=trace_id, name="answer", value={"sum": 3, "steps": [1, 2]}, source=human)
    error = mlflow.log_feedback(trace_id=trace_id, name="judge", error=ValueError("no answer"))
    read = mlflow.get_assessment(trace_id, feedback.assessment_id)
    override = mlflow.override_feedback(
        trace_id=trace_id, assessment_id=feedback.assessment_id, value=False, rationale="it is not"
    )
    overridden = mlflow.get_assessment(trace_id, feedback.assessment_id)
    changed = mlflow.update_assessment(
        trace_id=trace_id,
        assessment_id=override.assessment_id,
        assessment=Feedback(name="wrong", value=True, rationale="it is 4", metadata={"round": "2"}),
    )
    listed = client.get_trace(trace_id).info.assessments
    mlflow.delete_assessment(trace_id=trace_id, assessment_id=override.assessment_id)
    restored = mlflow.get_assessment(trace_id, feedback.assessment_id)
    return {
        "id": feedback.assessment_id,
        "read": [read.name, read.value, read.rationale, read.source.source_type, read.source.source_id, read.metadata],
        "expectation": mlflow.get_assessment(trace_id, expectation.assessment_id).value,
        "error": [error.error.error_code, error.error.error_message],
        "valid": [overridden.valid, override.valid, override.overrides == feedback.assessment_id, restored.valid],
        "changed": [changed.name, changed.value, changed.rationale, changed.metadata],
        "listed": sorted(assessment.name for assessment in listed),
        "left": sorted(assessment.name for assessment in client.get_trace(trace_id).info.assessments),
        "gone": refusal(lambda: mlflow.get_assessment(trace_id, override.assessment_id)),
        "noTrace": refusal(lambda: mlflow.log_feedback(trace_id="tr-" + "0" * 32, name="x", value=1)),
    }


def tags_and_links():
    """Tags, runs and prompts of a trace."""
    experiment = mlflow.set_experiment("links")
    with mlflow.start_run() as run:
        add(1, 1)
    in_run = settled()
    add(2, 2)
    outside = settled()
    client.set_trace_tag(outside, "color", "blue")
    client.set_trace_tag(outside, "gone", "soon")
    client.delete_trace_tag(outside, "gone")
    client.link_traces_to_run([outside], run.info.run_id)
    prompt = mlflow.genai.register_prompt("greeting", "Say {{word}}")
    client.link_prompt_versions_to_trace([prompt], outside)
    of_run = mlflow.search_traces(run_id=run.info.run_id, return_type="list")
    prompted = client.search_traces(
        locations=[experiment.experiment_id], filter_string=f"prompt = 'greeting/{prompt.version}'"
    )
    tags = client.get_trace(outside).info.tags
    return {
        "tags": {key: tags[key] for key in ("color",)},
        "hasGone": "gone" in tags,
        "ofRun": sorted(trace.info.trace_id for trace in of_run) == sorted([in_run, outside]),
        "prompted": [trace.info.trace_id for trace in prompted] == [outside],
        "deletedTag": refusal(lambda: client.delete_trace_tag(outside, "gone")),
        "location": tags["mlflow.artifactLocation"].replace(outside, "TRACE"),
    }


def deletion():
    """Traces by id, and the oldest."""
    experiment = mlflow.set_experiment("deletion")
    ids = []
    for number in range(4):
        add(number, 1)
        ids.append(settled())
    named = client.delete_traces(experiment_id=experiment.experiment_id, trace_ids=[ids[3]])
    oldest = client.delete_traces(
        experiment_id=experiment.experiment_id, max_timestamp_millis=4_000_000_000_000, max_traces=1
    )
    left = [trace.info.trace_id for trace in client.search_traces(locations=[experiment.experiment_id])]
    return {
        "counts": [named, oldest],
        "left": sorted(left) == sorted(ids[1:3]),
        "gone": refusal(lambda: client.delete_traces(experiment_id=experiment.experiment_id)),
    }


def files():
    """Spans in a file, as clients keep them where the server does not: read back the same way."""
    experiment = mlflow.set_experiment("files")
    add(3, 4)
    stored = client.get_trace(settled())
    info = stored.info
    info.trace_id = "tr-" + "f" * 32
    info.tags.pop("mlflow.trace.spansLocation")
    info.trace_metadata.pop("mlflow.trace.sizeStats", None)
    tracing = TracingClient()
    created = tracing.start_trace(info)
    tracing._upload_trace_data(created, stored.data)
    read = client.get_trace(info.trace_id)
    return {
        "experiment": created.experiment_id == experiment.experiment_id,
        "spans": [[span.name, span.inputs, span.outputs] for span in read.data.spans],
    }


def otlp():
    """OpenTelemetry's own protocol by plain HTTP, in both encodings."""
    experiment = mlflow.set_experiment("otlp")
    uri = os.environ["MLFLOW_TRACKING_URI"]

    def send(body, content_type, headers=None):
        request = urllib.request.Request(
            f"{uri}/v1/traces",
            data=body,
            headers={"content-type": content_type, "x-mlflow-experiment-id": experiment.experiment_id, **(headers or {})},
        )
        try:
            with urllib.request.urlopen(request) as response:
                return [response.status, response.headers["content-type"], len(response.read())]
        except urllib.error.HTTPError as error:
            return [error.code, json.loads(error.read())]

    def text(key, value):
        return {"key": key, "value": {"stringValue": value}}

    def number(key, value):
        return {"key": key, "value": {"intValue": str(value)}}

    span = {
        "traceId": "11" * 16,
        "spanId": "22" * 8,
        "name": "chat tiny-1",
        "startTimeUnixNano": "1700000000000000001",
        "endTimeUnixNano": "1700000000250000001",
        "attributes": [
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.request.model", "tiny-1"),
            number("gen_ai.usage.input_tokens", 8),
            number("gen_ai.usage.output_tokens", 2),
            text("gen_ai.input.messages", json.dumps([{"role": "user", "content": "hi"}])),
        ],
        "status": {"code": 1},
    }
    resource = {"attributes": [text("service.name", "shop")]}
    body = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}).encode()

    message = ExportTraceServiceRequest()
    packed = message.resource_spans.add().scope_spans.add().spans.add()
    packed.trace_id = bytes.fromhex("33" * 16)
    packed.span_id = bytes.fromhex("44" * 8)
    packed.name = "packed"
    packed.start_time_unix_nano = 1700000001000000009
    packed.end_time_unix_nano = 1700000001100000009
    attribute = packed.attributes.add()
    attribute.key = "deep"
    attribute.value.array_value.values.add().int_value = 2**62 + 1
    attribute.value.array_value.values.add().double_value = 0.5
    wire = message.SerializeToString()

    answers = {
        "json": send(body, "application/json"),
        "gzip": send(gzip.compress(wire), "application/x-protobuf", {"content-encoding": "gzip"}),
        "again": send(wire, "application/x-protobuf"),
        "type": send(wire, "text/plain"),
        "broken": send(wire[:-3], "application/x-protobuf"),
        "empty": send(b"", "application/x-protobuf"),
        "noId": send(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "x"}]}]}]}).encode(), "application/json"),
    }
    chat = client.get_trace("tr-" + "11" * 16)
    deep = client.get_trace("tr-" + "33" * 16)
    return {
        **answers,
        "chat": told(chat),
        "service": chat.info.tags["service.name"],
        "duration": chat.info.execution_duration,
        "start": str(chat.data.spans[0].start_time_ns),
        "deep": [str(item) for item in deep.data.spans[0].attributes["deep"]],
        "count": len(client.search_traces(locations=[experiment.experiment_id])),
    }


def lifecycle():
    """A deleted experiment takes no traces."""
    experiment = mlflow.set_experiment("lifecycle")
    add(1, 2)
    trace_id = settled()
    client.delete_experiment(experiment.experiment_id)
    info = client.get_trace(trace_id).info
    refused = refusal(lambda: TracingClient().start_trace(info))
    client.restore_experiment(experiment.experiment_id)
    return {"refused": refused, "isThere": client.get_trace(trace_id).info.trace_id == trace_id}


if __name__ == "__main__":
    play(decorated, sums, search, assessments, tags_and_links, deletion, files, otlp, lifecycle)
