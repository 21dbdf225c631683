"""A real Triton server with two models on the HTTP port that is given: add (x + y, batches) and
upper (texts). Its configuration says the sha256 that is given, or nothing when that is '-'."""

import signal
import sys
import threading

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.model_config import generator
from pytriton.triton import Triton, TritonConfig

http_port, grpc_port, metrics_port, sha256 = sys.argv[1:5]
write_parameters = generator.ModelConfigGenerator._set_backend_parameters


def write_sha256_too(self, model_config):
    write_parameters(self, model_config)
    if sha256 != "-":
        parameters = model_config.setdefault("parameters", {})
        parameters["model_sha256"] = {"string_value": sha256}


generator.ModelConfigGenerator._set_backend_parameters = write_sha256_too


@batch
def add(x, y):
    return {"sum": x + y}


@batch
def upper(text):
    words = np.char.decode(text.astype(bytes), "utf-8")
    return {"upper": np.char.encode(np.char.upper(words), "utf-8")}


config = TritonConfig(
    http_address="127.0.0.1",
    http_port=int(http_port),
    grpc_address="127.0.0.1",
    grpc_port=int(grpc_port),
    metrics_port=int(metrics_port),
    exit_timeout_secs=1,
)
batching = ModelConfig(
    max_batch_size=64, batcher=DynamicBatcher(max_queue_delay_microseconds=1000)
)
with Triton(config=config) as triton:
    triton.bind(
        model_name="add",
        infer_func=add,
        inputs=[
            Tensor(name="x", dtype=np.float32, shape=(4,)),
            Tensor(name="y", dtype=np.float32, shape=(4,)),
        ],
        outputs=[Tensor(name="sum", dtype=np.float32, shape=(4,))],
        config=batching,
        strict=True,
    )
    triton.bind(
        model_name="upper",
        infer_func=upper,
        inputs=[Tensor(name="text", dtype=bytes, shape=(1,))],
        outputs=[Tensor(name="upper", dtype=bytes, shape=(1,))],
        config=batching,
        strict=True,
    )
    triton.run()
    print("ready", flush=True)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()
