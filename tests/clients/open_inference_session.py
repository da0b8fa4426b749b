"""What tritonclient does over HTTP, unmodified, with a data plane at ADDRESS (host:port).

Run with: python open_inference_session.py ADDRESS
Each scenario is a function whose docstring says what it does; its report is one line of JSON on standard output:
{"scenario": name, "saw": what it returned} or {"scenario": name, "failed": why}.
"""

import asyncio
import json
import sys
import traceback

import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

ADDRESS = sys.argv[1]
client = triton.InferenceServerClient(ADDRESS)

# Two rows of two values: the ends of each range, and what is easily lost.
VALUES = {
    "BOOL": [[True, False], [False, True]],
    "UINT8": [[0, 255], [1, 2]],
    "UINT16": [[0, 65535], [1, 2]],
    "UINT32": [[0, 4294967295], [1, 2]],
    "UINT64": [[0, 18446744073709551615], [9007199254740993, 2]],
    "INT8": [[-128, 127], [-1, 0]],
    "INT16": [[-32768, 32767], [-1, 0]],
    "INT32": [[-2147483648, 2147483647], [-1, 0]],
    "INT64": [[-9223372036854775808, 9223372036854775807], [9007199254740993, -9007199254740993]],
    "FP32": [[-0.0, 3.4028234663852886e38], [1e-45, 0.1]],
    "FP64": [[-0.0, 1.7976931348623157e308], [5e-324, 0.1]],
    "BYTES": [["", "grüße"], ["日本", "𝄞 \u0001 \"\\"]],
}


def array(kind, values=None):
    wanted = VALUES[kind] if values is None else values
    if kind == "BYTES":
        return np.array([[text.encode() for text in row] for row in wanted], dtype=object)
    return np.array(wanted, dtype=triton_to_np_dtype(kind))


def tensor(kind, data, binary):
    made = triton.InferInput(f"in_{kind}", list(data.shape), kind)
    made.set_data_from_numpy(data, binary_data=binary)
    return made


def everything(binary_of):
    return [tensor(kind, array(kind), binary_of(kind)) for kind in VALUES]


def asked(binary_of):
    return [triton.InferRequestedOutput(f"out_{kind}", binary_data=binary_of(kind)) for kind in VALUES]


def as_texts(found):
    """BYTES come as bytes or, from JSON, as texts."""
    return [[value.decode() if isinstance(value, bytes) else str(value) for value in row] for row in found]


def lost(result):
    """Datatypes whose values came back as others, to the bit."""
    wrong = []
    for kind in VALUES:
        found = result.as_numpy(f"out_{kind}")
        same = as_texts(found) == VALUES[kind] if kind == "BYTES" else found.tobytes() == array(kind).tobytes()
        if not same or list(found.shape) != [2, 2]:
            wrong.append([kind, str(found)])
    return wrong


def refusal(act):
    try:
        act()
    except InferenceServerException as error:
        return [error.status(), error.message()]
    return None


def health():
    """Live, ready, and a model's readiness."""
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model": client.is_model_ready("every-datatype"),
        "version": client.is_model_ready("every-datatype", "1"),
        "unknown model": client.is_model_ready("nope"),
        "unknown version": client.is_model_ready("every-datatype", "9"),
        "spaces": client.is_model_ready("no such model"),
    }


def metadata():
    """Of the server and of a model."""
    return {
        "server": client.get_server_metadata(),
        "model": client.get_model_metadata("half-floats"),
        "version": client.get_model_metadata("half-floats", "1"),
        "config": refusal(lambda: client.get_model_config("half-floats")),
    }


def as_json():
    """Every datatype, both ways as JSON."""
    return {"lost": lost(client.infer("every-datatype", everything(lambda kind: False), outputs=asked(lambda kind: False)))}


def as_bytes():
    """Every datatype as the client likes it best: binary, and all outputs."""
    result = client.infer("every-datatype", everything(lambda kind: True), request_id="a request")
    answer = result.get_response()
    sizes = {output["name"]: output.get("parameters", {}).get("binary_data_size") for output in answer["outputs"]}
    return {"lost": lost(result), "id": answer["id"], "version": answer["model_version"], "half": sizes["out_INT16"], "all": all(sizes.values())}


def mixed():
    """Some inputs and some outputs as bytes, others as JSON."""
    in_bytes, out_bytes = {"INT64", "BYTES", "FP32"}, {"BOOL", "UINT64", "FP32"}
    inputs = everything(lambda kind: kind in in_bytes)
    result = client.infer("every-datatype", inputs, outputs=asked(lambda kind: kind in out_bytes), model_version="1")
    answer = result.get_response()
    return {
        "lost": lost(result),
        "bytes": sorted(output["name"] for output in answer["outputs"] if "binary_data_size" in output.get("parameters", {})),
    }


def halves():
    """FP16 as bytes, infinities and NaN among them; other floats keep them too."""
    data = np.array([[0.1, -0.0], [np.inf, np.nan]], np.float16)
    found = client.infer("half-floats", [tensor("FP16", data, True)]).as_numpy("out_FP16")
    floats = np.array([[np.nan, -np.inf], [-0.0, 1]], np.float32)
    single = client.infer("one-float", [tensor("FP32", floats, True)]).as_numpy("out_FP32")
    output = [triton.InferRequestedOutput("out_FP32", binary_data=False)]
    as_text = client.infer("one-float", [tensor("FP32", floats, True)], outputs=output)
    return {
        "halves": found.tobytes() == data.tobytes(),
        "floats": single.tobytes() == floats.tobytes(),
        "in JSON": as_text.get_response()["outputs"][0]["data"],
    }


def thousands():
    """Enough rows that they are compressed and read apart; by every pair of compressions."""
    rows = np.random.default_rng(1).normal(size=(3000, 2)).astype(np.float32)
    equal = []
    for request in (None, "gzip", "deflate"):
        for response in (None, "gzip", "deflate"):
            for binary in (True, False):
                result = client.infer(
                    "one-float",
                    [tensor("FP32", rows, binary)],
                    outputs=[triton.InferRequestedOutput("out_FP32", binary_data=binary)],
                    request_compression_algorithm=request,
                    response_compression_algorithm=response,
                )
                if result.as_numpy("out_FP32").tobytes() != rows.tobytes():
                    equal.append([request, response, binary])
    return {"unequal": equal}


def refusals():
    """Status and message that the client reads."""
    one = tensor("FP32", np.zeros((1, 2), np.float32), True)
    wrong = tensor("FP64", np.zeros((1, 2)), True)
    wide = tensor("FP32", np.zeros((1, 3), np.float32), False)
    words = np.array([[b"\xff\xfe", b"x"]], dtype=object)
    others = [tensor(kind, array(kind)[:1], True) for kind in VALUES if kind != "BYTES"]
    nan = tensor("FP32", np.array([[np.nan, 1]], np.float32), False)
    shared = triton.InferInput("in_FP32", [1, 2], "FP32")
    shared.set_shared_memory("region", 8)
    return {
        "model": refusal(lambda: client.infer("nope", [one])),
        "spaces": refusal(lambda: client.infer("no such model", [one])),
        "version": refusal(lambda: client.infer("one-float", [one], model_version="3")),
        "input": refusal(lambda: client.infer("one-float", [wrong])),
        "shape": refusal(lambda: client.infer("one-float", [wide])),
        "output": refusal(lambda: client.infer("one-float", [one], outputs=[triton.InferRequestedOutput("out")])),
        "classes": refusal(lambda: client.infer("one-float", [one], outputs=[triton.InferRequestedOutput("out_FP32", class_count=2)])),
        "no UTF-8": refusal(lambda: client.infer("every-datatype", [*others, tensor("BYTES", words, True)])),
        "NaN as JSON": refusal(lambda: client.infer("one-float", [nan])),
        "shared memory": refusal(lambda: client.infer("one-float", [shared])),
        "sequence": refusal(lambda: client.infer("one-float", [one], sequence_id=5, sequence_start=True)),
        "regions": refusal(lambda: client.get_system_shared_memory_status()),
        "own parameters": client.infer("one-float", [one], parameters={"mine": 1}, priority=2, timeout=5_000_000).as_numpy("out_FP32").tolist(),
    }


def repository():
    """What is served; unloading gives memory back and takes no answer away."""
    client.unload_model("one-float")
    unloaded = [entry["reason"] for entry in client.get_model_repository_index() if entry["name"] == "one-float"]
    is_ready = client.is_model_ready("one-float")
    client.load_model("one-float")
    return {
        "index": sorted([entry["name"], entry["version"], entry["state"]] for entry in client.get_model_repository_index()),
        "load": refusal(lambda: client.load_model("nope")),
        "unloaded": unloaded,
        "ready": is_ready,
        "unload": refusal(lambda: client.unload_model("nope")),
    }


def statistics():
    """Counters grow by what was answered."""
    def of_model():
        return client.get_inference_statistics("half-floats", "1")["model_stats"][0]

    before = of_model()
    data = np.zeros((5, 2), np.float16)
    for _ in range(3):
        client.infer("half-floats", [tensor("FP16", data, True)])
    after = of_model()
    return {
        "rows": after["inference_count"] - before["inference_count"],
        "requests": after["inference_stats"]["success"]["count"] - before["inference_stats"]["success"]["count"],
        "failures": after["inference_stats"]["fail"]["count"],
        "time": after["inference_stats"]["success"]["ns"] > before["inference_stats"]["success"]["ns"],
        "last": after["last_inference"] >= before["last_inference"] > 0,
        "models": sorted(entry["name"] for entry in client.get_inference_statistics()["model_stats"]),
        "unknown": refusal(lambda: client.get_inference_statistics("nope")),
    }


def by_asyncio():
    """The client for asyncio, many requests at once, each with its own answer."""
    async def play():
        async with triton_aio.InferenceServerClient(ADDRESS) as other:
            async def one(number):
                data = np.full((1 + number % 3, 2), number, np.float32)
                result = await other.infer("one-float", [tensor("FP32", data, number % 2 == 0)])
                return result.as_numpy("out_FP32").tolist() == data.tolist()

            return await asyncio.gather(*(one(number) for number in range(50)))

    return {"own": sum(asyncio.run(play()))}


for scenario in (health, metadata, as_json, as_bytes, mixed, halves, thousands, refusals, repository, statistics, by_asyncio):
    try:
        report = {"scenario": scenario.__name__, "saw": scenario()}
    except Exception:
        report = {"scenario": scenario.__name__, "failed": traceback.format_exc()}
    print(json.dumps(report), flush=True)
