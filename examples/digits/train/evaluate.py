"""Measures the models on the holdout, as it is and as the validator spoils it, and writes or checks models.json."""

import hashlib
import json
import sys

import numpy as np
import onnx
import onnxruntime

import challenge
import dataset
from train import MODELS

AUGMENT = {"shiftPixels": 0.75, "rotateDegrees": 10, "contrast": 0.2, "noiseSigma": 0.08}
CHALLENGES, BATCH = 40, 64
NAMES = ["best", "weaker", "undertrained", "constant"]


def accuracy(session, x, labels):
    answers = session.run(["probabilities"], {"image": x})[0].argmax(1)
    return round(float((answers == labels).mean()), 4)


def spoiled_holdout(images, labels):
    """The items of CHALLENGES challenges whose seeds are sha256("evaluate-0"), sha256("evaluate-1") and on."""
    seeds = [hashlib.sha256(f"evaluate-{i}".encode()).digest() for i in range(CHALLENGES)]
    made = [challenge.generate(seed, images, labels, 10, BATCH, AUGMENT) for seed in seeds]
    return np.concatenate([x for x, _ in made]), np.concatenate([y for _, y in made])


def describe(name, clean, spoiled):
    data = (MODELS / f"{name}.onnx").read_bytes()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    model = onnx.load_from_string(data)
    sizes = [int(np.prod(part.dims)) for part in model.graph.initializer if part.data_type == onnx.TensorProto.FLOAT]
    return {
        "name": name,
        "file": f"{name}.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": sum(sizes),
        "what": model.graph.doc_string,
        "accuracyClean": accuracy(session, *clean),
        "accuracyAugmented": accuracy(session, *spoiled),
    }


def measure():
    images, labels = dataset.read("holdout")
    clean = (images.astype(np.float32)[:, None], labels)
    spoiled = spoiled_holdout(images, labels)
    return {
        "holdoutSha256": hashlib.sha256((dataset.DATA / "holdout.json").read_bytes()).hexdigest(),
        "augment": AUGMENT,
        "challenges": CHALLENGES,
        "batch": BATCH,
        "seeds": "sha256 of the text evaluate-N, N from 0",
        "models": [describe(name, clean, spoiled) for name in NAMES],
    }


def main():
    path = MODELS / "models.json"
    measured = measure()
    print(json.dumps(measured, indent=2))
    if "--write" in sys.argv:
        path.write_text(json.dumps(measured, indent=2) + "\n")
    elif json.loads(path.read_text()) != measured:
        sys.exit(f"{path.name} says otherwise: run with --write if the models were meant to change")


if __name__ == "__main__":
    main()
