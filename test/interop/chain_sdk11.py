"""The Bittensor SDK 11 as a client of the chain: reads {"url", "wallets", "name", "netuid"}, writes
its steps.

An operation becomes [success, code of the SDK's error, name of the chain's]; a read its value; what
raised becomes {"raised": ...}.
"""

import asyncio
import json
import sys

from bittensor import calls, runtime_api, storage
from bittensor.client import Client
from bittensor.intents import build as build_intent
from bittensor.result import ExtrinsicResult
from bittensor.sp_core import Keypair
from bittensor.wallet import Wallet


# Only then may a validator set weights.
first_epoch_over = 22


class HeldKeys:
    """Keys of a secret URI, as the SDK wants a wallet."""

    def __init__(self, cold, hot):
        self.coldkey = self.coldkeypub = Keypair.create_from_uri(cold)
        self.hotkey = self.hotkeypub = Keypair.create_from_uri(hot)


def shown(value):
    if isinstance(value, ExtrinsicResult):
        error = value.error
        code = None if error is None else error.code.value
        return [value.success, code, None if error is None else error.name]
    return value


class Peer:
    def __init__(self, client, job):
        self.client, self.url = client, job["url"]
        self.netuid, self.seen = job["netuid"], {}

    async def step(self, name, work):
        try:
            self.seen[name] = shown(await work)
        except Exception as error:
            told = [type(error).__name__, str(getattr(error, "code", "")), str(error)[:300]]
            self.seen[name] = {"raised": told}

    async def do(self, name, op, wallet, /, **args):
        await self.step(name, self.client.execute_tool(op, args, wallet))

    async def hidden(self, name, send):
        """Through the encrypted mempool, with a client of its own: the SDK counts the carrier's nonce
        and not that of what it holds, so the same client's next transaction would be outdated."""
        async with Client(self.url) as client:
            await self.step(name, send(client))

    async def raw(self, name, call, wallet, signer="coldkey"):
        await self.step(name, self.client.submit_call(call, wallet, signer=signer))

    async def read(self, name, /, *path, **params):
        async def pick():
            value = await self.client.read(name, **params)
            for key in path:
                value = value[key] if isinstance(value, (dict, list)) else getattr(value, key)
            return value

        await self.step(".".join(["read", name, *map(str, path)]), pick())


async def register(peer, ours, alice, poor):
    cold, netuid = ours.coldkeypub.ss58_address, peer.netuid
    await peer.do("transfer", "transfer", alice, dest_ss58=cold, amount_tao=3000)
    await peer.step("plan of burned_register", effects(peer, "burned_register", ours))
    call = calls.SubtensorModule.burned_register(netuid=netuid, hotkey=ours.hotkey.ss58_address)
    registering = {"op": "burned_register", "args": {"netuid": netuid}}
    # The SDK sends this intent through the encrypted mempool only.
    await peer.hidden("burned_register", lambda own: own.execute_tool(**registering, wallet=ours))
    await peer.read("uid", netuid=netuid, hotkey_ss58=ours.hotkey.ss58_address)
    await peer.hidden("register again", lambda own: own.execute_tool(**registering, wallet=ours))
    await peer.do("register without money", "burned_register", poor, netuid=netuid)
    await peer.raw("register again in the open", call, ours)
    await peer.raw("register without money in the open", call, poor)


async def effects(peer, op, wallet):
    plan = await peer.client.plan(build_intent(op, {"netuid": peer.netuid}), wallet)
    return plan.effects


async def stake(peer, ours):
    netuid, hotkey = peer.netuid, ours.hotkey.ss58_address
    await peer.do("add_stake", "add_stake", ours, hotkey_ss58=hotkey, netuid=netuid, amount_tao=50)
    await peer.read(
        "stake", coldkey_ss58=ours.coldkeypub.ss58_address, hotkey_ss58=hotkey, netuid=netuid
    )
    # Whole TAO: an epoch may have paid a little meanwhile.
    peer.seen["read.stake"] = peer.seen["read.stake"].rao // 1_000_000_000
    await peer.do(
        "remove_stake", "remove_stake", ours, hotkey_ss58=hotkey, netuid=netuid, amount_alpha=20
    )
    more = build_intent("add_stake", {"hotkey_ss58": hotkey, "netuid": netuid, "amount_tao": 30})
    await peer.hidden("add_stake, hidden", lambda own: own.submit_shielded(more, ours))
    dust = calls.SubtensorModule.add_stake(hotkey=hotkey, netuid=netuid, amount_staked=10)
    await peer.hidden("dust, hidden", lambda own: own.submit_call(dust, ours, shielded=True))


async def serve(peer, ours):
    served = {"netuid": peer.netuid, "ip": "192.168.1.10", "port": 8091}
    await peer.do("serve_axon", "serve_axon", ours, **served)
    await peer.do("serve_axon too soon", "serve_axon", ours, **{**served, "port": 8092})


async def weigh(peer, poor):
    bob, netuid = HeldKeys("//Bob", "//Bob_hk"), peer.netuid
    row = {"netuid": netuid, "dests": [0, 2], "weights": [16384, 65535], "version_key": 0}
    vector = {"netuid": netuid, "uids": [0, 2], "weights": [0.25, 1.0]}
    await peer.client.wait_for_block(first_epoch_over)
    await peer.do("set_weights", "set_weights", bob, **vector)
    await peer.read("weights", netuid=netuid)
    await peer.read("blocks_since_last_update", netuid=netuid, uid=1)
    peer.seen["read.blocks_since_last_update"] = peer.seen["read.blocks_since_last_update"] < 10
    await peer.do("set_weights at once", "set_weights", bob, **vector)
    plain = calls.SubtensorModule.set_weights(**row)
    await peer.raw("too fast", plain, bob, "hotkey")
    await peer.raw("unregistered", plain, poor, "hotkey")


async def administer(peer, alice):
    netuid, bob = peer.netuid, HeldKeys("//Bob", "//Bob_hk")
    rate = calls.AdminUtils.sudo_set_weights_set_rate_limit(
        netuid=netuid, weights_set_rate_limit=7
    )
    sudo = calls.Sudo.sudo(call=await peer.client.compose(rate))
    await peer.raw("sudo", sudo, alice)
    await peer.raw("sudo of a stranger", sudo, bob)
    await peer.read("weights_rate_limit", netuid=netuid)
    await peer.raw("root's setter of the owner", rate, alice)
    immunity = {"netuid": netuid, "name": "immunity_period", "value": 44}
    await peer.do("owner's setter", "set_hyperparameter", alice, **immunity)
    await peer.read("immunity_period", netuid=netuid)


async def found(peer):
    alice = HeldKeys("//Alice", "//Founder_hk")
    await peer.do("register_subnet", "register_subnet", alice)
    await peer.step("all netuids", netuids(peer.client))
    await peer.do("start_call", "start_call", alice, netuid=1)
    await peer.do("start_call again", "start_call", alice, netuid=1)
    await peer.do(
        "set_subnet_identity", "set_subnet_identity", alice, netuid=1, subnet_name="first"
    )
    await peer.read("subnet_names")
    await peer.read("subnet_start_schedule", netuid=1)
    schedule = peer.seen["read.subnet_start_schedule"]
    peer.seen["read.subnet_start_schedule"] = "raised" not in schedule


async def netuids(client):
    rows = await client.query_map(storage.SubtensorModule.NetworksAdded)
    return sorted(key for key, _ in rows)


async def generic(peer):
    client, netuid = peer.client, peer.netuid
    await peer.step("spec version", client.spec_version())
    info = runtime_api.SubnetInfoRuntimeApi.get_subnet_hyperparams_v3
    answer = await client.runtime(info, [netuid])
    peer.seen["hyperparameters v3"] = len(answer) if isinstance(answer, list) else answer
    tempos = client.query_batch(storage.SubtensorModule.Tempo, [[0], [netuid]])
    await peer.step("batch", tempos)
    heads = []
    async for head in client.blocks():
        heads.append(head.number)
        if len(heads) == 3:
            break
    peer.seen["heads follow"] = heads == list(range(heads[0], heads[0] + 3))
    await peer.step("epoch", wait_for_epoch(client, netuid))
    past = client.query(storage.SubtensorModule.Tempo, [netuid], block=heads[0])
    await peer.step("at a block", past)


async def wait_for_epoch(client, netuid):
    event = await client.wait_for_epoch(netuid, timeout=60)
    return event.netuid if hasattr(event, "netuid") else True


async def read(peer, ours):
    netuid, cold = peer.netuid, ours.coldkeypub.ss58_address
    await peer.read("subnet", "neuron_count", netuid=netuid)
    await peer.read("subnet", "tempo", netuid=netuid)
    await peer.read("metagraph", "num_uids", netuid=netuid)
    await peer.read("neurons", 1, "validator_permit", netuid=netuid)
    await peer.read("subnet_hyperparameters", "tempo", netuid=netuid)
    await peer.read("subnet_hyperparameters", "kappa", netuid=netuid)
    await peer.read("epoch_status", "tempo", netuid=netuid)
    await peer.read("stake_for_coldkey", 0, "netuid", coldkey_ss58=cold)
    await peer.read("alpha_price", "price_rao", netuid=netuid)
    await peer.read("block_info", "number", block=2)
    await peer.read("netuids_for_hotkey", hotkey_ss58=ours.hotkey.ss58_address)


async def main():
    job = json.load(sys.stdin)
    ours = Wallet(name=job["name"], hotkey="default", path=job["wallets"])
    theirs = Wallet(name="theirs", hotkey="default", path=job["wallets"])
    theirs.create_new_coldkey(use_password=False, suppress=True)
    theirs.create_new_hotkey(use_password=False, suppress=True)
    alice, poor = HeldKeys("//Alice", "//Alice_hk"), HeldKeys("//Poor", "//Poor_hk")
    async with Client(job["url"]) as client:
        peer = Peer(client, job)
        await register(peer, ours, alice, poor)
        await stake(peer, ours)
        await serve(peer, ours)
        await weigh(peer, poor)
        await administer(peer, alice)
        await read(peer, ours)
        await found(peer)
        await generic(peer)
    peer.seen["their wallet"] = [theirs.coldkeypub.ss58_address, theirs.hotkey.ss58_address]
    json.dump(peer.seen, sys.stdout, default=str)


if __name__ == "__main__":
    asyncio.run(main())
