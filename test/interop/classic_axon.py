"""The SDK 10.5 Axon, unmodified, serving two synapses; ends when its standard input closes.

Prints one line of JSON with its port once it listens.
"""

import json
import socket
import sys
import time

from classic_synapses import Digits, DigitsTensor, results

import bittensor as bt
import numpy as np
from bittensor_wallet import Keypair


class HotkeyWallet:
    """As much of a wallet as an axon looks at."""

    def __init__(self, uri):
        self.hotkey = Keypair.create_from_uri(uri)
        self.coldkeypub = self.hotkey
        self.name = self.hotkey_str = "interop"


def shares(image):
    """Ten sums of every tenth pixel: whatever model there was, the answer tells its input."""
    flat = np.asarray(image, dtype=np.float32).reshape(-1)
    return np.array([[flat[at::10].sum() for at in range(10)]], dtype=np.float32)


def digits(synapse: Digits) -> Digits:
    synapse.probabilities = shares(synapse.image).astype(float).tolist()
    return synapse


def digits_tensor(synapse: DigitsTensor) -> DigitsTensor:
    synapse.probabilities = bt.Tensor.serialize(shares(synapse.image.deserialize()))
    return synapse


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_listens(port):
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the axon does not listen")


def main():
    port = free_port()
    axon = bt.Axon(
        wallet=HotkeyWallet("//Alice"),
        ip="127.0.0.1",
        port=port,
        external_ip="127.0.0.1",
        external_port=port,
    )
    axon.attach(forward_fn=digits).attach(forward_fn=digits_tensor)
    axon.start()
    wait_until_it_listens(port)
    print(json.dumps({"port": port}), file=results, flush=True)
    sys.stdin.read()
    axon.stop()


main()
