"""Commit-reveal by the Bittensor SDK 10.5: reads {"url", "wallets", "netuid", "way"}, writes its steps.

`hash` commits and reveals by hash. `timelocked` runs under a clock that stands still at the round of
the beacon whose signature is known, so that the SDK's own commit can be opened offline.
"""

import json
import sys

import bittensor as bt

from chain_sdk10 import Peer, Steps

SALT = [1, 2, 3, 4, 5, 6, 7, 8]
# Its share of the reveal round is nothing: the clock alone decides.
NO_TIME = 1e-6
# Blocks within which a reveal must be seen.
PATIENCE = 70


def row_of(chain, netuid, uid):
    return [list(map(list, row)) for one, row in chain.weights(netuid) if one == uid]


def wait_for_row(chain, netuid, uid, before):
    last = chain.block + PATIENCE
    while chain.block < last:
        row = row_of(chain, netuid, uid)
        if row != before:
            return row
        chain.wait_for_block()
    return before


def by_hash(step, peer):
    chain, netuid = peer.chain, peer.netuid
    bob = peer.wallet("//Bob", "//Bob_hk")
    weights = {"uids": [0, 1], "weights": [16384, 65535], "salt": SALT}
    step("reveal enabled", lambda: chain.commit_reveal_enabled(netuid))
    step("plain", lambda: peer.send(
        bob, "hotkey", "SubtensorModule.set_weights",
        {"netuid": netuid, "dests": [0], "weights": [1], "version_key": 0}))
    step("commit", lambda: chain.commit_weights(bob, netuid, wait_for_inclusion=True, **weights))
    step("too early", lambda: chain.reveal_weights(bob, netuid, max_attempts=1, **weights))
    epoch = chain.get_next_epoch_start_block(netuid)
    chain.wait_for_block(epoch)
    step("another salt", lambda: chain.reveal_weights(
        bob, netuid, max_attempts=1, **{**weights, "salt": [9]}))
    step("reveal", lambda: chain.reveal_weights(bob, netuid, **weights))
    step("row", lambda: row_of(chain, netuid, 1))


def timelocked(step, peer):
    chain, netuid = peer.chain, peer.netuid
    bob = peer.wallet("//Bob", "//Bob_hk")
    before = row_of(chain, netuid, 1)
    sent = chain.set_weights(bob, netuid, [0, 1], [1.0, 0.25], block_time=NO_TIME)
    step("commit", lambda: sent)
    # As of its block: the epoch that opens it may have come since.
    step("waiting", lambda: [list(one)[-1] for one in chain.get_timelocked_weight_commits(
        netuid, block=sent.extrinsic_receipt.block_number)])
    step("row", lambda: wait_for_row(chain, netuid, 1, before))
    step("nothing waits", lambda: chain.get_timelocked_weight_commits(netuid))


def main():
    job = json.load(sys.stdin)
    step, peer = Steps(), Peer(job)
    {"hash": by_hash, "timelocked": timelocked}[job["way"]](step, peer)
    peer.chain.close()
    json.dump(step.seen, sys.stdout, default=str)


if __name__ == "__main__":
    main()
