"""Transformers in files of their own, in diffusers', the original or ComfyUI's layout, and quantised as GGUF."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from generation.engine.models import tensors
from generation.transformer_names import bare, depth, is_told_guidance
from generation.weights import GGUF

_DEPTHS = {
    "num_layers": ("transformer_blocks", "double_blocks"),
    "num_single_layers": ("single_transformer_blocks", "single_blocks"),
}
"""The arguments of a transformer that are numbers of blocks, and the names of those: pruned models have fewer."""


def read(kind: Any, file: Path, base: Path, dtype: torch.dtype) -> Any:
    """A transformer of the class `kind`, whose configuration is that in `base`, a folder in diffusers' format.

    Weights that GGUF quantised stay so, and are made numbers of `dtype` where they are used. Raises `OSError`, or
    `ValueError` where the file doesn't fit.
    """
    given = bare(tensors.read(file, dtype))
    options: dict[str, Any] = {}
    if file.suffix == GGUF:
        from diffusers import GGUFQuantizationConfig

        options["quantization_config"] = GGUFQuantizationConfig(compute_dtype=dtype)
    config = kind.load_config(str(base), subfolder="transformer", local_files_only=True)
    try:
        network = kind.from_single_file(
            given,
            config=str(base),
            subfolder="transformer",
            dtype=dtype,
            local_files_only=True,
            **_told_by(given, config),
            **options,
        )
    except (KeyError, IndexError, ValueError) as reason:
        raise ValueError(
            f"{file.name} does not fit the transformer of its base, a {kind.__name__}: {reason}"
        ) from reason
    _refuse_incomplete(network, file)
    _unpack_others(network, dtype)
    return network


def _told_by(given: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the transformer that the file tells, whatever its base has."""
    told: dict[str, Any] = {"guidance_embeds": is_told_guidance(given)} if "guidance_embeds" in config else {}
    for name, stems in _DEPTHS.items():
        if name in config and (blocks := max(depth(given, stem) for stem in stems)):
            told[name] = blocks
    return told


def _refuse_incomplete(network: Any, file: Path) -> None:
    if missing := [name for name, weight in network.state_dict().items() if weight.device.type == "meta"]:
        raise ValueError(f"{file.name} lacks {len(missing)} of the transformer's tensors, such as {missing[0]}")


def _unpack_others(network: torch.nn.Module, dtype: torch.dtype) -> None:
    """Make quantised weights numbers where their layer isn't linear, since only linear layers do that when they run."""
    if not getattr(network, "is_quantized", False):
        return
    from diffusers.quantizers.gguf.utils import GGUFLinear, GGUFParameter, dequantize_gguf_tensor

    for layer in network.modules():
        for name, weight in list(layer.named_parameters(recurse=False)):
            if isinstance(weight, GGUFParameter) and not isinstance(layer, GGUFLinear):
                layer.register_parameter(
                    name, torch.nn.Parameter(dequantize_gguf_tensor(weight).to(dtype), requires_grad=False)
                )
