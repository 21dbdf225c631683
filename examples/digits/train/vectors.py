"""Writes the vectors that hold tasks/prng.ts and tasks/classify.ts to this folder's independent challenge.py."""

import hashlib
import json
from pathlib import Path

import challenge
import dataset
from evaluate import AUGMENT, BATCH

TARGET = Path(__file__).resolve().parents[3] / "test" / "vectors" / "digits-challenge.json"
STRONG = {"shiftPixels": 3, "rotateDegrees": 180, "contrast": 0.9, "noiseSigma": 0.5}
PLAIN = {"shiftPixels": 0, "rotateDegrees": 0, "contrast": 0, "noiseSigma": 0}


def prng_case(text):
    seed = hashlib.sha256(text.encode()).digest()

    def fresh():
        return challenge.Prng(seed, "vector")

    a, b, c = fresh(), fresh(), fresh()
    return {
        "seed": seed.hex(),
        "label": "vector",
        "u32": [a.u32() for _ in range(8)],
        "below10": [b.below(10) for _ in range(16)],
        "bell": [c.bell() for _ in range(6)],
    }


def challenge_case(text, batch, how):
    seed = hashlib.sha256(text.encode()).digest()
    images, labels = dataset.read("holdout")
    x, truth = challenge.generate(seed, images, labels, 10, batch, how)
    return {
        "seed": seed.hex(),
        "batch": batch,
        "augment": how,
        "labels": [int(label) for label in truth],
        "inputSha256": hashlib.sha256(x.astype("<f4").tobytes()).hexdigest(),
    }


def seed_case(text, round_number, hotkey, task):
    secret = hashlib.sha256(text.encode()).digest()
    block_hash = "0x" + hashlib.sha256(f"block of {text}".encode()).hexdigest()
    round_key = challenge.round_secret(secret, round_number)
    return {
        "secret": secret.hex(),
        "commitment": challenge.secret_commitment(round_key).hex(),
        "blockHash": block_hash,
        "round": round_number,
        "hotkey": hotkey,
        "task": task,
        "roundSecret": round_key.hex(),
        "seed": challenge.challenge_seed(block_hash, round_key, round_number, hotkey, task).hex(),
    }


def main():
    made = {
        "origin": "examples/digits/train/vectors.py",
        "prng": [prng_case("one"), prng_case("two")],
        "seeds": [
            seed_case("x", 0, "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", "digits"),
            seed_case("y", 4294967297, "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty", "other-task"),
        ],
        "sinCos": [[d, *challenge.sin_cos(d)] for d in (-180, -45, -10, 0, 0.1, 7.5, 45, 100)],
        "challenges": [
            challenge_case("first", BATCH, AUGMENT),
            challenge_case("second", 7, STRONG),
            challenge_case("third", 32, PLAIN),
        ],
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(made, indent=2) + "\n")


if __name__ == "__main__":
    main()
