"""The Open Inference Protocol over gRPC as tritonclient speaks it, and the clients of the standard health and reflection
services. Prints a line of JSON for each scenario.

  python open_inference_grpc_session.py GRPC_ADDRESS
"""

import json
import sys
import traceback

import grpc
import numpy as np
import tritonclient.grpc as triton
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

ADDRESS = sys.argv[1]
client = triton.InferenceServerClient(ADDRESS)
channel = grpc.insecure_channel(ADDRESS, [("grpc.max_receive_message_length", -1)])
stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)

VALUES = {
    "BOOL": np.array([[True, False], [False, True]]),
    "UINT8": np.array([[0, 255], [1, 2]], np.uint8),
    "UINT16": np.array([[0, 65535], [1, 2]], np.uint16),
    "UINT32": np.array([[0, 2**32 - 1], [1, 2]], np.uint32),
    "UINT64": np.array([[0, 2**64 - 1], [2**53 + 1, 2]], np.uint64),
    "INT8": np.array([[-128, 127], [1, -2]], np.int8),
    "INT16": np.array([[-(2**15), 2**15 - 1], [1, -2]], np.int16),
    "INT32": np.array([[-(2**31), 2**31 - 1], [1, -2]], np.int32),
    "INT64": np.array([[-(2**63), 2**63 - 1], [2**53 + 1, -2]], np.int64),
    "FP32": np.array([[np.nan, -0.0], [np.inf, 1e-45]], np.float32),
    "FP64": np.array([[np.nan, -0.0], [-np.inf, 5e-324]], np.float64),
    "BYTES": np.array([["", "é 😀"], ["line\nend", "x"]], object),
}
CONTENTS = {
    "BOOL": "bool_contents", "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
    "UINT64": "uint64_contents", "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
    "INT64": "int64_contents", "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}  # fmt: skip


def tensor(name, values, datatype):
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values)
    return made


def every_input(values=VALUES):
    return [tensor(f"in_{kind}", array, kind) for kind, array in values.items()]


def is_same(mine, theirs):
    """To the bit, text aside."""
    if mine.dtype == object:
        return [[value.encode() for value in row] for row in mine] == theirs.tolist()
    return mine.dtype == theirs.dtype and mine.shape == theirs.shape and mine.tobytes() == theirs.tobytes()


def refusal(act):
    """Status and text of the refusal that the call meets, or None."""
    try:
        act()
    except InferenceServerException as error:
        return [error.status().removeprefix("StatusCode."), error.message()]
    except grpc.RpcError as error:
        return [error.code().name, error.details()]
    return None


def health_and_metadata():
    columns = client.get_model_metadata("columns")
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "models": [client.is_model_ready("columns"), client.is_model_ready("columns", "1")],
        "unknown": refusal(lambda: client.is_model_ready("colums")),
        "unknown version": refusal(lambda: client.get_model_metadata("columns", "9")),
        "server": client.get_server_metadata(as_json=True)["name"],
        "platform": columns.platform,
        "versions": list(columns.versions),
        "inputs": [[item.name, item.datatype, list(item.shape)] for item in columns.inputs],
        "outputs": [[item.name, item.datatype, list(item.shape)] for item in columns.outputs],
        "index": sorted([model.name, model.version, model.state] for model in client.get_model_repository_index().models),
    }


def raw_values():
    """Every datatype as raw bytes, also compressed, with an id and outputs by name."""
    seen = {}
    for compression in (None, "gzip", "deflate"):
        result = client.infer("every-datatype", every_input(), request_id="r-1", compression_algorithm=compression)
        seen[str(compression)] = [kind for kind, array in VALUES.items() if not is_same(array, result.as_numpy(f"out_{kind}"))]
    halves = np.array([[0.5, -0.0], [np.nan, 65504]], np.float16)
    result = client.infer("half-floats", [tensor("in_FP16", halves, "FP16")])
    seen["FP16"] = is_same(halves, result.as_numpy("out_FP16"))
    asked = client.infer("every-datatype", every_input(), outputs=[triton.InferRequestedOutput("out_INT8")], request_id="é")
    response = asked.get_response()
    parameters = {name: parameter.WhichOneof("parameter_choice") for name, parameter in response.parameters.items()}
    return {
        **seen,
        "asked": [output.name for output in response.outputs],
        "id": response.id,
        "version": response.model_version,
        "parameters": parameters,
        "ids": len(set(json.loads(response.parameters["prediction_ids"].string_param))),
        "route": response.parameters["route"].string_param,
    }


def typed_values():
    """Every datatype in the contents of its own."""
    request = service_pb2.ModelInferRequest(model_name="every-datatype")
    for kind, array in VALUES.items():
        made = request.inputs.add(name=f"in_{kind}", datatype=kind, shape=array.shape)
        values = array.ravel().tolist()
        values = [value.encode() for value in values] if kind == "BYTES" else values
        getattr(made.contents, CONTENTS[kind]).extend(values)
    result = triton.InferResult(stub.ModelInfer(request))
    return [kind for kind, array in VALUES.items() if not is_same(array, result.as_numpy(f"out_{kind}"))]


def refusals():
    row = np.ones((1, 2), np.float32)
    one = tensor("in_FP32", row, "FP32")

    def infer(*inputs, model="one-float", **options):
        return refusal(lambda: client.infer(model, list(inputs), **options))

    def sent(**fields):
        request = service_pb2.ModelInferRequest(model_name="one-float")
        made = request.inputs.add(name="in_FP32", datatype="FP32", shape=[1, 2])
        if "contents" in fields:
            made.contents.fp32_contents.extend(fields["contents"])
        request.raw_input_contents.extend(fields.get("raw", []))
        return refusal(lambda: stub.ModelInfer(request))

    bare = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    return {
        "model": infer(one, model="no-float"),
        "version": infer(one, model_version="7"),
        "no number": infer(one, model_version="latest"),
        "name": infer(tensor("in_FP23", row, "FP32")),
        "datatype": infer(tensor("in_FP32", row.astype(np.float64), "FP64")),
        "shape": infer(tensor("in_FP32", np.ones((1, 3), np.float32), "FP32")),
        "no rows": infer(tensor("in_FP32", np.ones((0, 2), np.float32), "FP32")),
        "twice": infer(one, one),
        "output": infer(one, outputs=[triton.InferRequestedOutput("nothing")]),
        "classes": infer(one, outputs=[triton.InferRequestedOutput("probabilities", class_count=2)]),
        "both": sent(contents=[1, 2], raw=[row.tobytes()]),
        "too many": sent(raw=[row.tobytes(), b""]),
        "short": sent(raw=[b"abc"]),
        "nothing": sent(),
        "garbage": refusal(lambda: bare(b"\xff\xff\xff")),
        "unload": refusal(lambda: client.unload_model("one-float")),
        "load": refusal(lambda: client.load_model("one-float")),
        "unknown": refusal(lambda: client.unload_model("nope")),
        "method": refusal(lambda: client.get_trace_settings()),
        "still": infer(one),
    }


def statistics():
    before = client.get_inference_statistics("one-float").model_stats[0]
    client.infer("one-float", [tensor("in_FP32", np.ones((3, 2), np.float32), "FP32")])
    after = client.get_inference_statistics("one-float").model_stats[0]
    rows = after.inference_count - before.inference_count
    return {
        "rows": rows,
        "requests": after.inference_stats.success.count - before.inference_stats.success.count,
        "all": sorted(entry.name for entry in client.get_inference_statistics().model_stats),
    }


def large():
    """A message of 18 MiB there and back; one larger than allowed; one that nobody waits for."""
    def inputs(size):
        return every_input({**VALUES, "BYTES": np.array([["x" * size] * 2] * 2, object)})

    size = 18 * 2**20 // 4
    result = client.infer("every-datatype", inputs(size))
    late = refusal(lambda: client.infer("every-datatype", inputs(size), client_timeout=0.002))
    too_large = refusal(lambda: client.infer("every-datatype", inputs(9 * 2**20)))
    still = client.infer("every-datatype", every_input())
    return {
        "length": [len(value) for value in result.as_numpy("out_BYTES").ravel()] == [size] * 4,
        "late": late[0],
        "too large": too_large,
        "still": is_same(VALUES["INT64"], still.as_numpy("out_INT64")),
    }


def at_once():
    """200 calls at once over one connection, each with its own answer."""
    def send(index):
        values = np.full((1 + index % 3, 2), index, np.float32)
        request = service_pb2.ModelInferRequest(model_name="one-float", id=str(index))
        request.inputs.add(name="in_FP32", datatype="FP32", shape=values.shape)
        request.raw_input_contents.append(values.tobytes())
        return values, stub.ModelInfer.future(request)

    sent = [send(index) for index in range(200)]
    answers = [(index, values, future.result()) for index, (values, future) in enumerate(sent)]
    return [
        index
        for index, values, answer in answers
        if answer.id != str(index) or not is_same(values, triton.InferResult(answer).as_numpy("out_FP32"))
    ]


def standard_services():
    health = health_pb2_grpc.HealthStub(channel)
    status = health_pb2.HealthCheckResponse.ServingStatus.Name

    def ask(service):
        return health_pb2.HealthCheckRequest(service=service)

    def first(service):
        watching = health.Watch(ask(service))
        told = status(next(watching).status)
        watching.cancel()
        return told

    described = ProtoReflectionDescriptorDatabase(channel)
    pool = DescriptorPool(described)
    differences = []
    for theirs in service_pb2.DESCRIPTOR.message_types_by_name.values():
        try:
            ours = pool.FindMessageTypeByName(theirs.full_name)
        except KeyError:
            continue
        mine = {field.name: field for field in ours.fields}
        their = {field.name: field for field in theirs.fields}
        for name in mine.keys() & their.keys():
            facts = [(field.number, field.type, field.is_repeated) for field in (mine[name], their[name])]
            if facts[0] != facts[1]:
                differences.append(f"{theirs.name}.{name}")
    return {
        "checked": [status(health.Check(ask(service)).status) for service in ("", "inference.GRPCInferenceService")],
        "unknown": refusal(lambda: health.Check(ask("nothing")))[0],
        "watched": [first(""), first("nothing")],
        "services": sorted(described.get_services()),
        "differences": differences,
        "fields": len(pool.FindMessageTypeByName("inference.ModelInferRequest").fields),
    }


def columns():
    """What KServe's clients get too."""
    rows = [["AA", "JFK", 500.0, 3.5], ["Zürich Air", "ORD", 80.0, 9.25]]
    kinds = [("carrier", object, "BYTES"), ("origin", object, "BYTES"), ("distance", np.float32, "FP32"), ("hour", np.float32, "FP32")]
    inputs = [
        tensor(name, np.array([[row[index]] for row in rows], dtype), kind)
        for index, (name, dtype, kind) in enumerate(kinds)
    ]
    return client.infer("columns", inputs).as_numpy("probabilities").tolist()


for scenario in (
    health_and_metadata,
    raw_values,
    typed_values,
    refusals,
    statistics,
    large,
    at_once,
    standard_services,
    columns,
):
    try:
        print(json.dumps({"scenario": scenario.__name__, "saw": scenario()}))
    except Exception:
        print(json.dumps({"scenario": scenario.__name__, "failed": traceback.format_exc()}))
