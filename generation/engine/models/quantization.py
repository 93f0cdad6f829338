"""Weights of fewer than sixteen bits: models that come quantised, and those that are quantised when they are loaded."""

import json
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from generation import sources
from generation.quantization import KEPT, LIBRARY, PACKAGES, Quantization
from generation.weights import head_of, keeps_float8

DENOISERS = ("transformer", "transformer_2", "unet")
PLAIN = (torch.float32, torch.float16, torch.bfloat16)

_SMALL = ("CLIPTextModel", "CLIPTextModelWithProjection")
"""Text encoders that are not worth it."""
BLOCK = 64
"""Weights that share a scale in nf4: only layers of whole blocks are quantised."""


def check_part(folder: Path) -> None:
    """Raise `ImportError` where a part of a model needs a package that is not installed."""
    config = folder / sources.CONFIG
    network = json.loads(config.read_text()) if config.is_file() else {}
    method = network.get("quantization_config", {}).get("quant_method")
    if method in PACKAGES:
        _require(method)
    if method == "sdnq":
        import_module("sdnq")  # which tells transformers of its number formats


def quantize(pipeline: Any, kind: Quantization, dtype: torch.dtype) -> None:
    """Quantise the denoising network and the large text encoders of a pipeline, which compute in `dtype`.

    Raises `ImportError` for a missing package, and `ValueError` for weights that are quantised already.
    """
    if kind in LIBRARY:
        _require(LIBRARY[kind])
    for name, network in _large(pipeline):
        if not is_plain(network):
            raise ValueError(f"its {name} is quantised already; remove quantize")
        if kind is Quantization.FP8:
            _in_float8(network, dtype)
        elif kind is Quantization.INT8:
            _in_int8(network)
        else:
            _in_nf4(network, dtype)


def keep_float8(network: Any, files: Iterable[Path], dtype: torch.dtype) -> None:
    """Keep the layers in float8 whose weights are so in their files, and that were cast to `dtype` when they were read:
    those whose weights lose nothing, but for those whose format their network asks for."""
    from diffusers.hooks.layerwise_casting import apply_layerwise_casting_hook

    if not any(keeps_float8(head_of(file)) for file in files):
        return
    own = getattr(network, "_skip_layerwise_casting_patterns", None) or ()
    for name, layer in list(network.named_modules()):
        is_kept = any(re.search(pattern, name) for pattern in (*KEPT, *own))
        if isinstance(layer, torch.nn.Linear) and not is_kept and _is_float8(layer.weight):
            apply_layerwise_casting_hook(layer, torch.float8_e4m3fn, dtype, non_blocking=False)


def _is_float8(weight: torch.Tensor) -> bool:
    return weight.is_floating_point() and torch.equal(weight.to(torch.float8_e4m3fn).to(weight.dtype), weight)


def _in_float8(network: Any, dtype: torch.dtype) -> None:
    if hasattr(network, "enable_layerwise_casting"):
        network.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=dtype)
        return
    from diffusers.hooks import apply_layerwise_casting

    first = next(name for name, _ in network.named_parameters()).rpartition(".")[0]
    kept = (*KEPT, "norm", f"^{re.escape(first)}$")  # the first one's format is taken for the network's
    apply_layerwise_casting(network, torch.float8_e4m3fn, dtype, skip_modules_pattern=kept)


def is_plain(network: Any) -> bool:
    """True where all weights are floating-point numbers of sixteen bits or more, so that LoRAs can be merged into
    them."""
    return all(type(each) is torch.nn.Parameter and each.dtype in PLAIN for each in network.parameters())


def nbytes(network: Any, device: torch.device) -> int:
    """The bytes of a network's weights that are on the device, as they are held."""
    there = (weight for weight in network.parameters() if weight.device.type == device.type)
    return sum(each.nbytes for weight in there for each in _held(weight))


def _held(weight: torch.Tensor) -> Iterator[torch.Tensor]:
    """The tensors that a weight consists of: those of torchao have the size of what they stand for."""
    if hasattr(weight, "__tensor_flatten__"):
        for name in weight.__tensor_flatten__()[0]:
            yield from _held(getattr(weight, name))
    else:
        yield weight


def _large(pipeline: Any) -> Iterator[tuple[str, Any]]:
    for name, part in pipeline.components.items():
        encodes = name.startswith("text_encoder") and type(part).__name__ not in _SMALL
        if isinstance(part, torch.nn.Module) and (name in DENOISERS or encodes):
            yield name, part


def _linear(network: Any) -> Iterator[tuple[str, torch.nn.Linear]]:
    """The layers whose weights are quantised, by name."""
    for name, layer in network.named_modules():
        if type(layer) is torch.nn.Linear and not any(re.search(pattern, name) for pattern in KEPT):
            yield name, layer


def _in_int8(network: Any) -> None:
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    chosen = {layer for _, layer in _linear(network)}
    quantize_(network, Int8WeightOnlyConfig(), filter_fn=lambda layer, name: layer in chosen)


def _in_nf4(network: Any, dtype: torch.dtype) -> None:
    """The weights become four bits each when they are moved to their device."""
    from bitsandbytes.nn import Linear4bit, Params4bit

    for name, layer in list(_linear(network)):
        if layer.in_features % BLOCK or layer.out_features % BLOCK:
            continue
        quantized = Linear4bit(
            layer.in_features, layer.out_features, layer.bias is not None, compute_dtype=dtype, quant_type="nf4"
        )
        quantized.weight = Params4bit(layer.weight.data, requires_grad=False, quant_type="nf4")
        quantized.bias = layer.bias
        quantized.requires_grad_(False).eval()
        network.set_submodule(name, quantized)


def _require(method: str) -> None:
    package, install = PACKAGES[method]
    if find_spec(package.partition(".")[0]) is None:
        raise ImportError(f"it needs {package}, which is not installed: run `{install}`")
