"""Lumina Image 2.0 (arXiv 2503.21758)."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from generation.engine.conditioning import guidance
from generation.engine.families.family import FlowFamily
from generation.engine.families.rows import FlowRow, together

SPARE = 8
"""Tokens that every row is padded by at least."""


class Lumina2(FlowFamily):
    """A transformer on latents as they are, with the embeddings of Gemma 2 and a mask of those that are padding.

    It lays text and picture of each row one after the other, without the text's padding, and all rows in one tensor as
    wide as the longest of them. Here it is as wide as any could be, so that no row depends on its neighbours.
    """

    pipelines = ("Lumina2Pipeline",)

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.transformer.rope_embedder.register_forward_hook(_widened)

    def instructed(self, prompt: str) -> str:
        return f"{self.pipeline.system_prompt} <Prompt Start> {prompt}"

    def embedded(self, pipeline: Any, prompt: str, references: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        """A text as it is: a negative prompt, or a prompt with its instruction."""
        text, mask = pipeline._get_gemma_prompt_embeds(prompt)
        return {"encoder_hidden_states": text, "encoder_attention_mask": mask}

    def predict(self, latents: torch.Tensor, timesteps: torch.Tensor, rows: Sequence[FlowRow]) -> torch.Tensor:
        """The transformer counts time from noise, 0, to picture, 1, and predicts the velocity in that direction."""
        predicted: torch.Tensor = self.transformer(
            hidden_states=latents, timestep=1 - timesteps / 1000, return_dict=False, **together(rows)
        )[0]
        return -predicted

    def merge(self, without: torch.Tensor, with_prompt: torch.Tensor, scale: float) -> torch.Tensor:
        """Brought back to the norm of the prediction with the prompt, line by line ("CFG-Renorm" of the paper)."""
        merged = guidance.merge(without, with_prompt, scale)
        norm, wanted = (torch.linalg.vector_norm(each, dim=-1, keepdim=True) for each in (merged, with_prompt))
        renormalised: torch.Tensor = merged * (wanted / norm)
        return renormalised

    def set_timesteps(self, scheduler: Any, steps: int, tokens: int) -> None:
        """Where the shift depends on the picture's size, the pipeline takes the number of channels for that of tokens,
        so that it is the same for all sizes."""
        super().set_timesteps(scheduler, steps, self.channels)


def _widened(_: Any, given: tuple[torch.Tensor, ...], places: tuple[Any, ...]) -> tuple[Any, ...]:
    """The places of text and picture, with a length at their end that is longer than any row's: the transformer takes
    the longest one for its tensor, and masks what no row fills."""
    tokens, in_text, in_picture, in_both, words, lengths = places
    most = given[1].shape[1] + tokens.shape[1] + SPARE
    return tokens, in_text, in_picture, _to_length(in_both, most), words, [*lengths, most]


def _to_length(rows: torch.Tensor, length: int) -> torch.Tensor:
    """`rows`, (rows, places, width), with zeros up to so many places."""
    return torch.cat([rows, rows.new_zeros(len(rows), length - rows.shape[1], rows.shape[2])], dim=1)
