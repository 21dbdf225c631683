"""Drives a running miner as a stranger would: NVIDIA's tritonclient, requests signed by the Python SDK.

Reads {"host", "model", "caller" (a secret URI), "miner" (SS58), "input", "shape", "values", "output"}.
"""

import hashlib
import http.client
import json
import sys

import numpy as np
from bittensor import http_auth
from bittensor.sp_core import Keypair, verify
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException


class Peer:
    def __init__(self, job):
        self.job = job
        self.caller = Keypair.create_from_uri(job["caller"])
        self.client = InferenceServerClient(job["host"])
        self.path = f"/v2/models/{job['model']}/infer"

    def tensor(self, binary, dtype=np.float32, datatype="FP32", name=None, shape=None):
        values = np.array(self.job["values"], dtype=dtype).reshape(shape or self.job["shape"])
        tensor = InferInput(name or self.job["input"], list(values.shape), datatype)
        return tensor.set_data_from_numpy(values, binary)

    def outputs(self, binary):
        return [InferRequestedOutput(self.job["output"], binary_data=binary)]

    def signed(self, body, receiver=None, path=None):
        return http_auth.sign(
            self.caller,
            method="POST",
            path=path or self.path,
            body=body,
            receiver_ss58=receiver or self.job["miner"],
        )

    def infer(self, tensors, outputs, headers=None, model=None):
        body, _ = InferenceServerClient.generate_request_body(tensors, outputs=outputs)
        if headers is None:
            path = None if model is None else f"/v2/models/{model}/infer"
            headers = self.signed(body, path=path)
        return self.client.infer(model or self.job["model"], tensors, outputs=outputs, headers=headers)

    def values(self, binary_in, binary_out):
        result = self.infer([self.tensor(binary_in)], self.outputs(binary_out))
        return [float(v) for v in result.as_numpy(self.job["output"]).flatten()]

    def refused(self, call):
        try:
            call()
            return "accepted"
        except InferenceServerException as error:
            return f"{error.status()} {error.message()}"

    def raw(self):
        """One exchange by hand, to see the headers of the answer: what its receipt says."""
        body, length = InferenceServerClient.generate_request_body(
            [self.tensor(True)], outputs=self.outputs(True)
        )
        headers = {**self.signed(body), "Inference-Header-Content-Length": str(length)}
        connection = http.client.HTTPConnection(self.job["host"])
        connection.request("POST", self.path, body=body, headers=headers)
        answer = connection.getresponse()
        answer_body = answer.read()
        words = answer.headers["X-Subnet-Receipt"].split(" ")
        signature = bytes.fromhex(answer.headers["X-Subnet-Receipt-Signature"][2:])
        connection.request("POST", self.path, body=body, headers=headers)
        again = connection.getresponse()
        return {
            "status": answer.status,
            "words": words,
            "requestHash": words[2] == hashlib.sha256(body).hexdigest(),
            "responseHash": words[3] == hashlib.sha256(answer_body).hexdigest(),
            "nonce": words[1] == headers["X-Bittensor-Nonce"],
            "signature": verify("\n".join(words).encode(), signature, self.job["miner"], 1),
            "again": f"{again.status} {again.read().decode()}",
        }

    def errors(self):
        good, wanted = [self.tensor(True)], self.outputs(True)
        body, _ = InferenceServerClient.generate_request_body(good, outputs=wanted)
        count = int(np.prod(self.job["shape"]))
        other = self.signed(body, receiver=self.caller.ss58_address)
        return {
            "unsigned": self.refused(lambda: self.infer(good, wanted, headers={})),
            "another body": self.refused(lambda: self.infer(good, wanted, headers=self.signed(b"x"))),
            "another receiver": self.refused(lambda: self.infer(good, wanted, headers=other)),
            "unknown model": self.refused(lambda: self.infer(good, wanted, model="nobody")),
            "wrong shape": self.refused(lambda: self.infer([self.tensor(True, shape=[count])], wanted)),
            "wrong datatype": self.refused(
                lambda: self.infer([self.tensor(True, np.float64, "FP64")], wanted)
            ),
            "wrong name": self.refused(lambda: self.infer([self.tensor(True, name="w")], wanted)),
            "unknown output": self.refused(
                lambda: self.infer(good, [InferRequestedOutput("q", binary_data=True)])
            ),
        }


def main():
    peer = Peer(json.load(sys.stdin))
    forms = [(i, o) for i in (True, False) for o in (True, False)]
    answer = {
        "live": peer.client.is_server_live(),
        "ready": peer.client.is_server_ready(),
        "modelReady": peer.client.is_model_ready(peer.job["model"]),
        "otherReady": peer.client.is_model_ready("nobody"),
        "server": peer.client.get_server_metadata(),
        "model": peer.client.get_model_metadata(peer.job["model"]),
        "values": [peer.values(i, o) for i, o in forms],
        "raw": peer.raw(),
        "errors": peer.errors(),
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
