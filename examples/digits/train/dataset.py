"""Splits scikit-learn's handwritten digits into what miners may train on and what validators hold."""

import base64
import json
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

DATA = Path(__file__).resolve().parent.parent / "data"
SPLIT_SEED = 20240
TRAIN_COUNT = 1000
FULL_SCALE = 16
ORIGIN = (
    "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, "
    "https://doi.org/10.24432/C50P49; the 1,797 images that scikit-learn carries as load_digits()"
)


def split():
    """Returns {name: (images uint8 [N,8,8], labels [N])}; the same classes in the same shares on both sides."""
    digits = load_digits()
    images, labels = digits.images.astype(np.uint8), digits.target
    a, b, la, lb = train_test_split(
        images, labels, train_size=TRAIN_COUNT, random_state=SPLIT_SEED, stratify=labels
    )
    return {"train": (a, la), "holdout": (b, lb)}


def document(name, images, labels):
    return {
        "format": "labelled-tensors/1",
        "name": f"digits-{name}",
        "origin": ORIGIN,
        "licence": "CC-BY-4.0",
        "datatype": "UINT8",
        "shape": [len(images), 1, 8, 8],
        "fullScale": FULL_SCALE,
        "classes": [str(digit) for digit in range(10)],
        "labels": [int(label) for label in labels],
        "items": base64.b64encode(images.tobytes()).decode("ascii"),
    }


def write(name, images, labels):
    DATA.mkdir(exist_ok=True)
    text = json.dumps(document(name, images, labels), separators=(",", ":")) + "\n"
    (DATA / f"{name}.json").write_text(text)


def read(name):
    """Returns (images float64 [N,8,8] in 0..1, labels int [N]) from the committed file."""
    doc = json.loads((DATA / f"{name}.json").read_text())
    raw = np.frombuffer(base64.b64decode(doc["items"]), dtype=np.uint8)
    return raw.reshape(-1, 8, 8) / doc["fullScale"], np.array(doc["labels"])


if __name__ == "__main__":
    for split_name, (split_images, split_labels) in split().items():
        write(split_name, split_images, split_labels)
