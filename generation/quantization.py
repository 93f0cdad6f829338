"""Number formats of fewer than sixteen bits for weights, and the packages that they need."""

import re
from collections.abc import Mapping
from enum import StrEnum

from generation.weights import Weight, keeps_float8

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

_WHOLE = ("F64", "F32", "F16", "BF16")
"""The number formats that can be quantised when a model is loaded."""

_QUANTIZED = {Quantization.NF4: 0.5 + 4 / 64, Quantization.INT8: 1.0, Quantization.FP8: 1.0}
"""Bytes of a quantised weight; four of each block of 64 are nf4's scale."""

KEPT = ("embed_tokens", "embeddings", "shared", "lm_head", r"(^|\.)wo($|\.)")
"""Patterns of layers of text encoders that are not quantised. T5 casts what it computes to the format of `wo`."""
_KEPT_BY_FP8 = (*KEPT, "norm", "pos_embed", "patch_embed", r"^proj_(in|out)\.")
"""Those that are not cast to float8, in transformers too, as in diffusers."""


def bytes_held(head: Mapping[str, Weight], itemsize: int, kind: Quantization) -> float:
    """Bytes in memory of the weights of a file: floating-point numbers with `itemsize` bytes each, or quantised."""
    keeps = keeps_float8(head)
    return sum(
        weight.elements * _QUANTIZED[kind] if _is_quantized(name, weight, kind) else weight.bytes_as(itemsize, keeps)
        for name, weight in head.items()
    )


def _is_quantized(name: str, weight: Weight, kind: Quantization) -> bool:
    """True where a weight of a file is quantised when it is loaded."""
    if not kind or weight.dtype not in _WHOLE or len(weight.shape) != 2 or not name.endswith(".weight"):
        return False
    kept = _KEPT_BY_FP8 if kind is Quantization.FP8 else KEPT
    return not any(re.search(pattern, name) for pattern in kept)
