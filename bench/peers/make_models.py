"""Writes the models of the serving benchmark into the folder given: seeded weights, nothing learnt.

light.onnx    x FP32[B,1,28,28] -> logits FP32[B,10]   two convolutions, two dense layers, 1.7 MB
heavy.onnx    ids INT64[B,64]   -> emb FP32[B,384]     12 encoder layers, hidden 384, 98 MB
identity.onnx x FP32[B,1]       -> y FP32[B,1]         the same back: an echo
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(7)


class Graph:
    """Nodes and weights as they are added; each call names what it makes."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, *shape, scale=None):
        values = random.standard_normal(shape) * (scale or shape[0] ** -0.5)
        return self.constant(values.astype(np.float32))

    def constant(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def zeros(self, size):
        return self.constant(np.zeros(size, np.float32))

    def ones(self, size):
        return self.constant(np.ones(size, np.float32))

    def add(self, kind, *inputs, output=None, **attributes):
        name = output or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def save(self, file, given, made):
        graph = helper.make_graph(
            self.nodes,
            file.stem,
            [helper.make_tensor_value_info(*given)],
            [helper.make_tensor_value_info(*made)],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 9
        onnx.checker.check_model(model)
        onnx.save(model, file)


def light(file):
    graph = Graph()
    at = "x"
    for shape, scale in ((16, 1, 3, 3), 0.3), ((32, 16, 3, 3), 0.1):
        kernel = graph.weight(*shape, scale=scale)
        at = graph.add("Conv", at, kernel, graph.zeros(shape[0]), pads=[1, 1, 1, 1])
        at = graph.add("MaxPool", graph.add("Relu", at), kernel_shape=[2, 2], strides=[2, 2])
    at = graph.add("Gemm", graph.add("Flatten", at), graph.weight(1568, 256), graph.zeros(256))
    last = graph.weight(256, 10)
    graph.add("Gemm", graph.add("Relu", at), last, graph.zeros(10), output="logits")
    given = ("x", TensorProto.FLOAT, ["B", 1, 28, 28])
    graph.save(file, given, ("logits", TensorProto.FLOAT, ["B", 10]))


def heavy(file, layers=12, hidden=384, heads=12, inner=1536, length=64, words=8192):
    graph = Graph()
    embedded = graph.add("Gather", graph.weight(words, hidden, scale=0.02), "ids")
    at = graph.add("Add", embedded, graph.weight(length, hidden, scale=0.02))
    split = graph.constant(np.array([0, length, heads, hidden // heads], np.int64))
    joined = graph.constant(np.array([0, length, hidden], np.int64))
    root = graph.constant(np.float32((hidden // heads) ** -0.5))
    for _ in range(layers):
        attended = attention(graph, at, hidden, split, joined, root)
        at = normal(graph, graph.add("Add", at, attended), hidden)
        wide = gelu(graph, dense(graph, at, hidden, inner))
        at = normal(graph, graph.add("Add", at, dense(graph, wide, inner, hidden)), hidden)
    graph.add("ReduceMean", at, output="emb", axes=[1], keepdims=0)
    given = ("ids", TensorProto.INT64, ["B", length])
    graph.save(file, given, ("emb", TensorProto.FLOAT, ["B", hidden]))


def dense(graph, at, size_in, size_out):
    product = graph.add("MatMul", at, graph.weight(size_in, size_out))
    return graph.add("Add", product, graph.zeros(size_out))


def normal(graph, at, size):
    return graph.add("LayerNormalization", at, graph.ones(size), graph.zeros(size), axis=-1)


def attention(graph, at, hidden, split, joined, root):
    query, key, value = (
        graph.add("Transpose", graph.add("Reshape", dense(graph, at, hidden, hidden), split), perm=perm)
        for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    )
    scores = graph.add("Mul", graph.add("MatMul", query, key), root)
    mixed = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), value)
    back = graph.add("Transpose", mixed, perm=[0, 2, 1, 3])
    return dense(graph, graph.add("Reshape", back, joined), hidden, hidden)


def gelu(graph, at):
    scaled = graph.add("Mul", at, graph.constant(np.float32(0.5**0.5)))
    shifted = graph.add("Add", graph.add("Erf", scaled), graph.constant(np.float32(1)))
    return graph.add("Mul", graph.add("Mul", at, shifted), graph.constant(np.float32(0.5)))


def identity(file):
    graph = Graph()
    graph.add("Identity", "x", output="y")
    graph.save(file, ("x", TensorProto.FLOAT, ["B", 1]), ("y", TensorProto.FLOAT, ["B", 1]))


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for make in light, heavy, identity:
    make(folder / f"{make.__name__}.onnx")
