"""Textual inversion: files with the embedding vectors of one word, and the words in texts (Gal et al., arXiv
2208.01618)."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from generation import names

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
    return vectors_of(tensors, encoders, path)


def vectors_of(tensors: Mapping[str, torch.Tensor], encoders: Sequence[Any], source: object) -> list[torch.Tensor]:
    """The vectors for each text encoder, (n, width), of the tensors from a `source`. Raises `EmbeddingMismatch`."""
    chosen = _OF_TWO if all(name in tensors for name in _OF_TWO) else tuple(tensors)
    widths = [encoder.get_input_embeddings().weight.shape[1] for encoder in encoders]
    vectors = [tensors[name].reshape(-1, tensors[name].shape[-1]) for name in chosen if tensors[name].ndim]
    if [each.shape[1] for each in vectors] != widths:
        raise EmbeddingMismatch(
            f"{source} is for other text encoders: it has {[tuple(each.shape) for each in vectors]}"
        )
    return vectors


class Vocabulary:
    """The words that stand for vectors, in any case, for one text encoder."""

    def __init__(self, vectors: torch.Tensor) -> None:
        self.vectors = vectors
        """All vectors, (n, width); a word's are named by negative token ids, -1 the first."""
        self._words: dict[str, tuple[str, list[int]]] = {}
        self._tokens: list[list[int]] = []
        self._pattern = re.compile(r"(?!)")

    def with_word(self, word: str, vectors: torch.Tensor) -> "Vocabulary":
        """This vocabulary and one more word, or another meaning of one."""
        larger = Vocabulary(torch.cat([self.vectors, vectors.to(self.vectors)]))
        tokens = [-1 - number for number in range(len(self.vectors), len(larger.vectors))]
        larger._words = self._words | {names.key(word): (names.normal(word), tokens)}
        longest_first = sorted(larger._words.values(), key=lambda each: len(each[0]), reverse=True)
        larger._tokens = [tokens for _, tokens in longest_first]
        spelled = "|".join(f"({re.escape(name)})" for name, _ in longest_first)
        larger._pattern = re.compile(rf"(?<!\w)(?:{spelled})(?!\w)", re.IGNORECASE)
        return larger

    def pieces(self, text: str) -> Iterator[str | list[int]]:
        """The text between words, and the token ids of the words."""
        text, end = unicodedata.normalize("NFC", text), 0
        for match in self._pattern.finditer(text):
            assert match.lastindex is not None
            yield text[end : match.start()]
            yield self._tokens[match.lastindex - 1]
            end = match.end()
        yield text[end:]
