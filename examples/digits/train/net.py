"""A small neural network in plain numpy: enough layers for digits, and nothing that needs a gigabyte of wheels."""

import numpy as np


class Conv3x3:
    """Same-size 3x3 convolution, weights [out,in,3,3] as ONNX has them."""

    def __init__(self, rng, inputs, outputs):
        scale = np.sqrt(2 / (9 * inputs))
        self.params = [
            rng.normal(0, scale, (outputs, inputs, 3, 3)).astype(np.float32),
            np.zeros(outputs, np.float32),
        ]

    def forward(self, x):
        n, channels, height, width = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
        self.columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * height * width, channels * 9)
        self.shape = x.shape
        weight, bias = self.params
        out = self.columns @ weight.reshape(len(weight), -1).T + bias
        return out.reshape(n, height, width, -1).transpose(0, 3, 1, 2)

    def backward(self, grad):
        n, channels, height, width = self.shape
        weight, _ = self.params
        flat = grad.transpose(0, 2, 3, 1).reshape(n * height * width, -1)
        self.grads = [(flat.T @ self.columns).reshape(weight.shape), flat.sum(0)]
        columns = (flat @ weight.reshape(len(weight), -1)).reshape(n, height, width, channels, 3, 3)
        padded = np.zeros((n, channels, height + 2, width + 2), np.float32)
        for i in range(3):
            for j in range(3):
                padded[:, :, i : i + height, j : j + width] += columns[..., i, j].transpose(0, 3, 1, 2)
        return padded[:, :, 1:-1, 1:-1]


class Relu:
    params = grads = []

    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, grad):
        return grad * self.on


class MaxPool2:
    params = grads = []

    def forward(self, x):
        n, channels, height, width = x.shape
        blocks = x.reshape(n, channels, height // 2, 2, width // 2, 2)
        out = blocks.max((3, 5))
        self.on = blocks == out[:, :, :, None, :, None]
        return out

    def backward(self, grad):
        spread = self.on * grad[:, :, :, None, :, None]
        n, channels, height, _, width, _ = spread.shape
        return spread.reshape(n, channels, height * 2, width * 2)


class Flatten:
    params = grads = []

    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad):
        return grad.reshape(self.shape)


class Dense:
    """weights [in,out]."""

    def __init__(self, rng, inputs, outputs):
        scale = np.sqrt(2 / inputs)
        self.params = [
            rng.normal(0, scale, (inputs, outputs)).astype(np.float32),
            np.zeros(outputs, np.float32),
        ]

    def forward(self, x):
        self.x = x
        return x @ self.params[0] + self.params[1]

    def backward(self, grad):
        self.grads = [self.x.T @ grad, grad.sum(0)]
        return grad @ self.params[0].T


def softmax(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


class Adam:
    def __init__(self, layers, decay=1e-4):
        self.layers, self.decay, self.step_count = layers, decay, 0
        self.first = [[np.zeros_like(p) for p in layer.params] for layer in layers]
        self.second = [[np.zeros_like(p) for p in layer.params] for layer in layers]

    def step(self, rate):
        self.step_count += 1
        for layer, first, second in zip(self.layers, self.first, self.second):
            for i, grad in enumerate(layer.grads):
                first[i] += 0.1 * (grad - first[i])
                second[i] += 0.001 * (grad * grad - second[i])
                m = first[i] / (1 - 0.9**self.step_count)
                v = second[i] / (1 - 0.999**self.step_count)
                layer.params[i] -= (rate * (m / (np.sqrt(v) + 1e-8) + self.decay * layer.params[i])).astype(
                    np.float32
                )


def train_step(layers, adam, x, labels, rate):
    """One step of cross entropy on a batch; returns the mean loss before the step."""
    for layer in layers:
        x = layer.forward(x)
    p = softmax(x)
    rows = np.arange(len(labels))
    loss = -np.log(p[rows, labels] + 1e-9).mean()
    p[rows, labels] -= 1
    grad = (p / len(labels)).astype(np.float32)
    for layer in reversed(layers):
        grad = layer.backward(grad)
    adam.step(rate)
    return loss
