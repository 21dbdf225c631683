"""Synapse classes that the interop tests of the classic wire share; for the SDK 10.5 environment."""

import os
import sys

# The SDK writes its log to the standard output, where these scripts write JSON.
results = sys.stdout
sys.stdout = sys.stderr

os.environ.setdefault("BT_NO_PARSE_CLI_ARGS", "1")

from typing import Any, ClassVar, Dict, List, Optional, Tuple

import bittensor as bt
from bittensor.core.tensor import dtypes
from bittensor.utils import networking

# Without torch in the environment its dtypes cannot be looked up; numpy's are all that is needed.
dtypes.torch = True
# The clients ask public services for their own address when they are made; these tests are offline.
networking.get_external_ip = lambda: "10.9.9.9"


class Digits(bt.Synapse):
    """The digits model with its image as a flat list."""

    image: List[float]
    probabilities: Optional[List[List[float]]] = None
    required_hash_fields: ClassVar[Tuple[str, ...]] = ("image",)


class DigitsTensor(bt.Synapse):
    """The same with bt.Tensor both ways."""

    note: str = ""
    image: Optional[bt.Tensor] = None
    probabilities: Optional[bt.Tensor] = None
    required_hash_fields: ClassVar[Tuple[str, ...]] = ("note", "image")


class DigitsOpen(bt.Synapse):
    """The same without hash fields, as the subnet template has it."""

    image: List[float]
    probabilities: Optional[List[List[float]]] = None


class Everything(bt.Synapse):
    """Each kind of field that can be hashed."""

    count: int
    ratio: float
    word: str
    flag: bool
    counts: List[int] = []
    ratios: List[float] = []
    rows: List[List[float]] = []
    words: List[str] = []
    flags: List[bool] = []
    free: Dict[str, Any] = {}
    mixed: list = []
    required_hash_fields: ClassVar[Tuple[str, ...]] = (
        "count",
        "ratio",
        "word",
        "flag",
        "counts",
        "ratios",
        "rows",
        "words",
        "flags",
        "free",
        "mixed",
    )
