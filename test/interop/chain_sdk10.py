"""The Bittensor SDK 10.5 as a client of the chain: reads {"url", "wallets", "netuid"}, writes its steps.

An operation becomes [success, message, name of the chain's error]; a read its value; what raised
becomes {"raised": ...}.
"""

import json
import sys
import time

import bittensor as bt
from bittensor_wallet import Keypair, Wallet

bt.logging.off()

RAO = 1_000_000_000
# Only then may a validator set weights.
first_epoch_over = 22


def error_name(error):
    return error.get("name") if isinstance(error, dict) else None


def shown(value):
    if isinstance(value, bt.core.types.ExtrinsicResponse):
        return [value.success, value.message, error_name(value.error)]
    if isinstance(value, bt.Balance):
        return value.rao
    return value


class Steps:
    def __init__(self):
        self.seen = {}

    def __call__(self, name, work):
        try:
            self.seen[name] = shown(work())
        except Exception as error:
            self.seen[name] = {"raised": f"{type(error).__name__}: {error}"[:300]}
        return self.seen[name]


class Peer:
    def __init__(self, job):
        self.chain = bt.Subtensor(network=job["url"])
        self.folder = job["wallets"]
        self.netuid = job["netuid"]

    def wallet(self, cold, hot):
        wallet = Wallet(name=cold.strip("/"), hotkey=hot.strip("/"), path=self.folder)
        pair = Keypair.create_from_uri(cold)
        wallet.set_coldkey(pair, encrypt=False, overwrite=True)
        wallet.set_coldkeypub(pair, encrypt=False, overwrite=True)
        wallet.set_hotkey(Keypair.create_from_uri(hot), encrypt=False, overwrite=True)
        return wallet

    def send(self, wallet, sign_with, name, params):
        composed = self.chain.compose_call(*name.split("."), params)
        return self.chain.sign_and_send_extrinsic(composed, wallet, sign_with=sign_with)

    def sudo(self, wallet, setter, **params):
        inner = self.chain.compose_call("AdminUtils", setter, params)
        return self.send(wallet, "coldkey", "Sudo.sudo", {"call": inner})

    def axon(self, wallet, port):
        return bt.Axon(
            wallet=wallet, port=port, ip="127.0.0.1", external_ip="192.168.1.10", external_port=port
        )


def register(step, peer, ours, poor):
    chain, netuid = peer.chain, peer.netuid
    alice = peer.wallet("//Alice", "//Alice_hk")
    cold = ours.coldkeypub.ss58_address
    step("fund", lambda: chain.transfer(alice, cold, bt.Balance.from_tao(3000)))
    step("funded", lambda: chain.get_balance(cold))
    step("burned_register", lambda: chain.burned_register(ours, netuid))
    step("uid", lambda: chain.get_uid_for_hotkey_on_subnet(ours.hotkey.ss58_address, netuid))
    step("register nowhere", lambda: chain.burned_register(ours, 99))
    step("register without money", lambda: chain.burned_register(poor, netuid))
    low = bt.Balance.from_rao(1)
    other = peer.wallet("//Charlie", "//Charlie_other")
    step("register_limit too low", lambda: chain.register_limit(other, netuid, low))
    step("register_limit", lambda: chain.register_limit(other, netuid, bt.Balance.from_tao(1)))
    step(
        "register again, raw",
        lambda: peer.send(
            ours, "coldkey", "SubtensorModule.burned_register",
            {"netuid": netuid, "hotkey": ours.hotkey.ss58_address},
        ),
    )


def stake(step, peer, ours):
    chain, netuid, hot = peer.chain, peer.netuid, ours.hotkey.ss58_address
    cold = ours.coldkeypub.ss58_address
    tao = bt.Balance.from_tao
    alpha = lambda amount: tao(amount).set_unit(netuid)
    step("add_stake", lambda: chain.add_stake(ours, netuid, hot, tao(100)))
    step("add_stake safe", lambda: chain.add_stake(ours, netuid, hot, tao(10), safe_staking=True))
    hidden = {"mev_protection": True}
    step("add_stake shielded", lambda: chain.add_stake(ours, netuid, hot, tao(20), **hidden))
    # Whole TAO: an epoch may have paid a little meanwhile.
    step("stake", lambda: chain.get_stake(cold, hot, netuid).rao // RAO)
    dust = bt.Balance.from_rao(10)
    step("add_stake dust", lambda: chain.add_stake(ours, netuid, hot, dust))
    step("add_stake dust shielded", lambda: chain.add_stake(ours, netuid, hot, dust, **hidden))
    step("unstake", lambda: chain.unstake(ours, netuid, hot, alpha(5)))
    step("unstake safe", lambda: chain.unstake(ours, netuid, hot, alpha(5), safe_unstaking=True))
    step(
        "unstake too much, raw",
        lambda: peer.send(
            ours, "coldkey", "SubtensorModule.remove_stake",
            {"hotkey": peer.wallet("//Bob", "//Bob_hk").hotkey.ss58_address,
             "netuid": netuid, "amount_unstaked": RAO},
        ),
    )
    step("stake of the coldkey", lambda: [
        [info.netuid, info.hotkey_ss58, info.stake.rao >= 100 * RAO]
        for info in chain.get_stake_info_for_coldkey(cold)
    ])
    step("unstake_all", lambda: chain.unstake_all(ours, netuid, hot))
    step("fee of a transfer", lambda: chain.get_transfer_fee(ours, hot, tao(1)))


def serve(step, peer, ours, poor):
    chain, netuid = peer.chain, peer.netuid
    step("serve_axon", lambda: chain.serve_axon(netuid, peer.axon(ours, 8091)))
    step("serve_axon too soon", lambda: chain.serve_axon(netuid, peer.axon(ours, 8092)))
    step("serve_axon unregistered", lambda: chain.serve_axon(netuid, peer.axon(poor, 8091)))
    step("axons", lambda: [
        [axon.ip, axon.port, axon.hotkey == ours.hotkey.ss58_address]
        for axon in chain.metagraph(netuid).axons if axon.is_serving
    ])


def weigh(step, peer, poor):
    chain, netuid = peer.chain, peer.netuid
    bob = peer.wallet("//Bob", "//Bob_hk")
    raw = {"netuid": netuid, "dests": [2], "weights": [65535], "version_key": 0}
    twice = {"netuid": netuid, "mecid": 0, "dests": [1, 1], "weights": [1, 1], "version_key": 0}
    set_weights = "SubtensorModule.set_weights"
    chain.wait_for_block(first_epoch_over)
    step("set_weights", lambda: chain.set_weights(bob, netuid, [0, 2], [0.25, 1.0]))
    step("weights", lambda: chain.weights(netuid))
    step("since update", lambda: chain.blocks_since_last_update(netuid, 1) < 10)
    step("set_weights at once", lambda: chain.set_weights(bob, netuid, [0, 2], [0.5, 0.5]))
    step("too fast, raw", lambda: peer.send(bob, "hotkey", set_weights, raw))
    step("unregistered", lambda: chain.set_weights(poor, netuid, [0], [1]))
    step("unregistered, raw", lambda: peer.send(poor, "hotkey", set_weights, raw))
    step("duplicate, raw", lambda: peer.send(
        peer.wallet("//Alice", "//Alice_hk"), "hotkey", "SubtensorModule.set_mechanism_weights",
        twice))


def administer(step, peer):
    chain, netuid = peer.chain, peer.netuid
    alice, bob = peer.wallet("//Alice", "//Alice_hk"), peer.wallet("//Bob", "//Bob_hk")
    step("sudo tempo", lambda: peer.sudo(alice, "sudo_set_tempo", netuid=netuid, tempo=360))
    step("tempo", lambda: chain.tempo(netuid))
    step("sudo of a stranger", lambda: peer.sudo(bob, "sudo_set_tempo", netuid=netuid, tempo=9))
    mine = ("AdminUtils.sudo_set_immunity_period", {"netuid": netuid, "immunity_period": 33})
    step("owner's setter", lambda: peer.send(alice, "coldkey", *mine))
    step("owner's setter again", lambda: peer.send(alice, "coldkey", *mine))
    step("owner's setter of a stranger", lambda: peer.send(bob, "coldkey", *mine))
    step("immunity", lambda: chain.immunity_period(netuid))
    kappa = ("AdminUtils.sudo_set_kappa", {"netuid": netuid, "kappa": 1})
    step("root's setter of the owner", lambda: peer.send(alice, "coldkey", *kappa))


def found(step, peer):
    chain = peer.chain
    alice = peer.wallet("//Alice", "//Founder_hk")
    step("network rate", lambda: peer.sudo(alice, "sudo_set_network_rate_limit", rate_limit=0))
    step("cost before", lambda: chain.get_subnet_burn_cost())
    step("register_subnet", lambda: chain.register_subnet(alice))
    step("subnets", lambda: chain.get_all_subnets_netuid())
    step("cost doubled", lambda: chain.get_subnet_burn_cost().rao > 1900 * RAO)
    step("exists", lambda: [chain.subnet_exists(netuid) for netuid in (0, 1, 2, 77)])
    step("active before", lambda: chain.is_subnet_active(1))
    step("start_call of a stranger", lambda: chain.start_call(peer.wallet("//Bob", "//Bob_hk"), 1))
    step("start_call", lambda: chain.start_call(alice, 1))
    step("start_call again", lambda: chain.start_call(alice, 1))
    step("active", lambda: chain.is_subnet_active(1))
    identity = bt.SubnetIdentity(
        subnet_name="first", github_repo="", subnet_contact="", subnet_url="https://example.org",
        logo_url="", discord="", description="a test", additional="",
    )
    step("set_subnet_identity", lambda: chain.set_subnet_identity(alice, 1, identity))
    step("its name", lambda: [chain.subnet(1).subnet_name, chain.subnet(1).owner_coldkey])
    step("commit-reveal is on", lambda: chain.commit_reveal_enabled(1))


def read(step, peer):
    chain, netuid = peer.chain, peer.netuid
    step("block", lambda: chain.get_current_block() > 0)
    step("block hash", lambda: chain.get_block_hash(1)[:2])
    step("hyperparameters", lambda: {
        name: getattr(chain.get_subnet_hyperparameters(netuid), name)
        for name in ("tempo", "kappa", "weights_rate_limit", "yuma_version", "max_validators",
                     "commit_reveal_weights_enabled", "subnet_is_active")
    })
    step("subnet info", lambda: chain.get_subnet_info(netuid).subnetwork_n)
    step("all subnets", lambda: [[one.netuid, one.tempo] for one in chain.all_subnets()])
    step("subnet infos", lambda: [one.netuid for one in chain.get_all_subnets_info()])
    step("neurons", lambda: [[one.uid, one.netuid, one.validator_permit, one.active]
                             for one in chain.neurons(netuid)])
    step("neurons lite", lambda: len(chain.neurons_lite(netuid)))
    step("neuron", lambda: chain.neuron_for_uid(1, netuid).stake.rao >= 5000 * RAO)
    full = chain.metagraph(netuid, lite=False)
    step("metagraph", lambda: [int(full.n), full.uids.tolist(), full.W.shape == (4, 4)])
    step("metagraph info", lambda: [chain.get_metagraph_info(netuid).num_uids,
                                    len(chain.get_metagraph_info(netuid).hotkeys)])
    step("next epoch", lambda: chain.get_next_epoch_start_block(netuid) > chain.block - 1)
    step("delegates", lambda: chain.get_delegates())
    step("price", lambda: chain.get_subnet_price(netuid))
    step("existential deposit", lambda: chain.get_existential_deposit())
    step("max tempo", lambda: [chain.get_min_tempo(), chain.get_max_tempo()])
    step("cutoff factors", lambda: [chain.get_min_activity_cutoff_factor_milli(),
                                    chain.get_max_activity_cutoff_factor_milli()])
    for name in ("Tempo", "NetworksAdded", "SubnetworkN", "TokenSymbol", "Owner"):
        step(f"map {name}", lambda: len([pair for pair in chain.query_map_subtensor(name)]))
    for name in ("Uids", "Keys", "Axons", "BlockAtRegistration", "Weights"):
        step(f"map {name}", lambda: len(
            [pair for pair in chain.query_map_subtensor(name, params=[netuid])]))
    before = chain.block
    step("next block", lambda: chain.wait_for_block(before + 2))


def main():
    job = json.load(sys.stdin)
    step, peer = Steps(), Peer(job)
    ours = Wallet(name=job["name"], hotkey="default", path=peer.folder)
    poor = peer.wallet("//Poor", "//Poor_hk")
    started = time.time()
    register(step, peer, ours, poor)
    stake(step, peer, ours)
    serve(step, peer, ours, poor)
    weigh(step, peer, poor)
    administer(step, peer)
    read(step, peer)
    found(step, peer)
    step("seconds", lambda: round(time.time() - started))
    peer.chain.close()
    json.dump(step.seen, sys.stdout)


if __name__ == "__main__":
    main()
