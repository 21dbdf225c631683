"""Writes test/vectors/btauth.json: requests signed, and judged, by the Python SDK's http_auth.

Usage: python btauth_vectors.py > ../vectors/btauth.json
"""

import importlib.metadata
import json

import bittensor as bt
from bittensor import http_auth
from bittensor.sp_core import Keypair

NONCE = 1700000000000000000
SECOND = 1_000_000_000


def keypair(uri):
    return Keypair.create_from_uri(uri)


def signed(name, method, path, body, nonce=NONCE):
    alice, bob = keypair("//Alice"), keypair("//Bob")
    headers = http_auth.sign(
        bob, method=method, path=path, body=body, receiver_ss58=alice.ss58_address, nonce_ns=nonce
    )
    payload = http_auth.build_payload(
        scheme="sr25519",
        method=method,
        path=path,
        body=body,
        nonce_ns=nonce,
        sender_ss58=bob.ss58_address,
        receiver_ss58=alice.ss58_address,
    )
    return {
        "name": name,
        "method": method,
        "path": path,
        "bodyHex": body.hex(),
        "payload": payload.decode(),
        "headers": headers,
    }


def verdict(base, changes, now_ns):
    headers = {**base["headers"], **changes}
    headers = {key: value for key, value in headers.items() if value is not None}
    try:
        http_auth.verify(
            headers,
            bytes.fromhex(base["bodyHex"]),
            method=base["method"],
            path=base["path"],
            self_hotkey_ss58=keypair("//Alice").ss58_address,
            nonce_store=http_auth.InMemoryNonceStore(),
            now_ns=now_ns,
        )
        return "ok"
    except http_auth.AuthError as error:
        return type(error).__name__


def judged(base):
    charlie = keypair("//Charlie").ss58_address
    signature = base["headers"]["X-Bittensor-Signature"]
    flipped = signature[:20] + ("0" if signature[20] != "0" else "1") + signature[21:]
    cases = [
        ("as signed", {}, 0),
        ("10 s old exactly", {}, 10 * SECOND),
        ("10 s and 1 us old", {}, 10 * SECOND + 1000),
        ("2 s ahead exactly", {}, -2 * SECOND),
        ("2 s and 1 us ahead", {}, -2 * SECOND - 1000),
        ("11 s old", {}, 11 * SECOND),
        ("a year ahead", {}, -365 * 86400 * SECOND),
        ("version 2", {"X-Bittensor-Version": "2"}, 0),
        ("no version", {"X-Bittensor-Version": None}, 0),
        ("no hotkey", {"X-Bittensor-Hotkey": None}, 0),
        ("no nonce", {"X-Bittensor-Nonce": None}, 0),
        ("no signature", {"X-Bittensor-Signature": None}, 0),
        ("empty signature", {"X-Bittensor-Signature": ""}, 0),
        ("short signature", {"X-Bittensor-Signature": signature[:-2]}, 0),
        ("signature without prefix", {"X-Bittensor-Signature": signature[2:]}, 0),
        ("signature in upper case", {"X-Bittensor-Signature": "0x" + signature[2:].upper()}, 0),
        ("signature that is not hex", {"X-Bittensor-Signature": "0x" + "zz" * 64}, 0),
        ("one digit of the signature changed", {"X-Bittensor-Signature": flipped}, 0),
        ("nonce that is not a number", {"X-Bittensor-Nonce": "soon"}, 0),
        ("another nonce", {"X-Bittensor-Nonce": str(NONCE + 1)}, 0),
        ("another hotkey", {"X-Bittensor-Hotkey": charlie}, 0),
        ("hotkey that is no address", {"X-Bittensor-Hotkey": "nobody"}, 0),
        ("another receiver", {"X-Bittensor-Receiver": charlie}, 0),
        ("no receiver", {"X-Bittensor-Receiver": None}, 0),
        ("receiver -", {"X-Bittensor-Receiver": "-"}, 0),
        ("sr25519 named", {"X-Bittensor-Crypto": "sr25519"}, 0),
        ("unknown scheme", {"X-Bittensor-Crypto": "junk"}, 0),
        ("another scheme", {"X-Bittensor-Crypto": "ed25519"}, 0),
    ]
    return [
        {"name": name, "changes": changes, "ageNs": str(age), "sdk": verdict(base, changes, NONCE + age)}
        for name, changes, age in cases
    ]


def main():
    known = {
        "name": "the vector of the protocol's guide",
        "method": "POST",
        "path": "/generate?x=1",
        "bodyHex": b'{"prompt": "hello"}'.hex(),
        "headers": {
            "X-Bittensor-Version": "1",
            "X-Bittensor-Hotkey": keypair("//Bob").ss58_address,
            "X-Bittensor-Nonce": str(NONCE),
            "X-Bittensor-Receiver": keypair("//Alice").ss58_address,
            "X-Bittensor-Signature": "0x007c7bebb04dceadea4c3eca023b8febbb9ec23973218bf4efb6ee73adbbbc08"
            "28ec0c1ce52898752351b22ac6a8ba17f23fdd3b987bdd3b79358a87c715e688",
        },
    }
    first = signed("as the guide's", "POST", "/generate?x=1", b'{"prompt": "hello"}')
    known["payload"] = first["payload"]
    requests = [
        known,
        first,
        signed("no body", "GET", "/v2/health/ready", b""),
        signed("lower-case method", "post", "/v2/models/digits/infer", b"{}"),
        signed("encoded path", "POST", "/v2/models/a%20b%2Fc/infer?q=%C3%A9&q=+", b"\x00\xff binary"),
        signed("non-ASCII path", "POST", "/é?ü=1", "ünïcödé".encode()),
        signed("nonce above 2^53", "POST", "/", b"x", nonce=9007199254740993),
        signed("nonce of 20 digits", "POST", "/", b"x", nonce=18446744073709551615),
    ]
    print(
        json.dumps(
            {
                "origin": "signed and judged by the Python package bittensor "
                + importlib.metadata.version("bittensor")
                + " (http_auth), with test/interop/btauth_vectors.py; the first request is the vector of "
                "the SDK's guide to signed requests",
                "sender": {"uri": "//Bob", "ss58": keypair("//Bob").ss58_address},
                "receiver": {"uri": "//Alice", "ss58": keypair("//Alice").ss58_address},
                "requests": requests,
                "judgedRequest": 1,
                "judged": judged(first),
            },
            indent=1,
            ensure_ascii=False,
        )
    )


if __name__ == "__main__":
    main()
