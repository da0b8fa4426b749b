"""
MLflow's scoring protocol, by the code of the mlflow that the model's environment has, so that answers are those of
`mlflow models serve`. Several requests are one call of the model where their data can be joined.
"""

import io
import json

from capstan_worker.bodies import JSON_TYPE, Bodies, joined_body
from capstan_worker.columns import columns_of, rows_of
from capstan_worker.rows import joined, joint_key, parted, rows_in

# Compiled without a file, so that a traceback has one line of it, which is taken out again: the caller sees MLflow's own.
STAND_IN = """
class StandIn:
    def __init__(self, model, call):
        self.metadata = model.metadata
        self.call = call
class WithParams(StandIn):
    def predict(self, data, params=None): return self.call(data, params)
class WithoutParams(StandIn):
    def predict(self, data): return self.call(data, None)
"""
STAND_IN_FILE = "<capstan>"


class Parsed(BaseException):
    """Brings data out of MLflow's code before the model is called; that catches every Exception."""

    def __init__(self, data, params):
        super().__init__()
        self.data = data
        self.params = params


class Scoring:
    def __init__(self, model, served):
        from mlflow.pyfunc import scoring_server

        from capstan_worker.old_mlflow import invocations_of

        self.model = model
        self.served = served
        self.server = scoring_server
        self.invocations = getattr(scoring_server, "invocations", None) or invocations_of(scoring_server)
        # Before it took Parquet its server handed over text.
        self.takes_bytes = hasattr(scoring_server, "CONTENT_TYPE_PARQUET")
        self.schema = model.metadata.get_input_schema()
        self.bodies = Bodies(served.inputs)
        names = {}
        exec(compile(STAND_IN, STAND_IN_FILE, "exec"), names)
        self.stand_in = names["WithParams" if served.takes_params else "WithoutParams"]

    def answer(self, header, buffers):
        bodies = [bytes(buffer) for buffer in buffers]
        is_recorded = header["isRecorded"]
        answers = self.answers(list(zip(header["types"], bodies)), is_recorded)
        told, parts = [], []
        for status, content_type, body, rows, columns in answers:
            told.append({"status": status, "contentType": content_type, "rows": rows})
            parts.append(body)
            parts.append(json.dumps(columns, allow_nan=False).encode() if columns is not None else b"")
        return {"kind": "answers", "answers": told}, parts

    def answers(self, requests, is_recorded):
        if len(requests) == 1 or not self.served.is_batchable:
            return [self.alone(request, is_recorded) for request in requests]
        answers = [None] * len(requests)
        unread = self.answer_bodies(requests, answers, is_recorded)
        groups = {}
        for index in unread:
            parsed = self.parsed(requests[index])
            key = parsed and joint_key(parsed.data, parsed.params)
            if key is None:
                answers[index] = self.alone(requests[index], is_recorded)
            else:
                groups.setdefault(key, []).append((index, parsed))
        for members in groups.values():
            together = self.together(members, is_recorded) if len(members) > 1 else None
            for place, (index, _) in enumerate(members):
                answers[index] = together[place] if together else self.alone(requests[index], is_recorded)
        return answers

    def answer_bodies(self, requests, answers, is_recorded):
        """Answers those that can be joined as they came. Returns the places of the others."""
        groups, others = {}, []
        for index, (content_type, body) in enumerate(requests):
            read = self.bodies.read(content_type, body)
            if read is None:
                others.append(index)
            else:
                groups.setdefault(read.key, []).append((index, read))
        for members in groups.values():
            indices = [index for index, _ in members]
            bodies = [body for _, body in members]
            parsed = self.parsed((JSON_TYPE, joined_body(bodies))) if len(members) > 1 else None
            counts = [len(body.rows) for body in bodies]
            together = None
            if parsed is not None and rows_in(parsed.data) == sum(counts):
                together = self.rendered(parsed.data, parsed.params, counts, is_recorded)
            for place, index in enumerate(indices):
                answers[index] = together[place] if together else self.alone(requests[index], is_recorded)
        return others

    def invoke(self, body, content_type, call):
        data = body if self.takes_bytes else body.decode("utf-8")
        return self.invocations(data, content_type, self.stand_in(self.model, call), self.schema)

    def parsed(self, request):
        def stop(data, params):
            raise Parsed(data, params)

        content_type, body = request
        try:
            self.invoke(body, content_type, stop)
        except Parsed as parsed:
            return parsed
        except Exception:
            # Asked alone it gets its answer.
            pass
        return None

    def together(self, members, is_recorded):
        many = [parsed.data for _, parsed in members]
        return self.rendered(joined(many), members[0][1].params, [rows_in(data) for data in many], is_recorded)

    def rendered(self, data, params, counts, is_recorded):
        """An answer for each count of rows of the data, or None when they cannot be answered together."""
        try:
            answer = self.served.predict(data, params)
            parts = parted(answer, counts)
            if parts is None:
                return None
            whole = self.recorded(data, answer, sum(counts)) if is_recorded else None
            answers = []
            start = 0
            for part, rows in zip(parts, counts):
                rendered = io.StringIO()
                self.server.predictions_to_json(part, rendered)
                columns = whole and {side: rows_of(all_of, start, rows) for side, all_of in whole.items()}
                answers.append((200, JSON_TYPE, rendered.getvalue().encode(), rows, columns))
                start += rows
            return answers
        except Exception:
            # One row may have spoilt it for all: each is asked alone.
            return None

    def alone(self, request, is_recorded):
        from mlflow.exceptions import MlflowException

        content_type, body = request
        seen = {"rows": 0, "data": None, "answer": None}

        def call(data, params):
            seen["rows"], seen["data"] = rows_in(data), data
            if self.served.takes_params:
                seen["answer"] = self.model.predict(data, params=params)
            else:
                seen["answer"] = self.model.predict(data)
            seen["is_answered"] = True
            return seen["answer"]

        try:
            response = self.invoke(body, content_type, call)
        except MlflowException as error:
            without_our_lines(error)
            text = error.serialize_as_json()
            return error.get_http_status_code(), "application/json", text.encode(), seen["rows"], None
        except Exception as error:
            # MLflow's server has no answer for it but 500, to what the caller sent.
            text = json.dumps({"error_code": "BAD_REQUEST", "message": "%s: %s" % (type(error).__name__, error)})
            return 400, "application/json", text.encode(), seen["rows"], None
        columns = None
        if is_recorded and response.status == 200 and seen.get("is_answered"):
            columns = self.recorded(seen["data"], seen["answer"], seen["rows"])
        content_type = response.mimetype + ("; charset=utf-8" if response.mimetype.startswith("text/") else "")
        return response.status, content_type, response.response.encode(), seen["rows"], columns

    def recorded(self, data, answer, rows):
        try:
            return {
                "inputs": columns_of(data, rows, self.served.inputs.specs),
                "outputs": columns_of(answer, rows, self.served.outputs),
            }
        except Exception:
            # What cannot be told as columns is answered all the same.
            return None


def without_our_lines(error):
    facts = getattr(error, "json_kwargs", None)
    trace = facts.get("stack_trace") if isinstance(facts, dict) else None
    if not isinstance(trace, str):
        return
    kept = []
    is_ours = False
    for line in trace.splitlines(keepends=True):
        if line.startswith('  File "'):
            is_ours = STAND_IN_FILE in line or "capstan_worker" in line
        elif not line.startswith("    "):
            is_ours = False
        if not is_ours:
            kept.append(line)
    facts["stack_trace"] = "".join(kept)

