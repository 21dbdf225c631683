"""The axon of SDK 10.5 in front of onnxruntime, with its own verification and no chain.

Usage: axon_server.py SURI PORT FOLDER_OF_MODELS
"""

import os
import pathlib
import signal
import sys
from typing import List, Optional

os.environ.setdefault("BT_NO_PARSE_CLI_ARGS", "1")

import bittensor
import numpy
import onnxruntime
from bittensor.utils import networking
from bittensor_wallet import Keypair

suri, port, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
networking.get_external_ip = lambda: "127.0.0.1"


class Wallet:
    """As much of a wallet as an axon asks for."""

    def __init__(self):
        self.hotkey = self.coldkeypub = Keypair.create_from_uri(suri)
        self.name, self.hotkey_str = "bench", "bench"


class Light(bittensor.Synapse):
    x: List[float] = []
    y: Optional[List[float]] = None


class Echo(bittensor.Synapse):
    x: List[float] = []
    y: Optional[List[float]] = None


options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(folder / "light.onnx", options)


def light(synapse: Light) -> Light:
    values = numpy.asarray(synapse.x, numpy.float32).reshape(1, 1, 28, 28)
    synapse.y = session.run(None, {"x": values})[0][0].tolist()
    return synapse


def echo(synapse: Echo) -> Echo:
    synapse.y = synapse.x
    return synapse


axon = bittensor.Axon(
    wallet=Wallet(), port=port, ip="127.0.0.1", external_ip="127.0.0.1", external_port=port
)
axon.attach(forward_fn=light)
axon.attach(forward_fn=echo)
axon.start()
signal.sigwait([signal.SIGTERM, signal.SIGINT])
os._exit(0)
