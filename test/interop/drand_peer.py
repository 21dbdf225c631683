"""bittensor-drand's side of the timelock tests: reads a JSON list of jobs, answers with one.

A job is {"do": "encrypt" | "open" | "commit" | "older commit", ...}; an error is its text. Works
with 2.x, and with 1.3.0 for "older commit".
"""

import json
import sys

import bittensor_drand as drand


def encrypt(job):
    return drand.encrypt_at_round(bytes.fromhex(job["plaintextHex"]), job["round"])[0].hex()


def open_envelope(job):
    try:
        opened = drand.decrypt_with_signature(bytes.fromhex(job["envelopeHex"]), job["signatureHex"])
        return opened.hex()
    except BaseException as error:  # a panic of the library is none of the usual errors
        return "refused: " + type(error).__name__


def commit(job):
    state = job["state"]
    commit_bytes, found = drand.get_encrypted_commit_v2(
        job["uids"],
        job["values"],
        job["versionKey"],
        state["lastEpochBlock"],
        state["pendingEpochAt"],
        state["epochIndex"],
        state["tempo"],
        state["blocksSinceLastStep"],
        job["head"],
        job["period"],
        job["blockTimeS"],
        bytes.fromhex(job["hotkeyHex"]),
    )
    return [commit_bytes.hex(), found]


def older_commit(job):
    state = job["state"]
    commit_bytes, found = drand.get_encrypted_commit(
        job["uids"],
        job["values"],
        job["versionKey"],
        state["tempo"],
        job["head"],
        job["netuid"],
        job["period"],
        job["blockTimeS"],
        bytes.fromhex(job["hotkeyHex"]),
    )
    return [commit_bytes.hex(), found]


WORK = {"encrypt": encrypt, "open": open_envelope, "commit": commit, "older commit": older_commit}


def main():
    json.dump([WORK[job["do"]](job) for job in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
