"""From words to what the UNet listens to."""

from typing import Any

import torch


class PromptEncoder:
    """A CLIP tokenizer and text encoder, for prompts of any length.

    A prompt longer than the encoder's window is read in windows, whose embeddings are laid one after the other.
    """

    def __init__(self, tokenizer: Any, text_encoder: Any) -> None:
        self._tokenizer = tokenizer
        self._text_encoder = text_encoder
        self._window = tokenizer.model_max_length - 2

    def encode_pair(self, prompt: str, negative_prompt: str, clip_skip: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Embeddings of both prompts, of one shape (1, windows * tokens, width); the shorter is filled with silence."""
        windows, negative_windows = self._windows(prompt), self._windows(negative_prompt)
        length = max(len(windows), len(negative_windows))
        for each in (windows, negative_windows):
            each.extend([] for _ in range(length - len(each)))
        return self._embed(windows, clip_skip), self._embed(negative_windows, clip_skip)

    def _windows(self, text: str) -> list[list[int]]:
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids
        return [tokens[i : i + self._window] for i in range(0, max(len(tokens), 1), self._window)]

    def _embed(self, windows: list[list[int]], clip_skip: int) -> torch.Tensor:
        tokenizer, encoder = self._tokenizer, self._text_encoder
        rows = [
            [tokenizer.bos_token_id, *window, tokenizer.eos_token_id]
            + [tokenizer.pad_token_id] * (self._window - len(window))
            for window in windows
        ]
        output = encoder(torch.tensor(rows, device=encoder.device), output_hidden_states=True)
        layers = output.hidden_states
        chosen = layers[-min(clip_skip, len(layers) - 1)]
        embeddings: torch.Tensor = encoder.final_layer_norm(chosen)
        return embeddings.reshape(1, -1, embeddings.shape[-1])
