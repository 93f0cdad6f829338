"""The tensors of one file, .safetensors or .gguf, as diffusers and transformers take them."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from generation.transformer_names import SCALES, UNREAD
from generation.weights import GGUF

Tensors = dict[str, torch.Tensor]

FP8 = (torch.float8_e4m3fn, torch.float8_e5m2)


def read(file: Path, dtype: torch.dtype) -> Tensors:
    """The tensors of a file by name. Those in fp8 are multiplied by their scales and returned as `dtype`; those that
    GGUF quantised stay so, as diffusers' `GGUFParameter`.

    Raises `OSError`, or `ValueError` where it can't be read.
    """
    if file.suffix == GGUF:
        return _gguf(file)
    try:
        tensors = load_file(file)
    except SafetensorError as reason:
        raise ValueError(f"{file.name} is damaged ({reason}). Download it again.") from reason
    return unscaled(tensors, dtype)


def unscaled(tensors: Mapping[str, torch.Tensor], dtype: torch.dtype) -> Tensors:
    """Tensors with those in fp8 as `dtype`, multiplied by their scale, which is one number or one for each row.

    Raises `ValueError` for weights that are packed in other ways.
    """
    return {
        name: _number(name, tensor, tensors, dtype)
        for name, tensor in tensors.items()
        if not name.endswith((*SCALES, *UNREAD))
    }


def _number(name: str, tensor: torch.Tensor, tensors: Mapping[str, torch.Tensor], dtype: torch.dtype) -> torch.Tensor:
    layer = name.removesuffix(".weight")
    scale = next((tensors[layer + end] for end in SCALES if layer + end in tensors), None)
    if tensor.dtype not in FP8:
        if scale is not None and name.endswith(".weight"):
            raise ValueError(f"its weights are packed as {_format(layer, tensors)}; take it in fp8, bf16 or GGUF")
        return tensor
    if scale is None or layer == name:
        return tensor.to(dtype)
    if scale.numel() not in (1, len(tensor)):
        raise ValueError(f"its weights have scales for blocks, {tuple(scale.shape)}; take it in bf16 or GGUF")
    return (tensor.float() * scale.float().reshape(-1, *[1] * (tensor.ndim - 1))).to(dtype)


def _format(layer: str, tensors: Mapping[str, torch.Tensor]) -> str:
    """The format that ComfyUI notes beside a layer as JSON."""
    note = tensors.get(f"{layer}.comfy_quant")
    return str(json.loads(bytes(note.tolist())).get("format")) if note is not None else "another format"


def _gguf(file: Path) -> Tensors:
    from diffusers.models.model_loading_utils import load_gguf_checkpoint
    from diffusers.quantizers.gguf.utils import GGUFParameter, dequantize_gguf_tensor
    from gguf import GGMLQuantizationType

    tensors: Tensors = load_gguf_checkpoint(str(file))
    return {
        name: dequantize_gguf_tensor(tensor)
        if isinstance(tensor, GGUFParameter) and tensor.quant_type == GGMLQuantizationType.BF16
        else tensor
        for name, tensor in tensors.items()
    }
