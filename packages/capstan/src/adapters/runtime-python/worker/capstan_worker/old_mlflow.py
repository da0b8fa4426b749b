"""For an mlflow before the one that brought `scoring_server.invocations`: the same steps, out of the parts it has."""

import io
import json
import traceback
from collections import namedtuple

Response = namedtuple("Response", ["response", "status", "mimetype"])


def invocations_of(server):
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import BAD_REQUEST

    def parse_json(text, schema):
        if hasattr(server, "infer_and_parse_json_input"):
            return server.infer_and_parse_json_input(text, schema)
        try:
            body = json.loads(text)
        except ValueError as error:
            raise MlflowException("The input is no JSON: %s" % error, error_code=BAD_REQUEST)
        return server.infer_and_parse_data({key: body[key] for key in body if key != "params"}, schema)

    def invocations(data, content_type, model, input_schema):
        mime_type = content_type.split(";")[0].strip()
        if mime_type == "text/csv":
            parsed = server.parse_csv_input(io.StringIO(data), input_schema)
        elif mime_type == "application/json":
            parsed = parse_json(data, input_schema)
        else:
            problem = "This predictor only supports text/csv and application/json. Got '%s'." % content_type
            return Response(problem, 415, "text/plain")
        try:
            answer = model.predict(parsed)
        except MlflowException:
            raise
        except Exception:
            raise MlflowException(
                "Encountered an unexpected error while evaluating the model. Verify that the input is compatible with it.",
                error_code=BAD_REQUEST,
                stack_trace=traceback.format_exc(),
            )
        rendered = io.StringIO()
        server.predictions_to_json(answer, rendered)
        return Response(rendered.getvalue(), 200, "application/json")

    return invocations
