"""Writes test/vectors/timelock.json: ciphertexts and reveal blocks by bittensor-drand.

Usage: python drand_vectors.py PYTHON-WITH-1.3.0 > ../vectors/timelock.json

Its functions read the clock and tell a round only. Two block times turn that into what is wanted: a
negative one that leads back to round 1000, whose signature is known, and one of weeks, from which
the number of blocks can be read.
"""

import importlib.metadata
import json
import random
import subprocess
import sys
import time

import bittensor_drand as drand

GENESIS, PERIOD = 1692803367, 3
QUICKNET_KEY = (
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
ROUND = 1000
SIGNATURE = (
    "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
)
WEEKS = 3_000_000.0
MARGIN = 3
HOTKEY = bytes(range(32))

# Runs under the older library: one state a line in, one reveal block a line out.
OLDER = """
import json, sys, time
import bittensor_drand as drand
for tempo, head, netuid, period in json.load(sys.stdin):
    now = time.time()
    _, found = drand.get_encrypted_commit([0], [1], 0, tempo, head, netuid, period, %f, bytes(32))
    print(head + round((found * %d + %d - now) / %f) - %d)
""" % (WEEKS, PERIOD, GENESIS, WEEKS, MARGIN)


def weights(count):
    uids = [(at * 37) % 65536 for at in range(count)]
    values = [65535 if at == 0 else (at * 509) % 65536 for at in range(count)]
    return uids, values


def commit_at_round(uids, values):
    """With the state of protocol.md's example: head 1100, reveal block 1360."""
    wanted = GENESIS + PERIOD * ROUND + PERIOD / 2
    block_time = (wanted - time.time()) / (1360 + MARGIN - 1100)
    commit, found = drand.get_encrypted_commit_v2(
        uids, values, 7, 1000, 0, 10, 360, 100, 1100, 1, block_time, HOTKEY
    )
    assert found == ROUND, found
    return commit.hex()


def reveal_block(last, pending, index, tempo, since, head, period):
    now = time.time()
    _, found = drand.get_encrypted_commit_v2(
        [0], [1], 0, last, pending, index, tempo, since, head, period, WEEKS, HOTKEY
    )
    return head + round((found * PERIOD + GENESIS - now) / WEEKS) - MARGIN


def stateful_states():
    yield from [
        (1000, 0, 10, 360, 100, 1100, 1),
        (1000, 0, 10, 360, 100, 1100, 3),
        (1000, 1150, 10, 360, 100, 1100, 1),
        (1000, 0, 10, 360, 359, 1359, 1),
        (1000, 0, 10, 360, 358, 1358, 1),
        (10, 0, 0, 50, 0, 10, 1),
        (80, 95, 3, 20, 11, 91, 1),
        (1000, 0, 10, 65535, 50390, 51390, 1),
    ]
    chance = random.Random(23)
    for _ in range(120):
        tempo = chance.choice([1, 2, 5, 20, 99, 360, 1000])
        last = chance.randrange(5000)
        head = last + chance.randrange(tempo + 3)
        pending = chance.choice([0, 0, head - 1, head, head + 1, head + chance.randrange(30)])
        since = chance.choice([head - last, head - last + tempo, 50_300])
        yield (last, max(0, pending), chance.randrange(50), tempo, since, head, chance.randrange(1, 5))


def modulo_states():
    chance = random.Random(24)
    for _ in range(80):
        tempo = chance.choice([1, 20, 99, 360])
        yield (tempo, chance.randrange(20_000), chance.randrange(130), chance.randrange(1, 5))


def main():
    stateful, modulo = list(stateful_states()), list(modulo_states())
    older = subprocess.run(
        [sys.argv[1], "-c", OLDER], input=json.dumps(modulo), capture_output=True, text=True, check=True
    ).stdout.split()
    vectors = {
        "origin": "bittensor-drand %s, and 1.3.0 for the modulo epochs, with test/interop/drand_vectors.py; "
        "key and signature are those of drand's quicknet" % importlib.metadata.version("bittensor-drand"),
        "publicKey": QUICKNET_KEY,
        "round": ROUND,
        "signature": SIGNATURE,
        "hotkey": HOTKEY.hex(),
        "versionKey": 7,
        "envelopes": [
            {"text": text, "envelope": drand.encrypt_at_round(text.encode(), ROUND)[0].hex()}
            for text in ["hello timelock", "", "ünïcödé"]
        ],
        "commits": [
            {"uids": uids, "values": values, "commit": commit_at_round(uids, values)}
            for uids, values in map(weights, [1, 64, 256])
        ],
        "statefulColumns": "last epoch, pending, index, tempo, since last step, head, period, reveal block",
        "stateful": [[*state, reveal_block(*state)] for state in stateful],
        "moduloColumns": "tempo, head, netuid, period, reveal block",
        "modulo": [[*state, int(block)] for state, block in zip(modulo, older, strict=True)],
    }
    print(json.dumps(vectors, ensure_ascii=False))


if __name__ == "__main__":
    main()
