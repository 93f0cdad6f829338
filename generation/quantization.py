"""Number formats of fewer than sixteen bits for weights, and the packages that they need."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from generation.sources import Weight

EXTRA = 'pip install "noisefox[quantized]"'


class Quantization(StrEnum):
    """What the weights of a transformer, or a UNet, and of large text encoders are turned into when they are loaded."""

    NONE = ""
    NF4 = "nf4"
    """Four bits, by bitsandbytes (Dettmers et al., arXiv 2305.14314)."""
    INT8 = "int8"
    """Eight bits and a scale for each row, by torchao."""
    FP8 = "fp8"
    """float8_e4m3fn, cast up layer by layer in each forward."""


PACKAGES: Mapping[str, tuple[str, str]] = {
    "bitsandbytes": ("bitsandbytes", EXTRA),
    "torchao": ("torchao", EXTRA),
    "sdnq": ("sdnq", EXTRA),
    "nunchaku_lite": ("kernels", "pip install kernels"),
    "quanto": ("optimum.quanto", "pip install optimum-quanto"),
}
"""By the `quant_method` of a network's configuration: the package that reads its weights, and how to install it."""

LIBRARY = {Quantization.NF4: "bitsandbytes", Quantization.INT8: "torchao"}
"""The method of each number format that needs a package."""

_BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
"""Bytes of an element, by its name in safetensors; all others have one."""
_CAST = ("F64", "F32", "F16", "BF16")
"""The number formats that are cast when a model is loaded. The others are quantised already, or count something."""

_QUANTIZED = {Quantization.NF4: 0.5 + 4 / 64, Quantization.INT8: 1.0, Quantization.FP8: 1.0}
"""Bytes of a quantised weight; four of each block of 64 are nf4's scale."""

KEPT = ("embed_tokens", "embeddings", "shared", "lm_head", r"(^|\.)wo($|\.)")
"""Patterns of layers of text encoders that are not quantised. T5 casts what it computes to the format of `wo`."""
_KEPT_BY_FP8 = (*KEPT, "norm", "pos_embed", "patch_embed", r"^proj_(in|out)\.")
"""Those that are not cast to float8, in transformers too, as in diffusers."""


def bytes_held(weights: Iterable[tuple[str, Weight]], itemsize: int, kind: Quantization) -> float:
    """Bytes of weights in memory: floating-point numbers with `itemsize` bytes each, or quantised."""
    return sum(weight.elements * _size(name, weight, itemsize, kind) for name, weight in weights)


def _size(name: str, weight: Weight, itemsize: int, kind: Quantization) -> float:
    if weight.dtype not in _CAST:
        return _BYTES.get(weight.dtype, 1)
    if not kind or len(weight.shape) != 2 or not name.endswith(".weight"):
        return itemsize
    kept = _KEPT_BY_FP8 if kind is Quantization.FP8 else KEPT
    return itemsize if any(re.search(pattern, name) for pattern in kept) else _QUANTIZED[kind]
