"""The SDK 10.5 Dendrite, unmodified, against a miner that serves the digits model as synapses.

Reads a job as JSON from standard input, writes what the Dendrite saw as JSON.
"""

import asyncio
import json
import sys

from classic_synapses import Digits, DigitsOpen, DigitsTensor, Everything, results

import bittensor as bt
import numpy as np
from bittensor.core.chain_data import AxonInfo
from bittensor_wallet import Keypair


class Unserved(bt.Synapse):
    word: str = "x"


def axon_info(job):
    return AxonInfo(
        version=10005000,
        ip="127.0.0.1",
        port=job["port"],
        ip_type=4,
        hotkey=job["hotkey"],
        coldkey=job["hotkey"],
    )


def seen(answer, values=None):
    return {
        "success": answer.is_success,
        "status": answer.dendrite.status_code,
        "message": answer.dendrite.status_message,
        "axonStatus": answer.axon.status_code,
        "processTime": isinstance(answer.axon.process_time, float),
        "values": values,
    }


async def one(dendrite, axon, synapse, read=lambda answer: None, timeout=90.0):
    answer = await dendrite.call(axon, synapse=synapse, timeout=timeout, deserialize=False)
    return seen(answer, read(answer) if answer.is_success else None)


async def spoofed(dendrite, axon, image):
    """A body that claims somebody else and a status, under a good signature."""
    synapse = dendrite.preprocess_synapse_for_request(axon, Digits(image=image))
    headers = synapse.to_headers()
    body = synapse.model_dump()
    body["dendrite"]["hotkey"] = "5EYCAe5jXmQtpp7nZVcTPBb5DfPVNCEGzpEPXt9T4nrkBPEV"
    body["axon"]["status_code"] = 418
    session = await dendrite.session
    url = f"http://{axon.ip}:{axon.port}/Digits"
    async with session.post(url, headers=headers, json=body) as response:
        got = await response.json()
        first = {
            "status": response.status,
            "message": got.get("message"),
            "hotkey": got.get("dendrite", {}).get("hotkey"),
            "nonce": got.get("dendrite", {}).get("nonce") == synapse.dendrite.nonce,
            "receipt": "x-subnet-receipt" in response.headers,
        }
    async with session.post(url, headers=headers, json=body) as response:
        again = {"status": response.status, "message": (await response.json()).get("message")}
    body["image"][0] += 0.5
    fresh = dendrite.preprocess_synapse_for_request(axon, Digits(image=image)).to_headers()
    async with session.post(url, headers=fresh, json=body) as response:
        changed = {"status": response.status, "message": (await response.json()).get("message")}
    return {"first": first, "again": again, "changed": changed}


async def unsigned(dendrite, axon, image):
    synapse = dendrite.preprocess_synapse_for_request(axon, Digits(image=image))
    headers = {
        key: value
        for key, value in synapse.to_headers().items()
        if key != "bt_header_dendrite_signature"
    }
    session = await dendrite.session
    url = f"http://{axon.ip}:{axon.port}/Digits"
    async with session.post(url, headers=headers, json=synapse.model_dump()) as response:
        return {"status": response.status, "message": (await response.json()).get("message")}


async def main(job):
    caller = Keypair.create_from_uri(job["caller"])
    stranger = bt.Dendrite(wallet=Keypair.create_from_uri("//Nobody"))
    dendrite = bt.Dendrite(wallet=caller)
    axon, image = axon_info(job), job["image"]
    array = np.array(image, dtype=np.float32).reshape(1, 1, 8, 8)
    tensor = DigitsTensor(note="it's \u2028", image=bt.Tensor.serialize(array))
    listed = lambda answer: answer.probabilities
    places = asyncio.Semaphore(64)

    async def overlapped():
        async with places:
            return await one(dendrite, axon, Digits(image=image))

    overlapping = await asyncio.gather(*[overlapped() for _ in range(job["overlapping"])])
    report = {
        "list": await one(dendrite, axon, Digits(image=image), listed),
        "open": await one(dendrite, axon, DigitsOpen(image=image), listed),
        "tensor": await one(
            dendrite,
            axon,
            tensor,
            lambda answer: answer.probabilities.deserialize().astype(float).tolist(),
        ),
        "inputs": await one(dendrite, axon, tensor, lambda answer: answer.note),
        "ping": await one(dendrite, axon, bt.Synapse()),
        "unserved": await one(dendrite, axon, Unserved()),
        "wrong length": await one(dendrite, axon, Digits(image=image[:63])),
        "wrong fields": await one(
            dendrite, axon, Everything(count=1, ratio=1, word="", flag=False)
        ),
        "stranger": await one(stranger, axon, Digits(image=image)),
        "spoofed": await spoofed(dendrite, axon, image),
        "unsigned": await unsigned(dendrite, axon, image),
        "overlapping": sorted({answer["status"] for answer in overlapping}),
    }
    await dendrite.aclose_session()
    await stranger.aclose_session()
    return report


print(json.dumps(asyncio.run(main(json.load(sys.stdin)))), file=results)
