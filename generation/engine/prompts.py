"""From words to what the UNet listens to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch

from generation import prompt_syntax

CACHED = 256
"""How many texts' embeddings are kept; one of CLIP's takes 230 kB in float32."""

Weighted = list[tuple[int, float]]
"""Tokens, each with its weight."""


@dataclass(frozen=True, eq=False)
class Conditioning:
    """What one row of a forward listens to."""

    text: torch.Tensor
    """Embeddings of the prompt, (1, tokens, width)."""
    added: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """What the model wants beside them, by the UNet's own names, one row each."""

    @property
    def shape(self) -> tuple[object, ...]:
        """Rows of equal shape can share a forward."""
        return self.text.shape, *((name, tensor.shape) for name, tensor in sorted(self.added.items()))


def together(conditionings: Sequence[Conditioning]) -> dict[str, Any]:
    """The conditionings of all rows as the arguments of the UNet's forward."""
    added = {
        name: torch.cat([conditioning.added[name] for conditioning in conditionings]) for name in conditionings[0].added
    }
    arguments: dict[str, Any] = {"encoder_hidden_states": torch.cat([each.text for each in conditionings])}
    return arguments | ({"added_cond_kwargs": added} if added else {})


class PromptEncoder:
    """A CLIP tokenizer and text encoder, for prompts of any length and with weights.

    A prompt longer than the encoder's window is read in windows, whose embeddings are laid one after the other.
    """

    def __init__(self, tokenizer: Any, text_encoder: Any) -> None:
        self._tokenizer = tokenizer
        self._text_encoder = text_encoder
        self._room = tokenizer.model_max_length - 2
        self._embedded = lru_cache(maxsize=CACHED)(self._embed)

    def encode_pair(self, prompt: str, negative_prompt: str, clip_skip: int) -> tuple[Conditioning, Conditioning]:
        """Both prompts, embedded in one shape (1, windows * tokens, width); the shorter is filled with silence."""
        length = max(len(self._windows(text)) for text in (prompt, negative_prompt))
        return self._embedded(prompt, clip_skip, length), self._embedded(negative_prompt, clip_skip, length)

    def _windows(self, text: str) -> list[Weighted]:
        """The tokens, in as many windows as they need and as `BREAK` asks for."""
        windows: list[Weighted] = []
        for spans in prompt_syntax.parse(text):
            tokens = [(token, span.weight) for span in spans for token in self._tokens(span.text)]
            windows += [tokens[i : i + self._room] for i in range(0, max(len(tokens), 1), self._room)]
        return windows

    def _tokens(self, text: str) -> list[int]:
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids
        return tokens

    def _embed(self, text: str, clip_skip: int, length: int) -> Conditioning:
        windows = self._windows(text)
        windows += [[] for _ in range(length - len(windows))]
        encoder = self._text_encoder
        rows = torch.tensor([self._row(window) for window in windows], device=encoder.device)
        layers = encoder(rows, output_hidden_states=True).hidden_states
        embeddings: torch.Tensor = encoder.final_layer_norm(layers[-min(clip_skip, len(layers) - 1)])
        weighed = [_weigh(embedding, window) for embedding, window in zip(embeddings, windows, strict=True)]
        return Conditioning(torch.cat(weighed).unsqueeze(0))

    def _row(self, window: Weighted) -> list[int]:
        tokenizer = self._tokenizer
        tokens = [token for token, _ in window]
        silence = [tokenizer.pad_token_id] * (self._room - len(tokens))
        return [tokenizer.bos_token_id, *tokens, tokenizer.eos_token_id, *silence]


def _weigh(embedding: torch.Tensor, window: Weighted) -> torch.Tensor:
    """Multiply each token's embedding (tokens, width) by its weight, and bring the mean of all back to what it was."""
    if all(weight == 1.0 for _, weight in window):
        return embedding
    weights = torch.ones(len(embedding), 1, device=embedding.device, dtype=embedding.dtype)
    weights[1 : len(window) + 1, 0] = weights.new_tensor([weight for _, weight in window])
    weighed = embedding * weights
    return weighed * (embedding.mean() / weighed.mean())
