"""Timelocked weights by the Bittensor SDK 11, under a clock that stands still: reads {"url",
"netuid", "round"}, writes its steps. It takes the block time from the chain, so the round depends on
how far the epoch is: the clock is set so that it is never later than the one whose signature is known.
"""

import asyncio
import json
import sys

from bittensor import storage
from bittensor.client import Client

from chain_sdk11 import HeldKeys, Peer

TRIES = 40
PATIENCE = 70


async def row_of(client, netuid, uid):
    pairs = await client.query(storage.SubtensorModule.Weights, [netuid, uid])
    return [[int(target), int(value)] for target, value in pairs or []]


async def wait_for_row(client, netuid, uid, before):
    last = await client.block() + PATIENCE
    while await client.block() < last:
        row = await row_of(client, netuid, uid)
        if row != before:
            return row
        await client.wait_for_block(await client.block() + 1)
    return before


async def commit(peer, wanted):
    """Too early in an epoch the round has passed, and the chain says so: then a block later."""
    bob = HeldKeys("//Bob", "//Bob_hk")
    weights = {"netuid": peer.netuid, "uids": [0, 1], "weights": [0.5, 1.0]}
    for _ in range(TRIES):
        result = await peer.client.execute_tool("set_weights", weights, bob)
        if result.success:
            return [result.data["reveal_round"] == wanted, "committed"]
        refused = str(result.error)[:200]
        await peer.client.wait_for_block(await peer.client.block() + 1)
    return [False, refused]


async def main():
    job = json.load(sys.stdin)
    async with Client(job["url"]) as client:
        peer = Peer(client, job)
        before = await row_of(client, peer.netuid, 1)
        await peer.step("commit", commit(peer, job["round"]))
        await peer.step("row", wait_for_row(client, peer.netuid, 1, before))
    json.dump(peer.seen, sys.stdout, default=str)


if __name__ == "__main__":
    asyncio.run(main())
