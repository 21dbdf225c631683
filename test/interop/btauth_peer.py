"""The Python SDK's side of the signed-request tests: reads a JSON list of jobs, answers with one.

A job is {"do": "sign", ...}, {"do": "verify", ...} or {"do": "verify-text", ...}.
"""

import json
import sys

from bittensor import http_auth
from bittensor.sp_core import Keypair, verify


def sign(job):
    return http_auth.sign(
        Keypair.create_from_uri(job["uri"]),
        method=job["method"],
        path=job["path"],
        body=bytes.fromhex(job["bodyHex"]),
        receiver_ss58=job["receiver"],
        nonce_ns=int(job["nonceNs"]),
    )


def check(job, store):
    try:
        caller = http_auth.verify(
            job["headers"],
            bytes.fromhex(job["bodyHex"]),
            method=job["method"],
            path=job["path"],
            self_hotkey_ss58=job["receiver"],
            now_ns=int(job["nowNs"]),
            nonce_store=store,
        )
        return f"ok {caller.hotkey_ss58} {caller.nonce_ns}"
    except http_auth.AuthError as error:
        return type(error).__name__


def check_text(job):
    return verify(job["text"].encode(), bytes.fromhex(job["signatureHex"]), job["ss58"], 1)


def main():
    store = http_auth.InMemoryNonceStore()
    answers = []
    for job in json.load(sys.stdin):
        if job["do"] == "sign":
            answers.append(sign(job))
        elif job["do"] == "verify":
            answers.append(check(job, store))
        else:
            answers.append(check_text(job))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
