"""Commitments, moves of stake, child keys, takes, mechanisms and the root network by the Bittensor
SDK 11: reads {"url", "netuid"}, writes its steps as chain_sdk11.py does.
"""

import asyncio
import json
import sys

from bittensor import calls
from bittensor.client import Client

from chain_sdk11 import HeldKeys, Peer, first_epoch_over

RAO = 1_000_000_000


async def commit(peer, bob, poor):
    netuid, hot = peer.netuid, bob.hotkey.ss58_address
    info = {"fields": [{"Raw8": b"model v1"}]}
    call = calls.Commitments.set_commitment(netuid=netuid, info=info)
    await peer.raw("set_commitment", call, bob, "hotkey")
    await peer.read("commitment", "data", netuid=netuid, hotkey_ss58=hot)
    await peer.step("commitments", rows_of(peer))
    await peer.raw("commitment of a stranger", call, poor, "hotkey")


async def rows_of(peer):
    rows = await peer.client.read("commitments", netuid=peer.netuid)
    return [[row["uid"], row["commitment"], row["status"]] for row in rows]


async def move(peer, bob, alice, charlie):
    netuid, hot, other = peer.netuid, bob.hotkey.ss58_address, alice.hotkey.ss58_address
    mine, theirs = bob.coldkey.ss58_address, charlie.coldkey.ss58_address
    within = {"origin_netuid": netuid, "dest_netuid": netuid}
    await peer.do("move_stake", "move_stake", bob, origin_hotkey_ss58=hot, dest_hotkey_ss58=other,
                  amount_alpha=100, **within)
    await peer.step("moved", held(peer, mine, other, netuid))
    await peer.do("transfer_stake", "transfer_stake", bob, dest_coldkey_ss58=theirs,
                  hotkey_ss58=hot, amount_alpha=50, **within)
    await peer.step("transferred", held(peer, theirs, hot, netuid))
    await peer.do("swap_stake", "swap_stake", bob, hotkey_ss58=hot, origin_netuid=netuid,
                  dest_netuid=0, amount_alpha=30)
    await peer.step("swapped", held(peer, mine, hot, 0))
    await peer.do("move_stake nowhere", "move_stake", bob, origin_hotkey_ss58=hot,
                  dest_hotkey_ss58=hot, origin_netuid=netuid, dest_netuid=99, amount_alpha=1,
                  slippage_protection=False)


async def held(peer, cold, hot, netuid):
    """Whole TAO: shares are rounded, and an epoch may have paid a little meanwhile."""
    of = {"coldkey_ss58": cold, "hotkey_ss58": hot, "netuid": netuid}
    return round((await peer.client.read("stake", **of)).rao / RAO)


async def delegate(peer, bob, alice):
    netuid, hot = peer.netuid, bob.hotkey.ss58_address
    child = HeldKeys("//Charlie", "//Child_hk").hotkey.ss58_address
    await peer.do("set_children", "set_children", bob, netuid=netuid, children=[[0.5, child]])
    await peer.step("pending children", pending(peer, hot, child))
    await peer.read("children", netuid=netuid, hotkey_ss58=hot)
    await peer.do("its own child", "set_children", alice, netuid=netuid,
                  children=[[0.5, alice.hotkey.ss58_address]])
    await peer.do("set_take", "set_take", bob, take=0.1)
    await peer.read("delegate_take", "take", hotkey_ss58=hot)
    await peer.do("take of a stranger", "set_take", alice, take=0.05, hotkey_ss58=hot)


async def pending(peer, hot, child):
    found = await peer.client.read("pending_children", netuid=peer.netuid, hotkey_ss58=hot)
    return [[round(part / 2**64, 3), one == child] for part, one in found["children"]]


async def use_mechanisms(peer, bob, alice):
    netuid = peer.netuid
    await peer.do("set_mechanism_count", "set_mechanism_count", alice, netuid=netuid,
                  mechanism_count=2)
    await peer.read("mechanism_count", netuid=netuid)
    await peer.client.wait_for_block(first_epoch_over)
    weights = {"netuid": netuid, "uids": [0], "weights": [1.0]}
    await peer.do("weights of mechanism 1", "set_weights", bob, mechid=1, **weights)
    await peer.do("weights of mechanism 2", "set_weights", bob, mechid=2, **weights)
    await peer.read("weights", netuid=netuid, mechid=1)


async def join_root(peer, bob):
    hot = bob.hotkey.ss58_address
    await peer.do("root_register", "root_register", bob)
    await peer.read("uid", netuid=0, hotkey_ss58=hot)
    await peer.do("root_register again", "root_register", bob)


async def main():
    job = json.load(sys.stdin)
    bob, alice = HeldKeys("//Bob", "//Bob_hk"), HeldKeys("//Alice", "//Alice_hk")
    charlie, poor = HeldKeys("//Charlie", "//Charlie_hk"), HeldKeys("//Poor", "//Poor_hk")
    async with Client(job["url"]) as client:
        peer = Peer(client, job)
        await commit(peer, bob, poor)
        await move(peer, bob, alice, charlie)
        await delegate(peer, bob, alice)
        await use_mechanisms(peer, bob, alice)
        await join_root(peer, bob)
    json.dump(peer.seen, sys.stdout, default=str)


if __name__ == "__main__":
    asyncio.run(main())
