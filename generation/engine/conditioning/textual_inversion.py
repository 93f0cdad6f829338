"""Textual inversion: files with the embedding vectors of one word (Gal et al., arXiv 2208.01618)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

_OF_TWO = ("clip_l", "clip_g")
"""Tensor names in files for Stable Diffusion XL: for its first text encoder and for its second."""


class EmbeddingMismatch(ValueError):
    """The file can't be read, or fits other text encoders."""


def read(path: Path, encoders: Sequence[Any]) -> list[torch.Tensor]:
    """The vectors of a word for each text encoder, (n, width). Raises `EmbeddingMismatch`."""
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as reason:
        raise EmbeddingMismatch(f"{path} cannot be read: {reason}") from reason
    names = _OF_TWO if all(name in tensors for name in _OF_TWO) else tuple(tensors)
    widths = [encoder.get_input_embeddings().weight.shape[1] for encoder in encoders]
    vectors = [tensors[name].reshape(-1, tensors[name].shape[-1]) for name in names if tensors[name].ndim]
    if [each.shape[1] for each in vectors] != widths:
        raise EmbeddingMismatch(f"{path} is for other text encoders: it has {[tuple(each.shape) for each in vectors]}")
    return vectors
