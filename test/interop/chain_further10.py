"""Commitments, moves of stake, child keys, takes, mechanisms and the root network by the Bittensor
SDK 10.5: reads {"url", "wallets", "netuid"}, writes its steps as chain_sdk10.py does.
"""

import json
import sys

import bittensor as bt

from chain_sdk10 import Peer, Steps, first_epoch_over

CHARLIE = "//Charlie"


def commit(step, peer, bob, poor):
    chain, netuid = peer.chain, peer.netuid
    step("set_commitment", lambda: chain.set_commitment(bob, netuid, "model v1"))
    step("get_commitment", lambda: chain.get_commitment(netuid, 1))
    step("set_commitment again", lambda: chain.set_commitment(bob, netuid, "model v2"))
    step("get_all_commitments", lambda: {
        "bob" if hotkey == bob.hotkey.ss58_address else hotkey: text
        for hotkey, text in chain.get_all_commitments(netuid).items()
    })
    step("nobody's commitment", lambda: chain.get_commitment(netuid, 0))
    step("commitment of a stranger", lambda: chain.set_commitment(poor, netuid, "model"))


def move(step, peer, bob, alice, charlie):
    chain, netuid, hot = peer.chain, peer.netuid, bob.hotkey.ss58_address
    alpha = lambda amount, where=netuid: bt.Balance.from_tao(amount).set_unit(where)
    held = lambda cold, hotkey, where=netuid: round(chain.get_stake(cold, hotkey, where).tao)
    mine, theirs = bob.coldkeypub.ss58_address, charlie.coldkeypub.ss58_address
    other = alice.hotkey.ss58_address
    step("move_stake", lambda: chain.move_stake(bob, netuid, hot, netuid, other, alpha(100)))
    step("moved", lambda: held(mine, other))
    step("transfer_stake", lambda: chain.transfer_stake(bob, theirs, hot, netuid, netuid, alpha(50)))
    step("transferred", lambda: held(theirs, hot))
    step("swap_stake", lambda: chain.swap_stake(bob, hot, netuid, 0, alpha(30)))
    step("swapped", lambda: held(mine, hot, 0))
    step("swap_stake safe", lambda: chain.swap_stake(
        bob, hot, 0, netuid, alpha(10, 0), safe_swapping=True))
    step("swapped back", lambda: held(mine, hot, 0))
    step("move_stake nowhere", lambda: chain.move_stake(bob, netuid, hot, 99, hot, alpha(1)))


def delegate(step, peer, bob, alice):
    chain, netuid, hot = peer.chain, peer.netuid, bob.hotkey.ss58_address
    child = peer.wallet(CHARLIE, "//Child_hk").hotkey.ss58_address
    step("set_children", lambda: chain.set_children(bob, netuid, hot, [(0.5, child)]))
    named = lambda children: [[round(part, 3), one == child] for part, one in children]
    step("children", lambda: named(chain.get_children(hot, netuid)[1]))
    step("pending children", lambda: named(chain.get_children_pending(hot, netuid)[0]))
    step("its own child", lambda: chain.set_children(
        alice, netuid, alice.hotkey.ss58_address, [(1.0, alice.hotkey.ss58_address)]))
    step("take before", lambda: round(chain.get_delegate_take(hot), 2))
    step("set_delegate_take", lambda: chain.set_delegate_take(bob, hot, 0.1))
    step("take", lambda: round(chain.get_delegate_take(hot), 2))
    step("take of a stranger", lambda: chain.set_delegate_take(alice, hot, 0.05))


def use_mechanisms(step, peer, bob, alice):
    chain, netuid = peer.chain, peer.netuid
    count = ("AdminUtils.sudo_set_mechanism_count", {"netuid": netuid, "mechanism_count": 2})
    step("mechanisms before", lambda: chain.get_mechanism_count(netuid))
    step("set_mechanism_count", lambda: peer.send(alice, "coldkey", *count))
    step("mechanisms", lambda: chain.get_mechanism_count(netuid))
    step("emission split", lambda: chain.get_mechanism_emission_split(netuid))
    chain.wait_for_block(first_epoch_over)
    step("weights of mechanism 1", lambda: chain.set_weights(bob, netuid, [0], [1.0], mechid=1))
    step("weights of mechanism 2", lambda: chain.set_weights(
        bob, netuid, [0], [1.0], mechid=2, max_attempts=1))
    step("row of mechanism 1", lambda: chain.weights(netuid, mechid=1))
    step("row of mechanism 0", lambda: chain.weights(netuid))


def join_root(step, peer, bob):
    chain, hot = peer.chain, bob.hotkey.ss58_address
    step("root_register", lambda: chain.root_register(bob))
    step("root uid", lambda: chain.get_uid_for_hotkey_on_subnet(hot, 0))
    step("root_register again", lambda: peer.send(
        bob, "coldkey", "SubtensorModule.root_register", {"hotkey": hot}))


def main():
    job = json.load(sys.stdin)
    step, peer = Steps(), Peer(job)
    bob, alice = peer.wallet("//Bob", "//Bob_hk"), peer.wallet("//Alice", "//Alice_hk")
    commit(step, peer, bob, peer.wallet("//Poor", "//Poor_hk"))
    move(step, peer, bob, alice, peer.wallet(CHARLIE, "//Charlie_hk"))
    delegate(step, peer, bob, alice)
    use_mechanisms(step, peer, bob, alice)
    join_root(step, peer, bob)
    peer.chain.close()
    json.dump(step.seen, sys.stdout, default=str)


if __name__ == "__main__":
    main()
