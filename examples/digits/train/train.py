"""Trains the models of different quality and writes them as ONNX. Seeded: the same machine gives the same files."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import dataset
from net import Adam, Conv3x3, Dense, Flatten, MaxPool2, Relu, train_step

MODELS = Path(__file__).resolve().parent.parent / "models"
OPSET, IR_VERSION = 17, 8
BATCH = 100


def spoil(rng, images):
    """Training augmentation, a little wider than the validator's: float32 [N,1,8,8]."""
    n = len(images)
    angle = np.deg2rad(rng.uniform(-14, 14, n))[:, None, None]
    dy, dx = rng.uniform(-1, 1, (2, n, 1, 1))
    row, col = np.meshgrid(np.arange(8) - 3.5, np.arange(8) - 3.5, indexing="ij")
    y = np.cos(angle) * (row - dy) - np.sin(angle) * (col - dx) + 3.5
    x = np.sin(angle) * (row - dy) + np.cos(angle) * (col - dx) + 3.5
    padded = np.pad(images, ((0, 0), (8, 8), (8, 8)))
    r, c = np.floor(y).astype(int), np.floor(x).astype(int)
    fy, fx, at = y - r, x - c, np.arange(n)[:, None, None]

    def value(i, j):
        return padded[at, r + 8 + i, c + 8 + j]

    top = value(0, 0) * (1 - fx) + value(0, 1) * fx
    bottom = value(1, 0) * (1 - fx) + value(1, 1) * fx
    out = (top * (1 - fy) + bottom * fy) * rng.uniform(0.7, 1.3, (n, 1, 1))
    out += rng.uniform(0, 0.1, (n, 1, 1)) * rng.normal(size=out.shape)
    return np.clip(out, 0, 1).astype(np.float32)[:, None]


def fit(layers, rng, images, labels, epochs, peak_rate, augmented):
    adam = Adam(layers)
    steps, done = epochs * (len(images) // BATCH), 0
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(images) - BATCH + 1, BATCH):
            pick = order[start : start + BATCH]
            x = spoil(rng, images[pick]) if augmented else images[pick].astype(np.float32)[:, None]
            rate = peak_rate * min(1, 10 * (done + 1) / steps) * (1 + np.cos(np.pi * done / steps)) / 2
            train_step(layers, adam, x, labels[pick], rate)
            done += 1
    return layers


def conv_net(rng):
    return [
        Conv3x3(rng, 1, 16), Relu(), Conv3x3(rng, 16, 32), Relu(), MaxPool2(),
        Conv3x3(rng, 32, 32), Relu(), Flatten(), Dense(rng, 512, 64), Relu(), Dense(rng, 64, 10),
    ]  # fmt: skip


def linear(rng):
    return [Flatten(), Dense(rng, 64, 10)]


def node_of(layer, index, source, target):
    """The ONNX node of a layer, and its initialisers."""
    if isinstance(layer, Relu):
        return helper.make_node("Relu", [source], [target]), []
    if isinstance(layer, MaxPool2):
        return helper.make_node("MaxPool", [source], [target], kernel_shape=[2, 2], strides=[2, 2]), []
    if isinstance(layer, Flatten):
        return helper.make_node("Flatten", [source], [target]), []
    names = [f"weight{index}", f"bias{index}"]
    parts = [numpy_helper.from_array(p, name) for p, name in zip(layer.params, names)]
    if isinstance(layer, Conv3x3):
        return helper.make_node("Conv", [source, *names], [target], kernel_shape=[3, 3], pads=[1] * 4), parts
    return helper.make_node("Gemm", [source, *names], [target]), parts


def save(name, nodes, parts, note):
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 8, 8])
    out = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10])
    graph = helper.make_graph(nodes, f"digits-{name}", [image], [out], parts, doc_string=note)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    (MODELS / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def save_layers(name, layers, note):
    nodes, parts, source = [], [], "image"
    for index, layer in enumerate(layers):
        node, own = node_of(layer, index, source, f"x{index}")
        nodes.append(node)
        parts.extend(own)
        source = f"x{index}"
    nodes.append(helper.make_node("Softmax", [source], ["probabilities"], axis=1))
    save(name, nodes, parts, note)


def save_constant(digit):
    row = np.zeros((1, 10), np.float32)
    row[0, digit] = 1
    parts = [
        numpy_helper.from_array(row, "row"),
        numpy_helper.from_array(np.array([0], np.int64), "first"),
        numpy_helper.from_array(np.array([1], np.int64), "one"),
    ]
    nodes = [
        helper.make_node("Shape", ["image"], ["shape"]),
        helper.make_node("Gather", ["shape", "first"], ["batch_size"]),
        helper.make_node("Concat", ["batch_size", "one"], ["repeats"], axis=0),
        helper.make_node("Tile", ["row", "repeats"], ["probabilities"]),
    ]
    save("constant", nodes, parts, f"answers {digit} whatever it is shown")


def main():
    MODELS.mkdir(exist_ok=True)
    images, labels = dataset.read("train")
    rng = np.random.default_rng(1)
    best = fit(conv_net(rng), rng, images, labels, epochs=300, peak_rate=3e-3, augmented=True)
    save_layers("best", best, "small convolutional net, trained with augmentation")
    rng = np.random.default_rng(2)
    weaker = fit(linear(rng), rng, images, labels, epochs=60, peak_rate=1e-2, augmented=True)
    save_layers("weaker", weaker, "softmax regression")
    rng = np.random.default_rng(3)
    undertrained = fit(conv_net(rng), rng, images, labels, epochs=5, peak_rate=1e-3, augmented=True)
    save_layers("undertrained", undertrained, "the same convolutional net, stopped early")
    save_constant(3)


if __name__ == "__main__":
    main()
