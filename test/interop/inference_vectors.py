"""Writes test/vectors/inference.json: request bodies made by NVIDIA's tritonclient.

Usage: python inference_vectors.py > ../vectors/inference.json
"""

import importlib.metadata
import json

import ml_dtypes
import numpy as np
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

VALUES = {
    "BOOL": np.array([[True, False, True]]),
    "UINT8": np.array([[0, 1, 255]], dtype=np.uint8),
    "UINT16": np.array([[0, 1, 65535]], dtype=np.uint16),
    "UINT32": np.array([[0, 1, 4294967295]], dtype=np.uint32),
    "UINT64": np.array([[0, 9007199254740993, 18446744073709551615]], dtype=np.uint64),
    "INT8": np.array([[-128, 0, 127]], dtype=np.int8),
    "INT16": np.array([[-32768, 0, 32767]], dtype=np.int16),
    "INT32": np.array([[-2147483648, 0, 2147483647]], dtype=np.int32),
    "INT64": np.array([[-9223372036854775808, 9007199254740993, 9223372036854775807]], dtype=np.int64),
    "FP16": np.array([[0.5, -2.0, 65504.0]], dtype=np.float16),
    "BF16": np.array([[0.5, -2.0, 3.0e38]], dtype=ml_dtypes.bfloat16),
    "FP32": np.array([[0.1, -1.0e-45, 3.4028234e38]], dtype=np.float32),
    "FP64": np.array([[0.1, -5.0e-324, 1.7976931348623157e308]], dtype=np.float64),
    "BYTES": np.array([[b"", "Grüße \u2603 \U0001f600".encode(), b'"\\\n']], dtype=np.object_),
}


def bits(datatype, values):
    """Every element as hex of its little-endian bytes: no number format is in the way."""
    if datatype == "BYTES":
        return [element.hex() for element in values.flatten()]
    return [element.tobytes().hex() for element in values.flatten()]


def vector(datatype, binary):
    values = VALUES[datatype]
    tensor = InferInput("x", list(values.shape), datatype).set_data_from_numpy(values, binary)
    outputs = [InferRequestedOutput("y", binary_data=binary)] if not binary else None
    body, json_length = InferenceServerClient.generate_request_body(
        [tensor], outputs=outputs, request_id=f"{datatype}-1"
    )
    return {
        "name": f"{datatype} {'binary' if binary else 'json'}",
        "datatype": datatype,
        "binary": binary,
        "shape": list(values.shape),
        "jsonLength": json_length,
        "bodyHex": body.hex(),
        "elementsHex": bits(datatype, values),
    }


def main():
    vectors = [vector(datatype, True) for datatype in VALUES]
    vectors += [vector(datatype, False) for datatype in VALUES if datatype not in ("FP16", "BF16")]
    origin = (
        f"request bodies by tritonclient {importlib.metadata.version('tritonclient')} "
        "(http.InferenceServerClient.generate_request_body), with test/interop/inference_vectors.py"
    )
    print(json.dumps({"origin": origin, "requests": vectors}, indent=1))


if __name__ == "__main__":
    main()
