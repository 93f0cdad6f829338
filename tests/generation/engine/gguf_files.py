"""GGUF files of tiny networks, as llama.cpp's and stable-diffusion.cpp's tools write them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy
import torch
from gguf import GGMLQuantizationType as Kind

BLOCK = 256
"""Weights in a block of a K-quant."""

Choose = Callable[[str, torch.Tensor], Kind]


def write(file: Path, architecture: str, tensors: Mapping[str, torch.Tensor], choose: Choose, **numbers: Any) -> Path:
    """Tensors in the formats that `choose` names; `numbers` are the architecture's, with "__" for each dot."""
    writer = gguf.GGUFWriter(file, architecture)
    writer.add_name("tiny")
    for name, number in numbers.items():
        add = writer.add_float32 if isinstance(number, float) else writer.add_uint32
        add(f"{architecture}.{name.replace('__', '.')}", number)
    for name, tensor in tensors.items():
        kind, values = choose(name, tensor), tensor.float().numpy()
        packed = q6_k(values) if kind is Kind.Q6_K else gguf.quantize(values, kind)
        writer.add_tensor(name, packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def largest(name: str, tensor: torch.Tensor) -> Kind:
    """The format with the largest blocks that a tensor's rows can be cut into; biases and norms stay as they are."""
    if tensor.ndim < 2:
        return Kind.F32
    width = tensor.shape[-1]
    return Kind.Q6_K if width % BLOCK == 0 else Kind.Q8_0 if width % 32 == 0 else Kind.F16


def q6_k(values: Any) -> Any:
    """Six bits a weight and eight a scale for sixteen of them, in blocks of 256 (llama.cpp's `block_q6_K`), which the
    package `gguf` only reads."""
    parts = values.reshape(-1, 16, 16)
    wanted = abs(parts).max(2, keepdims=True) / 31
    step = numpy.maximum(wanted.max(1, keepdims=True) / 127, 1e-6).astype(numpy.float16)
    scales = numpy.maximum((wanted / step.astype(numpy.float32)).round(), 1)
    levels = (parts / (step.astype(numpy.float32) * scales)).round().clip(-32, 31).astype(numpy.int8) + 32
    halves = levels.astype(numpy.uint8).reshape(-1, 2, 4, 32)
    low = numpy.concatenate([halves[:, :, :2] & 15 | (halves[:, :, 2:] & 15) << 4], axis=2).reshape(-1, 128)
    high = (halves >> 4 << numpy.array([0, 2, 4, 6], numpy.uint8)[:, None]).sum(2, dtype=numpy.uint8).reshape(-1, 64)
    packed = [
        low,
        high,
        scales.astype(numpy.int8).reshape(-1, 16).view(numpy.uint8),
        step.reshape(-1, 1).view(numpy.uint8),
    ]
    return numpy.concatenate(packed, axis=1).reshape(*values.shape[:-1], -1)
