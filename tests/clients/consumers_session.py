"""Tokens of consumers as tritonclient sends them. Prints one JSON object: what each call came to.

  python consumers_session.py HTTP_ADDRESS GRPC_ADDRESS TOKEN WRONG_TOKEN
"""

import json
import sys

import numpy as np
import tritonclient.grpc as over_grpc
import tritonclient.http as over_http
from tritonclient.utils import InferenceServerException

HTTP, GRPC, TOKEN, WRONG = sys.argv[1:5]
VALUES = np.array([[1.0, 2.0]], np.float32)


def asked(module, client, headers):
    tensor = module.InferInput("in_FP32", VALUES.shape, "FP32")
    tensor.set_data_from_numpy(VALUES)
    try:
        answer = client.infer("one-float", [tensor], headers=headers)
        return "same" if np.array_equal(answer.as_numpy("out_FP32"), VALUES) else "other"
    except InferenceServerException as error:
        return [str(error.status()), error.message()]


def tried(module, address):
    client = module.InferenceServerClient(address)
    saw = {
        "nobody": asked(module, client, {}),
        "wrong": asked(module, client, {"authorization": f"Bearer {WRONG}"}),
        "known": asked(module, client, {"authorization": f"Bearer {TOKEN}"}),
        "known again": asked(module, client, {"authorization": f"Bearer {TOKEN}"}),
        "over the quota": asked(module, client, {"authorization": f"Bearer {TOKEN}"}),
        "metadata": bool(client.get_model_metadata("one-float")),
    }
    client.close()
    return saw


print(json.dumps({"http": tried(over_http, HTTP), "grpc": tried(over_grpc, GRPC)}))
