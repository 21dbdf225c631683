"""Epistula v2 with the PyPI package bittensor-auth: its signatures to our miner, ours to its verifier.

Reads a job as JSON from standard input: what to ask a miner, and what was signed by us.
"""

import hashlib
import json
import sys
import time
import urllib.error
import urllib.request
import uuid

from bittensor_auth.client import generate_auth_headers
from bittensor_auth.signing import verify_signature
from bittensor_wallet import Keypair


def builder(body_sha256, signed_for):
    """The text of the scheme, in the form in which the package takes it."""

    def build(_hotkey, timestamp, nonce):
        return f"{body_sha256}.{nonce}.{timestamp}.{signed_for}"

    return build


def signed_headers(keypair, body, signed_for, timestamp_ms=None, request_id=None):
    moment = round(time.time() * 1000) if timestamp_ms is None else timestamp_ms
    made = generate_auth_headers(
        keypair,
        request_id or str(uuid.uuid4()),
        timestamp=moment,
        message_builder=builder(hashlib.sha256(body).hexdigest(), signed_for),
    )
    signature = made["X-Signature"]
    return {
        "Epistula-Version": "2",
        "Epistula-Timestamp": made["X-Timestamp"],
        "Epistula-Uuid": made["X-Nonce"],
        "Epistula-Signed-By": made["X-Hotkey"],
        "Epistula-Signed-For": signed_for,
        "Epistula-Request-Signature": signature if signature.startswith("0x") else "0x" + signature,
        "Content-Type": "application/json",
    }


def post(url, body, headers):
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return {
                "status": response.status,
                "body": json.loads(response.read()),
                "receipt": response.headers.get("X-Subnet-Receipt"),
            }
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": json.loads(error.read()), "receipt": None}


def ask(job):
    keypair = Keypair.create_from_uri(job["caller"])
    body, url, miner = job["body"].encode(), job["url"], job["miner"]
    now = round(time.time() * 1000)
    headers = signed_headers(keypair, body, miner)
    twins = [signed_headers(keypair, body, miner, now) for _ in range(2)]
    return {
        "good": post(url, body, headers),
        "again": post(url, body, headers),
        "twins": [post(url, body, twin)["status"] for twin in twins],
        "changed": post(url, body + b" ", signed_headers(keypair, body, miner)),
        "old": post(url, body, signed_headers(keypair, body, miner, now - 9_000)),
        "ahead": post(url, body, signed_headers(keypair, body, miner, now + 60_000)),
        "for another": post(url, body, signed_headers(keypair, body, keypair.ss58_address)),
        "for nobody": post(url, body, signed_headers(keypair, body, "")),
    }


def judge(signed):
    headers = signed["headers"]
    build = builder(signed["bodySha256"], headers["epistula-signed-for"])
    return verify_signature(
        headers["epistula-signed-by"],
        headers["epistula-timestamp"],
        headers["epistula-uuid"],
        headers["epistula-request-signature"],
        message_builder=build,
    )


job = json.load(sys.stdin)
print(json.dumps({"asked": ask(job["ask"]), "judged": [judge(one) for one in job["judge"]]}))
