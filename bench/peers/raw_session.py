"""What bare `session.run` reaches: items a second for each batch size, as one JSON object.

Usage: raw_session.py MODEL THREADS SECONDS BATCH...
"""

import json
import sys
import time

import numpy
import onnxruntime

file, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
session = onnxruntime.InferenceSession(file, options)
(given,) = session.get_inputs()
random = numpy.random.default_rng(1)


def items_per_second(batch):
    shape = [batch, *given.shape[1:]]
    whole = given.type == "tensor(int64)"
    values = random.integers(0, 8192, shape) if whole else random.random(shape, numpy.float32)
    session.run(None, {given.name: values})
    runs, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        session.run(None, {given.name: values})
        runs += 1
    return runs * batch / passed


print(json.dumps({batch: items_per_second(int(batch)) for batch in sys.argv[4:]}))
