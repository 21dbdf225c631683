"""The validator's challenge, written a second time: tasks/classify.ts and this file must give the same bytes.

Only +, -, * and / on IEEE doubles and integer operations are used, so that every machine agrees on every bit.
"""

import hashlib
import hmac

import numpy as np

MASK = 0xFFFFFFFF


def _rotl(x, k):
    return ((x << k) | (x >> (32 - k))) & MASK


class Prng:
    """xoshiro128** 1.1 (Blackman and Vigna), its state the first 16 bytes of sha256(seed || label)."""

    def __init__(self, seed, label):
        digest = hashlib.sha256(seed + label.encode()).digest()
        self.s = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]

    def u32(self):
        s = self.s
        result = (_rotl((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 9) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = _rotl(s[3], 11)
        return result

    def below(self, n):
        limit = 2**32 - 2**32 % n
        while (x := self.u32()) >= limit:
            pass
        return x % n

    def between(self, low, high):
        return low + (high - low) * (self.u32() / 2**32)

    def bell(self):
        """Sum of twelve uniform 16-bit numbers: mean 0, variance 1, no logarithm and no cosine."""
        total = 0
        for _ in range(6):
            x = self.u32()
            total += (x & 0xFFFF) + (x >> 16)
        return (total + 6) / 65536 - 6


def sin_cos(degrees):
    """Taylor sums at a quarter of the angle, doubled twice: less than 1e-10 off for up to 180 degrees."""
    x = degrees * 0.017453292519943295 / 4
    q = x * x
    sin = x * (1 - (q / 6) * (1 - (q / 20) * (1 - (q / 42) * (1 - (q / 72) * (1 - q / 110)))))
    cos = 1 - (q / 2) * (1 - (q / 12) * (1 - (q / 30) * (1 - (q / 56) * (1 - (q / 90) * (1 - q / 132)))))
    for _ in range(2):
        sin, cos = 2 * sin * cos, 1 - 2 * sin * sin
    return sin, cos


def draw(prng, labels, classes, batch):
    """A class by fair lot for each item, then an item of that class which this challenge has not had yet."""
    pools = [[i for i, label in enumerate(labels) if label == c] for c in range(classes)]
    picked = []
    for _ in range(batch):
        pool = pools[prng.below(classes)]
        at = prng.below(len(pool))
        picked.append(pool[at])
        pool[at] = pool[-1]
        pool.pop()
    return picked


def _pixel(image, row, col):
    height, width = len(image), len(image[0])
    return image[row][col] if 0 <= row < height and 0 <= col < width else 0.0


def _bilinear(image, y, x):
    row, col = int(np.floor(y)), int(np.floor(x))
    fy, fx = y - row, x - col
    top = _pixel(image, row, col) * (1 - fx) + _pixel(image, row, col + 1) * fx
    bottom = _pixel(image, row + 1, col) * (1 - fx) + _pixel(image, row + 1, col + 1) * fx
    return top * (1 - fy) + bottom * fy


def augment(prng, image, how):
    """image: nested lists of floats 0..1; returns float32 [H,W]."""
    height, width = len(image), len(image[0])
    dy = prng.between(-how["shiftPixels"], how["shiftPixels"])
    dx = prng.between(-how["shiftPixels"], how["shiftPixels"])
    sin, cos = sin_cos(prng.between(-how["rotateDegrees"], how["rotateDegrees"]))
    gain = prng.between(1 - how["contrast"], 1 + how["contrast"])
    mid_y, mid_x = (height - 1) / 2, (width - 1) / 2
    out = np.empty((height, width), dtype=np.float32)
    for row in range(height):
        for col in range(width):
            y, x = row - mid_y - dy, col - mid_x - dx
            value = _bilinear(image, cos * y - sin * x + mid_y, sin * y + cos * x + mid_x)
            value = value * gain + how["noiseSigma"] * prng.bell()
            out[row, col] = min(1.0, max(0.0, value))
    return out


def generate(seed, images, labels, classes, batch, how):
    """Returns (float32 [batch,1,H,W], labels [batch])."""
    picked = draw(Prng(seed, "draw"), labels, classes, batch)
    prng = Prng(seed, "augment")
    batch_images = [augment(prng, images[i].tolist(), how) for i in picked]
    return np.stack(batch_images)[:, None], np.array([labels[i] for i in picked])


def _framed(parts):
    return b"".join(len(part).to_bytes(4, "little") + part for part in parts)


def round_secret(secret, round_number):
    return hmac.new(secret, _framed([f"subnet-suite/round/1/{round_number}".encode()]), "sha256").digest()


def secret_commitment(secret):
    return hashlib.sha256(_framed([b"subnet-suite/secret/1", secret])).digest()


def challenge_seed(block_hash, secret, round_number, hotkey, task):
    texts = [block_hash.lower(), str(round_number), hotkey, task]
    return hashlib.sha256(
        _framed([b"subnet-suite/challenge/1", secret, *[text.encode() for text in texts]])
    ).digest()
