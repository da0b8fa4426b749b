"""The Open Inference Protocol as KServe's own clients speak it, over both transports. Prints one line of JSON. Apart from
tritonclient: both declare the messages of the protocol, which protobuf allows once in a process.

  python kserve_session.py GRPC_ADDRESS REST_URL
"""

import asyncio
import json
import sys

import grpc
import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig

ADDRESS, REST_URL = sys.argv[1:3]
ROWS = [["AA", "JFK", 500.0, 3.5], ["Zürich Air", "ORD", 80.0, 9.25]]
KINDS = [("carrier", "BYTES"), ("origin", "BYTES"), ("distance", "FP32"), ("hour", "FP32")]


def request(is_raw, name="columns"):
    inputs = []
    for index, (column, kind) in enumerate(KINDS):
        values = [row[index] for row in ROWS]
        one = InferInput(column, [len(values), 1], kind, data=None if is_raw else values)
        if is_raw:
            dtype = np.float32 if kind == "FP32" else object
            one.set_data_from_numpy(np.array(values, dtype).reshape(-1, 1), binary_data=True)
        inputs.append(one)
    return InferRequest(model_name=name, infer_inputs=inputs, request_id="r-1")


def seen(answer):
    found = next(output for output in answer.outputs if output.name == "probabilities")
    return {
        "id": answer.id,
        "version": answer.model_version,
        "probabilities": found.as_numpy().astype(np.float32).reshape(-1, 2).tolist(),
    }


async def over_grpc():
    async with InferenceGRPCClient(ADDRESS) as client:
        ready = [await client.is_server_live(), await client.is_server_ready(), await client.is_model_ready("columns")]
        answers = [seen(await client.infer(request(is_raw))) for is_raw in (False, True)]
        try:
            await client.infer(request(False, "colums"))
        except grpc.RpcError as error:
            return {"ready": ready, "answers": answers, "unknown": error.code().name}


async def over_rest():
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    ready = [await client.is_server_live(REST_URL), await client.is_server_ready(REST_URL)]
    ready.append(await client.is_model_ready(REST_URL, "columns"))
    answers = [seen(await client.infer(REST_URL, request(is_raw), model_name="columns")) for is_raw in (False, True)]
    try:
        await client.infer(REST_URL, request(False, "colums"), model_name="colums")
    except Exception as error:
        return {"ready": ready, "answers": answers, "unknown": str(error)}


async def both():
    return {"grpc": await over_grpc(), "rest": await over_rest()}


print(json.dumps(asyncio.run(both())))
