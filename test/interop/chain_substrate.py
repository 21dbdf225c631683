"""substrate-interface, the plain Substrate client of Python, on the chain: reads {"url", "netuid"},
writes its steps."""

import json
import sys

from substrateinterface import Keypair, SubstrateInterface
from substrateinterface.exceptions import SubstrateRequestException


def sent(chain, keys, module, function, **params):
    call = chain.compose_call(module, function, params)
    signed = chain.create_signed_extrinsic(call, keys)
    try:
        receipt = chain.submit_extrinsic(signed, wait_for_inclusion=True)
    except SubstrateRequestException as error:
        return [False, error.args[0]["code"], error.args[0]["data"]]
    if receipt.is_success:
        return [True, receipt.total_fee_amount > 0, [
            event.value["event_id"] for event in receipt.triggered_events
            if event.value["module_id"] in ("SubtensorModule", "Balances")
        ]]
    return [False, receipt.error_message["name"], bool(receipt.error_message["docs"])]


def main():
    job = json.load(sys.stdin)
    netuid, seen = job["netuid"], {}
    alice, bob = Keypair.create_from_uri("//Alice"), Keypair.create_from_uri("//Bob")
    hotkey = Keypair.create_from_uri("//Alice_hk")
    # Its own table of types knows balances of 16 bytes; users of the real chain say that they are 8.
    types = {"types": {"Balance": "u64"}}
    with SubstrateInterface(url=job["url"], type_registry=types) as chain:
        chain.init_runtime()
        seen["chain"] = [chain.chain is not None, chain.ss58_format, chain.token_symbol,
                         chain.token_decimals, chain.runtime_version]
        seen["account"] = chain.query(
            "System", "Account", [bob.ss58_address]).value["data"]["free"] > 0
        seen["tempo"] = chain.query("SubtensorModule", "Tempo", [netuid]).value
        seen["uids"] = sorted(
            uid.value for _, uid in chain.query_map("SubtensorModule", "Uids", [netuid]))
        seen["pages"] = len(list(chain.query_map("SubtensorModule", "Tempo", page_size=1)))
        keys = [chain.create_storage_key("SubtensorModule", "Tempo", [one]) for one in (0, netuid)]
        seen["multi"] = [value.value for _, value in chain.query_multi(keys)]
        seen["constant"] = chain.get_constant("SubtensorModule", "MaxTempo").value
        block = chain.get_block(block_number=1)
        seen["block"] = [block["header"]["number"], len(block["extrinsics"])]
        call = chain.compose_call("Balances", "transfer_keep_alive", {
            "dest": alice.ss58_address, "value": 1_000_000})
        seen["fee"] = chain.get_payment_info(call, bob)["partialFee"] > 0
        seen["transfer"] = sent(
            chain, bob, "Balances", "transfer_keep_alive",
            dest=alice.ss58_address, value=1_000_000)
        weights = {"netuid": netuid, "dests": [1], "weights": [65535], "version_key": 0}
        seen["set_weights"] = sent(chain, hotkey, "SubtensorModule", "set_weights", **weights)
        seen["too fast"] = sent(chain, hotkey, "SubtensorModule", "set_weights", **weights)
        seen["start_call again"] = sent(
            chain, alice, "SubtensorModule", "start_call", netuid=netuid)
        heads = []

        def head(found, _, __):
            heads.append(found["header"]["number"])
            return heads if len(heads) == 3 else None

        chain.subscribe_block_headers(head)
        seen["heads"] = heads[2] - heads[0]
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
