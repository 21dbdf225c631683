"""Drives the echo server with NVIDIA's tritonclient; reads {"host"} and answers what it saw."""

import json
import sys

import numpy as np
from inference_vectors import VALUES
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

JSONLESS = ("FP16", "BF16")


def echoed(client, datatype, binary_in, binary_out):
    values = VALUES[datatype]
    tensor = InferInput("x", list(values.shape), datatype).set_data_from_numpy(values, binary_in)
    wanted = None if binary_out is None else [InferRequestedOutput("y", binary_data=binary_out)]
    result = client.infer(f"echo_{datatype}", [tensor], outputs=wanted, request_id="r1")
    back = result.as_numpy("y")
    if datatype == "BYTES":
        texts = [e if isinstance(e, bytes) else str(e).encode() for e in back.flatten()]
        same = texts == list(values.flatten())
    else:
        same = back.tobytes() == values.tobytes()
    response = result.get_response()
    sent_binary = "data" not in result.get_output("y")
    form_kept = sent_binary == (binary_out is not False)
    return bool(same and form_kept and response["id"] == "r1" and back.shape == values.shape)


def forms(datatype):
    if datatype in JSONLESS:
        return [(True, True), (True, None)]
    return [(i, o) for i in (True, False) for o in (True, False, None)]


def refused(call):
    try:
        call()
        return "accepted"
    except InferenceServerException as error:
        return f"{error.status()} {error.message()}"


def tensor_of(values, datatype, name="x", binary=True):
    return InferInput(name, list(values.shape), datatype).set_data_from_numpy(values, binary)


def errors(client):
    floats = VALUES["FP32"]
    bad = np.array([[1.0, np.nan, 2.0]], dtype=np.float32)
    cases = {
        "unknown model": lambda: client.infer("nobody", [tensor_of(floats, "FP32")]),
        "wrong shape": lambda: client.infer("echo_FP32", [tensor_of(floats[:, :2], "FP32")]),
        "wrong datatype": lambda: client.infer("echo_FP32", [tensor_of(VALUES["FP64"], "FP64")]),
        "wrong name": lambda: client.infer("echo_FP32", [tensor_of(floats, "FP32", "w")]),
        "unknown output": lambda: client.infer(
            "echo_FP32", [tensor_of(floats, "FP32")], outputs=[InferRequestedOutput("q")]
        ),
        "classification": lambda: client.infer(
            "echo_FP32", [tensor_of(floats, "FP32")], outputs=[InferRequestedOutput("y", class_count=2)]
        ),
        "half as JSON": lambda: client.infer(
            "echo_FP16", [tensor_of(VALUES["FP16"], "FP16", binary=False)]
        ),
        "half back as JSON": lambda: client.infer(
            "echo_FP16",
            [tensor_of(VALUES["FP16"], "FP16")],
            outputs=[InferRequestedOutput("y", binary_data=False)],
        ),
        "NaN in binary": lambda: client.infer("echo_FP32", [tensor_of(bad, "FP32")]),
        "NaN as JSON": lambda: client.infer("echo_FP32", [tensor_of(bad, "FP32", binary=False)]),
        "compressed": lambda: client.infer(
            "echo_FP32", [tensor_of(floats, "FP32")], request_compression_algorithm="gzip"
        ),
    }
    return {name: refused(call) for name, call in cases.items()}


def main():
    client = InferenceServerClient(json.load(sys.stdin)["host"])
    answer = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "modelReady": client.is_model_ready("echo_FP32"),
        "versionReady": client.is_model_ready("echo_FP32", "1"),
        "otherReady": client.is_model_ready("nobody"),
        "server": client.get_server_metadata(),
        "model": client.get_model_metadata("echo_INT64"),
        "echoed": {
            f"{datatype} in={i} out={o}": echoed(client, datatype, i, o)
            for datatype in VALUES
            for i, o in forms(datatype)
        },
        "errors": errors(client),
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
