"""Writes test/vectors/classic.json: texts, hashes, tensors and requests of the Python SDK 10.5.

Usage, in the SDK 10 environment: python classic_vectors.py > ../vectors/classic.json
"""

import hashlib
import json
import random
import sys

from classic_synapses import Digits, DigitsTensor, Everything, results

import bittensor as bt
import numpy as np
from bittensor.core.chain_data import AxonInfo
from bittensor_wallet import Keypair

rng = random.Random(20260101)

CODE_POINTS = (
    [*range(0x00, 0x100)]
    + [0x100, 0x3B1, 0x2019, 0x2028, 0x2029, 0x200B, 0x200E, 0x2003, 0x3000, 0xFEFF]
    + [0xE000, 0xFFFD, 0xFFFF, 0x4E2D, 0x1F600, 0x1D11E, 0xE0001, 0xF0000, 0x10FFFF, 0x378]
)

FLOATS = [
    0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1 / 3, 1e15, 1e16, 1e17, 9999999999999998.0, 123456789.125,
    1.2345678901234568e17, 1e-3, 1e-4, 1e-5, 9.999e-5, 1.5e-7, 1e21, 1e22, 1e100, 5e-324, 2.5e-310,
    1.7976931348623157e308, 4503599627370497.5, 0.30000000000000004, 100.0, 1e5, -2.5e-9,
]  # fmt: skip


def random_float():
    return rng.choice([rng.uniform(-1, 1), rng.uniform(-1e9, 1e9), rng.random() * 10 ** rng.randint(-320, 300)])


def random_text():
    return "".join(chr(rng.choice(CODE_POINTS)) for _ in range(rng.randint(0, 6)))


def random_value(depth):
    kind = rng.randrange(8 if depth > 0 else 6)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind == 1:
        return rng.choice([rng.randint(-9, 9), rng.randint(-(2**70), 2**70)])
    if kind in (2, 3):
        return random_float()
    if kind in (4, 5):
        return random_text()
    if kind == 6:
        return [random_value(depth - 1) for _ in range(rng.randint(0, 4))]
    return {random_text(): random_value(depth - 1) for _ in range(rng.randint(0, 4))}


def text_vectors():
    values = [*FLOATS, "", "hello", "it's", 'say "it\'s"', "\\", [], {}, [1, 2, 3], [1, 2.0, "x", None]]
    values += [[chr(code)] for code in CODE_POINTS]
    values += [random_value(3) for _ in range(300)]
    return [{"json": json.dumps(value), "str": str(value)} for value in values]


def tensor_vectors():
    arrays = [
        np.array([1, 2, 3], dtype=np.float32),
        np.arange(6, dtype=np.float64).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
        np.array([[1.5, -2]], dtype=np.float16),
        np.array([2**62 + 1, -1], dtype=np.int64),
        np.array([-1, 127], dtype=np.int8),
        np.array([255, 0], dtype=np.uint8),
        np.array([-300], dtype=np.int16),
        np.array([True, False]),
        np.array(7.5, dtype=np.float32),
        np.zeros((0,), dtype=np.float32),
        np.zeros((200, 2), dtype=np.uint8),
    ]
    vectors = []
    for array in arrays:
        tensor = bt.Tensor.serialize(array)
        back = tensor.deserialize()
        vectors.append(
            {
                "dtype": tensor.dtype,
                "shape": list(tensor.shape),
                "numpyShape": list(array.shape),
                "buffer": tensor.buffer,
                "dataHex": np.ascontiguousarray(back).tobytes().hex(),
            }
        )
    return vectors


def request_vector(name, dendrite, axon, synapse, timeout=12.0):
    prepared = dendrite.preprocess_synapse_for_request(axon, synapse, timeout)
    return {
        "name": name,
        "synapse": prepared.name,
        "headers": {key: str(value) for key, value in prepared.to_headers().items()},
        "body": json.dumps(prepared.model_dump()),
        "bodyHash": prepared.body_hash,
    }


def request_vectors():
    alice, bob = Keypair.create_from_uri("//Alice"), Keypair.create_from_uri("//Bob")
    dendrite = bt.Dendrite(wallet=bob)
    axon = AxonInfo(
        version=10005000,
        ip="127.0.0.1",
        port=8091,
        ip_type=4,
        hotkey=alice.ss58_address,
        coldkey=alice.ss58_address,
    )
    everything = Everything(
        count=2**70,
        ratio=1,
        word="it's \n\u200b",
        flag=True,
        counts=[1, -2],
        ratios=[1, 2.5, 1e-5],
        rows=[[0, 1], [2, 3.25]],
        words=["a", 'b"\'', "\u2028é"],
        flags=[True, False],
        free={"b": 1, "a": [1.0, None, {"x": "y"}], "10": 2, "2": 3},
        mixed=[1, 1.0, "1", None, True],
    )
    image = [round(rng.random(), 4) for _ in range(64)]
    tensor = bt.Tensor.serialize(np.array(image, dtype=np.float32).reshape(1, 1, 8, 8))
    return {
        "hotkey": bob.ss58_address,
        "axon": alice.ss58_address,
        "requests": [
            request_vector("every kind of field", dendrite, axon, everything),
            request_vector("a list of floats", dendrite, axon, Digits(image=image)),
            request_vector("a tensor", dendrite, axon, DigitsTensor(note="x", image=tensor)),
            request_vector("no hash fields", dendrite, axon, bt.Synapse(), 3.5),
        ],
    }


def wrapped_vector():
    """The wallet library verifies a text that was signed between <Bytes> and </Bytes>."""
    bob = Keypair.create_from_uri("//Bob")
    message = "some text"
    signature = bob.sign(f"<Bytes>{message}</Bytes>")
    return {"message": message, "signature": signature.hex(), "sdk": bob.verify(message, signature)}


def main():
    vectors = {
        "origin": "made by the Python package bittensor 10.5.0 with test/interop/classic_vectors.py; "
        f"str() of Python {sys.version.split()[0]}, sha3 of its hashlib",
        "texts": text_vectors(),
        "sha3": [
            {"text": text, "sha3": hashlib.sha3_256(text.encode()).hexdigest()}
            for text in ["", "hello", "é☃😀", "x" * 1000]
        ],
        "tensors": tensor_vectors(),
        "wrapped": wrapped_vector(),
        **request_vectors(),
    }
    json.dump(vectors, results, indent=1)
    print(file=results)


main()
